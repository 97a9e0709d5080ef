"""HDF5 files of latents, schema 1.

``/z``, ``/mu``, ``/logvar`` (n × d, chunked by rows, checksummed), ``/ids`` (strings),
``/labels/<name>`` (one column each); root attributes ``schema``, ``schema_version``, ``kind``,
``z_dim``, ``n_points``, ``created_by``, ``model`` (JSON of `Latents.meta`) and, written last,
``complete``. Files of other origin are read as far as they hold a dataset of two dimensions.
"""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from latentscope._atomic import replacing
from latentscope._sources import as_matrix
from latentscope._version import __version__
from latentscope._warn import warn
from latentscope.errors import (
    DataError,
    DataTypeError,
    FileFormatError,
    IncompleteFileError,
    LatentscopeError,
)
from latentscope.formats import _hdf5_checks as checks
from latentscope.latents import Latents

SCHEMA, SCHEMA_VERSION = "latentscope", 1
_LAYOUT = ("v110", "v110")  # the oldest layout whose metadata carry checksums
_CHUNK_BYTES = 2**20
_IDS_AT_ONCE = 65_536


def is_hdf5(path: Path) -> bool:
    """Tell whether the file has an HDF5 signature."""
    return bool(h5py.is_hdf5(path))


def read(path: Path, *, key: str | None, allow_incomplete: bool, trust_links: bool) -> Latents:
    """Open the file and return its latents, lazily; see `latentscope.load`."""
    with _format_errors(path):
        file = h5py.File(path, "r")
    try:
        with _format_errors(path):
            is_ours = isinstance(schema := file.attrs.get("schema"), str) and schema == SCHEMA
            if is_ours:
                _check_schema(file, allow_incomplete)
            names = _names(file, key, trust_links)
            datasets = {name: checks.dataset(file, at, trust_links) for name, at in names.items()}
            n_rows = _n_complete_rows(path, datasets, allow_incomplete)
            rest = _described(file, is_ours, trust_links, datasets["z"].shape[:1])
            return Latents(
                **{name: array[:n_rows] if allow_incomplete else array
                   for name, array in datasets.items()},
                ids=_cut(rest["ids"], n_rows),
                labels={name: _cut(column, n_rows) for name, column in rest["labels"].items()},
                meta=rest["meta"],
                file=file,
            )  # fmt: skip
    except BaseException:
        file.close()
        raise


def write(path: str | PathLike[str], latents: Latents) -> None:
    """Write the latents; see `latentscope.save`."""
    labels, meta = storable(latents.labels, latents.meta)
    with replacing(path) as part, _GuardedFile(part, "w+") as raw:
        with h5py.File(raw, "w", libver=_LAYOUT) as file:
            file.attrs["complete"] = False
            for name, array in latents.arrays.items():
                _write_rows(file, name, array, raw)
            if latents.ids is not None:
                _write_ids(file, latents.ids)
            for name, column in labels.items():
                file.create_dataset(f"labels/{name}", data=column)
            file.attrs.update(
                schema=SCHEMA,
                schema_version=SCHEMA_VERSION,
                kind=latents.kind,
                z_dim=latents.z_dim,
                n_points=latents.n_points,
                created_by=f"latentscope {__version__}",
                model=meta,
            )
            file.flush()
            file.attrs["complete"] = True
        raw.check()


def storable(labels: Any, meta: Any) -> tuple[dict[str, Any], str]:
    """Return labels and meta as they are stored; raise if they cannot be."""
    columns = {_checked_name(name): _storable(name, column) for name, column in labels.items()}
    return columns, _checked_json(meta)


class _GuardedFile(io.FileIO):
    """A file that keeps write errors from the HDF5 library, which crashes when it cannot close."""

    error: OSError | None = None

    def write(self, data: Any) -> int:
        if self.error is None:
            try:
                return super().write(data)
            except OSError as error:
                self.error = error
        return len(memoryview(data).cast("B"))

    def truncate(self, size: int | None = None) -> int:
        try:
            return super().truncate(size)
        except OSError as error:
            self.error = self.error or error
            return size or 0

    def check(self) -> None:
        """Raise the first error that writing met."""
        if self.error is not None:
            raise self.error


@contextmanager
def _format_errors(path: Path) -> Iterator[None]:
    """Turn what h5py raises for damaged files into our error."""
    try:
        yield
    except LatentscopeError:
        raise
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise FileFormatError(f"{path} cannot be read as HDF5: {error}") from error


def _check_schema(file: h5py.File, allow_incomplete: bool) -> None:
    version = file.attrs.get("schema_version")
    if version != SCHEMA_VERSION:
        raise FileFormatError(
            f"schema_version must be {SCHEMA_VERSION}; {file.filename} has {version}. "
            "Update latentscope-analysis to read it."
        )
    if not file.attrs.get("complete", False) and not allow_incomplete:
        raise IncompleteFileError(
            f"{file.filename} was not finished: its writer was stopped. Write it again, or pass "
            "allow_incomplete=True for the rows that are there."
        )


