"""The figure of t-SNE colours the rows by what is given for all of them."""

import numpy as np
import pytest

import latentscope
from latentscope.errors import DataError
from latentscope.plot.tsne import plot_tsne


def test_tsne_colours_rows_by_number(z):
    result = latentscope.tsne(z, n_points=100, n_iter=20, perplexity=5)
    ax = plot_tsne(result, color=np.arange(600))
    np.testing.assert_array_equal(ax.collections[0].get_array(), result.indices)
    with pytest.raises(DataError, match=r"one entry per row of z, 600; got \(100,\)"):
        plot_tsne(result, color=np.arange(100))


def test_tsne_shows_classes_by_name(z):
    result = latentscope.tsne(z, n_points=100, n_iter=20, perplexity=5)
    ax = result.plot(color=np.where(z[:, 0] > 0, "right", "left"))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["left", "right"]
    shown = [len(dots.get_offsets()) for dots in ax.collections]
    assert shown == [(z[result.indices, 0] <= 0).sum(), (z[result.indices, 0] > 0).sum()]
    with pytest.raises(DataError, match="at most 10 classes; got 100"):
        result.plot(color=[f"row {i}" for i in range(600)])
