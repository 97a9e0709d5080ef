"""Is z just mu? What the posterior of a VAE says about each point and each axis.

A VAE draws z = mu + exp(logvar / 2) · ε. If logvar is far below zero everywhere, z is practically
mu, and the VAE is an autoencoder. If mu does not vary along an axis and logvar is near zero, the
axis carries nothing but the prior's noise. Many models save mu as z: their draws are then judged
from mu and logvar.

References
----------
D. P. Kingma, M. Welling (2014), Auto-Encoding Variational Bayes, ICLR, appendix B (KL divergence).
Y. Burda, R. Grosse, R. Salakhutdinov (2016), Importance Weighted Autoencoders, ICLR, section 5.2
(active units: variance of mu over the data above 0.01).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.stats import chi2

from latentscope._table import Table
from latentscope._types import BoolArray, FloatArray, IntArray
from latentscope._warn import warn
from latentscope.errors import DataError
from latentscope.latents import Latents
from latentscope.results import SeveralPanels
from latentscope.rows.reduction import reduce
from latentscope.rows.source import Rows, as_rows
from latentscope.statistics.posterior_sums import DEVIATIONS, LOGVAR_LIMIT, PosteriorSums

COLLAPSED_KL = 0.1  # nats; with less, an axis that is not active carries nothing
ACTIVE_VARIANCE = 0.01  # variance of mu over the data above which an axis is active
_SCALES = ("log-variance", "variance", "standard deviation", "log standard deviation")
_BY_CHANCE = (5e-4, 1 - 5e-4)  # shares of the law of few squares, between which nothing is odd
_UNIT = (0.8, 1.25)  # mean squares that count as unit spread
_Z_IS_MU = "unknown: z equals mu"
_SAME = 4e-3  # of the largest radius, up to which z and mu differ by the digits of bfloat16


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Posterior(SeveralPanels):
    """Agreement of z and mu, KL divergence per axis, and the scale of logvar.

    Attributes
    ----------
    z_dim : int
        Number of axes.
    kl : float64 array of shape (z_dim,)
        Mean over the points of KL(N(mu, exp(logvar)) ‖ N(0, 1)) per axis, nats.
    mu_variance : float64 array of shape (z_dim,)
        Variance of mu over the points.
    mean_variance : float64 array of shape (z_dim,)
        Mean over the points of exp(logvar).
    logvar_minimum, logvar_mean, logvar_maximum : float
        Of logvar over all points and axes.
    n_extreme : int
        Number of values of logvar beyond ±80, near the limits of single precision. They are counted
        as ±80.
    n_diverged : int
        Number of values of logvar that lie more than 5 above both 0 and the median of their axis: a
        standard deviation 12 times that of the prior. A single one can dominate every mean.
    bulk_kl, bulk_variance, bulk_mu_variance : float64 array of shape (z_dim,)
        As `kl`, `mean_variance` and `mu_variance`, without the diverged values of logvar and the mu
        that belongs to each.
    deviation_edges : float64 array of shape (n_intervals + 1,)
        Edges of the intervals of ``|z − mu|``; the last interval is open.
    deviation_counts : int64 array of shape (n_intervals,)
        Number of components (points times axes) per interval.
    deviation_maximum : float
        Largest ``|z − mu|``.
    z_radius, mu_radius : float64 array of shape (3,)
        Minimum, mean and maximum of the L2 norms.
    absolute_difference, relative_difference : float64 array of shape (2,)
        Mean and maximum over the points of ``|‖z‖ − ‖mu‖|``, and of the same over ‖mu‖. Points
        whose mu is exactly 0 have no relative difference; NaN if that is all of them.
    mean_squares : float64 array of shape (4,)
        Mean of ((z − mu) / σ)² if logvar were a log-variance, a variance, a standard deviation, a
        log standard deviation: 1 for the one that it is, 0 for those that are impossible.
    logvar_scale : str
        Which of the four it is; "unknown: z equals mu" if z was exported without noise (it may
        differ from mu by rounding), "undetermined" if none fits.
    """

    z_dim: int
    kl: FloatArray
    mu_variance: FloatArray
    mean_variance: FloatArray
    logvar_minimum: float
    logvar_mean: float
    logvar_maximum: float
    n_extreme: int
    n_diverged: int
    bulk_kl: FloatArray
    bulk_variance: FloatArray
    bulk_mu_variance: FloatArray
    deviation_edges: FloatArray
    deviation_counts: IntArray
    deviation_maximum: float
    z_radius: FloatArray
    mu_radius: FloatArray
    absolute_difference: FloatArray
    relative_difference: FloatArray
    mean_squares: FloatArray
    logvar_scale: str

    _plot: ClassVar[str] = "plot_posterior"

    @property
    def total_kl(self) -> float:
        """KL divergence, summed over the axes and averaged over the points, nats."""
        return float(self.kl.sum())

    @property
    def is_mu(self) -> bool:
        """True if z is mu, up to rounding: no noise was drawn."""
        return self.logvar_scale == _Z_IS_MU

    @property
    def noise_share(self) -> float:
        """Share of the variance of draws from the posterior that is noise, all axes together.

        If z was drawn, this is the share in z; if z is mu, it is what draws would have. Computed
        from mu and logvar, without the diverged values of logvar and the mu of each.
        """
        noise = float(self.bulk_variance.sum())
        return noise / (noise + float(self.bulk_mu_variance.sum()))

    @property
    def active(self) -> BoolArray:
        """True for axes along which mu varies over the data (variance above 0.01)."""
        return self.bulk_mu_variance > ACTIVE_VARIANCE

    @property
    def nearly_dead(self) -> BoolArray:
        """True for axes that are active, but say next to nothing: KL below 0.1 nats."""
        return self.active & (self.bulk_kl < COLLAPSED_KL)

    @property
    def collapsed(self) -> BoolArray:
        """True for axes that hold the prior for every point: not active, KL below 0.1 nats."""
        return ~self.active & (self.bulk_kl < COLLAPSED_KL)

    def n_beyond(self, deviation: float) -> int:
        """Return the number of components whose ``|z − mu|`` is at least one of the edges.

        Raises
        ------
        DataError
            If `deviation` is not one of the `deviation_edges`.
        """
        position = np.flatnonzero(np.isclose(self.deviation_edges[:-1], deviation, atol=0))
        if not len(position):
            edges = ", ".join(f"{edge:g}" for edge in self.deviation_edges[:-1])
            raise DataError(
                f"deviation must be one of {edges}; got {deviation!r}.", parameter="deviation"
            )
        return int(self.deviation_counts[position[0] :].sum())

    def table(self) -> Table:
        """Return the numbers that answer "is z just mu?", one per row."""
        rows: list[tuple[str, Any]] = [
            ("logvar, minimum", self.logvar_minimum),
            ("logvar, mean", self.logvar_mean),
            ("logvar, maximum", self.logvar_maximum),
            ("|z − mu|, maximum", self.deviation_maximum),
            *((f"coordinates with |z − mu| ≥ {edge:g}", self.n_beyond(edge))
              for edge in self.deviation_edges[1:-1]),
            *zip(("radius by z, minimum", "radius by z, mean", "radius by z, maximum"),
                 self.z_radius.tolist(), strict=True),
            *zip(("radius by mu, minimum", "radius by mu, mean", "radius by mu, maximum"),
                 self.mu_radius.tolist(), strict=True),
            ("radius difference, mean", float(self.absolute_difference[0])),
            ("radius difference, maximum", float(self.absolute_difference[1])),
            ("relative difference, mean", _defined(self.relative_difference[0])),
            ("relative difference, maximum", _defined(self.relative_difference[1])),
            ("KL divergence, nats per point", self.total_kl),
            ("diverged values of logvar", self.n_diverged),
            ("KL divergence without these", float(self.bulk_kl.sum())),
            ("z is mu", self.is_mu),
            ("share of noise in the variance of draws", self.noise_share),
            ("active axes", int(self.active.sum())),
            ("nearly dead among these", int(self.nearly_dead.sum())),
            ("collapsed axes", int(self.collapsed.sum())),
            ("axes of neither kind", int((~self.active & ~self.collapsed).sum())),
            ("scale of logvar", self.logvar_scale),
        ]  # fmt: skip
        names, values = zip(*rows, strict=True)
        return Table(quantity=names, value=values)

    def per_axis(self) -> Table:
        """Return KL, variance of mu, mean posterior variance and state of each axis."""
        of_active = np.where(self.nearly_dead, "active, nearly dead", "active")
        of_others = np.where(self.collapsed, "collapsed", "neither")
        states = np.where(self.active, of_active, of_others)
        return Table(
            axis=list(range(self.z_dim)),
            kl=self.kl.tolist(),
            mu_variance=self.mu_variance.tolist(),
            mean_variance=self.mean_variance.tolist(),
            state=states.tolist(),
        )

    def headline(self) -> dict[str, Any]:
        """Return what tells a VAE from an autoencoder."""
        return {
            "active axes": f"{int(self.active.sum())} of {self.z_dim}",
            "nearly dead": int(self.nearly_dead.sum()),
            "collapsed": int(self.collapsed.sum()),
            "KL (nats)": float(self.bulk_kl.sum()),
            "mean logvar": self.logvar_mean,
            "diverged": self.n_diverged,
            "noise in draws": self.noise_share,
            "max |z − mu|": self.deviation_maximum,
            "mean relative radius difference": _defined(self.relative_difference[0]),
            "scale of logvar": self.logvar_scale,
        }


def _defined(value: float) -> float | str:
    return "undefined" if np.isnan(value) else float(value)


def posterior(latents: Latents | Rows) -> Posterior:
    """Compare z with mu, and the posterior with the prior.

    Parameters
    ----------
    latents : Latents
        With z, mu and logvar, in memory or in a file.

    Returns
    -------
    Posterior
        All numbers, from one pass over the rows.

    Raises
    ------
    DataError
        If mu and logvar are missing, or a value is NaN or infinite.

    Warns
    -----
    LatentscopeWarning
        If logvar holds values beyond ±80 or diverged ones, or the spread of z about mu shows that
        it is not a log-variance.

    Notes
    -----
    The scale of logvar is determined from the data: ((z − mu) / σ)² must have mean 1. If z was
    exported without noise (z = mu), it cannot be determined, and is taken to be a log-variance.

    Examples
    --------
    >>> import numpy as np, latentscope
    >>> rng = np.random.default_rng(0)
    >>> mu = rng.standard_normal((5000, 4)) * [1, 1, 0, 0]
    >>> logvar = np.full_like(mu, -6.0) * [1, 1, 0, 0]
    >>> z = mu + np.exp(logvar / 2) * rng.standard_normal(mu.shape)
    >>> result = posterior(latentscope.Latents(z, mu, logvar))
    >>> result.active
    array([ True,  True, False, False])
    >>> result.logvar_scale
    'log-variance'
    """
    rows = as_rows(latents)
    _check_posterior(rows)
    (sums,) = reduce(rows, PosteriorSums(rows.z_dim), progress="posterior")
    return posterior_result(rows, sums)


def _check_posterior(rows: Rows) -> None:
    """Raise unless there are mu and logvar."""
    if not {"mu", "logvar"} <= rows.matrices.keys():
        raise DataError(
            "latents must hold mu and logvar; got z alone. Pass latentscope.Latents(z, mu, logvar)."
        )


def posterior_result(rows: Rows, sums: PosteriorSums) -> Posterior:
    """Build the result from its summary, and warn if its values are unreliable."""
    n_values = sums.n * rows.z_dim
    mean_squares = np.where(sums.is_possible, sums.scaled_squares / n_values, 0.0)
    is_mu = sums.deviation_maximum <= _SAME * sums.z_radius[2]
    scale = _scale(mean_squares, n_values, is_mu=is_mu)
    bulk = sums.without_diverged()
    n_diverged = int(bulk.n_diverged.sum())
    _warn(scale, mean_squares, sums.n_extreme, n_diverged, n_values)
    mean_difference = sums.relative[1] / sums.n_away if sums.n_away else np.nan
    largest_difference = sums.relative[2] if sums.n_away else np.nan
    return Posterior(
        n_used=sums.n,
        n_total=rows.n_total,
        z_dim=rows.z_dim,
        kl=np.maximum(sums.kl / sums.n, 0.0),
        mu_variance=sums.mu.squares / sums.n,
        mean_variance=sums.variance / sums.n,
        logvar_minimum=sums.logvar_minimum,
        logvar_mean=sums.logvar / n_values,
        logvar_maximum=sums.logvar_maximum,
        n_extreme=sums.n_extreme,
        n_diverged=n_diverged,
        bulk_kl=np.maximum(bulk.kl, 0.0),
        bulk_variance=bulk.variance,
        bulk_mu_variance=bulk.mu_variance,
        deviation_edges=np.append(DEVIATIONS, max(2 * DEVIATIONS[-1], sums.deviation_maximum)),
        deviation_counts=sums.deviation_counts,
        deviation_maximum=sums.deviation_maximum,
        z_radius=np.array([sums.z_radius[0], sums.z_radius[1] / sums.n, sums.z_radius[2]]),
        mu_radius=np.array([sums.mu_radius[0], sums.mu_radius[1] / sums.n, sums.mu_radius[2]]),
        absolute_difference=np.array([sums.absolute[1] / sums.n, sums.absolute[2]]),
        relative_difference=np.array([mean_difference, largest_difference]),
        mean_squares=mean_squares,
        logvar_scale=scale,
    )


def _scale(mean_squares: FloatArray, n_values: int, *, is_mu: bool) -> str:
    """Return the interpretation of logvar under which z spreads about mu as it should.

    The mean of few squares may be far from 1 by chance.
    """
    low, high = chi2.ppf(_BY_CHANCE, n_values) / n_values
    fits = (mean_squares > min(_UNIT[0], low)) & (mean_squares < max(_UNIT[1], high))
    if fits.any():
        return _SCALES[int(fits.argmax())]
    return _Z_IS_MU if is_mu else "undetermined"


def _warn(
    scale: str, mean_squares: FloatArray, n_extreme: int, n_diverged: int, n_values: int
) -> None:
    if n_extreme:
        warn(
            f"{n_extreme:,} of {n_values:,} values of logvar lie beyond ±{LOGVAR_LIMIT:g} and "
            "were clipped. The model has diverged there, or logvar is not a log-variance.",
        )
    elif n_diverged and scale in (_SCALES[0], _Z_IS_MU):
        warn(
            f"{n_diverged:,} of {n_values:,} values of logvar have diverged: they lie more than 5 "
            "above both 0 and the median of their axis. Shares of noise and states of axes are "
            "computed without them.",
        )
    if scale in _CONVERSION:
        warn(
            f"logvar must be a log-variance; by the spread of z about mu it is a {scale} "
            f"(mean square {mean_squares[0]:.3g} instead of 1). Convert it first: "
            f"{_CONVERSION[scale]}.",
        )
    elif scale == "undetermined":
        warn(
            f"((z − mu) / σ)² must have mean 1; got {mean_squares[0]:.3g}. logvar does not match "
            "the noise in z: check its scale, and whether the noise was scaled or clipped.",
        )


_CONVERSION = {
    "variance": "np.log(logvar)",
    "standard deviation": "2 * np.log(logvar)",
    "log standard deviation": "2 * logvar",
}
