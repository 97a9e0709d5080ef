"""The lower bound of a reconstruction loss: the entropy of the targets."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from latentscope.images import Images, as_unit

_AT_ONCE = 256


def bce_floor(images: Images) -> float:
    """Return the smallest mean BCE that any decoder can reach: the entropy of the targets.

    A pixel t between 0 and 1 costs −t ln t − (1 − t) ln(1 − t) even if it is reproduced exactly, so
    judge a loss by its distance from this floor.

    Parameters
    ----------
    images : Images
        The targets.

    Returns
    -------
    float
        Nats per image.

    Examples
    --------
    >>> round(bce_floor(Images(np.full((2, 4, 4, 1), 0.5))), 3)  # 16 ln 2
    11.09
    """
    total = 0.0
    starts = range(0, len(images), _AT_ONCE)
    for start in tqdm(starts, desc="entropy of the targets", unit="block", delay=2):
        total += _entropy(images.take(slice(start, start + _AT_ONCE)))
    return total / len(images) / images.image_shape[2]


def _entropy(pixels: NDArray[Any]) -> float:
    """Return the summed entropy of pixels; bytes are counted by value first."""
    if pixels.dtype == np.uint8:
        counts = np.bincount(pixels.ravel(), minlength=256)
        return float(counts @ _binary_entropy(np.arange(256) / 255))
    return float(_binary_entropy(as_unit(pixels).astype(np.float64)).sum())


def _binary_entropy(share: NDArray[Any]) -> NDArray[Any]:
    inside = np.clip(share, 1e-12, 1 - 1e-12)
    return -inside * np.log(inside) - (1 - inside) * np.log1p(-inside)
