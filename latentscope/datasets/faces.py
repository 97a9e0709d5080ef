"""Drawn faces: a data set in which every image is a smooth function of twelve known factors.

A model that sees only the pixels has to find the factors, and here you can check whether it did.
The images need no download, and are continuous in each factor up to the rounding to bytes.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np

from latentscope._compute.threads import with_bar
from latentscope._types import Array, ArrayLike, FloatArray, Vector
from latentscope._validate import generator, integer, one_of
from latentscope.datasets._draw import paint
from latentscope.datasets._portrait import RANGES, portrait
from latentscope.errors import DataError, DataTypeError
from latentscope.images import Images

__all__ = ["FACTORS", "curve", "drawn_faces"]

FACTORS = tuple(RANGES)
"""Names of the factors, in the order of the columns."""

_Law = Literal["gaussian", "curve"]
Factors = ArrayLike | Sequence[Vector] | Mapping[str, float | Vector]
_LAWS: tuple[_Law, ...] = get_args(_Law)
_MAX_SIZE = 4096  # pixels, beyond which one image takes seconds
_DETAIL = 64  # samples across an image; with fewer, eyes and lips are lost between them
_BLOCK_SAMPLES = 2**19  # samples that a thread draws at once: about 50 ms
_HARMONICS = np.array([2, 1, 1, 1, 3, 2, 3, 2, 1, 3, 2, 1])  # periods of each factor on the curve
_PHASES = np.arange(len(FACTORS)) * (math.pi * (3 - math.sqrt(5)))  # golden angles: all differ


def drawn_faces(
    n_images: int,
    *,
    size: int = 96,
    factors: _Law | Factors = "gaussian",
    rng: int | np.random.Generator = 0,
) -> Images:
    """Draw stylised faces from known factors.

    Parameters
    ----------
    n_images : int
        Number of faces. The first k of them are the same for every ``n_images ≥ k``.
    size : int
        Height and width in pixels, at least 16.
    factors : {"gaussian", "curve"}, array-like of shape (n_images, 12), or mapping
        Where the faces lie in the space of factors. "gaussian": independent standard normal.
        "curve": all on one closed curve, see `curve`, at uniform positions, which become the label
        "t". An array gives the factors themselves, in the order of `faces.FACTORS`. A mapping gives
        some factors by name, as one number or one per image; the others are 0, the median face.
    rng : int or numpy.random.Generator
        Seed; the same seed gives the same bits. If the factors are given, nothing is random.

    Returns
    -------
    Images
        uint8, three channels; each factor is a float64 column of its `labels`.

    Raises
    ------
    DataError
        If factors have an unknown name, the wrong shape, or values that are not finite.
    DataTypeError
        If factors are not real numbers.

    Notes
    -----
    A factor f stands for the length, angle or palette position low + (high − low) · Φ(f), where Φ
    is the standard normal distribution function: standard normal factors fill the range evenly, and
    any real number can be drawn.

    Examples
    --------
    >>> faces = drawn_faces(200, rng=1)
    >>> faces.image_shape, list(faces.labels)[:3]
    ((96, 96, 3), ['face_width', 'skin', 'hair_color'])
    >>> nod = drawn_faces(9, factors={"tilt": np.linspace(-2, 2, 9)})
    >>> nod.labels["tilt"][[0, -1]].tolist(), float(nod.labels["skin"].max())
    ([-2.0, 2.0], 0.0)
    """
    n = integer("n_images", n_images, low=1)
    side = integer("size", size, low=16, high=_MAX_SIZE, why="pixels")
    law, table, extra = _factor_table(n, factors, generator(rng))
    labels = {name: table[:, column].copy() for column, name in enumerate(FACTORS)} | extra
    meta = {"generator": "latentscope.datasets.drawn_faces", "factors": law, "size": side}
    if law in _LAWS and not isinstance(rng, np.random.Generator):
        meta["seed"] = int(rng)
    return Images(_drawn(table, side), labels=labels, meta=meta)


def curve(t: Vector) -> FloatArray:
    """Return the factors at positions on the closed curve of ``drawn_faces(…, factors="curve")``.

    Factor j is √2 · sin(2π kⱼ t + φⱼ) with kⱼ of 1, 2 or 3 and fixed φⱼ: zero mean, unit variance.
    Two factors with kⱼ = 1 and different phases trace an ellipse, so the curve never meets itself.

    Parameters
    ----------
    t : array-like of shape (n,)
        Positions; the curve has period 1.

    Returns
    -------
    float64 array of shape (n, 12)
        In the order of `FACTORS`.

    Examples
    --------
    >>> start, middle, end = curve([0, 0.5, 1])
    >>> bool(np.allclose(start, end)), bool(np.allclose(start, middle))
    (True, False)
    """
    position = _checked("t", t, (np.asarray(t).size,))
    return math.sqrt(2) * np.sin(2 * math.pi * position[:, None] * _HARMONICS + _PHASES)


def _factor_table(
    n: int, factors: _Law | Factors, random: np.random.Generator
) -> tuple[str, FloatArray, dict[str, FloatArray]]:
    """Return the name of the distribution, the factors of each image, and additional labels."""
    if isinstance(factors, Mapping):
        return "given", _with_zeros(n, factors), {}
    if not isinstance(factors, str):
        return "given", _checked("factors", factors, (n, len(FACTORS))), {}
    law = one_of("factors", factors, _LAWS)
    if law == "gaussian":
        return law, random.standard_normal((n, len(FACTORS))), {}
    t = random.uniform(size=n)
    return law, curve(t), {"t": t}


def _with_zeros(n: int, factors: Mapping[Any, Any]) -> FloatArray:
    """Return all factors of each image: those given, and 0 for the others."""
    table = np.zeros((n, len(FACTORS)))
    for name, values in factors.items():
        column = FACTORS.index(one_of("each factor name", name, FACTORS))
        shape = () if np.ndim(values) == 0 else (n,)
        table[:, column] = _checked(f"factors[{name!r}]", values, shape)
    return table


def _checked(name: str, values: Any, shape: tuple[int, ...]) -> FloatArray:
    """Return `values` as float64 if they are finite real numbers of that shape."""
    if isinstance(values, np.ma.MaskedArray):
        raise DataTypeError(f"{name} must have no mask; fill it first, with {name}.filled(0).")
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of unequal length
        raise DataError(f"{name} must have shape {shape}; got rows of unequal length.") from error
    if array.shape != shape:
        hint = " Give one column per name in FACTORS." if len(shape) == 2 else ""
        raise DataError(f"{name} must have shape {shape}; got {array.shape}.{hint}")
    if array.dtype.kind not in "iuf":
        raise DataTypeError(f"{name} must be real numbers; got {array.dtype}.")
    numbers = array.astype(np.float64)
    n_bad = numbers.size - int(np.isfinite(numbers).sum())
    if n_bad:
        raise DataError(f"{name} must be finite; {n_bad:,} of {numbers.size:,} values are not.")
    return numbers


def _drawn(table: FloatArray, size: int) -> Array:
    """Draw blocks of faces in threads; each image depends on its own factors only."""
    pixels = np.empty((len(table), size, size, 3), np.uint8)
    detail = -(-_DETAIL // size)
    step = max(1, _BLOCK_SAMPLES // (size * detail) ** 2)
    blocks = [slice(start, start + step) for start in range(0, len(table), step)]

    def draw(block: slice) -> None:
        paint(portrait(table[block]), detail, pixels[block])

    sizes = [len(table[block]) for block in blocks]
    for _ in with_bar(draw, blocks, "drawing faces", "image", sizes=sizes):
        pass
    return pixels
