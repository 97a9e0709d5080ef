"""The figure of normality shows quantiles, gaps and moments."""

import numpy as np
import pytest

import latentscope


def test_normality_shows_quantiles_gaps_and_moments(results, curve):
    found = results["normality"]
    distances, gaps, moments = found.plot()
    np.testing.assert_allclose(curve(distances, "data, 600 rows") ** 2, found.quantiles)
    drawn = np.concatenate([line.get_ydata() for line in gaps.lines[:3]])
    np.testing.assert_array_equal(np.sort(drawn), np.sort(found.gaps))
    assert curve(gaps, "chance, largest of all")[0] == found.chance["gap"]
    (box,) = moments.patches
    assert box.get_width() == pytest.approx(2 * found.chance["skewness"])
    axes, components, projections = (len(line.get_xdata()) for line in moments.lines)
    assert (axes, components, projections) == (5, 5, 64)


def test_normality_shows_what_a_search_found(curve):
    found = latentscope.normality(np.random.default_rng(0).standard_normal((300, 3)), n_null=19)
    _, gaps, _ = found.plot()
    assert curve(gaps, "searched for")[0] == found.searched_gap
    assert curve(gaps, "chance, searched for")[0] == found.chance["searched_gap"]
