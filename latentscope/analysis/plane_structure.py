"""Are there filaments, clumps or voids in a plane, or only what chance leaves?

The points of a square window are summarised by four functions of distance: the number of pairs (L),
the distance to the nearest neighbour (G), the size of empty spaces (F), and whether neighbours lie
along lines. The same is done for many sets of as many points drawn from a null model without
structure. A single test then checks whether any of the functions leaves the range of the null sets
anywhere. Its p-value is corrected for testing all functions at all distances.

References
----------
M. Myllymäki, T. Mrkvička (2024), GET: Global envelopes in R, Journal of Statistical Software 111.
doi:10.18637/jss.v111.i03
A. Baddeley, E. Rubak, R. Turner (2015), Spatial Point Patterns, chapters 7 and 8.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from latentscope._table import Table
from latentscope._types import FloatArray, IntArray
from latentscope._validate import generator, integer, one_of
from latentscope.analysis._compared import (
    FUNCTIONS,
    MIN_POINTS,
    Compared,
    Function,
    compared,
)
from latentscope.analysis._doubts import (
    WHY,
    Doubt,
    doubt_of,
    holds_edge,
    is_misfit,
    seen_among,
)
from latentscope.analysis._plane_words import (
    COARSE,
    FUNCTIONS_IN_WORDS,
    NULLS_IN_WORDS,
    SIGNS_IN_WORDS,
    axes_in_words,
)
from latentscope.analysis._planes import planes_of
from latentscope.analysis._views import Space
from latentscope.analysis.pca import PCA
from latentscope.results import SeveralPanels
from latentscope.rows.source import Points, as_rows
from latentscope.statistics import ALPHA
from latentscope.statistics.patterns.envelope import envelope
from latentscope.statistics.patterns.nulls import NULLS, NullName
from latentscope.statistics.patterns.pattern import N_RADII, distances
from latentscope.statistics.patterns.window import window_about

_WIDEST_VOID = 0.1  # of the side: a window where chance leaves wider ones resolves nothing
MIN_SETS = 39  # fewer sets do not define an envelope of 95 %
_ALIGNED = 0.1  # share of distances with excess alignment; a lower share comes from a trend
_WIDE = 1.5  # times the void that chance leaves
_DENSER = 0.3  # share of distances with more near neighbours; from here, voids separate clumps
_ONE_SIDED = 1.4  # sidedness over alignment: about 1 along curves, 2 and more in round clumps


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class PlaneStructure(SeveralPanels):
    """The points of a window, compared with those of a null model.

    Distances are in the unit of z; functions have one value per distance.

    Attributes
    ----------
    space : str
        "pca" or "latent".
    axes : int64 array of shape (2,)
        The two axes of the plane, counted from 0.
    center : float64 array of shape (2,)
        Centre of the window.
    half_width : float
        Half the side of the window.
    n_window : int
        Points in the window; `n_used` of them are compared.
    null : str
        The null model.
    n_null : int
        Null sets, drawn from the null model.
    p_value : float
        Share of all sets, the data included, that are at least as extreme as the data.
    fit_p : float
        p-value of the null model's coarse fit: of the counts of points in up to 32 cells that hold
        equally many points of the null sets (χ² test). If it is below 0.01, the null model does not
        describe even the coarse distribution of the points.
    functions : tuple of str
        "pairs", "nearest", "empty", "alignment", "sidedness": the rows of the following arrays.
        The last one distinguishes filaments from clumps and is not tested.
    distance : float64 array of shape (5, n_distances)
        Distances at which each function is evaluated.
    data : float64 array of shape (5, n_distances)
        The functions of the data.
    low, high : float64 array of shape (5, n_distances)
        The envelope: one null set in twenty leaves it anywhere in the first four rows. In the last
        row, the range of 95 % of the null sets at each distance.
    null_mean : float64 array of shape (5, n_distances)
        Mean of the functions of the null sets.
    void : float
        Diameter of the largest empty disc in the window.
    null_void : float64 array of shape (n_null,)
        The same in each null set.
    xy : float64 array of shape (n_used, 2)
        The points.
    null_xy : float64 array of shape (n_used, 2)
        One null set, to be plotted.
    """

    space: Space
    axes: IntArray
    center: FloatArray
    half_width: float
    n_window: int
    null: NullName
    n_null: int
    p_value: float
    fit_p: float
    functions: tuple[Function, ...]
    distance: FloatArray
    data: FloatArray
    low: FloatArray
    high: FloatArray
    null_mean: FloatArray
    void: float
    null_void: FloatArray
    xy: FloatArray
    null_xy: FloatArray

    _plot: ClassVar[str] = "plot_plane_structure"

    @property
    def mean_spacing(self) -> float:
        """Side of the window divided by √n_used: the spacing if the points formed a grid."""
        return float(2 * self.half_width / np.sqrt(self.n_used))

    @property
    def chance_void(self) -> float:
        """Median diameter of the largest empty disc in the null sets."""
        return float(np.median(self.null_void))

    @property
    def is_resolved(self) -> bool:
        """False where chance alone leaves voids wider than a tenth of the window's side."""
        return self.chance_void <= _WIDEST_VOID * 2 * self.half_width

    @property
    def is_edge(self) -> bool:
        """True if the window holds nearly all points, and empty places outside the cloud."""
        covered = float(self.data[self.functions.index("empty"), -1])
        return holds_edge(self.n_window, self.n_total, covered)

    @property
    def doubt(self) -> Doubt:
        """Why it cannot be told whether there is structure; "none" if it can.

        "few points" (p > 0.05, but among fewer than 1,000 points much would be missed); for the
        null model "smooth", if p ≤ 0.05, "edge" (see `is_edge`) and "misfit" (see `fit_p`; but not
        for a filament-like departure, which no wrong density explains).
        """
        return doubt_of(
            self.null, self.p_value, self.departure,
            fit_p=self.fit_p, is_edge=self.is_edge, n_points=self.n_used,
        )  # fmt: skip

    @property
    def is_structured(self) -> bool:
        """True if the data leave the envelope, p ≤ 0.05, and there is no `doubt`."""
        return self.p_value <= ALPHA and self.doubt == "none"

    def above(self, function: Function) -> float:
        """Return the share of distances at which a function lies above its envelope."""
        row = self.functions.index(one_of("function", function, self.functions))
        return float((self.data[row] > self.high[row]).mean())

    def below(self, function: Function) -> float:
        """Return the share of distances at which a function lies below its envelope."""
        row = self.functions.index(one_of("function", function, self.functions))
        return float((self.data[row] < self.low[row]).mean())

    @property
    def sign(self) -> str:
        """How the points differ from the null model.

        "none" (they do not), "cannot tell" (for the reason given by `doubt`), or their `departure`.
        """
        if self.is_structured:
            return self.departure
        return "none" if self.doubt == "none" else "cannot tell"

    @property
    def departure(self) -> str:
        """The kind of departure from the null model, whether it is significant or not.

        "filament-like" (neighbours lie along lines, on both sides), "clumped" (too many near
        pairs), "regular" (too few), "empty" (a wide void, although the points are hardly nearer to
        each other elsewhere). This is an interpretation of the functions, not a separate test;
        `docs/calibration.md` shows how often it is wrong.
        """
        more = self.above("pairs") + self.above("nearest")
        if self.below("pairs") + self.below("nearest") > max(more, self.below("empty")):
            return "regular"
        if self.above("alignment") >= _ALIGNED and self._sidedness_ratio() < _ONE_SIDED:
            return "filament-like"
        is_hollow = self.void > _WIDE * self.chance_void and self.above("nearest") < _DENSER
        return "empty" if is_hollow else "clumped"

    def _sidedness_ratio(self) -> float:
        """Return the one-sidedness of neighbours over their alignment, where they are aligned."""
        aligned, sided = (self.functions.index(name) for name in ("alignment", "sidedness"))
        excess = self.data - self.null_mean
        where = self.data[aligned] > self.high[aligned]
        return (
            float(excess[sided, where].sum() / excess[aligned, where].sum())
            if any(where)
            else np.inf
        )

    @property
    def verdict(self) -> str:
        """The answer in two or three sentences, with its p-value."""
        plane = f"in the plane of {axes_in_words(self.space, self.axes.tolist())}"
        points = f"{self.n_used:,} points within ±{self.half_width:.3g} of the window's centre"
        test = f"p = {self.p_value:.2g}, {self.n_null} random sets"
        like = f"compared with {NULLS_IN_WORDS[self.null]} ({test})"
        void = (
            f"The largest empty disc has a diameter of {self.void:.2g}; in the random sets the "
            f"median is {self.chance_void:.2g}."
        )
        if self.is_structured:
            coarse = f" {COARSE}" if is_misfit(self.fit_p) else ""
            return f"I{plane[1:]}, {points} are {SIGNS_IN_WORDS[self.sign]}, {like}. {void}{coarse}"
        if self.doubt == "none":
            none = f"No structure found {plane}, among {points}, {like}."
            return f"{none} {void} {seen_among(self.n_used)}"
        found = "no structure found" if self.doubt == "few points" else "a departure"
        return (
            f"Cannot tell whether there is structure {plane}: {found} among {points}, {like}, but "
            f"{WHY[self.doubt]}. {void}"
        )

    def table(self) -> Table:
        """Return one row per function: the share of distances at which it leaves its envelope."""
        rows = [FUNCTIONS_IN_WORDS[name] for name in FUNCTIONS]
        return Table(
            function=rows,
            up_to=[float(self.distance[k, -1]) for k in range(len(rows))],
            share_above=[self.above(name) for name in FUNCTIONS],
            share_below=[self.below(name) for name in FUNCTIONS],
        )

    def headline(self) -> dict[str, Any]:
        """Return the answer and the numbers behind it."""
        return {
            "p": self.p_value,
            "sign": self.sign,
            "null": self.null,
            "spacing": self.mean_spacing,
            "largest void": self.void,
            "by chance": self.chance_void,
            "resolved": self.is_resolved,
        }


