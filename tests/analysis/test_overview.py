"""overview: the one-pass analyses in one reading."""

import numpy as np
import pytest

import latentscope as ls
from latentscope.errors import DataError, LatentscopeWarning


@pytest.fixture
def latents(cloud):
    rng = np.random.default_rng(1)
    mu = cloud.z - 0.1 * rng.standard_normal(cloud.z.shape)
    return ls.Latents(cloud.z, mu, np.full_like(mu, 2 * np.log(0.1)))


def test_is_the_single_analyses(latents, assert_same):
    result = ls.overview(latents, radius_bin_width=0.4, axis_bin_width=0.3)
    assert_same(result.radius, ls.radius_density(latents, bin_width=0.4), rtol=1e-9)
    assert_same(result.axes, ls.axis_density(latents, bin_width=0.3))
    assert_same(result.pca, ls.pca(latents))
    assert_same(result.posterior, ls.posterior(latents))


def test_reads_the_rows_once(latents, monkeypatch):
    """Every row of z, mu and logvar is read exactly once."""
    rows = ls.rows.as_rows(latents)
    read = []
    monkeypatch.setattr(type(rows), "read", _counted(type(rows).read, read))
    ls.overview(rows)
    assert read == [(("z", "mu", "logvar"), 0, 3000)]


def _counted(method, read):
    def counted(self, names, start, stop):
        read.append((names, start, stop))
        return method(self, names, start, stop)

    return counted


def test_gaussian_curve_rests_on_all_rows():
    z = np.random.default_rng(0).standard_normal((6000, 3))
    assert ls.overview(z).radius.n_gaussian == 6000
    assert ls.radius_density(z).n_gaussian < 4200


def test_an_autoencoder_has_no_posterior(cloud, latents):
    plain, vae = ls.overview(cloud.z), ls.overview(latents)
    assert plain.posterior is None
    assert vae.headline().keys() - plain.headline().keys() == {
        "mean logvar", "KL (nats)", "active axes", "max |z − mu|",
    }  # fmt: skip


def test_headline_numbers(latents):
    result = ls.overview(latents)
    numbers = dict(result.table().rows)
    assert numbers["mean radius"] == result.radius.mean
    assert numbers["√dimensions"] == 6**0.5
    assert numbers["share of PC 1"] == result.pca.variance_ratio[0]
    assert numbers["KL (nats)"] == result.posterior.total_kl
    np.testing.assert_allclose(
        numbers["distance of the mean from 0"], np.linalg.norm(latents.z.mean(axis=0))
    )


def test_narrow_axes_are_warned_of_at_the_caller(cloud):
    with pytest.warns(LatentscopeWarning, match="6 of 6 .* narrower than half") as caught:
        ls.overview(cloud.z, axis_bin_width=100)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("name", ["radius_bin_width", "axis_bin_width"])
def test_wrong_bins_are_refused(name, cloud):
    with pytest.raises(DataError, match=f"{name} must be a finite number above 0; got 0"):
        ls.overview(cloud.z, **{name: 0})
