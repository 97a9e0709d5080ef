"""posterior: is z just mu?"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import latentscope as ls
from latentscope.analysis.posterior import Posterior
from latentscope.errors import DataError, LatentscopeWarning


def drawn(rng, n=4000, sigma=(0.1, 0.3, 1.0), factor=1.0):
    """Return a VAE's latents: mu ~ N(0, 1), z = mu + factor · σ ε."""
    sigma = np.broadcast_to(sigma, (n, len(sigma)))
    mu = rng.standard_normal(sigma.shape)
    return ls.Latents(mu + factor * sigma * rng.standard_normal(sigma.shape), mu, 2 * np.log(sigma))


def read_as(scale, sigma):
    """Return σ in another notation than the log-variance."""
    return {
        "log-variance": 2 * np.log(sigma),
        "variance": sigma**2,
        "standard deviation": sigma,
        "log standard deviation": np.log(sigma),
    }[scale]


def test_figures_are_those_of_numpy(rng):
    latents = drawn(rng, n=200)
    z, mu, logvar = latents.arrays.values()
    by_z, by_mu = np.linalg.norm(z, axis=1), np.linalg.norm(mu, axis=1)
    difference, deviation = np.abs(by_z - by_mu), np.abs(z - mu)
    table = dict(ls.posterior(latents).table().rows)
    expected = {
        "logvar, minimum": logvar.min(),
        "logvar, mean": logvar.mean(),
        "logvar, maximum": logvar.max(),
        "|z − mu|, maximum": deviation.max(),
        "coordinates with |z − mu| ≥ 0.05": (deviation >= 0.05).sum(),
        "coordinates with |z − mu| ≥ 1": (deviation >= 1).sum(),
        "coordinates with |z − mu| ≥ 10": 0,
        "radius by z, minimum": by_z.min(),
        "radius by z, mean": by_z.mean(),
        "radius by z, maximum": by_z.max(),
        "radius by mu, minimum": by_mu.min(),
        "radius by mu, mean": by_mu.mean(),
        "radius by mu, maximum": by_mu.max(),
        "radius difference, mean": difference.mean(),
        "radius difference, maximum": difference.max(),
        "relative difference, mean": (difference / by_mu).mean(),
        "relative difference, maximum": (difference / by_mu).max(),
        "KL divergence, nats per point": (mu**2 + np.exp(logvar) - 1 - logvar).sum() / 400,
        "active axes": 3,
        "collapsed axes": 0,
    }
    for quantity, value in expected.items():
        assert_allclose(table[quantity], value, rtol=1e-10, err_msg=quantity)
    assert table["scale of logvar"] == "log-variance"


def test_per_axis_figures(rng):
    latents = drawn(rng, n=200)
    result = ls.posterior(latents)
    assert_allclose(result.mu_variance, latents.mu.var(axis=0))
    assert_allclose(result.mean_variance, np.exp(latents.logvar).mean(axis=0))
    squares = ((latents.z - latents.mu) ** 2 / np.exp(latents.logvar)).mean()
    assert_allclose(result.mean_squares[0], squares)
    assert result.deviation_counts.sum() == 600
    assert result.n_beyond(0) == 600


@pytest.mark.parametrize(
    ("mu", "logvar", "nats"),
    [
        (0.0, 0.0, 0.0),
        (2.0, 0.0, 2.0),
        (0.0, -2.0, (1 + np.exp(-2)) / 2),
        (1.0, 1.0, (np.e - 1) / 2),
    ],
)
def test_divergence_in_closed_form(mu, logvar, nats):
    """KL(N(m, s²) ‖ N(0, 1)) = ½ (m² + s² − 1 − ln s²), Kingma and Welling 2014, appendix B."""
    sigma = np.exp(logvar / 2)
    z = mu + sigma * np.tile([[1.0], [-1.0]], (50, 4))  # unit spread
    result = ls.posterior(ls.Latents(z, np.full_like(z, mu), np.full_like(z, logvar)))
    assert_allclose(result.kl, nats, atol=1e-12)
    assert_allclose(result.total_kl, 4 * nats, atol=1e-12)
    assert_array_equal(result.collapsed, [nats < 0.1] * 4)
    assert_array_equal(result.per_axis()["state"], ["collapsed" if nats < 0.1 else "neither"] * 4)


