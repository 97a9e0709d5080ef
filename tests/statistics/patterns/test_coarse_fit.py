"""The coarse fit of a null model: p-values of its own points, and of points from elsewhere."""

import numpy as np
import pytest
from scipy.stats import kstest

from latentscope.statistics.patterns.coarse_fit import coarse_fit_p


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
