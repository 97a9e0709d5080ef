"""The figure of planes shows few points as dots and many as a density."""

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.patches import Rectangle

import latentscope
from latentscope.errors import DataError
from latentscope.plot.planes import plot_planes


class TestPlanes:
    def test_few_points_are_dots_with_a_verdict(self, results):
        whole, inner = results["planes"].plot()
        assert len(whole.collections[0].get_offsets()) == 600
        assert len(inner.collections[0].get_offsets()) == results["planes"].n_points[1]
        assert "too few to show structure" in inner.get_title()
        assert inner.get_xlim() == (-1.0, 1.0)
        assert inner.get_xlabel() == "PC 1"
        square = next(patch for patch in whole.patches if isinstance(patch, Rectangle))
        assert square.get_width() == 2.0

    def test_many_points_are_a_density_that_loses_none(self):
        z = np.random.default_rng(0).standard_normal((40_000, 2))
        zoom = latentscope.plane_zoom(z, half_widths=[np.inf], space="latent", axes=(1, 0))
        (panel,) = zoom.plot()
        (mesh,) = [item for item in panel.collections if isinstance(item, QuadMesh)]
        assert mesh.get_array().sum() == 40_000
        assert panel.get_xlabel() == "axis 1"

    def test_too_many_windows_are_refused(self, z):
        zoom = latentscope.plane_zoom(z, half_widths=np.arange(1, 15))
        with pytest.raises(DataError, match="at most 12 windows; got 14"):
            plot_planes(zoom)