def plane_structure(
    z: Points,
    *,
    axes: Sequence[int] = (0, 1),
    half_width: float | None = None,
    null: NullName = "gaussian",
    n_null: int = 199,
    n_points: int = 5000,
    space: Space = "pca",
    center: Sequence[float] | None = None,
    frame: PCA | None = None,
    rng: int | np.random.Generator = 0,
) -> PlaneStructure:
    """Test whether the points in a window of a plane show more structure than expected by chance.

    Parameters
    ----------
    z : array-like of shape (n_rows, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes. Their two coordinates in the
        plane must fit in memory.
    axes : two int
        Axes of the plane, counted from 0.
    half_width : float, optional
        Half the side of the square window, same unit as z; ``inf`` for the square that holds all
        points. By default the square that holds the 1,500 points nearest to its centre, or half of
        the points if there are fewer than 3,000.
    null : {"gaussian", "elliptical", "copula", "independent", "smooth", "uniform"}
        What "without structure" means: a Gaussian with the data's mean and covariance; the data's
        radii in the metric of their shape, in random directions; the data's marginals with the
        correlation of a Gaussian; both coordinates permuted; a smooth density fitted to the window;
        a uniform distribution.
    n_null : int
        Null sets to draw. The smallest possible p-value is 1 / (n_null + 1).
    n_points : int
        Points compared, chosen at random if the window holds more.
    space : {"pca", "latent"}
        Principal components of all rows, or original axes.
    center : two float, optional
        Centre of the window; by default the mean.
    frame : PCA, optional
        The frame for ``space="pca"``, if already computed.
    rng : int or numpy.random.Generator
        Seed.

    Returns
    -------
    PlaneStructure
        p-value, functions with envelopes, sign of the departure, voids.

    Raises
    ------
    DataError
        If the window holds fewer than 30 points, its points share their coordinates, both axes are
        proportional or constant, the null model puts hardly any points into the window, or
        "elliptical" is requested for points that have no shape because most lie on a line.

    Notes
    -----
    The p-value is that of a global envelope of extreme rank lengths over L, G, F and alignment
    together: for data from the null model it is at most 0.05 in 5 % of all cases, however many
    distances are tested. It is exact if the null model has no parameters ("uniform", "independent"
    on fixed axes) or if most points are compared ("gaussian", with the data's own mean and
    covariance); `docs/calibration.md` shows what it is elsewhere. The functions extend to four (L,
    alignment), two (F) and one and a half (G) mean spacings. Structure finer than the spacing is
    not detected, nor are trends across the window, for which `null="smooth"` allows. That null
    model is fitted to the points of the window, which makes its p-values too large (0 to 3 % of
    smooth clouds have p ≤ 0.05); where it does not fit, nothing is claimed, see
    `PlaneStructure.doubt`.

    Testing several windows needs a correction: `scan_planes`.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> z = rng.standard_normal((20_000, 8)) / np.arange(1, 9)
    >>> plane_structure(z, half_width=0.25, n_null=99).is_structured
    False
    >>> angle, width = rng.uniform(0, 6.28, size=500), 0.01 * rng.standard_normal((500, 2))
    >>> ring = 0.15 * np.stack([np.cos(angle), np.sin(angle)], axis=1) + width
    >>> points = np.vstack([rng.uniform(-0.25, 0.25, (500, 2)), ring])
    >>> plane_structure(points, half_width=0.25, null="uniform", n_null=99).sign
    'filament-like'
    """
    one_of("null", null, NULLS)
    integer("n_null", n_null, low=MIN_SETS)
    integer("n_points", n_points, low=MIN_POINTS)
    random = generator(rng)
    (plane,) = planes_of(as_rows(z), [axes], space, center=center, frame=frame)
    window = window_about(plane.center, plane.xy, half_width)
    return structure_result(compared(plane, window, null, n_null, n_points, random))


