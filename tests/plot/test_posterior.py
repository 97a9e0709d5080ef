"""The figure of a posterior shows KL divergences and standardised deviations."""

import numpy as np


def test_posterior_shows_sorted_kl_and_counts(results):
    kl, deviations = results["posterior"].plot()
    heights = np.concatenate([dots.get_offsets()[:, 1] for dots in kl.collections])
    np.testing.assert_allclose(heights, np.sort(results["posterior"].kl)[::-1])
    bars = [bar.get_height() for bar in deviations.patches]
    np.testing.assert_array_equal(bars, results["posterior"].deviation_counts)
