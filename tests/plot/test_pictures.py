"""Pictures are shown in rows, each with its numbers."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import latentscope
from latentscope.errors import DataError
from latentscope.plot.pictures import plot_pictures


@pytest.fixture(scope="module")
def rows(z, columns):
    """Two rows of three images."""
    album = latentscope.pictures.Album(columns, z)
    return [album.decode(z[:3], "three"), album.decode(9 * z[:3], "three far out")]


class TestPictures:
    def test_each_image_is_shown_with_its_numbers(self, rows):
        panels = plot_pictures(rows)
        assert [panel.get_title(loc="left") for panel in panels][::3] == ["three", "three far out"]
        for panel, row, k in zip(panels, np.repeat([0, 1], 3), [0, 1, 2] * 2, strict=True):
            (image,) = panel.images
            np.testing.assert_array_equal(image.get_array(), rows[row].images[k, :, :, 0])
            assert image.get_clim() == (0, 1)
            text = panel.get_xlabel()
            assert text.startswith(f"d {rows[row].distance[k]:.3g} · r {rows[row].radius[k]:.3g}")
            assert text.endswith(f"score {rows[row].score[k]:.2f}")

    def test_a_row_draws_itself_on_the_axes_given(self, rows, tmp_path):
        figure, grid = plt.subplots(1, 3)
        assert list(rows[0].plot(ax=grid)) == list(grid)
        figure.savefig(tmp_path / "figure.png", dpi=40)
        assert plt.get_fignums() == [figure.number]

    @pytest.mark.parametrize(
        ("chosen", "match"),
        [
            (lambda rows: [], r"of equal length; got lengths \[\]"),
            (lambda rows: [rows[0], rows[1].sharpened(1), None], "rows must be Pictures"),
            (lambda rows: rows * 100, "at most 400 images; got 600. Pass ax"),
        ],
    )
    def test_refusals(self, rows, chosen, match):
        with pytest.raises(DataError, match=match):
            plot_pictures(chosen(rows))

    def test_rows_of_unequal_length_are_refused(self, rows, z, columns):
        other = latentscope.pictures.Album(columns, z).decode(z[:2])
        with pytest.raises(DataError, match=r"equal length; got lengths \[2, 3\]"):
            plot_pictures([rows[0], other])
