"""The figure of an ellipsoid shows its levels and points, in the plane and in space."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import latentscope
from latentscope.errors import DataError


def test_ellipsoid_shows_levels_and_points(results):
    ax, result = results["ellipsoid"].plot(), results["ellipsoid"]
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), result.points)
    for level, radius in enumerate(result.radius):
        (line,) = [line for line in ax.lines if line.get_label().startswith(f"{radius:.3g}σ")]
        np.testing.assert_array_equal(line.get_xydata(), result.boundary(level))
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts[:2] == ["200 of the points", "mean"]
    assert texts[3] == f"2.15σ: {result.share[1]:.1%} (90.0%)"


def test_ellipsoids_are_wires_in_space(z):
    result = latentscope.ellipsoid(z, axes=(0, 1, 4), space="latent")
    ax = result.plot()
    assert (ax.name, ax.get_zlabel()) == ("3d", "axis 4")
    assert len(ax.collections) == 1 + len(result.radius)
    assert result.plot(ax=ax) is ax
    with pytest.raises(DataError, match="with projection='3d'; got Axes"):
        result.plot(ax=plt.subplots()[1])
