"""Which planes and scales show structure, after correcting for testing all of them?

Of a hundred windows without structure, about five are significant at 5 %. Here every window is
compared with its own null sets, departures are put on a common scale, and a window counts only if
it departs more than the most extreme window of a whole scan without structure.

References
----------
P. H. Westfall, S. S. Young (1993), Resampling-Based Multiple Testing, chapter 2 (maximum over all
tests).
M. Myllymäki, P. Grabarnik, H. Seijo, D. Stoyan (2015), Spatial Statistics 11, 19–34 (directional
scale). doi:10.1016/j.spasta.2014.11.004
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar, NamedTuple

import numpy as np
from tqdm import tqdm

from latentscope._table import Table
from latentscope._types import BoolArray, FloatArray, IntArray
from latentscope._validate import generator, integer, one_of
from latentscope.analysis._compared import FUNCTIONS, MIN_POINTS, compared
from latentscope.analysis._doubts import WHY, Doubt, doubt_of, seen_among
from latentscope.analysis._plane_words import axes_in_words, null_in_words
from latentscope.analysis._planes import planes_of
from latentscope.analysis._views import Space, axis_names
from latentscope.analysis.pca import PCA
from latentscope.analysis.plane_structure import (
    MIN_SETS,
    PlaneStructure,
    structure_result,
)
from latentscope.errors import DataError, DataTypeError
from latentscope.results import OnePanel
from latentscope.rows.source import Points, as_rows
from latentscope.statistics import ALPHA
from latentscope.statistics.patterns.nulls import NULLS, NullName
from latentscope.statistics.patterns.window import window_of

_ENDS = (0.025, 0.975)
_STEADY = 5  # times the usual range of a function, and a fifth of it
_DEFAULT_WINDOW = 1000


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class PlaneScan(OnePanel):
    """Windows of many planes, each compared with its null sets; the largest departure first.

    Attributes
    ----------
    space : str
        "pca" or "latent".
    null : str
        The null model.
    n_null : int
        Null sets drawn for each window.
    n_points : int
        Points compared per window, at most.
    axes : int64 array of shape (n_windows, 2)
        The axes of each window's plane.
    center : float64 array of shape (n_windows, 2)
        Centre of each window.
    half_width : float64 array of shape (n_windows,)
        Half the side of each window, same unit as z.
    n_window : int64 array of shape (n_windows,)
        Points in each window.
    departure : float64 array of shape (n_windows,)
        Largest deviation of a window's functions from the mean of its null sets, in units of the
        distance from that mean to the end of the range of 95 % of the null sets.
    p_value : float64 array of shape (n_windows,)
        p-value of the window alone, as if no other had been tested.
    family_p : float64 array of shape (n_windows,)
        Share of scans, with that of the data, whose largest departure is at least as large as that
        of the window: the p-value corrected for testing all windows.
    doubt : tuple of str
        Why it cannot be told whether a window has structure, see `PlaneStructure.doubt`, here by
        the corrected p-value; "none" if it can.
    sign : tuple of str
        How the points of a window differ from the null model, see `PlaneStructure.sign`; "none" if
        they do not after the correction, "cannot tell" if there is a doubt.
    critical : float
        Departure that one scan without structure in twenty reaches in any of its windows.
    """

    space: Space
    null: NullName
    n_null: int
    n_points: int
    axes: IntArray
    center: FloatArray
    half_width: FloatArray
    n_window: IntArray
    departure: FloatArray
    p_value: FloatArray
    family_p: FloatArray
    doubt: tuple[Doubt, ...]
    sign: tuple[str, ...]
    critical: float

    _plot: ClassVar[str] = "plot_scan_planes"

    @property
    def is_structured(self) -> BoolArray:
        """True for windows that show structure, corrected for testing all windows, beyond doubt."""
        return (self.family_p <= ALPHA) & (np.array(self.doubt) == "none")

    @property
    def plane_names(self) -> list[str]:
        """Names of the planes in figures: components from "PC 1", original axes from "axis 0"."""
        return [" and ".join(axis_names(self.space, pair)) for pair in self.axes.tolist()]

    @property
    def verdict(self) -> str:
        """The answer in one or two sentences, with its p-value, or why there is none."""
        found = int(self.is_structured.sum())
        used = axes_in_words(self.space, np.unique(self.axes).tolist())
        tested = f"{len(self.p_value):,} windows in planes of {used}"
        beyond = f"structure beyond {null_in_words(self.null)}"
        if found:
            first = int(self.is_structured.argmax())
            return (
                f"{found:,} of {tested} show{'s' * (found == 1)} {beyond}. The largest departure "
                f"is {self.sign[first]}, {self._place(first)}."
            )
        if self.family_p[0] <= ALPHA:
            return (
                f"Cannot tell whether any of {tested} shows {beyond}: there is a departure, "
                f"{self._place(0)}, but {WHY[self.doubt[0]]}."
            )
        few = self.doubt.count("few points")
        largest = f"the largest departure has {self._p(0)}"
        if few == len(self.doubt):
            return (
                f"Cannot tell whether any of {tested} shows {beyond}: {largest}, but the windows "
                f"hold at most {self.n_window.max():,} points, and {WHY['few points']}."
            )
        but = f" {few:,} of them hold{'s' * (few == 1)} too few points to tell." if few else ""
        seen = seen_among(min(int(self.n_window.max()), self.n_points))
        return f"None of {tested} shows {beyond}; {largest}.{but} {seen}"

    def _p(self, k: int) -> str:
        return f"p = {self.family_p[k]:.2g}, corrected for testing all windows"

    def _place(self, k: int) -> str:
        plane = axes_in_words(self.space, self.axes[k].tolist())
        return (
            f"in the plane of {plane} within ±{self.half_width[k]:.3g} of the window's centre "
            f"({self._p(k)})"
        )

    def table(self) -> Table:
        """Return one row per window, the largest departure first."""
        return Table(
            plane=self.plane_names,
            half_width=self.half_width.tolist(),
            points=self.n_window.tolist(),
            departure=self.departure.tolist(),
            p=self.p_value.tolist(),
            family_p=self.family_p.tolist(),
            sign=list(self.sign),
        )

    def headline(self) -> dict[str, Any]:
        """Return what was found."""
        return {
            "null": self.null,
            "windows": len(self.p_value),
            "structured": int(self.is_structured.sum()),
            "least p, corrected": float(self.family_p[0]),
            "there": f"{self.plane_names[0]} ±{self.half_width[0]:.3g}",
        }


def scan_planes(
    z: Points,
    *,
    planes: Iterable[Sequence[int]] | None = None,
    n_axes: int = 6,
    window_points: Sequence[int] | None = None,
    null: NullName = "gaussian",
    n_null: int = 199,
    n_points: int = 5000,
    space: Space = "pca",
    frame: PCA | None = None,
    rng: int | np.random.Generator = 0,
) -> PlaneScan:
    """Test windows of several sizes in many planes, corrected for testing all of them.

    Parameters
    ----------
    z : array-like of shape (n_rows, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes. Read twice.
    planes : iterable of two int, optional
        Axes of each plane, counted from 0; by default all pairs of the first `n_axes`.
    n_axes : int
        Axes whose pairs are tested by default (all, if there are fewer).
    window_points : sequence of int, optional
        Numbers of points in the windows of a plane, which hold the points nearest to its mean; by
        default 1,000 and half of all points.
    null : {"gaussian", "elliptical", "copula", "independent", "smooth", "uniform"}
        What "without structure" means, see `plane_structure`.
    n_null : int
        Null sets to draw for each window.
    n_points : int
        Points compared per window, chosen at random if it holds more.
    space : {"pca", "latent"}
        Principal components of all rows, or original axes.
    frame : PCA, optional
        The frame for ``space="pca"``, if already computed.
    rng : int or numpy.random.Generator
        Seed.

    Returns
    -------
    PlaneScan
        p-values of each window, alone and corrected.

    Raises
    ------
    DataError
        If a window has fewer than 30 points, or `plane_structure` cannot test one of them.

    Notes
    -----
    The functions of a window, minus the mean of its null sets, are divided by the distance to the
    2.5 and 97.5 % quantiles; the largest ratio is its departure. The corrected p-value compares it
    with the largest departure of all windows of null scans, each made of one null set per window.
    Null sets of different windows are drawn independently. Windows of real scans share points,
    which makes the largest departure smaller and the correction conservative.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.random.default_rng(0).standard_normal((5000, 8)) / np.arange(1, 9)
    >>> scan = scan_planes(z, n_axes=3, window_points=[500], n_null=99)
    >>> scan.is_structured
    array([False, False, False])
    """
    rows = as_rows(z)
    one_of("null", null, NULLS)
    integer("n_null", n_null, low=MIN_SETS)
    integer("n_points", n_points, low=MIN_POINTS)
    pairs = _checked_planes(planes, min(integer("n_axes", n_axes, low=2), rows.z_dim))
    random = generator(rng)
    windows: list[_Tested] = []
    found_planes = planes_of(rows, pairs, space, frame=frame)
    for plane in tqdm(found_planes, total=len(pairs), desc="planes", unit="plane", delay=2):
        distance = np.abs(plane.xy - plane.center).max(axis=1)
        for size in _checked_sizes(window_points, len(plane.xy)):
            window = window_of(plane.center, distance, size)
            found = compared(plane, window, null, n_null, n_points, random)
            windows.append(_Tested(structure_result(found), _departures(found.curves)))
    return _ranked(windows, n_points, len(plane.xy))


class _Tested(NamedTuple):
    """One window: its result, and the departures of its data and of each null set."""

    result: PlaneStructure
    departures: FloatArray


def _checked_planes(planes: Iterable[Sequence[int]] | None, n_axes: int) -> list[list[int]]:
    if planes is None:
        if n_axes < 2:
            raise DataError("z must have at least two axes to span a plane; it has one.")
        return [list(pair) for pair in combinations(range(n_axes), 2)]
    if isinstance(planes, str) or not isinstance(planes, Iterable):
        raise DataTypeError(
            f"planes must be pairs of axes, like [(0, 1)]; got {planes!r}.", parameter="planes"
        )
    pairs = [list(pair) if isinstance(pair, Iterable) else [pair] for pair in planes]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise DataError(
            f"planes must be one or more pairs of axes, like [(0, 1)]; got {pairs!r}.",
            parameter="planes",
        )
    if len({frozenset(map(str, pair)) for pair in pairs}) < len(pairs):
        raise DataError(f"planes must be different planes; got {pairs!r}.", parameter="planes")
    return pairs


def _checked_sizes(window_points: Sequence[int] | None, n_rows: int) -> list[int]:
    """Return the numbers of points in the windows."""
    if window_points is None:
        half = max(n_rows // 2, 1)
        return sorted({min(_DEFAULT_WINDOW, half), half})
    if isinstance(window_points, str) or not isinstance(window_points, Iterable):
        raise DataTypeError(
            f"window_points must be several numbers, like [1000]; got {window_points!r}.",
            parameter="window_points",
        )
    sizes = [
        integer(f"window_points[{i}]", size, low=MIN_POINTS, high=n_rows, why="the rows used")
        for i, size in enumerate(window_points)
    ]
    if not sizes:
        raise DataError(
            "window_points must hold at least one number; got none.", parameter="window_points"
        )
    return sizes


def _departures(curves: FloatArray) -> FloatArray:
    """Return the largest departure of each curve, in units of the distance to the 95 % range's end.

    Distances at which a function hardly varies, or varies far more than usual, are left out: where
    a few pairs or a last empty place decide, the range does not predict the extremes.
    """
    mean = curves.mean(axis=0)
    low, high = np.quantile(curves, _ENDS, axis=0)
    spread = (high - low).reshape(len(FUNCTIONS), -1)
    usual = np.median(spread, axis=1, keepdims=True)
    is_steady = (low < mean) & (mean < high)
    is_steady &= ((spread > usual / _STEADY) & (spread < usual * _STEADY)).ravel()
    scale = np.where(curves > mean, high - mean, mean - low)[:, is_steady]
    departures = np.abs(curves - mean)[:, is_steady] / scale
    return np.asarray(departures.max(axis=1, initial=0.0))


def _ranked(windows: list[_Tested], n_points: int, n_used: int) -> PlaneScan:
    """Correct for all windows, and put the largest departure first."""
    departures = np.array([window.departures for window in windows])
    largest = departures[:, 1:].max(axis=0)  # of each scan of null sets
    family_p = (1 + (largest >= departures[:, :1]).sum(axis=1)) / (1 + len(largest))
    order = np.argsort(-departures[:, 0], kind="stable")
    found = [windows[k].result for k in order]
    first = found[0]
    doubts = [
        doubt_of(
            one.null,
            p,
            one.departure,
            fit_p=one.fit_p,
            is_edge=one.is_edge,
            n_points=one.n_used,
        )
        for one, p in zip(found, family_p[order], strict=True)
    ]
    return PlaneScan(
        n_used=n_used,
        n_total=first.n_total,
        space=first.space,
        null=first.null,
        n_null=first.n_null,
        n_points=n_points,
        axes=np.array([one.axes for one in found]),
        center=np.array([one.center for one in found]),
        half_width=np.array([one.half_width for one in found]),
        n_window=np.array([one.n_window for one in found]),
        departure=departures[order, 0],
        p_value=np.array([one.p_value for one in found]),
        family_p=family_p[order],
        doubt=tuple(doubts),
        sign=tuple(
            "cannot tell" if doubt != "none" else one.departure if p <= ALPHA else "none"
            for one, p, doubt in zip(found, family_p[order], doubts, strict=True)
        ),
        critical=float(np.sort(largest)[-int(ALPHA * (1 + len(largest)))]),
    )
