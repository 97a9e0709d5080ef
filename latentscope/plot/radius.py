"""Figure of the radius density: the shell of the points beside a Gaussian's and that of N(0, I)."""

import numpy as np
from matplotlib.axes import Axes
from scipy.stats import chi

from latentscope.analysis.radius import RadiusDensity
from latentscope.plot._panels import DATA, GAUSSIAN, PRIOR, one_axes

_N_POINTS = 300  # along a curve
_TAIL = 5e-3  # share of the points beyond which, on either side, only a margin is shown
_STEEP = 5  # times the height of the data, above which only the legend names the shell of N(0, I)
_FAR = 8  # times the width of the data, beyond which only the legend names it


def plot_radius(result: RadiusDensity, *, ax: Axes | None = None) -> Axes:
    """Draw the histogram of radii, the Gaussian's curve and the chi distribution of N(0, I).

    Parameters
    ----------
    result : RadiusDensity
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = one_axes(ax)
    ax.stairs(
        result.density,
        result.edges,
        fill=True,
        color=DATA,
        alpha=0.45,
        label=result.rows_text,
    )
    low, high = _range(result)
    fine = np.linspace(low, high, _N_POINTS + 1)
    gaussian = result.gaussian_curve(fine)
    middle = (fine[:-1] + fine[1:]) / 2
    ax.plot(middle, gaussian, color=GAUSSIAN, label="Gaussian, same mean and covariance")
    top = float(max(result.density.max(), gaussian.max()))
    mode = np.sqrt(max(result.z_dim - 1, 0))
    peak = float(chi.pdf(mode, result.z_dim))
    prior, name = chi.pdf(middle, result.z_dim), f"N(0, I) in {result.z_dim} dimensions"
    if not (low <= mode <= high and peak <= _STEEP * top):
        prior, name, peak = np.full_like(middle, np.nan), f"{name}: peak at {mode:.3g}", 0.0
    ax.plot(middle, prior, color=PRIOR, linestyle="--", label=name)
    top = max(top, peak)
    ax.set(xlabel="radius ‖z‖₂", ylabel="density", xlim=(low, high), ylim=(0, 1.4 * top))
    ax.legend(frameon=False, fontsize="small", loc="upper right")
    return ax


def _range(result: RadiusDensity) -> tuple[float, float]:
    """Return the range of nearly all radii, and of the shell of N(0, I) if that is not far away."""
    low, high = result.quantile(_TAIL), result.quantile(1 - _TAIL)
    margin = max(0.3 * (high - low), 2 * result.bin_width)
    prior_low, prior_high = (float(chi.ppf(p, result.z_dim)) for p in (_TAIL, 1 - _TAIL))
    if max(high, prior_high) - min(low, prior_low) <= _FAR * (high - low):
        low, high = min(low, prior_low), max(high, prior_high)
    return max(low - margin, 0.0), high + margin
