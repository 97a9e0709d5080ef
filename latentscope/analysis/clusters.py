"""Are there clusters? The inertia of k-means over k, compared with that of a cloud without any.

k-means splits anything, so its inertia falls with k whether there are clusters or not. Here the
curve is compared with that of a Gaussian with the same mean and covariance, which has no clusters,
and an elbow is reported only where the curve of the data bends and the Gaussian's does not.

References
----------
R. Tibshirani, G. Walther, T. Hastie (2001), Journal of the Royal Statistical Society B 63, 411–423
(comparison with a reference without clusters). doi:10.1111/1467-9868.00293
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from latentscope._compute.blas import one_blas_thread
from latentscope._table import Table
from latentscope._types import Array, BoolArray, FloatArray, IntArray
from latentscope._validate import generator, integer
from latentscope.errors import DataError, DataTypeError
from latentscope.results import OnePanel
from latentscope.rows.reduction import sample_rows, take
from latentscope.rows.source import Points, as_rows
from latentscope.statistics.draws import gaussian_like
from latentscope.statistics.kmeans import Assignment, lloyd, nested_seeds
from latentscope.statistics.moments import Covariance

_TOLERANCE = 2e-3  # the steps on all rows end once every inertia falls by less than this share
_SAMPLE_TOLERANCE = 1e-3
_MAX_CLUSTERS = 2000  # their seeds can be merged in memory and within a minute
_SAMPLE_ROWS = 10_000  # rows on which centroids start, and the Gaussian is compared
_WINDOW = 1.5  # factor in k over which the fall before and after an elbow is measured
_MIN_KINK = 0.1  # by which the fall of the ratio before an elbow exceeds that after it
_MAX_AFTER = 0.5  # largest fall after an elbow, in units of the fall before it
_MAX_GAIN_AFTER = 0.1  # the same for the ratio to the Gaussian's inertia


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class InertiaCurve(OnePanel):
    """Inertia of k-means for every requested k.

    Attributes
    ----------
    n_clusters : int64 array of shape (n_k,)
        The k, increasing.
    inertia : float64 array of shape (n_k,)
        Sum over all rows used of the squared distance to the nearest centroid, squared unit of z.
    gaussian_inertia : float64 array of shape (n_k,)
        The same for a Gaussian with the mean and covariance of the data, which has no clusters.
    elbow : int or None
        The requested k at which the curve bends and the Gaussian's does not; None if there is no
        such k. With k = 2, 4 … an odd number of clusters shows at the next k. An elbow can only be
        found up to two thirds of the largest k, because the curve beyond it is needed.
    n_gaussian : int
        Rows on which data and Gaussian were compared.
    """

    n_clusters: IntArray
    inertia: FloatArray
    gaussian_inertia: FloatArray
    elbow: int | None
    n_gaussian: int

    _plot: ClassVar[str] = "plot_clusters"

    @property
    def below_gaussian(self) -> float:
        """Share by which the inertia is below the Gaussian's, median over k; negative if above."""
        return 1 - float(np.median(_ratio(self.inertia, self.gaussian_inertia)))

    def table(self) -> Table:
        """Return one row per k; the ratio is that to the Gaussian's inertia."""
        return Table(
            n_clusters=self.n_clusters.tolist(),
            inertia=self.inertia.tolist(),
            gaussian=self.gaussian_inertia.tolist(),
            ratio=_ratio(self.inertia, self.gaussian_inertia).tolist(),
        )

    def headline(self) -> dict[str, Any]:
        """Return whether there is an elbow."""
        return {
            "k": f"{self.n_clusters[0]} … {self.n_clusters[-1]}",
            "elbow": "none" if self.elbow is None else self.elbow,
            "lowest against a Gaussian": float(_ratio(self.inertia, self.gaussian_inertia).min()),
        }


