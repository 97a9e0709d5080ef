"""Container for images to train on or to encode, with their ids, labels and metadata."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from latentscope._types import Array, ArrayLike, IntArray
from latentscope._validate import generator, real
from latentscope.errors import DataError, DataTypeError

_SHOWN = 5  # labels shown in the repr
_MAX_ITEMSIZE = 8  # bytes; wider floats are converted to float64
_N_HASHED = 16  # images that enter the fingerprint


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Images:
    """Images of one size, in memory or memory-mapped.

    Subsets (``images[:9000]``, ``images[images.labels["Smiling"]]``) share the pixels; nothing is
    read or copied until `take` is called.

    Attributes
    ----------
    pixels : array of shape (n, height, width, channels)
        uint8, or floats in [0, 1]; one or three channels. An array or memmap.
    ids : array of str of length n_images
        Identifier of each image: a file name, or by default its index.
    labels : mapping of str to array of length n_images
        Known properties of each image; `encode` copies them to `Latents.labels`.
    meta : mapping
        Where the images come from and how they were cropped; anything that JSON can represent.

    Raises
    ------
    DataError
        If the shape, the range of values, or the length of ids or labels is wrong.

    Examples
    --------
    >>> images = Images(np.zeros((5, 8, 8, 3), np.uint8), labels={"smiling": [1, 0, 0, 1, 0]})
    >>> images
    <Images: 5 of 8×8 pixels, 3 channels, labels smiling>
    >>> images[images.labels["smiling"] == 1].ids
    array(['0', '3'], dtype='<U1')
    """

    pixels: Any
    ids: Any = None
    labels: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    _rows: IntArray = field(init=False)

    def __post_init__(self) -> None:
        """Check the pixels, and that ids and labels have one entry per image."""
        for name in ("labels", "meta"):
            if not isinstance(getattr(self, name), Mapping):
                raise DataTypeError(f"{name} must be a mapping; got {getattr(self, name)!r}.")
        pixels = _checked_pixels(self.pixels)
        n = len(pixels)
        ids = [str(row) for row in range(n)] if self.ids is None else self.ids
        labels = {name: _column(f"labels[{name!r}]", x, n) for name, x in self.labels.items()}
        object.__setattr__(self, "pixels", pixels)
        object.__setattr__(self, "ids", _column("ids", ids, n).astype(np.str_))
        object.__setattr__(self, "labels", MappingProxyType(labels))
        object.__setattr__(self, "meta", MappingProxyType(dict(self.meta)))
        object.__setattr__(self, "_rows", np.arange(n))

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of each image."""
        height, width, channels = self.pixels.shape[1:]
        return height, width, channels

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type that `take` returns: uint8, or floats in the byte order of this machine."""
        stored = self.pixels.dtype
        is_kept = stored.itemsize <= _MAX_ITEMSIZE
        return stored.newbyteorder("=") if is_kept else np.dtype(np.float64)

    @property
    def fingerprint(self) -> str:
        """Hash of all ids and the pixels of sixteen images, which differs for most other sets."""
        some = np.linspace(0, len(self) - 1, min(_N_HASHED, len(self))).round().astype(np.int64)
        digest = hashlib.sha256(repr(self.ids.tolist()).encode())
        digest.update(np.ascontiguousarray(self.take(some)).data)
        return digest.hexdigest()[:16]

    def take(self, positions: slice | Array | Sequence[int]) -> Array:
        """Return the pixels of some images; bytes stay bytes, floats stay floats (see `dtype`).

        Parameters
        ----------
        positions : slice, or array of int
            Positions within these images.

        Returns
        -------
        array of shape (n, height, width, channels)
        """
        try:
            rows = np.atleast_1d(self._rows[positions])
        except (IndexError, TypeError, ValueError) as error:
            raise DataError(
                f"positions must be among the {len(self):,} images: {error}.", parameter="positions"
            ) from error
        return np.asarray(self.pixels[rows], dtype=self.dtype)

    def split(
        self, validation: float = 0.1, *, rng: int | np.random.Generator = 0
    ) -> tuple[Self, Self]:
        """Return a training and a validation part, drawn at random; each keeps the original order.

        Parameters
        ----------
        validation : float
            Share of the images in the validation part, between 0 and 1.
        rng : int or numpy.random.Generator
            Seed; the same seed gives the same parts.

        Examples
        --------
        >>> train, held_out = Images(np.zeros((10, 8, 8, 1), np.uint8)).split(0.2)
        >>> len(train), held_out.ids.tolist()
        (8, ['4', '6'])
        """
        share = real("validation", validation)
        n_validation = round(share * len(self)) if 0 < share < 1 else 0
        if not 0 < n_validation < len(self):
            raise DataError(
                "validation must be a share between 0 and 1 that leaves images in both parts; got "
                f"{validation!r} of {len(self):,} images.",
                parameter="validation",
            )
        is_validation = np.zeros(len(self), dtype=bool)
        is_validation[generator(rng).permutation(len(self))[:n_validation]] = True
        return self[~is_validation], self[is_validation]

    def __getitem__(self, key: slice | Array | Sequence[int]) -> Self:
        """Return some of the images, selected by a slice, positions or a mask."""
        try:
            rows = self._rows[key]
        except (IndexError, TypeError, ValueError) as error:
            raise DataError(f"images[…] takes a slice, positions or a mask: {error}.") from error
        if rows.ndim != 1:
            raise DataError(
                f"images[…] takes a slice, positions or a mask; got {key!r}. To get the pixels of "
                "one image, use images.take([0])[0]; of all images, images.take(slice(None))."
            )
        part = object.__new__(type(self))
        for name, value in (
            ("pixels", self.pixels),
            ("ids", self.ids[key]),
            ("labels", MappingProxyType({name: x[key] for name, x in self.labels.items()})),
            ("meta", self.meta),
            ("_rows", rows),
        ):
            object.__setattr__(part, name, value)
        return part

    def __reduce__(self) -> tuple[Any, ...]:
        """Allow pickling and copying, although the read-only mappings cannot be pickled."""
        parts = self.take(slice(None)), self.ids, dict(self.labels), dict(self.meta)
        return type(self), parts

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        height, width, channels = self.image_shape
        names = list(self.labels)
        more = f" … ({len(names)} in all)" if len(names) > _SHOWN else ""
        labels = f", labels {', '.join(names[:_SHOWN])}{more}" if names else ""
        return (
            f"<Images: {len(self):,} of {height}×{width} pixels, {channels} "
            f"channel{'s' if channels > 1 else ''}{labels}>"
        )


Pixels = Images | ArrayLike | Sequence[ArrayLike]
"""What `as_images` takes."""


def as_images(images: Pixels) -> Images:
    """Return `images` if it is `Images`, else wrap an array of pixels."""
    return images if isinstance(images, Images) else Images(images)


def as_unit(pixels: Array) -> Array:
    """Return pixels as float32 in [0, 1]; bytes are divided by 255."""
    if pixels.dtype == np.uint8:
        return np.divide(pixels, np.float32(255), dtype=np.float32)
    return pixels.astype(np.float32, copy=False)


def _checked_pixels(pixels: Any) -> Any:
    if isinstance(pixels, np.ma.MaskedArray):
        raise DataTypeError(
            "pixels must have no mask; fill it first, with pixels.filled(0).", parameter="pixels"
        )
    try:
        array = pixels if isinstance(pixels, np.ndarray) else np.asarray(pixels)
    except ValueError as error:
        raise DataError(
            "pixels must have one shape; got images of several sizes.", parameter="pixels"
        ) from error
    if array.ndim != 4 or array.shape[3] not in (1, 3) or 0 in array.shape:
        hint = " Grey images without channels? Pass pixels[..., None]." if array.ndim == 3 else ""
        raise DataError(
            "pixels must have shape (n, height, width, channels) with 1 or 3 channels; got "
            f"{array.shape}.{hint}",
            parameter="pixels",
        )
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind != "f":
        raise DataTypeError(
            f"pixels must be uint8 or floats in [0, 1]; got {array.dtype}. Up to 255? "
            "Pass pixels.astype('uint8').",
            parameter="pixels",
        )
    low, high = float(array.min()), float(array.max())  # NaN fails the comparison below
    if not (low >= 0 and high <= 1):
        raise DataError(
            f"floating pixels must lie in [0, 1]; got {low:.4g} … {high:.4g}. Scale them first, "
            "for example pixels / 255."
        )
    return array


def _column(name: str, values: Any, n: int) -> Array:
    try:
        column = np.asarray(values)
    except ValueError as error:
        raise DataError(f"{name} must have one entry per image: {error}.") from error
    if column.shape != (n,):
        raise DataError(f"{name} must have one entry per image, {n}; got shape {column.shape}.")
    return column