def test_published_loss_of_the_tiny_kl_vae():
    """½ · 256 · (−1 + 13.68 + 16.284² / 256) · 1e-5 = 0.01756 beside the published 0.0178."""
    mu = np.full((10, 256), 16.284 / 16)
    z = mu * (1 + 1e-3 * np.tile([[1.0], [-1.0]], (5, 256)))
    result = ls.posterior(ls.Latents(z, mu, np.full_like(z, -13.68)))
    assert_allclose(1e-5 * result.total_kl, 0.01756, rtol=1e-3)
    assert_allclose(result.mu_radius, 16.284)
    assert result.logvar_scale == "log-variance"  # exp(−13.68 / 2) = 1.07e-3


def test_active_axes_are_those_along_which_mu_varies(rng):
    """Variance of mu above 0.01 (Burda et al. 2016, section 5.2)."""
    mu = np.tile([[1.0], [-1.0]], (500, 3)) * np.sqrt([1.0, 0.0101, 0.0099])
    result = ls.posterior(ls.Latents(mu + rng.standard_normal(mu.shape), mu, np.zeros_like(mu)))
    assert_array_equal(result.active, [True, True, False])
    assert_array_equal(result.collapsed, [False, False, True])


@pytest.mark.parametrize("scale", ["variance", "standard deviation", "log standard deviation"])
def test_another_scale_is_recognised(scale, rng):
    latents = drawn(rng)
    given = read_as(scale, np.exp(latents.logvar / 2))
    with pytest.warns(LatentscopeWarning, match=f"it is a {scale} .*Convert it first") as caught:
        result = ls.posterior(ls.Latents(latents.z, latents.mu, given))
    assert caught[0].filename == __file__
    assert result.logvar_scale == scale


@pytest.mark.parametrize("scale", ["log-variance", "variance", "standard deviation"])
def test_the_advice_of_the_warning_helps(scale, rng):
    latents = drawn(rng)
    sigma = np.exp(latents.logvar / 2)
    converted = {
        "log-variance": lambda given: given,
        "variance": np.log,
        "standard deviation": lambda given: 2 * np.log(given),
    }[scale](read_as(scale, sigma))
    assert ls.posterior(ls.Latents(latents.z, latents.mu, converted)).logvar_scale == "log-variance"


def test_noise_of_another_size_is_warned_of(rng):
    """z drawn with twice the noise: mean square 4, and no reading fits."""
    with pytest.warns(LatentscopeWarning, match=r"must have mean 1; got (3\.9|4\.?)"):
        result = ls.posterior(drawn(rng, sigma=(0.1, 0.15), factor=2.0))
    assert result.logvar_scale == "undetermined"


def test_z_without_noise(rng):
    """z = mu: nothing deviates, the scale cannot be told, and nothing is wrong with that."""
    result = ls.posterior(drawn(rng, factor=0.0))
    assert result.logvar_scale == "unknown: z equals mu"
    assert result.deviation_maximum == 0
    assert result.n_beyond(0.001) == 0


def test_z_saved_in_single_precision_is_mu(rng):
    """A difference of rounding is not noise, and no scale is read from it."""
    latents = drawn(rng, sigma=(0.1, 0.3, 0.5), factor=0.0)
    single = ls.Latents(latents.z.astype("f4"), latents.mu, latents.logvar)
    assert ls.posterior(single).is_mu
    assert not ls.posterior(drawn(rng, sigma=(1e-3, 1e-3))).is_mu


@pytest.mark.parametrize("digits", ["float16", "bfloat16"])
def test_z_saved_in_half_precision_is_mu(rng, digits):
    """bfloat16 keeps the upper 16 bits of a float32, rounded."""
    mu = rng.standard_normal((500, 8)).astype("f4")
    half = (
        mu.astype("f2") if digits == "float16" else (mu.view("u4") + 0x8000 & 0xFFFF0000).view("f4")
    )
    logvar = np.full_like(mu, -1.0)
    assert ls.posterior(ls.Latents(half, mu=mu, logvar=logvar)).is_mu


@pytest.mark.parametrize("factor", [0.0, 1.0])
def test_noise_is_judged_from_mu_and_logvar(factor, rng):
    """σ² = 1 along four of five axes where mu is 0: 4.01 / 5.01, whether or not z was drawn."""
    sigma = np.broadcast_to([0.1, 1, 1, 1, 1], (4000, 5))
    mu = rng.standard_normal((4000, 5)) * [1, 0, 0, 0, 0]
    z = mu + factor * sigma * rng.standard_normal(mu.shape)
    found = ls.posterior(ls.Latents(z, mu, 2 * np.log(sigma)))
    assert found.is_mu == (not factor)
    assert_allclose(found.noise_share, 4.01 / (4.01 + mu[:, 0].var()))
    if factor:
        assert_allclose(found.noise_share, ((z - mu) ** 2).sum() / (4000 * z.var(axis=0).sum()),
                        rtol=0.05)  # fmt: skip


