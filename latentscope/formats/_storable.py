"""Ids, labels and meta in the form that files can hold: numbers and text by name, and JSON."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from latentscope._types import Array
from latentscope._warn import warn
from latentscope.errors import DataError, DataTypeError, FileFormatError
from latentscope.formats._names import is_id_name
from latentscope.latents import Latents

_COORDINATE = re.compile(r"(z|mu|logvar)[\s_.\-\[(]*\d*[\])]?")


def columns(labels: Mapping[str, Any]) -> dict[str, Array | list[str]]:
    """Return labels as arrays of numbers or lists of text; raise for anything else."""
    return {_checked_name(name): column(f"labels[{name!r}]", one) for name, one in labels.items()}


def known(
    latents: Latents, ids: str = "ids", labels: str = "labels/"
) -> dict[str, Array | list[str]]:
    """Return ids and labels as columns, under the names that the format uses.

    Raises
    ------
    DataError
        If labels have no folder of their own, and one would be read back as something else.
    """
    for name in () if labels else latents.labels:
        if is_id_name(name) or _COORDINATE.fullmatch(name):
            raise DataError(
                f"a table cannot hold a label called {name!r}, which would be read as coordinates "
                "or ids. Rename it, or save as .h5."
            )
    found: dict[str, Array | list[str]] = {}
    if latents.ids is not None:
        found[ids] = texts("ids", latents.ids[:])
    return found | {f"{labels}{name}": one for name, one in columns(latents.labels).items()}


def column(name: str, values: Any) -> Array | list[str]:
    """Return one label as an array of numbers, or as a list of text."""
    array = np.asarray(values[:] if hasattr(values, "dtype") else values)
    return array if array.dtype.kind in "biuf" else texts(name, array.tolist())


def texts(name: str, values: Any) -> list[str]:
    """Return text that any file can hold; bytes are read as UTF-8."""
    found = [value.decode() if isinstance(value, bytes) else value for value in values]
    for text in found:
        if not isinstance(text, str):
            raise DataTypeError(
                f"{name} must hold numbers or strings; got {text!r}. Convert it first, for example "
                "with str."
            )
        if "\0" in text or (not text.isprintable() and _is_unencodable(text)):
            raise DataError(
                f"{name} must hold text that UTF-8 can encode, without zero bytes; got {text!r}."
            )
    return found


def json_of(meta: Mapping[str, Any]) -> str:
    """Return meta as JSON; raise if that is impossible."""
    try:
        text = json.dumps(dict(meta), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DataTypeError(
            f"meta must hold only what JSON can represent: {error}. Convert it first.",
            parameter="meta",
        ) from error
    if not all(isinstance(key, str) for key in meta):
        raise DataTypeError(f"the names in meta must be strings; got {list(meta)}.")
    return text


def runs(n_rows: int, run: int, name: str) -> Iterator[tuple[int, int]]:
    """Yield the bounds of the runs of rows that are written at once, with progress."""
    with tqdm(total=n_rows, desc=f"writing {name}", unit="row", unit_scale=True, delay=2) as bar:
        for start in range(0, n_rows, run):
            stop = min(start + run, n_rows)
            yield start, stop
            bar.update(stop - start)


def meta_of(path: Path, text: str | bytes) -> dict[str, Any]:
    """Return the meta that a file holds as JSON; raise if it is not a mapping."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{path} holds meta that is not valid JSON: {error}") from error
    if not isinstance(found, dict):
        raise FileFormatError(
            f"{path} must hold meta as a JSON object; it holds {str(found)[:50]}."
        )
    return found


def warn_of_what_is_left_out(path: Path, names: Sequence[str]) -> None:
    """Warn about what the format cannot hold."""
    if names:
        warn(
            f"{path.name} cannot hold {', '.join(names)}: left out. Save as HDF5 (.h5) to keep "
            "everything."
        )


def _checked_name(name: str) -> str:
    if not isinstance(name, str) or not name or set("/\0") & set(name) or name in (".", ".."):
        raise DataError(f"a label must have a name without '/'; got {name!r}. Rename it.")
    return name


def _is_unencodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
