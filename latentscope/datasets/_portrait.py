"""The shapes that make up a face, as functions of its factors.

Shapes are listed back to front, as rows of the table that `_draw.paint` takes. Whatever belongs to
the head is placed upright and then rotated with it about the neck.
"""

from typing import Any

import numpy as np
from scipy.special import ndtr

from latentscope._types import FloatArray
from latentscope.datasets._draw import COLUMNS, FREE, INSIDE, OUTSIDE, SETS_MASK

RANGES = {  # what each factor stands for: its value at −∞ and at +∞
    "face_width": (0.385, 0.51),  # half the width; the picture is 2 wide
    "skin": (0.0, 1.0),  # along the palette, light to dark
    "hair_color": (0.0, 1.0),  # along the palette, dark to light
    "hair_length": (0.06, 1.0),  # how far below the eyes it falls
    "eye_size": (0.062, 0.122),  # half the width of an eye
    "eye_spacing": (0.36, 0.56),  # distance from the middle, in half face widths
    "brow_height": (0.18, 0.25),  # above the eyes
    "brow_tilt": (-0.38, 0.60),  # radians; above 0 the inner ends are high
    "mouth_curve": (-1.7, 3.8),  # curvature; above 0 the corners are up
    "mouth_opening": (0.006, 0.125),  # height
    "tilt": (-0.22, 0.22),  # radians, clockwise
    "background": (0.0, 1.0),  # along the palette, warm to cool
}

_SKIN = ("ffe3d3", "f8cdb0", "e9b08a", "cb8a60", "9d6342", "6d4330")
_HAIR = ("2b2430", "46312d", "70452f", "a3592f", "cf8a45", "ecc987")
_BACKDROP = ("f7c59f", "f4b6b0", "d9b8dd", "b1bfe8", "a0d3e0", "a6dcc4")
_SHIRT = ("2f7f86", "3f6d9e", "5a5f9e", "8a5a8f", "c8646c", "dc7f57")
_IRIS = ("4a2f25", "5a3a26", "6b4a2c", "5f6b3c", "4b7d86", "4a86b8")

_WHITE = np.array([1.0, 1.0, 1.0])
_INK = np.array([0.16, 0.10, 0.12])
_ROSE = np.array([0.90, 0.32, 0.34])
_WINE = np.array([0.42, 0.09, 0.13])

_EYES, _MOUTH, _PIVOT = -0.02, 0.285, 0.5  # heights
_CROWN = 0.54  # from the widest line of the face to the top of the skull


class _Look:
    """Lengths, angles and colours that the factors of some faces stand for, one row per face."""

    def __init__(self, factors: FloatArray) -> None:
        share = dict(zip(RANGES, ndtr(factors).T, strict=True))
        size = {name: low + (high - low) * share[name] for name, (low, high) in RANGES.items()}
        self.width = size["face_width"]
        self.length = size["hair_length"]
        self.eye = size["eye_size"]
        self.eye_x = size["eye_spacing"] * self.width
        self.brow_y = _EYES - size["brow_height"]
        self.brow_angle = size["brow_tilt"]
        self.curve = size["mouth_curve"]
        self.opening = size["mouth_opening"]
        self.tilt = size["tilt"]
        self.skin = _along(_SKIN, share["skin"])
        self.shade = self.skin * [0.87, 0.75, 0.73]
        self.blush = _mix(self.skin, _ROSE, 0.34)
        self.lip = _mix(self.skin * [0.93, 0.74, 0.74], _ROSE * 0.86, 0.52)
        self.hair = _along(_HAIR, share["hair_color"])
        self.brow = _mix(self.hair * 0.62, _INK, 0.5)
        self.iris = _along(_IRIS, share["hair_color"])
        self.backdrop = _along(_BACKDROP, share["background"])
        self.shirt = _along(_SHIRT, share["background"])

    def shape(self, x: Any, y: Any, width: Any, above: Any, **others: Any) -> FloatArray:
        """Return one row per face; `below` defaults to `above`, and `fill_below` to `fill`."""
        turn = self.tilt * others.pop("turns", 1.0)
        fill = np.broadcast_to(others.pop("fill", _WHITE), (len(turn), 3))
        fill_below = np.broadcast_to(others.pop("fill_below", fill), fill.shape)
        cos, sin, up = np.cos(turn), np.sin(turn), y - _PIVOT
        columns = {"below": above, "opacity": 1.0, "mask": FREE, **others}
        columns |= {"x": cos * x - sin * up, "y": sin * x + cos * up + _PIVOT}
        columns |= {"angle": turn + columns.get("angle", 0.0), "width": width, "above": above}
        numbers = [columns.get(name, 0.0) for name in COLUMNS[:-6]]
        placed = [np.broadcast_to(number, turn.shape)[:, None] for number in numbers]
        return np.concatenate([*placed, fill, fill_below], axis=1)


