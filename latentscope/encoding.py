"""Encoding of images to a file of latents, block by block, so that a stopped run can continue.

Finished blocks are kept, with checksums, in a folder beside the target, ``.NAME.partial``. Once all
are there, the target is written as a whole, under its own name, and the folder is removed. A run
that is killed therefore leaves an existing file as it was and no file that looks complete, and the
next run repeats no finished block whose checksum is right. A finished file is kept if it is what
the call would write.
"""

import json
import os
import stat
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from latentscope._disk.lock import only_writer
from latentscope._disk.paths import writable
from latentscope._types import Array
from latentscope._validate import integer
from latentscope._version import __version__
from latentscope.backend.asking import checked
from latentscope.backend.conformance import encoded
from latentscope.backend.protocols import Model
from latentscope.errors import BackendError, DataError, LatentscopeError, UnsafeFileError
from latentscope.formats import _storable
from latentscope.formats.loading import load
from latentscope.formats.saving import save
from latentscope.images import Images, Pixels, as_images
from latentscope.latents import Latents

_BLOCK = 1024  # images: 113 MB of 96×96×3 floats
_TOLERANCE = 1e-2  # share of the spread by which the same weights may differ on another device
_ROUNDING = 1e-5  # share of the largest value


def encode(
    model: Model,
    images: Pixels,
    path: str | PathLike[str],
    *,
    rng: int = 0,
    block_size: int = _BLOCK,
) -> Latents:
    """Encode images to an HDF5 file of latents, with their ids and labels.

    Images are read, encoded and stored in blocks, so that memory does not grow with their number.
    If a run is stopped half-way, call it again with the same arguments to continue. Until then,
    the finished blocks are kept in the hidden folder ``.NAME.partial`` beside the file. A block
    that was damaged there, as its checksum tells, is encoded again.

    If the file is already finished, it is returned as it is, provided that it is what this call
    would write: settings, image ids, labels and meta are those of the call, and its first and last
    block agree when they are encoded again. A file with other content is replaced.

    Parameters
    ----------
    model : backend.Model
        The model that encodes.
    images : Images, or array of shape (n, height, width, channels)
        uint8, or floats in [0, 1].
    path : str or path-like
        File to write. A file with other content is replaced once the new one is complete.
    rng : int
        Seed for drawing z; each block has its own generator.
    block_size : int
        Images per block.

    Returns
    -------
    Latents
        The latents in the file, which is open.

    Raises
    ------
    DataError
        If the images do not fit the model, the folder of `path` does not exist, another run is
        writing there, or an earlier run left blocks from another seed or, judging by the ids,
        sixteen images and the first and last block, from other images or another model.
    UnsafeFileError
        If a file in ``.NAME.partial`` is a link, or has another name too: writing to it would
        change a file elsewhere.
    BackendError
        If the model returns latents of a wrong shape, or NaN.

    Examples
    --------
    >>> import tempfile
    >>> from types import SimpleNamespace
    >>> model = SimpleNamespace(kind="ae", z_dim=2, image_shape=(1, 2, 1), meta={})
    >>> model.encode = lambda images, rng: Latents(images.reshape(-1, 2))
    >>> with encode(model, np.zeros((5, 1, 2, 1)), tempfile.mkdtemp() + "/z.h5") as latents:
    ...     print(latents)
    <Latents of 5 points in 2 dimensions: z, ids>
    """
    checked(model, "encode")
    source = as_images(images)
    block_size = integer("block_size", block_size, low=1)
    rng = integer("rng", rng, low=0, why="a seed, so that a stopped run can continue")
    _check_images(model, source)
    target = _target(path)
    settings = _settings(model, source, rng, block_size)
    meta = _meta(model, source, settings)
    columns = _storable.columns(source.labels)  # fail before the work, not after it
    _storable.json_of(meta)
    partial = _Partial(target.parent / f".{target.name}.partial", model, len(source), block_size)
    if not partial.settings_file.exists() and _is_written(target, model, source, meta, columns):
        return load(target)
    with partial.only_writer():
        partial.open(settings)
        blocks = _blocks(len(source), block_size)
        done = [rows for rows in blocks if partial.holds(rows)]
        _check_same_model(model, source, partial, _ends(done), rng)
        n_done, starts = sum(r.stop - r.start for r in done), {r.start for r in done}
        with tqdm(total=len(source), initial=n_done, desc="encoding", unit="image", delay=2) as bar:
            for rows in blocks:
                if rows.start not in starts:
                    partial.write(rows, _encoded(model, source, rows, rng))
                    bar.update(rows.stop - rows.start)
        save(target, partial.latents(source, meta))
    partial.remove()
    return load(target)


