"""Few rows, many axes, odd values: a clear error or no claim, in seconds, with little memory."""

import tracemalloc
import warnings
from functools import partial

import numpy as np
import pytest

import latentscope as ls
from latentscope.errors import LatentscopeError, LatentscopeWarning

PLAIN_SHAPES = {"constant", "unremarkable", "unclear"}


def direction(z):
    """Return the direction of a label that alternates from row to row."""
    return ls.direction(ls.Latents(z, labels={"even": np.arange(len(z)) % 2 == 0}), "even")


def posterior(z):
    """Return the posterior of draws about z with the noise that logvar says."""
    noise = np.random.default_rng(9).standard_normal(z.shape)
    with np.errstate(over="ignore"):
        drawn = (z + 0.5 * noise).astype(z.dtype)
    return ls.posterior(ls.Latents(drawn, z, np.full_like(z, 2 * np.log(0.5))))


def is_share_of_a_gaussian_missed(found):
    return (np.abs(found.share - found.gaussian_share) > 1 / np.sqrt(found.n_used)).any()


def is_radius_of_a_gaussian_missed(found):
    """With at least 100 rows: fewer do not tell the variance along four axes."""
    misfit = found.misfit(found.gaussian_density)
    return found.n_used >= 100 and misfit.share > 2 * misfit.by_chance


ANALYSES = {  # each with what it claims, if anything, about points without structure
    "axes": (ls.axis_density, lambda found: set(found.shape) - PLAIN_SHAPES),
    "pca": (ls.pca, lambda found: found.n_above_noise),
    "correlation": (ls.correlation, lambda found: found.n_beyond),
    "dimension": (ls.intrinsic_dimension, lambda found: "thin structure" in found.verdict),
    "inertia": (
        lambda z: ls.inertia_curve(z, n_clusters=range(1, min(9, len(z)))),
        lambda found: found.elbow,
    ),
    "gap": (partial(ls.cluster_gap, n_null=19), lambda found: found.best),
    "normality": (
        partial(ls.normality, n_null=19),
        lambda found: (found.p_value or 1) <= 0.05,
    ),
    "henze_zirkler": (ls.henze_zirkler, lambda found: found.p_value <= 0.01),
    "support": (lambda z: ls.support(z, z), lambda found: found.share_inside < 0.5),
    "ellipsoid": (ls.ellipsoid, is_share_of_a_gaussian_missed),
    "zoom": (ls.plane_zoom, lambda found: found.is_resolved.any()),
    "radius": (ls.radius_density, is_radius_of_a_gaussian_missed),
    "overview": (ls.overview, lambda found: found.pca.n_above_noise),
    "direction": (direction, lambda found: found.is_significant),
    "posterior": (posterior, lambda found: found.logvar_scale not in {
        "log-variance", "unknown: z equals mu", "undetermined"}),
    "core": (lambda z: ls.sample.core(z, 10), lambda found: not np.isfinite(found).all()),
    "gaussian": (lambda z: ls.sample.gaussian(z, 10), lambda found: not np.isfinite(found).all()),
    "mixture": (
        lambda z: ls.sample.mixture(z, 10, n_components=2),
        lambda found: not np.isfinite(found).all(),
    ),
}  # fmt: skip
every_analysis = pytest.mark.parametrize("name", ANALYSES)


def claim_of(name, z):
    """Return what an analysis claims of points, or nothing if it refuses them."""
    analysis, claim = ANALYSES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LatentscopeWarning)  # any other fails the test
        try:
            return claim(analysis(z))
        except LatentscopeError:
            return False


def wide(n, z_dim, dtype="f8"):
    return np.random.default_rng(0).standard_normal((n, z_dim)).astype(dtype)


@every_analysis
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("n", [3, 40])
def test_few_rows_of_many_axes(n, dtype, name):
    """N(0, I): nothing to claim, and no matrix of all pairs of axes where none is the answer."""
    z = wide(n, 4000, dtype)
    claim_of(name, z[:, :2])  # whatever is imported or compiled first
    tracemalloc.start()
    try:
        assert not claim_of(name, z)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    if name != "correlation":
        assert peak < 4000**2 * 8


CLOUDS = {
    **{f"{n} rows": lambda normal, n=n: normal[:n] for n in range(2, 11)},
    "10 rows of 1 axis": lambda normal: normal[:10, :1],
    "1 axis": lambda normal: normal[:, :1],
    "two constant axes": lambda normal: normal * [1, 0, 1, 0] + [0, 0, 0, 3],
    "one point": lambda normal: np.full_like(normal, 0.1),
    "zeros": lambda normal: 0 * normal,
    "half of them copies": lambda normal: np.vstack([normal[:200]] * 2),
    "1e30": lambda normal: 1e30 * normal,
    "1e30, float32": lambda normal: (1e30 * normal).astype("f4"),
    "1e-30, float32": lambda normal: (1e-30 * normal).astype("f4"),
    "denormal": lambda normal: 1e-310 * normal,
    "denormal, float32": lambda normal: (1e-41 * normal).astype("f4"),
    "1e-160": lambda normal: 1e-160 * normal,
    "1e160": lambda normal: 1e160 * normal,
    "1e300": lambda normal: 1e300 * normal,
    "scales": lambda normal: normal * [1e-9, 1, 1e9, 1e-3],
    "an offset, float32": lambda normal: (1e5 + normal).astype("f4"),
    "float16": lambda normal: normal.astype("f2"),
}
TRUE = {
    ("scales", "pca"),  # one axis has more variance than the others
    ("scales", "overview"),
    ("half of them copies", "normality"),  # rows that are not independent are not drawn from one
}


@every_analysis
@pytest.mark.parametrize("cloud", CLOUDS)
def test_nothing_is_claimed_of_a_gaussian_in_odd_values(cloud, name):
    z = CLOUDS[cloud](np.random.default_rng(3).standard_normal((400, 4)))
    if (cloud, name) not in TRUE:
        assert not claim_of(name, z)


@every_analysis
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_two_rows_far_out_stop_nothing(dtype, name):
    """±1e30 on two axes: no crash, whatever is said of such a cloud."""
    z = np.random.default_rng(3).standard_normal((400, 4))
    z[7, 2], z[9, 1] = 1e30, -1e30
    claim_of(name, z.astype(dtype))


TRUE_OF_ROUNDED = {
    ("axes", 1.0),  # few values
    ("axes", 0.1),  # many rows share one
    ("radius", 1.0),  # roots of whole numbers
    ("normality", 1.0),
}


@every_analysis
@pytest.mark.parametrize("step", [1.0, 0.1])
def test_only_the_rounding_is_told_of_rounded_values(step, name):
    z = step * np.round(np.random.default_rng(3).standard_normal((400, 4)) / step)
    claim = claim_of(name, z)
    if name != "gap":
        assert bool(claim) == ((name, step) in TRUE_OF_ROUNDED)


@pytest.mark.parametrize("name", ["ellipsoid", "zoom", "radius"])
def test_of_many_points_of_a_ring_something_is_claimed(name):
    angle = np.random.default_rng(3).uniform(0, 2 * np.pi, 5000)
    assert claim_of(name, np.c_[np.cos(angle), np.sin(angle)])
