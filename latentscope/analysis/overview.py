"""What do the latents look like at a glance? Rows, radius, axes, spectrum, posterior: one pass."""

from dataclasses import dataclass
from typing import Any, ClassVar

from latentscope._table import Table
from latentscope.analysis._data_notes import Note, data_notes
from latentscope.analysis.axes import AxisDensity, axes_result, axis_counts, some_rows
from latentscope.analysis.pca import PCA, pca_result, sample_of
from latentscope.analysis.posterior import Posterior, posterior_result
from latentscope.analysis.radius import RadiusDensity, radius_counts, radius_result
from latentscope.results import SeveralPanels
from latentscope.rows.reduction import reduce
from latentscope.rows.source import Points, as_rows
from latentscope.rows.summaries import Summary
from latentscope.statistics.extremes import Extremes
from latentscope.statistics.moments import Covariance, Moments
from latentscope.statistics.posterior_sums import PosteriorSums
from latentscope.statistics.row_copies import RowCopies


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
    notes : tuple of Note
        What is noteworthy about the rows: copies, constant axes, repeated values, a row with much
        of the variance, normalised rows, an index among the axes. Each note has a `kind`, a `text`,
        a `share`, the `axes` it is about, and the number of rows that were looked at.
    """

    radius: RadiusDensity
    axes: AxisDensity
    pca: PCA
    posterior: Posterior | None
    notes: tuple[Note, ...]

    _plot: ClassVar[str] = "plot_overview"

    @property
    def offset(self) -> float:
        """Distance of the mean from the origin, without what is rounding along an axis."""
        return float((self.axes.offset**2).sum() ** 0.5)

    @property
    def verdict(self) -> str:
        """The sentences of the notes."""
        return "\n".join(note.text for note in self.notes)

    def headline(self) -> dict[str, Any]:
        """Return the most important numbers, first how much is noteworthy about the rows."""
        numbers: dict[str, Any] = {
            **({"notes on the rows": len(self.notes)} if self.notes else {}),
            "dimensions": self.radius.z_dim,
            "mean radius": self.radius.mean,
            "radius, std": self.radius.std,
            "√dimensions": self.radius.z_dim**0.5,
            "distance of the mean from 0": self.offset,
            "width (FWHM) of the widest axis": float(self.axes.fwhm.max()),
            "centre of the axis farthest from 0": self.axes.most_off_centre,
            "axes without a fit": int((~self.axes.is_fitted).sum()),
            "share of PC 1": float(self.pca.variance_ratio[0]),
            "participation": self.pca.participation,
        }
        if self.posterior is None:
            return numbers
        return {
            **numbers,
            "mean logvar": self.posterior.logvar_mean,
            "KL (nats)": float(self.posterior.bulk_kl.sum()),
            "active axes": int(self.posterior.active.sum()),
            "collapsed axes": int(self.posterior.collapsed.sum()),
            "max |z − mu|": self.posterior.deviation_maximum,
        }

    def table(self) -> Table:
        """Return the headline numbers, one per row."""
        numbers = self.headline()
        return Table(quantity=list(numbers), value=list(numbers.values()))


def overview(
    z: Points, *, radius_bin_width: float | None = None, axis_bin_width: float | None = None
) -> Overview:
    """Compute all one-pass statistics in a single pass over the rows.

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes. With `Latents` that hold mu and
        logvar, the overview includes the posterior.
    radius_bin_width, axis_bin_width : float, optional
        Widths of the bins, same unit as z. By default they suit the radii and each axis.

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
    >>> z = np.random.default_rng(0).standard_normal((10_000, 64))
    >>> result = overview(z, radius_bin_width=0.5)
    >>> result.radius.peak, result.pca.n_above_noise
    (7.75, 0)
    """
    rows = as_rows(z)
    d = rows.z_dim
    summaries: list[Summary] = [
        radius_counts("radius_bin_width", radius_bin_width),
        Covariance(d),
        axis_counts(rows, "axis_bin_width", axis_bin_width),
        Moments(d),
        Extremes(d),
        some_rows(rows),
        RowCopies(),
        sample_of(rows),
    ]
    if "logvar" in rows.matrices:
        summaries.append(PosteriorSums(d))
    done: Any = reduce(rows, *summaries, progress="overview")
    radii, covariance, counts, moments, extremes, some, copies, sample = done[:8]
    radius = radius_result(rows, radii, covariance)
    axes = axes_result(rows, counts, moments, extremes, some.array)
    components = pca_result(rows, covariance, sample)
    return Overview(
        n_used=covariance.n,
        n_total=rows.n_total,
        radius=radius,
        axes=axes,
        pca=components,
        posterior=posterior_result(rows, done[8]) if len(done) > 8 else None,
        notes=data_notes(
            axes=axes,
            radius=radius,
            pca=components,
            moments=moments,
            extremes=extremes,
            copies=copies,
            some=some.array,
        ),
    )
