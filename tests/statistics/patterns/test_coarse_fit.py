"""The coarse fit of a null model: p-values of its own points, and of points from elsewhere."""

import numpy as np
import pytest
from scipy.stats import kstest

from latentscope.statistics.patterns.coarse_fit import coarse_fit_p, corrected


@pytest.mark.parametrize("n", [30, 300, 1000])
def test_points_of_the_null_model_have_even_p_values(n):
    """By Kolmogorov's test of 200 of them; with few points the counts come in steps."""
    rng = np.random.default_rng(n)
    found = [
        coarse_fit_p(rng.standard_normal((n, 2)), rng.standard_normal((20 * n, 2)))
        for _ in range(200)
    ]
    assert np.mean(np.array(found) <= 0.01) <= 0.04
    assert n < 100 or kstest(found, "uniform").pvalue > 1e-3


def test_another_density_is_seen_and_a_thin_ring_is_not():
    rng = np.random.default_rng(0)
    flat, null_points = rng.uniform(size=(1000, 2)), rng.uniform(size=(20_000, 2))
    assert coarse_fit_p(flat**1.3, null_points) < 1e-3
    angle = rng.uniform(0, 2 * np.pi, 50)
    flat[:50] = 0.5 + 0.3 * np.column_stack([np.cos(angle), np.sin(angle)])
    assert coarse_fit_p(flat, null_points) > 0.01


def test_scaling_both_changes_nothing():
    rng = np.random.default_rng(0)
    points, null_points = rng.uniform(size=(500, 2)), rng.uniform(size=(5000, 2))
    expected = coarse_fit_p(points, null_points)
    assert coarse_fit_p(8 * points + 1, 8 * null_points + 1) == expected


def test_a_density_that_fits_is_left_alone_and_another_gets_the_counts_of_its_cells():
    rng = np.random.default_rng(0)
    flat = np.ones((128, 128))
    assert corrected(flat, rng.poisson(0.1, flat.shape).astype(float)) is flat
    steep = np.repeat(np.linspace(0.0, 2.0, 128)[:, None], 128, axis=1)
    counts = rng.poisson(0.1 * steep).astype(float)
    found = corrected(flat, counts)
    assert (flat == 1).all()
    for rows in range(0, 128, 32):  # 32 cells of equal size are four high and eight wide
        cell = np.s_[rows : rows + 32, :16]
        share = found[cell].sum() / found.sum()
        assert share == pytest.approx(counts[cell].sum() / counts.sum())


def test_few_points_make_few_cells():
    """Twenty points make two cells, nineteen a single one, which cannot be wrong."""
    lines = np.zeros((4, 4))
    lines[:, 0] = 19 / 4
    assert (corrected(np.ones((4, 4)), lines) == 1).all()
    found = corrected(np.ones((4, 4)), lines * 21 / 19)
    np.testing.assert_array_equal(found, [[2, 2, 0, 0]] * 4)
