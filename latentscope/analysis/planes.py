"""What does a plane through the cloud look like, closer and closer?

Points are projected on two axes (principal components or original axes) and shown through a series
of shrinking squares around one centre. For each window the result gives the number of points, their
spacing, and the width of the largest void that chance alone would leave. A scatter of a few random
points always shows filaments and voids: a window in which a void of chance fills much of the
picture cannot show anything else.

References
----------
S. Janson (1986), Random coverings in several dimensions, Acta Mathematica 156, 83–118: a square
torus of area A with n random points is covered by discs of radius r with probability exp(−exp(−x)),
where n π r² / A = log n + log log n + x. doi:10.1007/BF02399201
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from latentscope._table import Table
from latentscope._types import BoolArray, FloatArray, IntArray
from latentscope._validate import integer, numbers
from latentscope.analysis._views import Space, checked_center, view_of
from latentscope.analysis.pca import PCA
from latentscope.errors import DataError
from latentscope.results import SeveralPanels
from latentscope.rows.reduction import collect, row_numbers
from latentscope.rows.source import Points, as_rows

_SHARES = (1.0, 0.5, 0.1, 0.01)  # of the points, in the default windows
_WIDEST_VOID = 0.1  # of the side: a window where chance leaves wider ones resolves nothing
_MEDIAN = -np.log(np.log(2))  # the x at which Janson's probability is one half


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class PlaneZoom(SeveralPanels):
    """Points of a plane, and the square windows through which they are shown.

    Attributes
    ----------
    space : str
        "pca" (principal components of all rows, centred on the mean) or "latent" (original axes).
    axes : int64 array of shape (2,)
        The two axes of the plane, counted from 0.
    center : float64 array of shape (2,)
        Centre of all squares.
    half_widths : float64 array of shape (n_windows,)
        Half the side of each square, decreasing.
    n_points : int64 array of shape (n_windows,)
        Number of points in each square, edges included.
    xy : float64 array of shape (n_points[0], 2)
        Points of the largest square, the innermost first, so that the points of window k are
        ``xy[:n_points[k]]``.
    indices : int64 array of shape (n_points[0],)
        Indices of their rows in z.
    """

    space: Space
    axes: IntArray
    center: FloatArray
    half_widths: FloatArray
    n_points: IntArray
    xy: FloatArray
    indices: IntArray

    _plot: ClassVar[str] = "plot_planes"

    @property
    def mean_spacing(self) -> FloatArray:
        """Side of each window divided by √n_points: the spacing if the points formed a grid."""
        return 2 * self.half_widths / np.sqrt(np.maximum(self.n_points, 1))

    @property
    def chance_void(self) -> FloatArray:
        """Median diameter of the largest empty disc if the window's points were random.

        At most the side of the window. Structure only means something if it is larger than this.
        """
        n = np.maximum(self.n_points, 3)
        log_n = np.log(n)
        area_share = (log_n + np.log(log_n) + _MEDIAN) / n
        return 2 * self.half_widths * np.minimum(2 * np.sqrt(area_share / np.pi), 1.0)

    @property
    def is_resolved(self) -> BoolArray:
        """False for windows with too few points (fewer than about 1,200) to show structure.

        In these, chance alone leaves a void wider than a tenth of the side.
        """
        return self.chance_void <= _WIDEST_VOID * 2 * self.half_widths

    def window(self, k: int) -> tuple[FloatArray, IntArray]:
        """Return the points of window k, of shape (n_points[k], 2), and their row indices."""
        k = integer("k", k, low=0, high=len(self.half_widths) - 1, why="the windows")
        return self.xy[: self.n_points[k]], self.indices[: self.n_points[k]]

    def table(self) -> Table:
        """Return one row per window."""
        return Table(
            half_width=self.half_widths.tolist(),
            points=self.n_points.tolist(),
            mean_spacing=self.mean_spacing.tolist(),
            chance_void=self.chance_void.tolist(),
            resolved=self.is_resolved.tolist(),
        )

    def headline(self) -> dict[str, Any]:
        """Return how many windows there are, and how many are resolved."""
        return {
            "space": self.space,
            "axes": f"{self.axes[0]}–{self.axes[1]}",
            "windows": len(self.half_widths),
            "points in the smallest": int(self.n_points[-1]),
            "resolved windows": int(self.is_resolved.sum()),
        }


def plane_zoom(
    z: Points,
    *,
    axes: Sequence[int] = (0, 1),
    half_widths: Sequence[float] | None = None,
    space: Space = "pca",
    center: Sequence[float] | None = None,
    frame: PCA | None = None,
) -> PlaneZoom:
    """Show the points of one plane through a series of shrinking squares.

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes.
    axes : two int
        Axes of the plane, counted from 0.
    half_widths : sequence of float, optional
        Half the sides of the squares, same unit as z; infinity (``inf``) for the square that holds
        all points. By default four squares, which hold all points and the nearest 50, 10 and 1 %.
    space : {"pca", "latent"}
        Principal components of all rows, or original axes.
    center : two float, optional
        Centre of the squares in the plane's coordinates. By default the mean of the points, which
        is (0, 0) in the frame of the components.
    frame : PCA, optional
        The frame for ``space="pca"``, if already computed; computed from z otherwise.

    Returns
    -------
    PlaneZoom
        Points, their row indices, and for each window the spacing and whether it is resolved.

    Raises
    ------
    DataError
        If an axis does not exist, the axes are equal, or a half-width is not above 0.

    Notes
    -----
    `chance_void` and `is_resolved` assume that the points of a window are uniformly distributed. In
    a window wide enough to contain the edge of the cloud, the empty space outside is not a void.

    A Gaussian with the spectrum of a trained autoencoder has about 400 of 170,000 points in the
    square ±0.25 of its first two components. There, chance leaves voids of a sixth of the side, and
    strings between them. Such a window is marked as not resolved.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.random.default_rng(0).standard_normal((10_000, 8))
    >>> zoom = plane_zoom(z, half_widths=[3.0, 0.5])
    >>> zoom.n_points
    array([9937, 1430])
    >>> zoom.is_resolved
    array([ True,  True])
    """
    rows = as_rows(z)
    view = view_of(rows, axes, space, frame=frame, sizes=[2])
    xy = collect(rows, view.project, progress="projecting").astype(np.float64)
    middle = checked_center(center, xy, space)
    distance = np.abs(xy - middle).max(axis=1)
    widths = _checked_widths(half_widths, distance)
    order = np.argsort(distance, kind="stable")
    n_points = np.searchsorted(distance[order], widths, side="right")
    order = order[: n_points[0]]
    return PlaneZoom(
        n_used=len(xy),
        n_total=rows.n_total,
        space=space,
        axes=np.array(view.axes),
        center=middle,
        half_widths=widths,
        n_points=n_points,
        xy=xy[order],
        indices=row_numbers(rows)[order],
    )


def _checked_widths(half_widths: Sequence[float] | None, distance: FloatArray) -> FloatArray:
    """Return decreasing half-widths, with infinity replaced by one that holds all points."""
    whole = float(distance.max()) or 1.0
    if half_widths is None:
        ladder = np.quantile(distance, _SHARES, method="lower")
        return np.unique(np.where(ladder > 0, ladder, whole))[::-1]
    values = numbers("half_widths", half_widths)
    if not values or not all(value > 0 for value in values):
        raise DataError(
            f"half_widths must be one or more numbers above 0; got {half_widths!r}.",
            parameter="half_widths",
        )
    return np.unique(np.where(np.isinf(values), whole, values))[::-1]
