"""compute kernels: loops over rows that must see every value."""

import numpy as np
import pytest

from latentscope._compute.kernels import is_finite


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("shape", [(1, 1), (9, 3), (50, 8), (300, 65)])
def test_any_value_that_is_not_finite_is_seen(shape, dtype):
    """In every column of a row: vector units take most of a row, a plain loop the rest."""
    z = np.full(shape, np.finfo(dtype).max, dtype)
    assert is_finite(z)
    for value in (np.nan, np.inf, -np.inf):
        for column in range(shape[1]):
            z[-1, column] = value
            assert not is_finite(z)
            z[-1, column] = 0
    assert is_finite(z)


def test_no_rows_are_finite():
    assert is_finite(np.empty((0, 3)))
