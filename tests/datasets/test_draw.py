"""datasets._draw: areas, masks and edges of single shapes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latentscope.datasets._draw import COLUMNS, INSIDE, OUTSIDE, SETS_MASK, paint

DISC = {"width": 0.5, "above": 0.5, "below": 0.5, "opacity": 1}
WHITE = dict.fromkeys(COLUMNS[-6:], 1.0)
THIN = {"width": 0.6, "above": 0.05, "below": 0.05}


def painted(*shapes, size=64, detail=1):
    """White shapes on black: coverage, shape (size, size)."""
    table = [[(DISC | WHITE | shape).get(name, 0.0) for name in COLUMNS] for shape in shapes]
    pixels = np.empty((1, size, size, 3), np.uint8)
    paint(np.array([table]), detail, pixels)
    return pixels[0, :, :, 0] / 255


def area(*shapes, **how):
    """Painted area; the picture's is 4."""
    return 4 * painted(*shapes, **how).mean()


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ({}, np.pi / 4),
        ({"above": 0.3, "below": 0.7}, np.pi / 4),  # two half ellipses
        ({"angle": 0.7, "above": 0.2, "below": 0.2}, np.pi / 10),
        ({"bend": 1.5, "above": 0.2, "below": 0.2}, np.pi / 10),  # shearing keeps areas
        ({"taper": 0.3}, np.pi / 4),  # what one end gains the other loses
        ({"square": 1}, 3.7081 / 4),  # of |x|⁴ + |y|⁴ = 1: 4 Γ(5/4)² / Γ(3/2)
        ({"opacity": 0.5}, np.pi / 8),
        ({"x": 1.0}, np.pi / 8),  # half of it is outside the picture
    ],
)
def test_areas(shape, expected):
    assert_allclose(area(shape), expected, rtol=0.01)


@pytest.mark.parametrize("edge", [{"x": -1.7}, {"x": 1.7}, {"y": -1.7}, {"y": 1.7}])
def test_nothing_is_painted_from_outside_the_picture(edge):
    """What lies beyond one side does not come back on the other."""
    assert painted(edge).max() == 0
    assert painted(edge | {"soft": 0.3}).max() == 0


@pytest.mark.parametrize("detail", [1, 3])
def test_an_edge_is_one_pixel_wide(detail):
    """Along the middle row the disc's edge lies at ±0.5, between pixels 15 and 16 of 64."""
    row = painted({}, detail=detail)[31]
    assert_allclose(row[14:18], [0, 0, 1, 1], atol=0.03)
    assert_allclose(painted({"x": 1 / 64})[31, 15:18], [0, 0.5, 1], atol=0.03)


def test_soft_edges_fade_evenly():
    row = painted({"soft": 0.4})[31, :32]
    assert np.all(np.diff(row) >= 0)
    assert 11 <= ((row > 0.01) & (row < 0.99)).sum() <= 14  # 0.4 of 2 / 64
    assert_allclose(row[15:17].mean(), 0.5, atol=0.01)


@pytest.mark.parametrize("bend", [-4, 0, 4])
def test_thin_shapes_end_where_they_end(bend):
    """No ghost of a bent line goes on beyond its ends, also where pixels are coarse."""
    cover = painted(THIN | {"bend": bend}, size=32)
    assert cover[:, :6].max() == 0  # 0.6 and a pixel are 10.6 pixels of 16
    assert cover[:, -5:].max() == 0


def test_masks():
    """A shape inside the mask and one outside of it make up the shape."""
    mask = {"x": -0.3, "opacity": 0, "mask": SETS_MASK}
    inside, outside = (painted(mask, {"mask": mode}) for mode in (INSIDE, OUTSIDE))
    assert_allclose(inside + outside, painted({}), atol=0.01)
    assert inside[:, 44:].max() == 0
    assert outside[31, 16:30].max() == 0
    assert painted(mask).max() == 0


def test_a_new_mask_replaces_the_old():
    first = {"x": -0.5, "opacity": 0, "mask": SETS_MASK}
    second = first | {"x": 0.5}
    assert_array_equal(painted(first, second, {"mask": INSIDE}), painted(second, {"mask": INSIDE}))


def test_colours_run_from_top_to_bottom():
    shape = WHITE | {"above": 1.0, "below": 1.0, "width": 3.0, "square": 1, "red": 0.0}
    column = painted(shape)[:, 32]
    assert_allclose(column[2:-2], np.linspace(0, 1, 129)[1::2][2:-2], atol=0.01)