def _names(file: h5py.File, key: str | None, trust_links: bool) -> dict[str, str]:
    """Return where z lies, and mu and logvar beside it if both are there."""
    if key is None and file.get("z", getlink=True) is None:
        candidates = checks.candidates(file)
        if len(candidates) != 1:
            listed = ", ".join(f"{name} {shape}" for name, shape in candidates.items()) or "none"
            raise DataError(
                f"{file.filename} must hold one dataset of shape (n_points, z_dim), or one called "
                f"z; got {listed}. Choose with key=."
            )
        key = next(iter(candidates))
    place = "z" if key is None else checks.path(key)
    shape = checks.dataset(file, place, trust_links).shape
    folder = place.rpartition("/")[0]
    pair = {name: f"{folder}/{name}" for name in ("mu", "logvar")}
    there = {name: at for name, at in pair.items() if checks.is_hard(file, at)}
    if place in there.values() or any(file[at].shape != shape for at in there.values()):
        return {"z": place}
    if len(there) == 1:
        warn(f"{file.filename} holds {next(iter(there))} without its partner; it is left out.")
        return {"z": place}
    return {"z": place, **there}


def _described(file: h5py.File, is_ours: bool, trust_links: bool, shape: Any) -> dict[str, Any]:
    """Return ids, labels and meta: of our files all there are, of others only columns that fit."""
    names = ["ids", *(f"labels/{label}" for label in checks.members(file, "labels"))]
    if is_ours:
        there = [name for name in names if checks.is_there(file, name)]
        columns = {name: checks.dataset(file, name, trust_links) for name in there}
    else:
        columns = {name: file[name] for name in names if checks.is_hard(file, name)}
        columns = {name: column for name, column in columns.items() if column.shape == shape}
    return {
        "ids": columns.pop("ids", None),
        "labels": {name.removeprefix("labels/"): column for name, column in columns.items()},
        "meta": json.loads(file.attrs.get("model", "{}")) if is_ours else {},
    }


def _n_complete_rows(path: Path, datasets: dict[str, Any], allow_incomplete: bool) -> int:
    """Return how many leading rows all datasets hold; raise if some are missing."""
    declared = min(len(dataset) for dataset in datasets.values())
    stored = min(checks.n_stored_rows(dataset) for dataset in datasets.values())
    if stored < declared and not allow_incomplete:
        raise IncompleteFileError(
            f"{path} declares {declared:,} rows, of which the first {stored:,} were written; the "
            "rest would read as zeros. Pass allow_incomplete=True for the rows that are there."
        )
    return stored if allow_incomplete else len(datasets["z"])


def _cut(column: Any, n_rows: int) -> Any:
    """Return ids or a label as str or numbers, of the rows that exist."""
    if column is None:
        return None
    values = column.asstr() if h5py.check_string_dtype(column.dtype) else column
    return values[:n_rows] if column.shape and len(column) > n_rows else values


def _write_rows(file: h5py.File, name: str, array: Any, raw: _GuardedFile) -> None:
    """Stream an array into a checksummed dataset."""
    matrix = as_matrix(name, array)
    row_bytes = matrix.n_cols * matrix.dtype.itemsize
    dataset = file.create_dataset(
        name,
        shape=(matrix.n_rows, matrix.n_cols),
        dtype=matrix.dtype,
        chunks=(min(matrix.n_rows, max(1, _CHUNK_BYTES // row_bytes)), matrix.n_cols),
        fletcher32=True,
    )
    step = -(-matrix.run // dataset.chunks[0]) * dataset.chunks[0]
    for start in range(0, matrix.n_rows, step):
        stop = min(start + step, matrix.n_rows)
        dataset[start:stop] = matrix.read(start, stop)
        raw.check()


def _write_ids(file: h5py.File, ids: Any) -> None:
    dataset = file.create_dataset("ids", shape=(len(ids),), dtype=h5py.string_dtype())
    for start in range(0, len(ids), _IDS_AT_ONCE):
        stop = start + _IDS_AT_ONCE
        dataset[start:stop] = _texts("ids", ids[start:stop])


def _checked_name(name: str) -> str:
    if not isinstance(name, str) or not name or set("/\0") & set(name) or name in (".", ".."):
        raise DataError(f"a label must have a name without '/'; got {name!r}. Rename it.")
    return name


def _storable(name: str, column: Any) -> Any:
    """Return a label's values as numbers or strings."""
    values = np.asarray(column[:] if hasattr(column, "dtype") else column)
    if values.dtype.kind in "biuf":
        return values
    return np.array(_texts(f"labels[{name!r}]", values.tolist()), dtype=h5py.string_dtype())


def _texts(name: str, values: Any) -> list[str]:
    """Return strings as HDF5 can hold them; bytes are read as UTF-8."""
    texts = [value.decode() if isinstance(value, bytes) else value for value in values]
    for text in texts:
        if not isinstance(text, str):
            raise DataTypeError(
                f"{name} must hold numbers or strings; got {text!r}. Convert it first, for example "
                "with str."
            )
        if "\0" in text or (not text.isprintable() and _is_unencodable(text)):
            raise DataError(f"{name} must hold text that UTF-8 can; got {text!r}.")
    return texts


def _is_unencodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _checked_json(meta: Any) -> str:
    try:
        text = json.dumps(dict(meta), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DataTypeError(f"meta must hold what JSON can: {error}. Convert it first.") from error
    if not all(isinstance(key, str) for key in meta):
        raise DataTypeError(f"the names in meta must be strings; got {list(meta)}.")
    return text
