"""Null models of whole clouds keep what they promise, and nothing else."""

import numpy as np
import pytest
from scipy.stats import spearmanr

import latentscope
from latentscope.analysis.nulls import MODELS
from latentscope.errors import DataError


def cloud(n=3000, seed=0):
    """Return heavy-tailed, skewed, correlated, off-centre points in six dimensions."""
    rng = np.random.default_rng(seed)
    mixed = rng.standard_t(4, size=(n, 6)) @ (np.eye(6) + 0.5 * rng.standard_normal((6, 6)))
    mixed[:, 0] = np.exp(0.5 * mixed[:, 0] / mixed[:, 0].std())
    return mixed + 10


@pytest.mark.parametrize("null", MODELS)
def test_draws_have_the_shape_and_type_of_the_data_and_repeat(null):
    z = cloud().astype(np.float32)
    model = latentscope.null_model(z, null)
    draw = model.draw(rng=3)
    assert (draw.shape, draw.dtype) == (z.shape, z.dtype)
    assert (draw == model.draw(rng=3)).all()
    assert (draw != model.draw(rng=4)).any()


def test_a_gaussian_has_mean_and_covariance_exactly():
    z = cloud()
    draw = latentscope.null_model(z).draw(rng=1)
    np.testing.assert_allclose(draw.mean(axis=0), z.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(np.cov(draw.T), np.cov(z.T), rtol=1e-9)


def test_an_elliptical_cloud_has_the_shape_and_the_radii_whatever_the_tails():
    """Of a Cauchy cloud, which has no covariance: the shape of its directions, and its radii."""
    mix = np.array([[3.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.5, 0.5]])
    rng = np.random.default_rng(0)
    z = rng.standard_normal((4000, 3)) / np.abs(rng.standard_normal((4000, 1))) @ mix + 5
    z = np.vstack([z, 10 - z])  # whose mean is 5, exactly
    draw = latentscope.null_model(z, "elliptical").draw(rng=1)
    expected = np.linalg.norm((z - 5) @ np.linalg.inv(mix), axis=1)
    found = np.linalg.norm((draw - 5) @ np.linalg.inv(mix), axis=1)
    quantiles = np.linspace(0.01, 0.99, 50)
    ratio = np.quantile(found, quantiles) / np.quantile(expected, quantiles)
    np.testing.assert_allclose(ratio, ratio.mean(), rtol=0.05)
    assert ratio.mean() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("null", ["copula", "independent"])
def test_marginals_stay_exactly(null):
    z = cloud()
    draw = latentscope.null_model(z, null).draw(rng=1)
    assert (np.sort(draw, axis=0) == np.sort(z, axis=0)).all()


def test_a_copula_keeps_rank_correlations_and_permuting_does_not():
    z = cloud()
    expected = spearmanr(z).statistic
    copula = latentscope.null_model(z, "copula").draw(rng=1)
    alone = latentscope.null_model(z, "independent").draw(rng=1)
    np.testing.assert_allclose(spearmanr(copula).statistic, expected, atol=0.06)
    assert np.abs(spearmanr(alone).statistic - np.eye(6)).max() < 0.08


@pytest.mark.parametrize("null", MODELS)
def test_fewer_points_and_rows_left_out(null):
    z = cloud(500)
    assert latentscope.null_model(z, null, n_points=50).draw().shape == (50, 6)
    z[3, 2] = np.nan
    model = latentscope.null_model(latentscope.finite_rows(z), null)
    assert (model.n_points, model.n_total) == (499, 500)
    assert np.isfinite(model.draw()).all()


def test_fewer_points_than_axes_are_drawn_too():
    for n in (2, 5, 6, 7, 8, 12, 13):
        for null in MODELS:
            draw = latentscope.null_model(cloud()[:n], null).draw()
            assert draw.shape == (n, 6)
            assert np.isfinite(draw).all()


@pytest.mark.parametrize(
    ("z", "options", "match"),
    [
        (cloud(50), {"null": "smooth"}, r"null must be one of 'gaussian', 'elliptical'"),
        (cloud(50), {"n_points": 51}, r"n_points must be an integer from 2 to 50"),
        (
            np.ones((50, 3)),
            {"null": "elliptical"},
            r"points of z must differ from each other; all of them coincide",
        ),
        (
            np.vstack([cloud()[:400] * [1, 1, 1, 0, 0, 0], cloud()[400:450]]),
            {"null": "elliptical"},
            r"z must have a shape, for an elliptical null model",
        ),
        (np.full((50, 3), np.inf), {}, r"must be finite"),
    ],
)
def test_refusals(z, options, match):
    with pytest.raises(DataError, match=match):
        latentscope.null_model(z, **options)
