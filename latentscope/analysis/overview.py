"""What do the latents look like at a glance? Radius, axes, spectrum and posterior in one pass."""

from dataclasses import dataclass
from typing import Any, ClassVar

from latentscope._table import Table
from latentscope._validate import positive
from latentscope.analysis.axes import AxisDensity, axes_result
from latentscope.analysis.pca import PCA, pca_result
from latentscope.analysis.posterior import Posterior, posterior_result
from latentscope.analysis.radius import RadiusCounts, RadiusDensity, radius_result
from latentscope.results import SeveralPanels
from latentscope.rows.reduction import reduce
from latentscope.rows.source import Points, as_rows
from latentscope.rows.summaries import Summary
from latentscope.statistics.bins import AxisCounts
from latentscope.statistics.moments import Covariance, Moments
from latentscope.statistics.posterior_sums import PosteriorSums


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Overview(SeveralPanels):
    """The one-pass results of one set of latents.

    Attributes
    ----------
    radius : RadiusDensity
        With the Gaussian's curve computed from all rows.
    axes : AxisDensity
    pca : PCA
    posterior : Posterior or None
        None for latents without mu and logvar.
    """

    radius: RadiusDensity
    axes: AxisDensity
    pca: PCA
    posterior: Posterior | None

    _plot: ClassVar[str] = "plot_overview"

    def headline(self) -> dict[str, Any]:
        """Return the most important numbers."""
        numbers = {
            "dimensions": self.radius.z_dim,
            "mean radius": self.radius.mean,
            "radius, std": self.radius.std,
            "√dimensions": self.radius.z_dim**0.5,
            "distance of the mean from 0": float((self.pca.mean**2).sum() ** 0.5),
            "widest axis (FWHM)": float(self.axes.fwhm.max()),
            "most off-centre axis": float(abs(self.axes.center).max()),
            "share of PC 1": float(self.pca.variance_ratio[0]),
            "participation": self.pca.participation,
        }
        if self.posterior is None:
            return numbers
        return {
            **numbers,
            "mean logvar": self.posterior.logvar_mean,
            "KL (nats)": self.posterior.total_kl,
            "active axes": int(self.posterior.active.sum()),
            "max |z − mu|": self.posterior.deviation_maximum,
        }

    def table(self) -> Table:
        """Return the headline numbers, one per row."""
        numbers = self.headline()
        return Table(quantity=list(numbers), value=list(numbers.values()))


def overview(z: Points, *, radius_bin_width: float = 0.5, axis_bin_width: float = 0.25) -> Overview:
    """Compute all one-pass statistics in a single pass over the rows.

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes. With `Latents` that hold mu and
        logvar, the overview includes the posterior.
    radius_bin_width, axis_bin_width : float
        Widths of the bins, same unit as z.

    Returns
    -------
    Overview
        `RadiusDensity`, `AxisDensity`, `PCA` and, for a VAE, `Posterior`.

    Raises
    ------
    DataError
        Under the same conditions as the single analyses.

    Examples
    --------
    >>> import numpy as np
    >>> result = overview(np.random.default_rng(0).standard_normal((10_000, 64)))
    >>> result.radius.peak, result.pca.n_above_noise
    (7.75, 0)
    """
    rows = as_rows(z)
    d = rows.z_dim
    summaries: list[Summary] = [
        RadiusCounts(positive("radius_bin_width", radius_bin_width)),
        AxisCounts(d, positive("axis_bin_width", axis_bin_width)),
        Moments(d),
        Covariance(d),
    ]
    if "logvar" in rows.matrices:
        summaries.append(PosteriorSums(d))
    done: Any = reduce(rows, *summaries, progress="overview")
    radius, counts, moments, covariance = done[:4]
    return Overview(
        n_used=covariance.n,
        n_total=rows.n_total,
        radius=radius_result(rows, radius, covariance),
        axes=axes_result(rows, counts, moments),
        pca=pca_result(rows, covariance),
        posterior=posterior_result(rows, done[4]) if len(done) > 4 else None,
    )
