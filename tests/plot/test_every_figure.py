"""Every figure draws on the Axes given and no others, and its panels are labelled."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from latentscope.errors import DataError

PANELS = {
    "radius": 1, "axes": 1, "pca": 1, "planes": 2, "clusters": 1, "tsne": 1, "posterior": 2,
    "overview": 3, "overview_vae": 4, "compare": 4, "support": 1, "direction": 1, "round_trip": 1,
    "correlation": 1, "ellipsoid": 1, "ridges": 1, "dimension": 1, "plane_structure": 6, "scan": 1,
    "beside_nulls": 3,
    "normality": 3, "henze_zirkler": 1, "gap": 2,
}  # fmt: skip


@pytest.mark.parametrize("name", PANELS)
class TestEveryFigure:
    def test_draws_on_the_axes_given_and_no_others(self, results, name):
        n = PANELS[name]
        figure, grid = plt.subplots(1, n, squeeze=False)
        given = grid[0] if n > 1 else grid[0, 0]
        returned = results[name].plot(ax=given)
        assert list(np.ravel(returned)) == list(grid[0])
        assert plt.get_fignums() == [figure.number]

    def test_makes_one_new_figure_that_can_be_saved(self, results, name, tmp_path):
        returned = results[name].plot()
        assert len(plt.get_fignums()) == 1
        np.ravel(returned)[0].figure.savefig(tmp_path / "figure.png", dpi=40)

    def test_panels_are_labelled(self, results, name):
        for panel in np.ravel(results[name].plot()):
            if name != "tsne":  # whose axes have no meaning
                assert panel.get_xlabel()
                assert panel.get_ylabel()

    def test_wrong_axes_are_refused(self, results, name):
        with pytest.raises(DataError, match="ax must"):
            results[name].plot(ax=["no axes"])
