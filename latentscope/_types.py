"""Types that annotations share: arrays, and what is taken for one."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Panels = NDArray[np.object_]  # of matplotlib Axes


class ArrayLike(Protocol):
    """Whatever has a shape and can be sliced.

    NumPy, Dask and JAX arrays, memmaps, `h5py.Dataset`, zarr arrays, tensors, DataFrames: their
    packages need not be installed to be named here.
    """

    @property
    def shape(self) -> Any:
        """Length along each axis."""
        ...

    def __getitem__(self, key: Any, /) -> Any: ...


Vector = ArrayLike | Sequence[float]  # (n,)
