"""Figure of the radius density: the shell of the points beside the shells of chance."""

import numpy as np
from matplotlib.axes import Axes
from scipy.stats import chi

from latentscope.analysis._quadratic import gaussian_radius_density
from latentscope.analysis.radius import RadiusDensity
from latentscope.plot._panels import DATA, GAUSSIAN, PRIOR, one_axes, rows_text

_N_POINTS = 300  # along a curve


def plot_radius(result: RadiusDensity, *, ax: Axes | None = None) -> Axes:
    """Draw the histogram of radii, the Gaussian's curve and the chi law of N(0, I).

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
        result.density, result.edges, fill=True, color=DATA, alpha=0.45, label=rows_text(result)
    )
    fine = np.linspace(result.edges[0], result.edges[-1], _N_POINTS + 1)
    gaussian = gaussian_radius_density(fine, result.gaussian_variance, result.gaussian_offset)
    ax.plot(
        (fine[:-1] + fine[1:]) / 2,
        gaussian,
        color=GAUSSIAN,
        label="Gaussian, same mean and covariance",
    )
    low, high = (float(chi.ppf(share, result.z_dim)) for share in (1e-6, 1 - 1e-6))
    prior = np.linspace(low, high, _N_POINTS)
    name = f"N(0, I) in {result.z_dim} dimensions"
    ax.plot(prior, chi.pdf(prior, result.z_dim), color=PRIOR, linestyle="--", label=name)
    top = max(result.density.max(), gaussian.max(), chi.pdf(prior, result.z_dim).max())
    ax.set(xlabel="radius ‖z‖₂", ylabel="density", ylim=(0, 1.35 * top))
    ax.legend(frameon=False, fontsize="small", loc="upper right")
    return ax
