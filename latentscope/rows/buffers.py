"""Memory that is used again as soon as nobody looks at it: for readings of one size after another.

A large array that is made anew for each reading costs more than the reading itself: the system
fills every page of it with zeros first.
"""

import sys
from threading import Lock
from typing import Any

import numpy as np

from latentscope._types import Array

_MAX_BUFFERS = 16  # buffers kept; more are in use only where a summary keeps what it is shown


def _references(arrays: list[Array]) -> list[int]:
    """Return how many references there are to each array; one that looks at another holds one."""
    return [sys.getrefcount(array) for array in arrays]


_UNSEEN = _references([np.empty(0)])[0]  # those of the list and of counting: one more or two


class Buffers:
    """Some buffers of bytes, shared by threads."""

    def __init__(self) -> None:
        self._kept: list[Array] = []
        self._lock = Lock()

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Return an array of any values, in memory that no other array uses."""
        n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
        with self._lock:
            for buffer, n_references in zip(self._kept, _references(self._kept), strict=True):
                if buffer.nbytes == n_bytes and n_references == _UNSEEN:
                    return buffer.view(dtype).reshape(shape)
            buffer = np.empty(n_bytes, np.uint8)
            if len(self._kept) < _MAX_BUFFERS:
                self._kept.append(buffer)
            return buffer.view(dtype).reshape(shape)

    def __reduce__(self) -> tuple[Any, ...]:
        return Buffers, ()
