"""Two or three axes of a cloud: which they are, and the coordinates of a block along them."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Literal, NamedTuple, get_args

import numpy as np

from latentscope._types import Array, FloatArray
from latentscope._validate import integer, numbers, one_of
from latentscope.analysis.pca import PCA, check_width, pca, project
from latentscope.errors import DataError
from latentscope.rows.source import Rows
from latentscope.rows.summaries import Block
from latentscope.statistics.moments import principal_axes, rounding, rounding_of_offset

Space = Literal["pca", "latent"]
_WORDS = {2: "two", 3: "three"}
_LIKE = {2: "(0, 1)", 3: "(0, 1, 2)"}


class View(NamedTuple):
    """Some axes of a cloud.

    Attributes
    ----------
    axes : list of int
    project : function of a Block, which returns an array of shape (n, n_axes)
        Coordinates of its rows along the axes, in the precision of the rows.
    floor : float
        Variance along an axis up to which it is only rounding of the projection.
    """

    axes: list[int]
    project: Callable[[Block], Array]
    floor: float


def view_of(
    rows: Rows, axes: Sequence[int], space: Space, *, frame: PCA | None = None, sizes: Sequence[int]
) -> View:
    """Check the axes and return the view along them.

    Parameters
    ----------
    rows : Rows
        The cloud, from which the components are computed.
    axes : sequence of int
        As many different axes as `sizes` allows, counted from 0.
    space : {"pca", "latent"}
        Principal components of all rows, centred on the mean, or original axes.
    frame : PCA, optional
        The components, if already computed.
    sizes : sequence of int
        Allowed numbers of axes.
    """
    one_of("space", space, get_args(Space))
    if frame is not None and (space == "latent" or not isinstance(frame, PCA)):
        raise DataError(
            f"frame must be a PCA, and only for space='pca'; got {type(frame).__name__} for "
            f"space={space!r}.",
            parameter="frame",
        )
    if frame is not None:
        check_width("z", rows.z_dim, frame.z_dim)
    chosen = checked_axes(axes, frame.n_components if frame else rows.z_dim, sizes)
    if space == "latent":
        return View(chosen, partial(columns_of, chosen), 0.0)
    known = frame or components_of(rows, max(chosen) + 1)
    dtype = rows.matrices["z"].dtype
    offset = float(rounding_of_offset(known.mean, dtype).max())
    floor = rounding(dtype) * float(known.variance[0]) + offset
    return View(chosen, partial(project, known.mean, known.components[chosen]), floor)


def components_of(rows: Rows, n_components: int) -> PCA:
    """Return the first principal components of the rows, of which there must be as many."""
    if n_components > rows.n_total:
        raise DataError(
            f"{rows.name} must have at least {n_components} rows for {n_components} principal "
            f"components; got {rows.n_total}.",
            parameter=rows.name,
            remedy="Choose other axes, or `space='latent'`.",
        )
    return pca(rows, n_components=n_components)


def checked_axes(axes: Sequence[int], n_axes: int, sizes: Sequence[int]) -> list[int]:
    """Return the axes as a list; raise unless they exist, differ and are allowed in number."""
    words = " or ".join(_WORDS[size] for size in sizes)
    likes = " or ".join(_LIKE[size] for size in sizes)
    if isinstance(axes, str) or not hasattr(axes, "__len__") or len(axes) not in sizes:
        raise DataError(
            f"axes must be {words} axis numbers, like {likes}; got {axes!r}.", parameter="axes"
        )
    chosen = [
        integer(f"axes[{i}]", axis, low=0, high=n_axes - 1, why="axes count from 0")
        for i, axis in enumerate(axes)
    ]
    if len(set(chosen)) < len(chosen):
        raise DataError(
            f"axes must be {_WORDS[len(chosen)]} different axes; got {axes!r}.", parameter="axes"
        )
    return chosen


def refuse_flat(covariance: FloatArray, view: View, n: int, purpose: str) -> None:
    """Raise unless the points of a view vary along as many directions as it has axes.

    Each axis is measured in units of its own spread, so that an axis whose unit is a thousandth of
    the other's is not mistaken for rounding.
    """
    variance = np.diagonal(covariance)
    n_flat = int((variance <= view.floor).sum())
    if not n_flat:
        unit = 1 / np.sqrt(variance)
        spread, _ = principal_axes(covariance * unit * unit[:, None])
        n_flat = int((spread <= rounding(np.dtype(float))).sum())
    if n_flat:
        raise DataError(
            f"the points must vary along all {len(view.axes)} axes for {purpose}; {n:,} points do "
            f"not vary along {n_flat} of the directions of axes {tuple(view.axes)}. Choose other "
            "axes.",
            parameter="axes",
        )


def checked_center(center: Sequence[float] | None, points: FloatArray, space: Space) -> FloatArray:
    """Return the centre: the one given, or the mean of the points along the axes."""
    if center is None:
        return np.zeros(points.shape[1]) if space == "pca" else points.mean(axis=0)
    place = np.array(numbers("center", center))
    if place.shape != points.shape[1:] or not np.isfinite(place).all():
        words = _WORDS[points.shape[1]]
        raise DataError(
            f"center must be {words} finite coordinates; got {center!r}.", parameter="center"
        )
    return place


def axis_names(space: Space, axes: Iterable[int]) -> list[str]:
    """Return the names of the axes in figures: components from 1, original axes from 0.

    Examples
    --------
    >>> axis_names("pca", [0, 1]), axis_names("latent", [0, 1])
    (['PC 1', 'PC 2'], ['axis 0', 'axis 1'])
    """
    return [f"PC {axis + 1}" if space == "pca" else f"axis {axis}" for axis in axes]


def columns_of(axes: list[int], block: Block) -> Array:
    """Return the coordinates along some axes."""
    return block.z[:, axes]
