"""ScaledCounts: the grid of an axis depends on its values alone, and its counts are exact."""

import itertools

import numpy as np
import pytest

from latentscope.rows import Block
from latentscope.statistics.scaled_bins import ScaledCounts

SCALES = np.array([1.0, 1e-3, 1e3, 1e-300, 1e30, 0.0])
OFFSETS = np.array([0.0, 0.0, 1.0, 0.0, 0.0, 3.0])


def counted(z):
    counts = ScaledCounts(z.shape[1])
    counts.update(Block(np.arange(len(z)), {"z": np.ascontiguousarray(z)}))
    return counts


def state(counts):
    return [counts.n, counts.exponent.tolist(), counts.first.tolist(), counts.counts.tolist()]


@pytest.mark.parametrize("law", ["normal", "cauchy", "steps", "denormal"])
def test_any_order_and_any_cut_give_the_same_bits(law, rng):
    z = {
        "normal": lambda: rng.standard_normal((300, 6)) * SCALES + OFFSETS,
        "cauchy": lambda: rng.standard_cauchy((300, 6)),
        "steps": lambda: rng.integers(-2, 3, (300, 6)) * 2.0**-20 + 1e6,
        "denormal": lambda: rng.choice([-5e-324, 0.0, 5e-324, -1e300, 1e300], (300, 6)),
    }[law]()
    whole = state(counted(z))
    for _ in range(5):
        shuffled = rng.permutation(z)
        cuts = np.unique([0, *rng.integers(0, 300, 6), 300])
        parts = [counted(shuffled[low:high]) for low, high in itertools.pairwise(cuts)]
        rng.shuffle(parts)
        first, *others = parts
        for other in others:
            first.merge(other)
        assert state(first) == whole


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_counts_are_those_of_numpy(scale, rng):
    z = scale * rng.standard_normal((1000, 1)) + 1e6
    found = counted(z).histograms()
    edges = found.bin_width[0] * (found.first[0] + np.arange(found.counts.shape[1] + 1))
    expected = np.histogram(z, np.append(edges, np.inf))[0][:-1]
    np.testing.assert_array_equal(found.counts[0], expected)
    assert found.counts[0, 0] > 0
    assert 2048 <= found.n_bins[0] <= 4096 or scale == 1e-3  # float64 has no finer steps there


@pytest.mark.parametrize(("sigma", "width"), [(1, 0.25), (1e-3, 2**-12), (1e3, 256)])
def test_bins_suit_a_gaussian(sigma, width, rng):
    z = sigma * rng.standard_normal((5000, 1))
    assert counted(z).histograms().suited(z.std(axis=0)).bin_width[0] == width


def test_far_points_do_not_widen_the_bins(rng):
    """A hump 100 σ away, or one far row, leaves the bins of the bulk."""
    z = rng.standard_normal((5000, 2))
    z[:1500, 0] += 100
    z[0, 1] = 300
    suited = counted(z).histograms().suited(z.std(axis=0))
    assert suited.bin_width.tolist() == [0.5, 0.25]  # σ of 70 % of the points seems larger
    assert suited.counts.sum(axis=1).tolist() == [5000, 5000]
