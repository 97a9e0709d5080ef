"""Choosing z, mu, logvar, ids and labels among the arrays of a file.

Whatever is guessed, or left out although it looks like a part of the latents, becomes a note: a
warning when the file is opened, and a line of ``latentscope info``.
"""

from functools import partial
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from latentscope._disk.read_errors import read_errors
from latentscope._types import Array
from latentscope._warn import warn
from latentscope.backend.outputs import Role, as_logvar
from latentscope.errors import DataError, DataTypeError, LatentscopeError
from latentscope.formats._contents import REFUSED, Contents, Item, listed
from latentscope.formats._names import WIDTHS, is_id_name, role_of
from latentscope.latents import Latents
from latentscope.rows.files import DerivedRows

_WORDS: dict[Role, str] = {
    "variance": "a variance",
    "std": "a standard deviation",
    "log_std": "log σ",
}


def latents_of(contents: Contents, key: str | None, is_flat: bool) -> Latents:
    """Return the latents in a file, opened but not read.

    Parameters
    ----------
    contents : Contents
        What the file holds; closed together with the latents.
    key : str or None
        Path of z in the file, or its last part if that is unique.
    is_flat : bool
        True to accept arrays of more than two dimensions and flatten each point to one row.

    Raises
    ------
    DataError
        If no array, or more than one, can be z; or if parts of a file that latentscope wrote have
        different lengths.
    """
    notes = list(contents.notes)
    chosen = _posterior(contents, key, is_flat, notes)
    items = {role: contents.items[path] for role, path in chosen.items()}
    notes += [item.note for item in items.values() if item.note]
    arrays = {role: _opened(contents, chosen[role], item) for role, item in items.items()}
    for width in WIDTHS[1:]:
        if width in arrays:
            arrays["logvar"] = _derived(contents, arrays.pop(width), partial(as_logvar, width))
            chosen["logvar"] = chosen.pop(width)
            notes.append(f"{chosen['logvar']} is {_WORDS[width]}; logvar is computed from it.")
    if "z" not in arrays:
        arrays["z"], chosen["z"] = arrays["mu"], chosen["mu"]
        notes.append(
            f"{chosen['mu']} is the mean of a posterior without draws from it; z is set to the "
            "mean."
        )
    n_rows = min(rows.shape[0] for rows in arrays.values())
    if contents.is_cut:
        arrays = {role: rows[:n_rows] for role, rows in arrays.items()}
    known = _Known(contents, chosen["z"], items[next(iter(items))].shape[0], n_rows)
    known.look(notes)
    for note in notes:
        warn(f"{contents.path}: {note}")
    return Latents(
        **arrays,
        ids=known.ids,
        labels=known.labels,
        meta=contents.meta,
        file=contents.file,
        origin=_origin(contents, chosen | known.places, notes),
    )


def _origin(contents: Contents, places: dict[str, str], notes: list[str]) -> dict[str, Any]:
    """Return how the file was read; see `Latents`."""
    read_from = {part: contents.items[path].read_from or path for part, path in places.items()}
    return {"format": contents.format, "read_from": read_from, "notes": notes}


def _posterior(
    contents: Contents, key: str | None, is_flat: bool, notes: list[str]
) -> dict[str, str]:
    """Return the path of z, and of mu and its width if both are there."""
    if key is not None:
        place = _named(contents, key)
    elif "z" in contents.items:
        place = "z"
    else:
        place = _only_candidate(contents, is_flat)
    _check_shape(contents, place, is_flat)
    pair = _pair_beside(contents, place)
    if place == pair.get("mu"):
        return pair if key is None else {"z": place, **pair}
    if pair and key is not None and PurePosixPath(place).name != "z":
        notes.append(
            f"{' and '.join(pair.values())}, stored beside {place} and of the same shape, are "
            "taken as mu and the width of its posterior."
        )
    notes += _left_over(contents, place, set(pair.values()) | {place})
    return {"z": place} if place in pair.values() else {"z": place, **pair}