def portrait(factors: FloatArray) -> FloatArray:
    """Return the shapes of faces, back to front.

    Parameters
    ----------
    factors : float64 array of shape (n, 12)
        Standardised, in the order of `RANGES`.

    Returns
    -------
    float64 array of shape (n, n_shapes, 18)
    """
    look = _Look(factors)
    parts = (_setting, _hair_behind, _neck, _ears, _face, _eyes, _brows, _mouth, _hair_before)
    return np.stack([shape for part in parts for shape in part(look)], axis=1)


def _setting(look: _Look) -> list[FloatArray]:
    """Backdrop with a lighter disc behind the head, and shoulders."""
    light, dark = _mix(look.backdrop, _WHITE, 0.25), look.backdrop * [0.93, 0.93, 0.95]
    disc = _mix(look.backdrop, _WHITE, 0.5)
    dim = look.shirt * 0.8
    return [
        look.shape(0, 0, 1.6, 1.6, square=1, turns=0, fill=light, fill_below=dark),
        look.shape(0, -0.02, 0.84, 0.84, turns=0, fill=disc, opacity=0.55),
        look.shape(
            0, 1.16, 0.80, 0.50, square=0.45, turns=0, fill=_mix(look.shirt, _WHITE, 0.1),
            fill_below=dim,
        ),
        look.shape(0, 0.70, 0.285, 0.19, turns=0.3, fill=dim),
    ]  # fmt: skip


def _hair_behind(look: _Look) -> list[FloatArray]:
    """Hair that falls behind the face, from a crop to below the shoulders."""
    return [
        look.shape(
            0, -0.10, look.width + 0.03 + 0.06 * look.length, _CROWN + 0.03,
            below=0.08 + 1.06 * look.length, taper=0.10 * look.length, square=0.6 * look.length,
            fill=look.hair * 0.86, fill_below=look.hair * 0.62,
        ),
    ]  # fmt: skip


def _neck(look: _Look) -> list[FloatArray]:
    """Neck with the shadow of the chin on it."""
    return [
        look.shape(
            0, 0.52, 0.165, 0.34, taper=0.17, square=0.35, turns=0.5, mask=SETS_MASK,
            fill=look.skin * [0.96, 0.92, 0.91], fill_below=look.skin,
        ),
        look.shape(
            0, 0.02, look.width * 0.92, _CROWN, below=0.585, soft=0.03, mask=INSIDE,
            fill=look.shade * [0.95, 0.93, 0.93], opacity=0.8,
        ),
    ]  # fmt: skip


def _ears(look: _Look) -> list[FloatArray]:
    ears = []
    for side in (-1, 1):
        x = side * (look.width + 0.008 - 0.05 * look.length)  # long hair covers them
        lean = -0.12 * side
        ears += [
            look.shape(x, 0.03, 0.07, 0.105, angle=lean, fill=look.skin, fill_below=look.shade),
            look.shape(x + 0.012 * side, 0.03, 0.035, 0.062, angle=lean, fill=look.shade),
        ]
    return ears


def _face(look: _Look) -> list[FloatArray]:
    """Face, lit from the upper left, with cheeks and nose."""
    light, glow = _mix(look.skin, _WHITE, 0.16), _mix(look.skin, _WHITE, 0.41)
    shade = {"fill": look.shade, "opacity": 0.6, "mask": INSIDE}
    cheek = {"soft": 0.14, "fill": look.blush, "opacity": 0.9, "mask": INSIDE}
    nose = look.shade * [0.93, 0.84, 0.84]
    return [
        _outline(look, fill=light, fill_below=look.skin * [0.985, 0.96, 0.95], mask=SETS_MASK),
        look.shape(look.width * 1.02, 0.10, 0.15, 0.42, soft=0.22, **shade),
        look.shape(-look.width * 0.60, 0.165, 0.095, 0.072, **cheek),
        look.shape(look.width * 0.60, 0.165, 0.095, 0.072, **cheek),
        look.shape(0.03, 0.06, 0.024, 0.085, taper=0.12, soft=0.045, **shade),
        look.shape(-0.012, 0.06, 0.016, 0.075, soft=0.03, fill=glow, opacity=0.5),
        look.shape(0, 0.145, 0.052, 0.012, below=0.016, bend=-5, fill=nose),
        _opening(look, -0.015, soft=0.02),
        _outline(look, fill=look.shade, opacity=0.7, mask=OUTSIDE),  # the shadow of the hair
    ]  # fmt: skip