def structure_result(found: Compared) -> PlaneStructure:
    """Run the test and return its result in the unit of z."""
    side, n = 2 * found.window.half_width, len(found.xy)
    tested = envelope(found.curves, ALPHA)
    sided = np.array([p.sidedness for p in found.patterns])
    low, high = np.quantile(sided[1:], [ALPHA / 2, 1 - ALPHA / 2], axis=0)
    functions: tuple[Function, ...] = (*FUNCTIONS, "sidedness")
    unit = np.array([side if name == "pairs" else 1.0 for name in functions])[:, None]
    shape = (-1, N_RADII)
    radii = distances(n)
    return PlaneStructure(
        n_used=n,
        n_total=found.plane.n_total,
        space=found.plane.space,
        axes=np.array(found.plane.axes),
        center=found.window.center,
        half_width=found.window.half_width,
        n_window=found.n_window,
        null=found.null,
        n_null=len(found.patterns) - 1,
        p_value=tested.p_value,
        fit_p=found.fit_p,
        functions=functions,
        distance=np.array([radii.get(name, radii["alignment"]) for name in functions]) * side,
        data=np.vstack([found.curves[0].reshape(shape), sided[0]]) * unit,
        low=np.vstack([tested.low.reshape(shape), low]) * unit,
        high=np.vstack([tested.high.reshape(shape), high]) * unit,
        null_mean=np.vstack([found.curves[1:].mean(axis=0).reshape(shape), sided[1:].mean(axis=0)])
        * unit,
        void=found.patterns[0].void * side,
        null_void=np.array([p.void for p in found.patterns[1:]]) * side,
        xy=found.xy,
        null_xy=found.null_xy,
    )
