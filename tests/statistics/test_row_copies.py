"""RowCopies: shares of rows that repeat another one."""

import numpy as np
import pytest

from latentscope.rows import reduce
from latentscope.statistics import row_copies
from latentscope.statistics.row_copies import RowCopies


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_copies_are_counted(dtype, rng):
    z = rng.standard_normal((1000, 8)).astype(dtype)
    z[0] = 0
    twice = np.concatenate([z, z[:300], -z[:1]])  # −0 is 0
    (found,) = reduce(twice, RowCopies())
    assert (found.copies.share, found.copies.n, found.copies.is_exact) == (301 / 1301, 1301, True)
    assert found.near_copies.share == found.copies.share


def test_near_copies_are_counted(rng):
    """Of rows that differ by 1e-6, a few lie on both sides of a rounding edge."""
    z = rng.standard_normal((1000, 8))
    (found,) = reduce(np.concatenate([z, z * (1 + 1e-6)]), RowCopies())
    assert found.copies.share == 0
    assert 0.45 < found.near_copies.share <= 0.5


def test_of_very_many_rows_the_share_is_estimated(monkeypatch, small_blocks, rng):
    monkeypatch.setattr(row_copies, "N_KEPT", 500)
    z = rng.standard_normal((4000, 3))
    (found,) = reduce(np.concatenate([z, z[:2000]]), RowCopies())
    assert not found.copies.is_exact
    assert abs(found.copies.share - 1 / 3) < 0.07
