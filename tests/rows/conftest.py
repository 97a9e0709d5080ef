"""Summaries of several kinds, and rows with NaN, that the tests of reading share."""

import numpy as np
import pytest

from latentscope.analysis.radius import RadiusCounts
from latentscope.statistics.bins import AxisCounts
from latentscope.statistics.moments import Covariance, Moments

HOLES = {3: np.nan, 17: np.inf, 40: -np.inf, 41: np.nan, 60: np.inf, 82: np.nan}


def several(z_dim):
    return (
        Moments(z_dim),
        Covariance(z_dim),
        AxisCounts(z_dim, 0.25),
        RadiusCounts(AxisCounts(1, 0.5)),
    )


def counted(summary):
    """Return what must be the same to the bit, of one of `summaries`."""
    bins = summary if isinstance(summary, AxisCounts) else summary.counts
    bins = bins.trimmed()
    return bins.n, bins.first, bins.counts.tolist()


def compare(one, other, **tolerance):
    """Assert the same counts, and moments within the tolerance."""
    for a, b in zip(one[:2], other[:2], strict=True):
        assert a.n == b.n
        np.testing.assert_allclose(a.mean, b.mean, **tolerance)
    np.testing.assert_allclose(one[0].squares, other[0].squares, **tolerance)
    np.testing.assert_allclose(one[1].products, other[1].products, **tolerance)
    assert counted(one[2]) == counted(other[2])
    assert counted(one[3]) == counted(other[3])
    assert (one[3].minimum, one[3].maximum) == (other[3].minimum, other[3].maximum)


@pytest.fixture(scope="session")
def summaries():
    """Return empty summaries of four kinds, for rows of `z_dim` numbers."""
    return several


@pytest.fixture(scope="session")
def assert_equal():
    """Assert that two sets of `summaries` have counted the same, within a tolerance of sums."""
    return compare


@pytest.fixture(scope="session")
def cloud():
    """83 rows of three axes of different scales and means, which tests leave as they are."""
    z = np.random.default_rng(0).standard_normal((83, 3)) * [1, 3, 0.2] + [0, 5, -1]
    z.flags.writeable = False
    return z


@pytest.fixture(scope="session")
def holes():
    """Return the rows of `holed` that are not finite, with one of their values."""
    return HOLES


@pytest.fixture(params=["f4", "f8"])
def holed(request, cloud):
    """Return the cloud with holes."""
    z = cloud.astype(request.param)
    for i, (row, value) in enumerate(HOLES.items()):
        z[row, i % 3] = value
    return z
