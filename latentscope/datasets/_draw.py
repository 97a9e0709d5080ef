"""Painting of soft-edged ellipses, of which `drawn_faces` is made, compiled by Numba.

Every shape is one bent, tapered, squarish ellipse. Its implicit function s(x, y) is 1 on the edge,
and (s − 1) / |∇s| is the distance to the edge, to first order; a pixel's coverage falls from 1 to 0
across one pixel. Soft shapes fade with s instead, equally in all directions. Coverage is continuous
in every parameter, and so are the images.
"""

import math
from typing import Any

import numpy as np

from latentscope._compute.kernels import compiled
from latentscope._types import Array, FloatArray

COLUMNS = (
    "x", "y", "angle",  # centre and rotation; the picture is [−1, 1]², y points down
    "width", "above", "below",  # half-axes: to both sides, upwards and downwards
    "bend",  # y of the axis is bend · x²: below 0 its ends point up
    "taper",  # half-width gained per unit of y
    "square",  # 0: ellipse, 1: |x|⁴ + |y|⁴ = 1
    "soft",  # width of the edge at the thinnest place, if wider than a pixel
    "opacity", "mask",
    "red", "green", "blue", "red_below", "green_below", "blue_below",  # 0 … 1, at top and bottom
)  # fmt: skip
FREE, SETS_MASK, INSIDE, OUTSIDE = 0.0, 1.0, 2.0, 3.0
"""Values of "mask": paint freely; also become the mask; paint only inside it; only outside it."""

_MIN_WIDTH = 0.3  # share of the half-width that tapering leaves
_TINY = 1e-12


@compiled(error_model="numpy")
def paint(shapes: FloatArray, detail: int, pixels: Array) -> None:
    """Paint each image's shapes, back to front, into bytes.

    Parameters
    ----------
    shapes : float64 array of shape (n, n_shapes, 18)
        See `COLUMNS`.
    detail : int
        Samples per pixel and axis, averaged: more than one if pixels are larger than the details.
    pixels : uint8 array of shape (n, size, size, 3)
        Filled with the result.
    """
    side = pixels.shape[1] * detail
    canvas = np.zeros((side, side, 3), np.float32)
    mask = np.zeros((side, side), np.float32)
    for i in range(len(shapes)):
        for k in range(shapes.shape[1]):
            _paint_shape(shapes[i, k], canvas, mask)
        _store(canvas, detail, pixels[i])


@compiled(error_model="numpy")
def _paint_shape(shape: FloatArray, canvas: Array, mask: Array) -> None:
    """Blend one shape over the canvas, within the box that holds it."""
    side = len(canvas)
    cos, sin = math.cos(shape[2]), math.sin(shape[2])
    soft, opacity, mode = shape[9], shape[10], shape[11]
    outline = (shape[3], 1 / shape[4], 1 / shape[5], shape[6], shape[7], shape[8])
    color = (shape[12], shape[13], shape[14])
    change = (shape[15] - color[0], shape[16] - color[1], shape[17] - color[2])
    x, y = shape[0], shape[1]
    is_soft = soft > 2 / side
    per_edge = 1 / (soft if is_soft else 2 / side)
    thin = _half_thickness(shape)
    left, right, top, bottom = _box(shape, side)
    if mode == SETS_MASK:
        mask[:] = 0
    for row in range(top, bottom):
        dy = (2 * row + 1) / side - 1 - y
        for column in range(left, right):
            dx = (2 * column + 1) / side - 1 - x
            distance, s, height = _distance(cos * dx + sin * dy, cos * dy - sin * dx, outline)
            distance = (s - 1) * thin if is_soft else max(distance, -thin)
            cover = min(max(0.5 - distance * per_edge, 0.0), 1.0)
            if cover == 0.0:
                continue
            if is_soft:
                cover *= cover * (3 - 2 * cover)
            if mode == SETS_MASK:
                mask[row, column] = cover
            cover *= opacity * _unmasked_share(mode, mask[row, column])
            for channel in range(3):
                fill = color[channel] + height * change[channel]
                canvas[row, column, channel] += cover * (fill - canvas[row, column, channel])