def _named(contents: Contents, key: str) -> str:
    """Return the path for `key`, which is a path or the last part of exactly one path."""
    if not isinstance(key, str) or not key or "\0" in key:
        raise DataError(
            f"key must be the path of a dataset in the file; got {key!r}.", parameter="key"
        )
    path = key.strip("/")
    if path in contents.items:
        return path
    found = [one for one in contents.items if PurePosixPath(one).name == path]
    if len(found) == 1:
        return found[0]
    if contents.find is None:
        raise DataError(
            f"key must name a dataset of {contents.path} ({listed(contents.items)}); got {key!r}.",
            parameter="key",
        )
    contents.items[path] = contents.find(path)
    return path


def _only_candidate(contents: Contents, is_flat: bool) -> str:
    """Return the path of the only array that can be z, or of the mean of a posterior."""
    matrices = {path: item for path, item in contents.items.items() if _is_matrix(item, is_flat)}
    found = {
        path: item
        for path, item in matrices.items()
        if path not in _pair_beside(contents, path).values()
    }
    if not found:
        found = {path: item for path, item in matrices.items() if role_of(path) == "mu"}
    if len(found) == 1:
        return next(iter(found))
    for item in contents.items.values():
        if not found and item.dtype == REFUSED:
            item.open()  # raises an error with the reason
    deeper = {path: item for path, item in contents.items.items() if _is_matrix(item, True)}
    if not found and len(deeper) == 1:
        _check_shape(contents, next(iter(deeper)), is_flat)
    raise DataError(
        f"{contents.path} must hold one dataset of shape (n_points, z_dim), or one called z; got "
        f"{listed(found or contents.items)}.",
        parameter="key",
        remedy="Choose with `key=`.",
    )


def _is_matrix(item: Item, is_flat: bool) -> bool:
    is_deep = len(item.shape) == 2 or (is_flat and len(item.shape) > 2)
    return item.can_be_z and item.is_number and is_deep


def _check_shape(contents: Contents, path: str, is_flat: bool) -> None:
    shape = contents.items[path].shape
    if not shape and contents.items[path].dtype != REFUSED:
        raise DataError(
            f"z must have shape (n_points, z_dim); {path} of {contents.path} is a single value."
        )
    if len(shape) > 2 and not is_flat:
        raise DataError(
            f"z must have shape (n_points, z_dim); {path} of {contents.path} has {shape}.",
            parameter="flatten",
            remedy=f"Pass `flatten=True` to flatten each point to a row of {np.prod(shape[1:]):,} "
            "numbers.",
        )


def _pair_beside(contents: Contents, place: str) -> dict[str, str]:
    """Return mu and its width, in the same folder and shape as the array at `place`."""
    there = {
        role_of(path): path
        for path, item in reversed(_roles_beside(contents, place).items())
        if item.shape == contents.items[place].shape
    }
    width = next((role for role in WIDTHS if role in there), None)
    return {"mu": there["mu"], width: there[width]} if "mu" in there and width else {}


def _roles_beside(contents: Contents, place: str) -> dict[str, Item]:
    """Return the arrays in the folder of `place` whose names say that they are mu or a width."""
    folder = PurePosixPath(place).parent
    return {
        path: item
        for path, item in contents.items.items()
        if PurePosixPath(path).parent == folder and item.is_number and role_of(path)
    }


def _left_over(contents: Contents, place: str, used: set[str]) -> list[str]:
    """Return notes on the parts of a posterior beside z that are not used."""
    shape = contents.items[place].shape
    notes = []
    for path, item in _roles_beside(contents, place).items():
        if path in used or len(item.shape) < 2:  # a column is a label
            continue
        if item.shape != shape:
            text = f"{path} has the shape {item.shape}, z has {shape}"
            if contents.is_ours and path in ("mu", "logvar"):
                raise DataError(f"{path} of {contents.path} must have the shape of z; {text}.")
            notes.append(f"{path} is left out: {text}.")
        elif not used - {place}:
            notes.append(
                f"{path} is left out: the other half of the posterior (mu, or its logvar, variance "
                "or standard deviation) is missing."
            )
    return notes


