"""The figure of support shows the data, the law of a Gaussian and the candidates."""

import numpy as np
import pytest

import latentscope


def test_support_shows_data_law_and_candidates(results, curve):
    ax, result = results["support"].plot(), results["support"]
    mode = np.exp(-2) * 2**4 / (2**1.5 * 0.75 * np.sqrt(np.pi))  # of chi with 5, at 2 = √(5 − 1)
    assert curve(ax, "Gaussian").max() == pytest.approx(mode, rel=1e-2)
    data, candidates = ax.containers
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert sum(bar.get_height() * bar.get_width() for bar in candidates) == pytest.approx(1)
    edges = [bar.get_x() for bar in data]
    assert min(edges) == pytest.approx(result.shell[0])
    assert max(edges) < result.shell[2]
    low, high = ax.get_xlim()
    assert low < result.distance.min()
    assert high > result.distance.max()
    assert f"50 candidates, {result.share_inside:.0%} inside" in texts


def test_support_of_data_all_at_one_distance():
    """Two points, many times: the data's distances are one number."""
    found = latentscope.support(np.tile([[1.0], [-1.0]], (20, 1)), [[0.5]])
    assert len(found.plot().containers) == 2