@pytest.mark.parametrize("is_drawn", [False, True])
@pytest.mark.parametrize("size", [7.0, 30.0, 79.0, 1e30])
def test_one_diverged_value_rules_nothing(size, is_drawn, rng):
    """One value of 12,000: shares, divergences and states are those of the others."""
    clean = drawn(rng, sigma=(0.1, 0.3, 0.5))
    logvar, z = clean.logvar.copy(), clean.z.copy()
    logvar[17, 1] = size
    if is_drawn:
        z[17, 1] += np.exp(min(size, 80) / 2)
    with pytest.warns(LatentscopeWarning, match="1 of 12,000 values of logvar"):
        found = ls.posterior(ls.Latents(z, clean.mu, logvar))
    expected = ls.posterior(clean)
    assert found.n_diverged == 1
    assert found.logvar_scale == "log-variance"
    for name in ("bulk_variance", "bulk_kl", "noise_share"):
        assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-3, err_msg=name)
    assert_array_equal(found.active, expected.active)
    assert_array_equal(found.collapsed, expected.collapsed)
    assert found.table()["value"][found.table()["quantity"].index("diverged values of logvar")] == 1


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("size", [10.0, 1e4, 1e30])
def test_the_mu_of_a_diverged_value_is_left_out_too(size, offset, rng):
    """A row with logvar 30 and a huge mu: all figures are those of the other rows."""
    clean = drawn(rng, sigma=(0.1, 0.3, 0.5))
    z, mu, logvar = (array.copy() for array in clean.arrays.values())
    z[:, 1] += offset
    mu[:, 1] += offset
    expected = ls.posterior(ls.Latents(*(np.delete(one, 17, axis=0) for one in (z, mu, logvar))))
    mu[17, 1] = z[17, 1] = size
    logvar[17, 1] = 30
    with pytest.warns(LatentscopeWarning, match="1 of 12,000 values of logvar"):
        found = ls.posterior(ls.Latents(z, mu, logvar))
    for name in ("bulk_variance", "bulk_mu_variance", "bulk_kl", "noise_share"):
        assert_allclose(getattr(found, name), getattr(expected, name), rtol=3e-3, err_msg=name)
    assert_allclose(found.bulk_mu_variance[1], expected.mu_variance[1], rtol=1e-7)


def test_a_mu_that_only_diverged_values_move_is_not_active(rng):
    mu = 0.01 * rng.standard_normal((3000, 2))
    logvar = np.zeros_like(mu)
    mu[5], logvar[5] = 1e4, 30
    with pytest.warns(LatentscopeWarning, match="2 of 6,000 values of logvar"):
        found = ls.posterior(ls.Latents(mu, mu, logvar))
    assert found.collapsed.all()
    assert_allclose(found.noise_share, 1, atol=1e-3)


def test_without_diverged_values_the_bulk_is_everything(rng):
    found = ls.posterior(drawn(rng))
    assert found.n_diverged == 0
    assert_array_equal(found.bulk_kl, found.kl)
    assert_array_equal(found.bulk_variance, found.mean_variance)


def test_a_wide_scale_is_not_divergence(rng):
    """All values of an axis near 8: nothing lies far above the median."""
    latents = drawn(rng, sigma=(0.1, 50.0))
    assert ls.posterior(latents).n_diverged == 0


def test_a_difference_relative_to_nothing_is_undefined(rng, tmp_path):
    """All mu are 0: no number is relative to them, in words, table and file."""
    z = rng.standard_normal((500, 3))
    found = ls.posterior(ls.Latents(z, 0 * z, 0 * z))
    assert np.isnan(found.relative_difference).all()
    assert "mean relative radius difference undefined" in repr(found)
    table = dict(found.table().rows)
    assert (
        table["relative difference, mean"] == table["relative difference, maximum"] == "undefined"
    )
    assert_allclose(found.noise_share, 1)
    found.save(tmp_path / "found.json")
    assert "NaN" not in (tmp_path / "found.json").read_text()
    assert np.isnan(Posterior.load(tmp_path / "found.json").relative_difference).all()


def test_points_at_the_origin_have_no_relative_difference(rng):
    """The mean is that of the other points, in any split into blocks."""
    mu = rng.standard_normal((400, 3))
    mu[:150] = 0
    z = mu + rng.standard_normal(mu.shape)
    found = ls.posterior(ls.Latents(z, mu, 0 * mu))
    by_z, by_mu = np.linalg.norm(z[150:], axis=1), np.linalg.norm(mu[150:], axis=1)
    expected = np.abs(by_z - by_mu) / by_mu
    assert_allclose(found.relative_difference, [expected.mean(), expected.max()])


