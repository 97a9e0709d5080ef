"""HDF5 files of latents, schema 1.

``/z``, ``/mu``, ``/logvar`` (n × d, chunked by rows, checksummed), ``/ids`` (strings),
``/labels/<name>`` (one column each); root attributes ``schema``, ``schema_version``, ``kind``,
``z_dim``, ``n_points``, ``created_by``, ``model`` (JSON of `Latents.meta`) and, written last,
``complete``. Files from other sources can be read if they hold a two-dimensional dataset.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from latentscope._disk.atomic import replacing
from latentscope._disk.read_errors import access_errors
from latentscope._types import Array
from latentscope._version import __version__
from latentscope.errors import (
    DataError,
    FileFormatError,
    IncompleteFileError,
    LatentscopeError,
)
from latentscope.formats import _hdf5_checks as checks
from latentscope.formats._contents import REFUSED, Contents, Item, dtype_name
from latentscope.formats._storable import columns, json_of, meta_of, runs, texts
from latentscope.latents import Latents
from latentscope.rows.files import DerivedRows
from latentscope.rows.matrix import as_matrix

SCHEMA, SCHEMA_VERSION = "latentscope", 1
_LAYOUT = ("v110", "v110")  # the oldest layout whose metadata carry checksums
_CHUNK_BYTES = 2**20
_TEXTS_AT_ONCE = 65_536
_MAX_WASTE = 8  # times the text itself


def is_hdf5(path: Path) -> bool:
    """Return True if the file has an HDF5 signature."""
    return bool(h5py.is_hdf5(path))


def contents(path: Path, *, allow_incomplete: bool = False, trust_links: bool = False) -> Contents:
    """Open the file and return what it holds; see `latentscope.load`."""
    with access_errors(path), path.open("rb"):
        pass  # the HDF5 library reports missing permission and damage alike
    with _format_errors(path):
        file = h5py.File(path.absolute(), "r")  # found again if the working folder changes
    try:
        with _format_errors(path):
            is_ours = isinstance(schema := file.attrs.get("schema"), str) and schema == SCHEMA
            if is_ours:
                _check_schema(file, allow_incomplete)
            find = partial(_item, file, allow_incomplete, trust_links)
            items = {place: _listed(find, place) for place in checks.datasets(file)}
            if is_ours and not allow_incomplete:
                _check_parts(file, items)
            meta = meta_of(path, file.attrs.get("model", "{}")) if is_ours else {}
    except BaseException:
        file.close()
        raise
    title = "HDF5, latentscope schema 1" if is_ours else "HDF5"
    return Contents(
        path, title, items, meta, is_ours=is_ours, is_cut=allow_incomplete, find=find, file=file
    )


def _listed(find: Callable[[str], Item], place: str) -> Item:
    """Return an item; if it is behind an unsafe link, one that raises when it is opened."""
    try:
        return find(place)
    except LatentscopeError:
        return Item((), REFUSED, partial(find, place))


def _item(file: h5py.File, allow_incomplete: bool, trust_links: bool, place: str) -> Item:
    dataset = checks.dataset(file, place, trust_links)
    is_text = h5py.check_string_dtype(dataset.dtype) is not None
    dtype = "text" if is_text else dtype_name(dataset.dtype)
    shape = () if dataset.shape is None else dataset.shape
    return Item(shape, dtype, partial(_rows, dataset, is_text, allow_incomplete))


def _rows(dataset: h5py.Dataset, is_text: bool, allow_incomplete: bool) -> Any:
    """Return a dataset, after checking that all of its rows were written."""
    checks.check_size(dataset)
    stored = checks.n_stored_rows(dataset) if dataset.shape else 0
    if dataset.shape and stored < len(dataset) and not allow_incomplete:
        raise IncompleteFileError(
            f"{dataset.file.filename} declares {len(dataset):,} rows, of which only the first "
            f"{stored:,} were written; the rest would read as zeros.",
            parameter="allow_incomplete",
            remedy="Pass `allow_incomplete=True` to use the rows that exist.",
        )
    if dataset.ndim == 1:
        text = h5py.check_string_dtype(dataset.dtype) if is_text else None
        function = partial(_decoded, text.encoding) if text else _same
        dtype = object if is_text else dataset.dtype
        return DerivedRows(Path(dataset.file.filename), dataset, function, (stored,), dtype)
    return dataset[:stored] if allow_incomplete else dataset


def _same(values: Array) -> Array:
    return values


def _decoded(encoding: str, values: Array) -> Array:
    return np.array([value.decode(encoding) for value in values], dtype=object)


def _check_parts(file: h5py.File, items: dict[str, Item]) -> None:
    """Raise if a part of a latentscope file is missing or cannot be read."""
    missing = [name for name in ("mu", "logvar") if name not in items]
    if file.attrs.get("kind") == "vae" and missing:
        raise DataError(
            f"{file.filename} must hold mu and logvar, because its latents are those of a VAE; "
            f"{' and '.join(missing)} is missing. Save the latents again."
        )
    for place, item in items.items():
        if (place == "ids" or place.startswith("labels/")) and item.dtype == REFUSED:
            item.open()


def write(path: str | PathLike[str], latents: Latents) -> None:
    """Write the latents; see `latentscope.save`."""
    labels, meta = columns(latents.labels), json_of(latents.meta)
    with replacing(path) as part, GuardedFile(part, "w+") as raw:
        with h5py.File(raw, "w", libver=_LAYOUT) as file:
            file.attrs["complete"] = False
            for name, array in latents.arrays.items():
                write_rows(file, name, array, raw.check)
            if latents.ids is not None:
                _write_text(file, "ids", latents.ids)
            for name, column in labels.items():
                _write_label(file, name, column)
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


class GuardedFile(io.FileIO):
    """A file that hides write errors from the HDF5 library, which crashes if it cannot close."""

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
        """Raise the first error that occurred while writing."""
        if self.error is not None:
            raise self.error


@contextmanager
def _format_errors(path: Path) -> Iterator[None]:
    """Turn the errors that h5py raises for damaged files into ours."""
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
            f"{file.filename} was not finished: its writer was stopped.",
            parameter="allow_incomplete",
            remedy="Write it again, or pass `allow_incomplete=True` to use the rows that exist.",
        )


def write_rows(
    file: h5py.File, name: str, array: Any, check: Callable[[], None] = lambda: None
) -> h5py.Dataset:
    """Stream an array into a checksummed dataset; `check` is called after each run of rows."""
    matrix = as_matrix(name.rpartition("/")[2], array)
    row_bytes = matrix.n_cols * matrix.dtype.itemsize
    dataset = file.create_dataset(
        name,
        shape=(matrix.n_rows, matrix.n_cols),
        dtype=matrix.dtype,
        chunks=(min(matrix.n_rows, max(1, _CHUNK_BYTES // row_bytes)), matrix.n_cols),
        fletcher32=True,
    )
    step = -(-matrix.run // dataset.chunks[0]) * dataset.chunks[0]
    for start, stop in runs(matrix.n_rows, step, name):
        dataset[start:stop] = matrix.read(start, stop)
        check()
    return dataset


def _write_text(file: h5py.File, name: str, values: Any) -> None:
    """Stream text: checksummed and as wide as the longest, unless most of that would be padding."""
    longest = total = 0
    for block in _blocks(name, values):
        sizes = [len(text) for text in block]
        longest, total = max(longest, *sizes), total + sum(sizes)
    is_wasteful = longest * len(values) > _MAX_WASTE * (total + _CHUNK_BYTES)
    dataset = file.create_dataset(
        name,
        shape=(len(values),),
        dtype=h5py.string_dtype("utf-8", None if is_wasteful else max(longest, 1)),
        chunks=(min(len(values), max(1, _CHUNK_BYTES // max(longest, 16))),),
        fletcher32=not is_wasteful,
    )
    at = 0
    for block in _blocks(name, values):
        dataset[at : at + len(block)] = block
        at += len(block)


def _blocks(name: str, values: Any) -> Iterator[list[bytes]]:
    """Yield text as UTF-8, in blocks."""
    for start in range(0, len(values), _TEXTS_AT_ONCE):
        yield [text.encode() for text in texts(name, values[start : start + _TEXTS_AT_ONCE])]


def _write_label(file: h5py.File, name: str, column: Any) -> None:
    if isinstance(column, list):
        _write_text(file, f"labels/{name}", column)
        return
    chunks = (min(len(column), _CHUNK_BYTES // column.dtype.itemsize),)
    file.create_dataset(f"labels/{name}", data=column, chunks=chunks, fletcher32=True)
