"""Choosing z, mu, logvar, ids and labels among the arrays of a file."""

from pathlib import PurePosixPath
from typing import Any

import numpy as np

from latentscope._disk.read_errors import read_errors
from latentscope._types import Array
from latentscope._warn import warn
from latentscope.errors import DataError, DataTypeError, LatentscopeError
from latentscope.formats._contents import REFUSED, Contents, Item, listed
from latentscope.formats._names import is_id_name, role_of
from latentscope.latents import Latents
from latentscope.rows.files import DerivedRows


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
        If no array, or more than one, can be z.
    """
    chosen = _posterior(contents, key, is_flat)
    items = {role: contents.items[path] for role, path in chosen.items()}
    arrays = {role: _opened(contents, chosen[role], item) for role, item in items.items()}
    if "variance" in arrays:
        arrays["logvar"] = _derived(contents, arrays.pop("variance"), _log_of_variance)
        warn(
            f"{chosen['variance']} of {contents.path} is a variance; logvar is set to its "
            "logarithm."
        )
    if "z" not in arrays:
        arrays["z"] = arrays["mu"]
        warn(
            f"{contents.path} holds the mean and the variance of a posterior but no draws; z is "
            "set to the mean."
        )
    n_rows = min(rows.shape[0] for rows in arrays.values())
    if contents.is_cut:
        arrays = {role: rows[:n_rows] for role, rows in arrays.items()}
    place = chosen.get("z", chosen.get("mu", ""))
    ids, labels = _known(contents, place, items[next(iter(items))].shape[0], n_rows)
    return Latents(**arrays, ids=ids, labels=labels, meta=contents.meta, file=contents.file)


def _posterior(contents: Contents, key: str | None, is_flat: bool) -> dict[str, str]:
    """Return the path of z, and of mu and logvar or variance if both are there."""
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
        warn(
            f"{' and '.join(pair.values())}, stored beside {place} and of the same shape, are "
            "taken as mu and the width of its posterior."
        )
    if not pair:
        _warn_of_a_single(contents, place)
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
    """Return mu with logvar or variance, in the same folder and shape as the array at `place`."""
    item, folder = contents.items[place], PurePosixPath(place).parent
    there: dict[str, str] = {}
    for path, other in contents.items.items():
        is_beside = PurePosixPath(path).parent == folder and other.shape == item.shape
        if is_beside and other.is_number and role_of(path):
            there.setdefault(role_of(path), path)
    spread = next((role for role in ("logvar", "variance") if role in there), None)
    return {"mu": there["mu"], spread: there[spread]} if "mu" in there and spread else {}


def _warn_of_a_single(contents: Contents, place: str) -> None:
    """Warn if mu has no logvar beside it, or logvar no mu."""
    item, folder = contents.items[place], PurePosixPath(place).parent
    for path, other in contents.items.items():
        is_beside = PurePosixPath(path).parent == folder and other.shape == item.shape
        if is_beside and path != place and role_of(path):
            warn(
                f"{path} of {contents.path} is left out: the other half of the posterior (mu, or "
                "its logvar or variance) is missing."
            )


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


def _log_of_variance(rows: Array) -> Array:
    """Return logarithms; those of numbers that cannot be variances are refused when read."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(rows)


def _known(
    contents: Contents, place: str, n_stored: int, n_rows: int
) -> tuple[Any, dict[str, Any]]:
    """Return ids and labels: arrays with one entry per row, beside z or in the label folder."""
    folders = {str(PurePosixPath(place).parent), contents.label_folder}
    columns: dict[str, Any] = {}
    ids = None
    for path, item in contents.items.items():
        where, name = str(PurePosixPath(path).parent), PurePosixPath(path).name
        is_refused = (
            item.dtype == REFUSED
            and item.shape == ()
            and (where == contents.label_folder or is_id_name(name))
        )
        if (item.shape != (n_stored,) and not is_refused) or where not in {*folders, "."}:
            continue
        try:
            column = _rows(contents, path, item)
        except LatentscopeError as error:
            warn(f"{path} of {contents.path} is left out: {error}")
            continue
        column = column[:n_rows] if n_rows < n_stored else column
        if ids is None and where != contents.label_folder and _is_id(name, item):
            ids = column if item.dtype == "text" else np.asarray(column[:]).astype(str)
        else:
            columns[name] = column
    return ids, columns


def _is_id(name: str, item: Item) -> bool:
    return is_id_name(name) and (item.dtype == "text" or item.dtype.startswith(("int", "uint")))
