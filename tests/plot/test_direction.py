"""The figure of a direction shows its axes sorted, and chance."""

import numpy as np


def test_direction_shows_the_axes_sorted_and_chance(results, curve):
    ax, result = results["direction"].plot(), results["direction"]
    heights = [bar.get_height() for bar in ax.patches]
    np.testing.assert_allclose(heights, np.sort(np.abs(result.vector))[::-1])
    np.testing.assert_allclose(curve(ax, "random groups"), result.chance_length / np.sqrt(5))
    assert ax.get_title().startswith(f"odd: {result.times_chance:.3g} times as long")
    assert ax.get_title().endswith(f"\n(p = {result.p_value:.2g})")
