"""The figure of axes names those that dominate."""

import numpy as np


def test_axes_name_the_dominant_ones(results):
    ax = results["axes"].plot()
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts[0].startswith("1: 4.88, 2.45")
    assert texts[1].startswith("0: ")
    densities = [patch.get_data().values for patch in ax.patches]
    first = results["axes"].density[1]
    np.testing.assert_allclose(densities[0], first / first.max())
