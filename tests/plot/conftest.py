"""One result of each kind, made when a test first asks for it, and how curves are read."""

from functools import cache
from types import MappingProxyType

import matplotlib.pyplot as plt
import numpy as np
import pytest

import latentscope

plt.switch_backend("Agg")


class Columns:
    """A model whose images are columns as bright as the axes of z, up to white and black."""

    kind, z_dim, image_shape, meta = "ae", 5, (2, 5, 1), MappingProxyType({})

    def decode(self, z):
        return np.repeat((0.5 + z / 40).clip(0, 1)[:, None], 2, axis=1)[..., None]

    def encode(self, images, *, rng=0):
        return latentscope.Latents(40 * (images[:, 0, :, 0] - 0.5))


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def columns():
    return Columns()


@pytest.fixture(scope="session")
def z():
    rng = np.random.default_rng(0)
    return rng.standard_normal((600, 5)) * [4, 1, 1, 1, 0.5] + [0, 5, 0, 0, 0]


@pytest.fixture(scope="session")
def vae(z):
    logvar = np.full_like(z, -2.0)
    noise = np.random.default_rng(1).standard_normal(z.shape)
    return latentscope.Latents(z + np.exp(-1) * noise, z, logvar)


class Results:
    """Results by name: `results["pca"]` is computed once."""

    def __init__(self, make):
        self.make = make

    @cache  # noqa: B019, there is one for all tests
    def __getitem__(self, name):
        return self.make[name]()


@pytest.fixture(scope="session")
def results(z, vae, columns):
    odd = latentscope.Latents(z, labels={"odd": np.arange(600) % 2})
    return Results(
        {
            "radius": lambda: latentscope.radius_density(z),
            "axes": lambda: latentscope.axis_density(z),
            "pca": lambda: latentscope.pca(z),
            "planes": lambda: latentscope.plane_zoom(z, half_widths=[np.inf, 1.0]),
            "clusters": lambda: latentscope.inertia_curve(z, n_clusters=range(2, 9)),
            "gap": lambda: latentscope.cluster_gap(
                z, n_clusters=(1, 2, 3), n_null=19, n_points=300
            ),
            "dimension": lambda: latentscope.intrinsic_dimension(z),
            "tsne": lambda: latentscope.tsne(z, n_iter=20, perplexity=5),
            "posterior": lambda: latentscope.posterior(vae),
            "overview": lambda: latentscope.overview(z),
            "overview_vae": lambda: latentscope.overview(vae),
            "compare": lambda: latentscope.compare(ae=z, vae=vae),
            "correlation": lambda: latentscope.correlation(z),
            "ellipsoid": lambda: latentscope.ellipsoid(z, shares=[0.5, 0.9], n_points=200),
            "ridges": lambda: latentscope.ridges(z, n_null=19, n_boot=2),
            "plane_structure": lambda: latentscope.plane_structure(z, n_null=39),
            "scan": lambda: latentscope.scan_planes(z, n_axes=3, n_null=39),
            "beside_nulls": lambda: latentscope.beside_nulls(
                latentscope.radius_density, z, n_null=2
            ),
            "support": lambda: latentscope.support(z, 2 * z[:50]),
            "direction": lambda: latentscope.direction(odd, "odd"),
            "normality": lambda: latentscope.normality(z, n_null=0),
            "henze_zirkler": lambda: latentscope.henze_zirkler(z),
            "round_trip": lambda: latentscope.round_trip(columns, z, 3 * z[:50]),
        }
    )


@pytest.fixture(scope="session")
def curve():
    """Return the heights of the one line whose label starts with a text."""

    def heights(ax, label):
        (line,) = [line for line in ax.lines if line.get_label().startswith(label)]
        return line.get_ydata()

    return heights
