"""HDF5 files of latents, schema 1.

``/z``, ``/mu``, ``/logvar`` (n × d, chunked by rows, checksummed), ``/ids`` (strings),
``/labels/<name>`` (one column each); root attributes ``schema``, ``schema_version``, ``kind``,
``z_dim``, ``n_points``, ``created_by``, ``model`` (JSON of `Latents.meta`) and, written last,
``complete``. Files of other origin are read as far as they hold a dataset of two dimensions.
"""

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
from latentscope.errors import DataError, DataTypeError, FileFormatError, IncompleteFileError
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
            if file.attrs.get("schema") == SCHEMA:
                _check_schema(file, allow_incomplete)
            names = _names(file, key)
            datasets = {name: checks.dataset(file, at, trust_links) for name, at in names.items()}
            n_rows = _n_complete_rows(path, datasets, allow_incomplete)
            arrays: dict[str, Any] = {
                name: array if n_rows == len(array) else array[:n_rows]
                for name, array in datasets.items()
            }
            return Latents(
                **arrays,
                ids=_column(file, "ids", trust_links, n_rows) if "ids" in file else None,
                labels={
                    name: _column(file, f"labels/{name}", trust_links, n_rows)
                    for name in file.get("labels", ())
                },
                meta=json.loads(file.attrs.get("model", "{}")),
            )
    except BaseException:
        file.close()
        raise


def write(path: str | PathLike[str], latents: Latents) -> None:
    """Write the latents; see `latentscope.save`."""
    labels = {_checked_name(name): _storable(name, c) for name, c in latents.labels.items()}
    meta = _checked_json(latents.meta)
    with replacing(path) as part, h5py.File(part, "w", libver=_LAYOUT) as file:
        file.attrs["complete"] = False
        for name, array in latents.arrays.items():
            _write_rows(file, name, array)
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


@contextmanager
def _format_errors(path: Path) -> Iterator[None]:
    """Turn what h5py raises for damaged files into our error."""
    try:
        yield
    except (OSError, RuntimeError, KeyError, json.JSONDecodeError, UnicodeDecodeError) as error:
        if isinstance(error, FileFormatError | MemoryError):
            raise
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


def _names(file: h5py.File, key: str | None) -> dict[str, str]:
    """Return where z, mu and logvar lie."""
    if key is not None:
        return {"z": key}
    if "z" in file:
        pair = {"mu", "logvar"} <= set(file)
        return {"z": "z", **({"mu": "mu", "logvar": "logvar"} if pair else {})}
    candidates = checks.candidates(file)
    if len(candidates) == 1:
        return {"z": next(iter(candidates))}
    listed = ", ".join(f"{name} {shape}" for name, shape in candidates.items()) or "none"
    raise DataError(
        f"{file.filename} must hold one dataset of shape (n_points, z_dim), or one called z; "
        f"got {listed}. Choose with key=."
    )


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


def _column(file: h5py.File, name: str, trust_links: bool, n_rows: int) -> Any:
    """Return ids or a label: strings as str, numbers as they are; short columns in memory."""
    column = checks.dataset(file, name, trust_links)
    values = column.asstr() if h5py.check_string_dtype(column.dtype) else column
    return values if len(column) == n_rows else values[:n_rows]


def _write_rows(file: h5py.File, name: str, array: Any) -> None:
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


def _write_ids(file: h5py.File, ids: Any) -> None:
    dataset = file.create_dataset("ids", shape=(len(ids),), dtype=h5py.string_dtype())
    for start in range(0, len(ids), _IDS_AT_ONCE):
        stop = start + _IDS_AT_ONCE
        dataset[start:stop] = [str(name) for name in ids[start:stop]]


def _checked_name(name: str) -> str:
    if not isinstance(name, str) or not name or "/" in name or name in (".", ".."):
        raise DataError(f"a label must have a name without '/'; got {name!r}. Rename it.")
    return name


def _storable(name: str, column: Any) -> Any:
    """Return a label's values as numbers or strings."""
    values = np.asarray(column[:] if hasattr(column, "dtype") else column)
    if values.dtype.kind in "biuf":
        return values
    if values.dtype.kind == "U" or all(isinstance(value, str) for value in values.tolist()):
        return values.astype(h5py.string_dtype())
    raise DataTypeError(
        f"labels[{name!r}] must hold numbers or strings; got dtype {values.dtype}. Convert it "
        "first, for example to strings."
    )


def _checked_json(meta: Any) -> str:
    try:
        return json.dumps(dict(meta))
    except (TypeError, ValueError) as error:
        raise DataTypeError(f"meta must hold what JSON can: {error}. Convert it first.") from error