def _opened(contents: Contents, path: str, item: Item) -> Any:
    """Open an array; flatten its points if they have more than one dimension."""
    if not item.is_number and item.dtype != REFUSED:
        raise DataTypeError(
            f"z must hold real numbers; {path} of {contents.path} holds {item.dtype}.",
            parameter="key",
            remedy="Choose another with `key=`.",
        )
    rows = _rows(contents, path, item)
    return _derived(contents, rows, _flat) if len(rows.shape) > 2 else rows


def _rows(contents: Contents, path: str, item: Item) -> Any:
    with read_errors(f"{path} of {contents.path}"):
        return item.open()


def _derived(contents: Contents, rows: Any, function: Any) -> Any:
    """Apply a function to rows: now if they are in memory, otherwise when they are read."""
    if isinstance(rows, np.ndarray):
        return function(rows)
    shape = rows.shape[0], int(np.prod(rows.shape[1:]))
    probe = function(np.ones((1, *rows.shape[1:]), rows.dtype))
    return DerivedRows(contents.path, rows, function, shape, probe.dtype)


def _flat(rows: Array) -> Array:
    return rows.reshape(len(rows), -1)


class _Known:
    """Ids and labels: arrays with one entry per row, beside z or in the label folder.

    Attributes
    ----------
    ids, labels
        See `Latents`.
    places : dict of str to str
        The path of each, labels as ``labels/name``.
    """

    def __init__(self, contents: Contents, place: str, n_stored: int, n_rows: int) -> None:
        self.contents, self.n_stored, self.n_rows = contents, n_stored, n_rows
        self.folders = {str(PurePosixPath(place).parent), contents.label_folder, "."}
        self.ids: Any = None
        self.labels: dict[str, Any] = {}
        self.places: dict[str, str] = {}

    def look(self, notes: list[str]) -> None:
        """Find ids and labels; note what is left out."""
        others = {}
        for path, item in self.contents.items.items():
            where = str(PurePosixPath(path).parent)
            if where not in self.folders:
                continue
            is_known = self._is_known(path)
            if item.shape == (self.n_stored,) or (is_known and item.dtype == REFUSED):
                self._use(path, item, notes)
            elif len(item.shape) == 1 or is_known:
                others[path] = item
        known = {path: item for path, item in others.items() if self._is_known(path)}
        if known and self.contents.is_ours:
            raise DataError(
                f"{', '.join(known)} must have one entry per row of z, {self.n_stored:,}; "
                f"{self.contents.path} holds {listed(known)}."
            )
        if others:
            notes.append(f"left out: {listed(others)}; z has {self.n_stored:,} rows.")

    def _is_known(self, path: str) -> bool:
        """Return True if only ids or labels are expected at this path."""
        where, name = str(PurePosixPath(path).parent), PurePosixPath(path).name
        return where == self.contents.label_folder or is_id_name(name)

    def _use(self, path: str, item: Item, notes: list[str]) -> None:
        where, name = str(PurePosixPath(path).parent), PurePosixPath(path).name
        try:
            column = _rows(self.contents, path, item)
        except LatentscopeError as error:
            notes.append(f"{path} is left out: {error}")
            return
        column = column[: self.n_rows] if self.n_rows < self.n_stored else column
        if item.note:
            notes.append(item.note)
        if self.ids is None and where != self.contents.label_folder and _is_id(name, item):
            self.ids = column if item.dtype == "text" else np.asarray(column[:]).astype(str)
            self.places["ids"] = path
        else:
            self.labels[name] = column
            self.places[f"labels/{name}"] = path


def _is_id(name: str, item: Item) -> bool:
    return is_id_name(name) and (item.dtype == "text" or item.dtype.startswith(("int", "uint")))