def inertia_curve(
    z: Points, *, n_clusters: Iterable[int] = range(2, 81, 2), rng: int | np.random.Generator = 0
) -> InertiaCurve:
    """Run k-means for every k on all rows, and search for an elbow.

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes, in memory or not. A file is read
        once per step, about five times.
    n_clusters : iterable of int
        The k for which k-means is run.
    rng : int or numpy.random.Generator
        Seed; the same seed gives the same curve.

    Returns
    -------
    InertiaCurve
        Inertia for each k, the Gaussian's curve, and the elbow or None.

    Raises
    ------
    DataError
        If some k is below 1, above the number of rows, or above 2,000.

    Notes
    -----
    Centroids start on 10,000 rows (all, if there are fewer), from k-means++ and Ward's mergers.
    They converge there first, and then move on all rows until every inertia falls by less than
    0.2 % per step.

    An elbow is one sign of compact, separate clusters of similar size. The absence of an elbow does
    not exclude clusters that are small, elongated or differ along few of many axes.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> z = rng.standard_normal((2000, 2))
    >>> inertia_curve(z, n_clusters=range(2, 9)).elbow is None
    True
    >>> centers = 10 * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> inertia_curve(z + centers[rng.integers(4, size=2000)], n_clusters=range(2, 9)).elbow
    4
    """
    rows = as_rows(z)
    random = generator(rng)
    ks = _checked_clusters(n_clusters, rows.n_total)
    indices, n_used = sample_rows(rows, max(_SAMPLE_ROWS, 4 * int(ks[-1])), random)
    integer("n_clusters", int(ks[-1]), low=1, high=n_used, why="the rows used")
    sample = take(rows, indices)
    covariance = Covariance(rows.z_dim)
    with one_blas_thread():
        covariance.add(sample)
        reference = gaussian_like(covariance, len(sample), random).astype(sample.dtype)
    on_sample = _run(sample, ks, covariance.mean, random, title="k-means on a sample")
    gaussian = _run(reference, ks, covariance.mean, random, title="k-means on a Gaussian")
    on_all = lloyd(
        rows, on_sample.moved, covariance.mean, tolerance=_TOLERANCE, title="k-means on all rows"
    )
    return InertiaCurve(
        n_used=n_used,
        n_total=rows.n_total,
        n_clusters=ks,
        inertia=on_all.inertia,
        gaussian_inertia=gaussian.inertia * _ratio(on_all.inertia, on_sample.inertia),
        elbow=_elbow(*_with_one(ks, on_sample.inertia, gaussian.inertia, covariance)),
        n_gaussian=len(sample),
    )


def _checked_clusters(n_clusters: Iterable[int], n_rows: int) -> IntArray:
    try:
        values = iter(n_clusters)  # not a list: a range may hold more k than fit in memory
    except TypeError as error:
        raise DataTypeError(
            f"n_clusters must be several k, like range(2, 81, 2); got {n_clusters!r}.",
            parameter="n_clusters",
        ) from error
    high, why = (n_rows, "the rows") if n_rows < _MAX_CLUSTERS else (_MAX_CLUSTERS, "seeds fit")
    ks = {integer("n_clusters", k, low=1, high=high, why=why) for k in values}
    if not ks:
        raise DataError("n_clusters must hold at least one k; got none.", parameter="n_clusters")
    return np.array(sorted(ks))


def _run(
    sample: Array, ks: IntArray, shift: FloatArray, random: np.random.Generator, *, title: str
) -> Assignment:
    """Seed on rows in memory and move the centroids there until they converge."""
    with one_blas_thread():  # so that the number of threads does not decide between two seeds
        seeds = nested_seeds(sample, ks, shift, int(random.integers(2**31)))
    return lloyd(sample, seeds, shift, tolerance=_SAMPLE_TOLERANCE, title=title)


def _ratio(inertia: FloatArray, other: FloatArray) -> FloatArray:
    """Return inertia / other, 1 where both are zero."""
    return np.divide(inertia, other, out=np.ones_like(inertia), where=other > 0)


def _with_one(
    ks: IntArray, inertia: FloatArray, gaussian: FloatArray, covariance: Covariance
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return the curves with k = 1, where both are the total variance by construction."""
    if ks[0] == 1:
        return ks, inertia, gaussian
    total = [float(covariance.axis_variance.sum()) * (covariance.n - 1)]
    return (
        np.concatenate([[1], ks]),
        np.concatenate([total, inertia]),
        np.concatenate([total, gaussian]),
    )


def _elbow(ks: IntArray, inertia: FloatArray, gaussian: FloatArray) -> int | None:
    """Return the k at which the curve bends most, if it bends where the Gaussian's does not.

    `benchmarks/elbows.py` shows what this finds in clouds with and without clusters.

    The fall from k / 1.5 to k is compared with that from k to 1.5 k; the two are similar on a
    smooth curve. This is done for the inertia itself (that of a uniform square falls steadily,
    faster than a Gaussian's), and for its ratio to the Gaussian's (the curve of a cloud with one
    long axis bends in the same way with and without clusters).
    """
    before, after = _falls(ks, inertia)
    gain, later_gain = _falls(ks, _ratio(inertia, gaussian))
    bends = (after <= _MAX_AFTER * before) & (later_gain <= _MAX_GAIN_AFTER * gain)
    kink = np.where(bends, gain - later_gain, 0.0)
    inner = ks[_has_both_sides(ks)]
    return int(inner[kink.argmax()]) if len(kink) and kink.max() >= _MIN_KINK else None


def _falls(ks: IntArray, curve: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return by how much log(curve) falls from k / 1.5 to k and from k to 1.5 k, for inner k."""
    log_curve = np.log(np.maximum(curve, np.finfo(float).tiny))
    here, left, right = (
        np.interp(np.log(ks[_has_both_sides(ks)] * factor), np.log(ks), log_curve)
        for factor in (1, 1 / _WINDOW, _WINDOW)
    )
    return left - here, here - right


def _has_both_sides(ks: IntArray) -> BoolArray:
    return (ks > ks[0]) & (ks * _WINDOW <= ks[-1])
