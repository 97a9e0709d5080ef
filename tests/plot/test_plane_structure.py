"""The figure of a plane's structure shows curves within their envelopes."""

import numpy as np
import pytest


def test_a_plane_s_structure_shows_curves_within_their_envelopes(results, curve):
    result = results["plane_structure"]
    panels = result.plot()
    np.testing.assert_array_equal(panels[0].collections[0].get_offsets(), result.xy)
    np.testing.assert_array_equal(panels[1].collections[0].get_offsets(), result.null_xy)
    np.testing.assert_array_equal(curve(panels[2], "data"), result.data[0])
    np.testing.assert_array_equal(curve(panels[3], "data"), result.data[1] - result.null_mean[1])
    outside = np.isfinite(curve(panels[5], "outside")).mean()
    assert outside == pytest.approx(result.above("alignment") + result.below("alignment"))