def _opening(look: _Look, y: float, **how: Any) -> FloatArray:
    """Set the mask to what the hair leaves free, parted at the side."""
    return look.shape(
        0.03, y, look.width * 0.93, 0.335, below=1.2, angle=0.16, square=0.3, opacity=0,
        mask=SETS_MASK, **how,
    )  # fmt: skip


def _outline(look: _Look, **how: Any) -> FloatArray:
    return look.shape(
        0, -0.08, look.width, _CROWN, below=0.585, taper=-0.075, square=0.22, **how
    )  # fmt: skip


def _eyes(look: _Look) -> list[FloatArray]:
    """White, iris, pupil and glint, each inside the eye; the upper lid on top."""
    size, shapes = look.eye, []
    white = np.array([0.99, 0.985, 0.98])
    for side in (-1, 1):
        x = side * look.eye_x
        gaze = x - 0.05 * side * size
        shapes += [
            look.shape(x, _EYES, size, size * 0.80, square=0.1, angle=-0.05 * side,
                       fill=white * 0.9, fill_below=white, mask=SETS_MASK),
            look.shape(gaze, _EYES + 0.04 * size, size * 0.60, size * 0.64, mask=INSIDE,
                       fill=look.iris * 0.72, fill_below=_mix(look.iris, _WHITE, 0.22)),
            look.shape(gaze, _EYES + 0.04 * size, size * 0.31, size * 0.33, mask=INSIDE, fill=_INK),
            look.shape(x, _EYES - 0.82 * size, size * 1.1, size * 0.36, soft=0.03, mask=INSIDE,
                       fill=_INK, opacity=0.35),
            look.shape(gaze - 0.20 * size, _EYES - 0.18 * size, size * 0.17, size * 0.17),
            look.shape(x, _EYES - 0.80 * size, size * 1.10, 0.022, below=0.012,
                       bend=0.52 / size, angle=-0.05 * side, fill=_INK),
        ]  # fmt: skip
    return shapes


def _brows(look: _Look) -> list[FloatArray]:
    """Brows, which turn about their outer halves, so that the inner ends rise and fall."""
    rise, half = 0.06 * np.sin(look.brow_angle), 0.14
    return [
        look.shape(
            side * (look.eye_x + 0.006), look.brow_y - rise, half, 0.033, below=0.031, bend=1.5,
            angle=side * look.brow_angle, square=0.1, fill=look.brow,
        )
        for side in (-1, 1)
    ]  # fmt: skip


def _mouth(look: _Look) -> list[FloatArray]:
    """Lips around an opening with teeth and tongue, all with the same bend."""
    bend, opening = -look.curve, look.opening
    wide = 0.165 + 0.006 * look.curve
    y = _MOUTH + 0.010 * look.curve - 0.3 * opening
    lower = _mix(look.lip, _WHITE, 0.12)
    return [
        look.shape(0, y, wide, 0.034, below=opening + 0.05, bend=bend, fill=look.lip,
                   fill_below=lower),
        look.shape(0, y, wide * 0.9, 0.006, below=opening + 0.006, bend=bend, square=0.2,
                   fill=_WINE * 0.8, fill_below=_WINE, mask=SETS_MASK),
        look.shape(0, y + opening + 0.02, wide * 0.55, 0.055, bend=bend,
                   fill=_mix(_WINE, _ROSE, 0.75), mask=INSIDE),
        look.shape(0, y - 0.03, wide * 0.8, 0.055, bend=bend, square=0.5, mask=INSIDE,
                   fill=_WHITE * 0.97),
    ]  # fmt: skip


def _hair_before(look: _Look) -> list[FloatArray]:
    """Hair around an opening for the face, and a sheen."""
    gloss = _mix(look.hair, _WHITE, 0.30)
    return [
        _opening(look, -0.06),
        look.shape(
            0, -0.12, look.width + 0.06 + 0.03 * look.length, _CROWN + 0.06,
            below=0.10 + 0.95 * look.length, taper=0.05 * look.length, square=0.25, mask=OUTSIDE,
            fill=_mix(look.hair, _WHITE, 0.08), fill_below=look.hair * 0.82,
        ),
        look.shape(-0.10, -0.545, look.width * 0.55, 0.024, below=0.03, bend=0.62, soft=0.045,
                   angle=-0.16, fill=gloss, opacity=0.6, mask=OUTSIDE),
    ]  # fmt: skip


def _along(palette: tuple[str, ...], share: FloatArray) -> FloatArray:
    """Return colours, shape (n, 3), on the polyline through a palette."""
    colors = np.array([list(bytes.fromhex(color)) for color in palette]) / 255
    knots = np.linspace(0, 1, len(palette))
    return np.column_stack([np.interp(share, knots, channel) for channel in colors.T])


def _mix(color: FloatArray, other: FloatArray, share: float) -> FloatArray:
    return color + share * (other - color)
