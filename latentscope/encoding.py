"""From images to a file of latents, in blocks: any number of images, stopped and continued at will.

Finished blocks are appended to a folder beside the target, ``.NAME.partial``. When all are there,
the file is written whole, under its own name, and the folder goes. So a run that is killed leaves
what existed as it was, no file that reads as complete, and blocks that the next run does not
repeat.
"""

import json
import os
import shutil
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from latentscope._conformance import encoded
from latentscope._types import Array
from latentscope._validate import integer
from latentscope._version import __version__
from latentscope.errors import BackendError, DataError
from latentscope.formats import load, save
from latentscope.images import Images, as_images
from latentscope.latents import Latents

_BLOCK = 1024  # images: 113 MB of 96×96×3 floats
_SAME = 1e-2  # of the spread of mu: what the same weights may differ by on another device


def encode(
    model: Any, images: Any, path: str | PathLike[str], *, rng: int = 0, block_size: int = _BLOCK
) -> Latents:
    """Encode images to an HDF5 file of latents, with their ids and labels.

    Images are read, encoded and put away in blocks, so that memory does not grow with their number.
    Stopped half-way and called again with the same arguments, it continues.

    Parameters
    ----------
    model : backend.Model
        What encodes.
    images : Images, or array of shape (n, height, width, channels)
        uint8, or floats in [0, 1].
    path : str or path-like
        File to write, replaced when the new one is complete.
    rng : int
        Seed of the draws of z; each block has its own.
    block_size : int
        Images per block.

    Returns
    -------
    Latents
        Of the file, opened.

    Raises
    ------
    DataError
        If the images do not fit the model, the folder of `path` does not exist, or the blocks of
        an earlier run are from other images, another seed or another model.
    BackendError
        If the model gives latents of a wrong shape, or NaN.

    Examples
    --------
    >>> model = latentscope.backend.get("tensorflow").load("run")  # doctest: +SKIP
    >>> with encode(model, images, "latents.h5") as latents:  # doctest: +SKIP
    ...     latentscope.radius_density(latents).plot()
    """
    source = as_images(images)
    integer("block_size", block_size, low=1)
    integer("rng", rng, low=0, why="a seed, with which a stopped run can continue")
    _check_images(model, source)
    target = Path(path)
    if not target.parent.is_dir() or target.is_dir():
        raise DataError(f"path must name a file in an existing folder; got {target}.")
    partial = _Partial(target.parent / f".{target.name}.partial", model, len(source))
    n_done = partial.open(_settings(model, source, rng, block_size), block_size)
    _check_same_model(model, source, partial, n_done, block_size)
    with tqdm(total=len(source), initial=n_done, desc="encoding", unit="image", delay=2) as bar:
        for start in range(n_done, len(source), block_size):
            rows = slice(start, min(start + block_size, len(source)))
            partial.append(_encoded(model, source, rows, rng))
            bar.update(rows.stop - rows.start)
    save(target, Latents(**partial.arrays(), ids=source.ids, labels=source.labels,
                         meta=_meta(model, source, rng)))  # fmt: skip
    shutil.rmtree(partial.folder)
    return load(target)


class _Partial:
    """The folder of finished blocks: one file of float32 rows per array, and the settings."""

    def __init__(self, folder: Path, model: Any, n_rows: int) -> None:
        self.folder, self.n_rows, self.z_dim = folder, n_rows, int(model.z_dim)
        self.names = ("z",) if model.kind == "ae" else ("z", "mu", "logvar")

    def open(self, settings: dict[str, Any], block_size: int) -> int:
        """Return how many rows an earlier run with the same settings left, in whole blocks."""
        self.folder.mkdir(exist_ok=True)
        note = self.folder / "settings.json"
        if not note.exists():
            for name in self.names:
                self._file(name).write_bytes(b"")
            note.write_text(json.dumps(settings))
        elif (earlier := _read_json(note)) != settings:
            wrong = sorted(key for key in settings if earlier.get(key) != settings[key])
            raise DataError(
                f"{self.folder} holds blocks of an earlier run that differs in {', '.join(wrong)}. "
                "Repeat that run to continue it, or remove the folder to start anew."
            )
        row_bytes = 4 * self.z_dim
        n_rows = min(self._file(name).stat().st_size // row_bytes for name in self.names)
        n_done = self.n_rows if n_rows >= self.n_rows else n_rows // block_size * block_size
        for name in self.names:
            os.truncate(self._file(name), n_done * row_bytes)
        return n_done

    def append(self, latents: Latents) -> None:
        """Put a block on the disk."""
        for name in self.names:
            with self._file(name).open("ab") as file:
                file.write(np.ascontiguousarray(latents.arrays[name], dtype="<f4").data)
                file.flush()
                os.fsync(file.fileno())

    def arrays(self) -> dict[str, Array]:
        """Return the rows, memory-mapped."""
        shape = (self.n_rows, self.z_dim)
        return {name: np.memmap(self._file(name), "<f4", "r", shape=shape) for name in self.names}

    def first(self, n_rows: int) -> Array:
        """Return the first rows of mu, or of z where there is no mu."""
        name = "mu" if "mu" in self.names else "z"
        return np.fromfile(self._file(name), "<f4", n_rows * self.z_dim).reshape(n_rows, -1)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.float32"


def _settings(model: Any, images: Images, rng: int, block_size: int) -> dict[str, Any]:
    """Return what two runs must share for the one to continue the other."""
    return {
        "kind": model.kind,
        "z_dim": int(model.z_dim),
        "n_images": len(images),
        "images": images.fingerprint,
        "rng": int(rng),
        "block_size": block_size,
    }


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except ValueError:  # its writer was stopped
        return {}


def _encoded(model: Any, images: Images, rows: slice, rng: int) -> Latents:
    """Return the latents of a block, checked."""
    latents = model.encode(images.take(rows), rng=np.random.default_rng([rng, rows.start]))
    for failure in encoded(model, latents, rows.stop - rows.start):
        raise BackendError(f"images {rows.start:,} to {rows.stop - 1:,}: {failure}.")
    return latents


def _check_images(model: Any, images: Images) -> None:
    if len(images) == 0:
        raise DataError("there must be at least one image to encode; got none.")
    if images.image_shape != tuple(model.image_shape):
        raise DataError(
            f"the model encodes images of shape {tuple(model.image_shape)}; got "
            f"{images.image_shape}. Resize them, or open them with another size."
        )


def _check_same_model(
    model: Any, images: Images, partial: _Partial, n_done: int, block_size: int
) -> None:
    """Encode the first block again and compare, before a stopped run continues."""
    n = min(n_done, block_size)
    if not n:
        return
    latents = _encoded(model, images, slice(0, n), 0)
    ours = latents.arrays["mu" if "mu" in latents.arrays else "z"]
    theirs = partial.first(n)
    if np.abs(ours - theirs).max() > _SAME * theirs.std():
        raise DataError(
            f"{partial.folder} holds blocks that another model, or other images, gave. Remove the "
            "folder to start anew."
        )


def _meta(model: Any, images: Images, rng: int) -> dict[str, Any]:
    return {
        "model": dict(model.meta),
        "images": dict(images.meta),
        "rng": int(rng),
        "encoded_by": f"latentscope {__version__}",
    }