class _Partial:
    """Folder of finished blocks: a file of float32 rows per array, checksums, and the settings.

    The folder may have come with an archive that somebody unpacked, so that its files may be links:
    nothing is written through one.
    """

    def __init__(self, folder: Path, model: Model, n_rows: int, block_size: int) -> None:
        self.folder, self.n_rows, self.z_dim = folder, n_rows, int(model.z_dim)
        self.block_size = block_size
        self.names = ("z",) if model.kind == "ae" else ("z", "mu", "logvar")
        self.settings_file = folder / "settings.json"
        self.checksums_file = folder / "checksums.uint32"  # one per block, over all its arrays

    @contextmanager
    def only_writer(self) -> Iterator[None]:
        """Create the folder and hold its lock."""
        if self.folder.is_symlink() or (self.folder.exists() and not self.folder.is_dir()):
            raise DataError(f"{self.folder} must be a folder for unfinished blocks. Remove it.")
        self.folder.mkdir(exist_ok=True)
        for path in self._files():
            _check_no_link(path)
        with only_writer(self.folder):
            yield

    def open(self, settings: dict[str, Any]) -> None:
        """Empty the files, unless a run with the same settings left them."""
        earlier = _read_json(self.settings_file)
        if not earlier:
            for path in (*map(self._file, self.names), self.checksums_file):
                _write(path, 0, b"", cut=True)
            _write(self.settings_file, 0, json.dumps(settings).encode(), cut=True)
        elif earlier != settings:
            wrong = sorted(key for key in settings if earlier.get(key) != settings[key])
            raise DataError(
                f"{self.folder} holds blocks of an earlier run that differs in {', '.join(wrong)}. "
                "Repeat that run to continue it, or remove the folder to start over."
            )

    def write(self, rows: slice, latents: Latents) -> None:
        """Write a block to disk, and its checksum once it is there."""
        parts = [np.ascontiguousarray(latents.arrays[name], dtype="<f4") for name in self.names]
        for name, part in zip(self.names, parts, strict=True):
            _write(self._file(name), 4 * self.z_dim * rows.start, part.data)
        checksum = _checksum(parts).to_bytes(4, "little")
        _write(self.checksums_file, 4 * (rows.start // self.block_size), checksum)

    def holds(self, rows: slice) -> bool:
        """Return True if the block is there and as it was written."""
        try:
            parts = [self.read(name, rows) for name in self.names]
            at = 4 * (rows.start // self.block_size)
            stored = np.fromfile(self.checksums_file, "<u4", 1, offset=at)
        except (OSError, ValueError):  # no such file, or it ends before
            return False
        return stored.tolist() == [_checksum(parts)]

    def latents(self, images: Images, meta: dict[str, Any]) -> Latents:
        """Return all rows, memory-mapped."""
        shape = (self.n_rows, self.z_dim)
        parts = {name: np.memmap(self._file(name), "<f4", "r", shape=shape) for name in self.names}
        z, mu, logvar = parts["z"], parts.get("mu"), parts.get("logvar")
        return Latents(z, mu, logvar, images.ids, images.labels, meta)

    def read(self, name: str, rows: slice) -> Array:
        """Return finished rows of one array."""
        row_bytes, n = 4 * self.z_dim, rows.stop - rows.start
        flat = np.fromfile(self._file(name), "<f4", n * self.z_dim, offset=rows.start * row_bytes)
        return flat.reshape(n, self.z_dim)

    def remove(self) -> None:
        """Remove what this class wrote, the settings first, and then the folder if it is empty."""
        for path in self._files():
            path.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()

    def _files(self) -> list[Path]:
        arrays = map(self._file, self.names)
        return [self.settings_file, self.checksums_file, *arrays, self.folder / ".lock"]

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.float32"


def _check_no_link(path: Path) -> None:
    """Raise if something is at the path that is not an ordinary file, or has other names too."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        raise UnsafeFileError(
            f"{path} must be an ordinary file of an earlier run; it is a link, a folder or a "
            "device, and writing to it could change something elsewhere. Remove the folder "
            f"{path.parent} to start over."
        )


def _write(path: Path, offset: int, content: bytes | memoryview, *, cut: bool = False) -> None:
    """Write bytes to disk at an offset of a file, which need not exist; `cut` what follows."""
    _check_no_link(path)
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, 0o666), "r+b") as file:
        file.seek(offset)
        file.write(content)
        if cut:
            file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _checksum(parts: Sequence[Array]) -> int:
    """Return the CRC-32 of a block's arrays."""
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part.data, checksum)
    return checksum


def _target(path: str | PathLike[str]) -> Path:
    target = writable(path)
    if target.suffix.lower() not in (".h5", ".hdf5"):
        raise DataError(
            f"path must end with .h5; got {target}. Use `save` for other formats.", parameter="path"
        )
    return target


def _settings(model: Model, images: Images, rng: int, block_size: int) -> dict[str, Any]:
    """Return the settings that two runs must share if one is to continue the other."""
    return {
        "kind": model.kind,
        "z_dim": int(model.z_dim),
        "n_images": len(images),
        "images": images.fingerprint,
        "rng": int(rng),
        "block_size": block_size,
    }


def _read_json(path: Path) -> dict[str, Any]:
    """Return the settings; an empty dict if there are none or they cannot be read."""
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError, RecursionError):  # its writer was stopped
        return {}


def _encoded(model: Model, images: Images, rows: slice, rng: int) -> Latents:
    """Encode a block; return its latents in single precision, checked."""
    latents = model.encode(images.take(rows), rng=np.random.default_rng([rng, rows.start]))
    n = rows.stop - rows.start
    for failure in encoded(model, latents, n):
        raise BackendError(f"images {rows.start:,} to {rows.stop - 1:,}: {failure}.")
    with np.errstate(over="ignore"):
        parts = {name: np.asarray(x, np.float32) for name, x in latents.arrays.items()}
    for name, array in parts.items():
        if not np.isfinite(array).all():
            raise BackendError(f"{name} must fit in float32; it reaches beyond 3e38.")
    return Latents(parts["z"], parts.get("mu"), parts.get("logvar"))


def _check_images(model: Model, images: Images) -> None:
    if len(images) == 0:
        raise DataError("there must be at least one image to encode; got none.")
    if images.image_shape != tuple(model.image_shape):
        raise DataError(
            f"the model encodes images of shape {tuple(model.image_shape)}; got "
            f"{images.image_shape}. Resize them, or open them with another size."
        )


def _blocks(n_rows: int, block_size: int) -> list[slice]:
    """Return the rows of each block."""
    starts = range(0, n_rows, block_size)
    return [slice(start, min(start + block_size, n_rows)) for start in starts]


def _ends(blocks: Sequence[slice]) -> Sequence[slice]:
    """Return the first block and the last, which may be the same or none."""
    return blocks if len(blocks) < 3 else (blocks[0], blocks[-1])


def _check_same_model(
    model: Model, images: Images, partial: _Partial, blocks: Sequence[slice], rng: int
) -> None:
    """Raise if the model now gives other latents than those of these finished blocks."""
    for name in _differing(model, images, partial.read, blocks, rng):
        raise DataError(
            f"{partial.folder} holds blocks of another model or of other images: "
            f"{name} differs. Remove the folder to start over."
        )


def _differing(
    model: Model,
    images: Images,
    read: Callable[[str, slice], Array],
    blocks: Sequence[slice],
    rng: int,
) -> Iterator[str]:
    """Encode blocks again, and yield the names of arrays that differ."""
    for rows in blocks:
        for name, now in _encoded(model, images, rows, rng).arrays.items():
            stored = read(name, rows)
            tolerance = _TOLERANCE * stored.std() + _ROUNDING * np.abs(stored).max()
            if not np.abs(now - stored).max() <= tolerance:  # NaN counts as a difference
                yield name


def _is_written(target: Path, model: Model, images: Images, meta: Any, columns: Any) -> bool:
    """Return True if the file exists, is complete and holds what the model gives for the images."""
    settings = meta["settings"]
    seed, block_size = settings["rng"], settings["block_size"]
    try:
        with load(target) as latents:
            arrays = latents.arrays
            return (
                _is_described(latents, images, meta, columns)
                and not any(
                    _differing(
                        model, images, lambda name, rows: arrays[name][rows],
                        _ends(_blocks(len(images), block_size)), seed,
                    )
                )
                and all(_is_readable(array, block_size) for array in arrays.values())
            )  # fmt: skip
    except (LatentscopeError, OSError):  # no such file, or a damaged one
        return False


def _is_described(latents: Latents, images: Images, meta: Any, columns: Any) -> bool:
    """Return True if everything but the arrays is what the call would write."""
    shape, expected = (len(images), meta["settings"]["z_dim"]), json.loads(json.dumps(meta))
    return (
        dict(latents.meta) | {"encoded_by": ""} == expected | {"encoded_by": ""}
        and (latents.n_points, latents.z_dim, latents.kind) == (*shape, meta["settings"]["kind"])
        and latents.ids is not None
        and latents.ids[:].tolist() == images.ids.tolist()
        and latents.labels.keys() == columns.keys()
        and all(_is_equal(latents.labels[name][:], np.asarray(columns[name])) for name in columns)
    )


def _is_equal(one: Array, other: Array) -> bool:
    is_float = one.dtype.kind == other.dtype.kind == "f"
    return bool(np.array_equal(one, other, equal_nan=is_float))


def _is_readable(array: Any, block_size: int) -> bool:
    """Read all rows once, which verifies checksums; h5py raises OSError if one is wrong."""
    return all(len(array[row : row + block_size]) for row in range(0, len(array), block_size))


def _meta(model: Model, images: Images, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": dict(model.meta),
        "images": dict(images.meta),
        "rng": settings["rng"],
        "settings": settings,
        "encoded_by": f"latentscope {__version__}",
    }