@compiled(error_model="numpy")
def _unmasked_share(mode: float, mask: float) -> float:
    """Return the share of a pixel that the mask allows to be painted."""
    if mode == INSIDE:
        return mask
    return 1.0 - mask if mode == OUTSIDE else 1.0


@compiled(error_model="numpy")
def _half_thickness(shape: FloatArray) -> float:
    """Return half the thickness; no point inside is farther from the edge."""
    return min(shape[3], 0.5 * (shape[4] + shape[5]))


@compiled(error_model="numpy")
def _distance(x: float, y: float, outline: tuple[float, ...]) -> tuple[float, float, float]:
    """Return the distance to the edge (inside: below 0), s, and the height in the shape, 0 … 1.

    s⁴ = u⁴ + v⁴ + 2 (1 − square) u² v² with u = x / width(y), v = y / height, y straightened.
    """
    half, per_above, per_below, bend, taper, square = outline
    y -= bend * x * x
    lean = -2 * bend * x  # slope of the straightened y along x
    per_y = per_above if y < 0 else per_below
    wide = max(half + taper * y, _MIN_WIDTH * half)
    per_x = 1 / wide
    u, v = x * per_x, y * per_y
    uu, vv, round_ = u * u, v * v, 1 - square
    squared = math.sqrt(uu * uu + vv * vv + 2 * round_ * uu * vv)
    s = math.sqrt(squared)
    along_u = u * (uu + round_ * vv)
    along_v = v * (vv + round_ * uu)
    by_y = along_v * per_y - along_u * u * taper * per_x
    by_x = along_u * per_x + by_y * lean
    slope = math.sqrt(by_x * by_x + by_y * by_y)  # times s³
    distance = (s - 1) * max(s * squared, _TINY) / max(slope, _TINY * _TINY)
    distance = max(
        distance, abs(x) - wide
    )  # for strong bends, first order is too short beyond the ends
    return distance, s, min(max(0.5 + 0.5 * v, 0.0), 1.0)


@compiled(error_model="numpy")
def _box(shape: FloatArray, side: int) -> tuple[int, int, int, int]:
    """Return the columns and rows (first, and one after the last) that a shape can touch."""
    cos, sin = math.cos(shape[2]), math.sin(shape[2])
    grown, pixel = 1 + 0.5 * shape[9] / _half_thickness(shape), 2 / side
    half = grown * (shape[3] + abs(shape[7]) * max(shape[4], shape[5]) * grown) + pixel
    rise = shape[6] * half * half
    low = -shape[4] * grown + min(rise, 0.0) - pixel
    high = shape[5] * grown + max(rise, 0.0) + pixel
    middle, tall = (low + high) / 2, (high - low) / 2
    x, y = shape[0] - sin * middle, shape[1] + cos * middle
    reach_x = abs(cos) * half + abs(sin) * tall
    reach_y = abs(sin) * half + abs(cos) * tall
    return (
        _pixel(x - reach_x, side), _pixel(x + reach_x + pixel, side),
        _pixel(y - reach_y, side), _pixel(y + reach_y + pixel, side),
    )  # fmt: skip


@compiled(error_model="numpy")
def _pixel(position: float, side: int) -> int:
    return int(min(max(math.floor((position + 1) * side / 2), 0.0), float(side)))


@compiled(error_model="numpy")
def _store(canvas: Array, detail: int, pixels: Any) -> None:
    """Average detail × detail samples into each byte."""
    scale = 255 / (detail * detail)
    for row in range(pixels.shape[0]):
        for column in range(pixels.shape[1]):
            for channel in range(3):
                total = 0.0
                for i in range(row * detail, (row + 1) * detail):
                    for j in range(column * detail, (column + 1) * detail):
                        total += canvas[i, j, channel]
                pixels[row, column, channel] = int(total * scale + 0.5)