def test_an_active_axis_that_says_nothing_is_nearly_dead(rng):
    """Variance of mu 0.04, and that of the noise 0.96: active, 0.02 nats; every table agrees."""
    mu = rng.standard_normal((3000, 3)) * [1, 0.2, 0.01]
    logvar = np.log(np.broadcast_to([0.01, 0.96, 1.0], mu.shape))
    found = ls.posterior(ls.Latents(mu, mu, logvar))
    assert_array_equal(found.active, [True, True, False])
    assert_array_equal(found.nearly_dead, [False, True, False])
    assert_array_equal(found.collapsed, [False, False, True])
    assert found.per_axis()["state"] == ("active", "active, nearly dead", "collapsed")
    table = dict(found.table().rows)
    assert (table["active axes"], table["nearly dead among these"], table["collapsed axes"]) == (
        2,
        1,
        1,
    )
    assert (found.headline()["nearly dead"], found.headline()["collapsed"]) == (1, 1)


def test_extreme_logvar_is_counted(rng):
    latents = drawn(rng, n=100)
    logvar = latents.logvar.copy()
    logvar[:2, 0], logvar[5, 1] = 800, -800
    z = np.where(logvar < -80, latents.mu, latents.z)
    with pytest.warns(LatentscopeWarning, match="3 of 300 values of logvar lie beyond ±80"):
        result = ls.posterior(ls.Latents(z, latents.mu, logvar))
    assert result.n_extreme == 3
    assert (result.logvar_minimum, result.logvar_maximum) == (-800, 800)
    assert np.isfinite(result.kl).all()
    assert_allclose(result.mean_variance[0] * 100, 2 * np.exp(80.0), rtol=1e-9)


def test_order_of_axes(rng):
    """Permuting the axes permutes the figures of each and leaves the others."""
    latents, order = drawn(rng), rng.permutation(3)
    other = ls.Latents(*(array[:, order] for array in latents.arrays.values()))
    one, other = ls.posterior(latents), ls.posterior(other)
    assert_allclose(other.kl, one.kl[order])
    assert_allclose(other.mu_variance, one.mu_variance[order])
    assert_allclose(other.z_radius, one.z_radius)
    assert_array_equal(other.deviation_counts, one.deviation_counts)


def test_scale(rng):
    """Three times z, mu and σ: three times the radii, the same relative differences and scale."""
    latents = drawn(rng)
    z, mu, logvar = latents.arrays.values()
    one = ls.posterior(latents)
    three = ls.posterior(ls.Latents(3 * z, 3 * mu, logvar + 2 * np.log(3)))
    assert_allclose(three.z_radius, 3 * one.z_radius)
    assert_allclose(three.relative_difference, one.relative_difference, rtol=1e-9)
    assert_allclose(three.mean_squares[0], one.mean_squares[0])


def test_latents_without_a_posterior_are_refused(cloud):
    for given in (cloud.z, ls.Latents(cloud.z), ls.finite_rows(cloud.z)):
        with pytest.raises(DataError, match="latents must hold mu and logvar; got z alone"):
            ls.posterior(given)


@pytest.mark.parametrize("name", ["z", "mu", "logvar"])
def test_nonfinite_values_of_each_part_are_refused(name, rng):
    arrays = drawn(rng, n=50).arrays
    arrays[name][7, 1] = np.nan
    with pytest.raises(DataError, match=r"1 of 50 rows contain NaN or infinity \(rows 7\)"):
        ls.posterior(ls.Latents(**arrays))
    assert ls.posterior(ls.finite_rows(ls.Latents(**arrays))).n_used == 49


def test_a_deviation_between_the_edges_is_refused(rng):
    with pytest.raises(DataError, match=r"deviation must be one of 0, 0\.001, .*; got 0\.03"):
        ls.posterior(drawn(rng)).n_beyond(0.03)


@pytest.mark.parametrize("n", [2, 3, 5, 10, 30])
def test_few_values_do_not_contradict_a_log_variance(n):
    """The mean of few squares may be far from 1; 1 of 1,000 clouds is still warned of."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        mu, logvar = rng.standard_normal((n, 3)), np.full((n, 3), -2.0)
        z = mu + np.exp(logvar / 2) * rng.standard_normal((n, 3))
        assert ls.posterior(ls.Latents(z, mu, logvar)).logvar_scale == "log-variance"
