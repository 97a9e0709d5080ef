"""Global envelopes: the published definition, exactness, and the picture of the p-value."""

import numpy as np
import pytest

from latentscope.statistics.patterns.envelope import depth, envelope


def walks(rng, n=200, steps=12):
    return rng.standard_normal((n, steps)).cumsum(axis=1)


def by_definition(curves):
    """Return extreme rank lengths by comparing every pair, as eq. (6) of the paper reads."""
    ranks = []
    for curve in curves:
        below, above = (curves < curve).sum(axis=0), (curves > curve).sum(axis=0)
        ranks.append(sorted(np.minimum(below, above) + 1))
    return [sum(other <= own for other in ranks) for own in ranks]


@pytest.mark.parametrize("seed", range(3))
def test_depth_is_that_of_the_definition(seed):
    curves = walks(np.random.default_rng(seed), n=60)
    assert depth(curves).tolist() == by_definition(curves)


def test_p_values_of_exchangeable_curves_are_even():
    """Any curve may be the first: their p-values are k / n, each once, but for ties."""
    curves = walks(np.random.default_rng(0))
    p_values = sorted(envelope(np.roll(curves, k, axis=0), 0.05).p_value for k in range(200))
    np.testing.assert_allclose(p_values, np.arange(1, 201) / 200, atol=0.011)


def test_p_is_small_just_where_the_curve_leaves_the_envelope():
    curves = walks(np.random.default_rng(1))
    for k in range(200):
        found = envelope(np.roll(curves, k, axis=0), 0.1)
        first = np.roll(curves, k, axis=0)[0]
        leaves = bool(((first < found.low) | (first > found.high)).any())
        assert leaves == (found.p_value <= 0.1)


def test_curves_that_are_all_alike_are_not_extreme():
    assert envelope(np.ones((40, 5)), 0.05).p_value == 1.0


def test_a_tie_at_the_end_counts_against_the_data():
    curves = np.zeros((40, 3))
    curves[:4] = 1.0
    assert envelope(curves, 0.05).p_value == pytest.approx(4 / 40)
