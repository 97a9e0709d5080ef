"""The figure of correlations marks the strongest pairs."""

import numpy as np

import latentscope


def test_correlation_marks_the_strongest(results):
    ax, result = results["correlation"].plot(), results["correlation"]
    shown = ax.images[0].get_array()
    assert np.ma.getmaskarray(shown)[0, 0]
    np.testing.assert_array_equal(shown.filled(1), result.rank_matrix)
    assert not ax.collections  # independent axes: nothing is beyond chance
    assert "0 of 10 pairs" in ax.get_title()
    z = np.random.default_rng(0).standard_normal((600, 50))
    z[:, 7] -= z[:, 3]
    ax = latentscope.correlation(z).plot()
    assert ax.collections[0].get_offsets().tolist() == [[3, 7], [7, 3]]
    (bar,) = [panel for panel in ax.figure.axes if panel is not ax]
    assert bar.get_legend().get_texts()[0].get_text().startswith("3–7: -0.68")
