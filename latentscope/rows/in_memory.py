"""Arrays, frames, tensors and nested lists as NumPy arrays, without a copy where possible.

Anything that NumPy would convert into an array with another meaning is refused.
"""

from typing import Any

import numpy as np

from latentscope._types import Array
from latentscope.errors import DataError, DataTypeError


def package_of(value: Any) -> str:
    """Return the name of the package that defines the type of a value.

    Examples
    --------
    >>> package_of(np.zeros(3))
    'numpy'
    """
    return type(value).__module__.partition(".")[0]


def in_memory(name: str, value: Any) -> Array:
    """Return `value` as a NumPy array; messages call it `name`.

    Raises
    ------
    DataTypeError
        For masked and sparse arrays, lazy frames, columns that are not numbers, and ragged lists.
    DataError
        For tensors that are not on the CPU.

    Examples
    --------
    >>> in_memory("z", [[1, 2], [3, 4]])
    array([[1, 2],
           [3, 4]])
    """
    package = package_of(value)
    if isinstance(value, np.ma.MaskedArray):
        raise DataTypeError(
            f"{name} must be a plain array; got a masked one. Replace masked entries with "
            f"{name}.filled(value), or keep only the rows without them."
        )
    if package == "scipy" and hasattr(value, "toarray"):
        raise DataTypeError(
            f"{name} must be dense; got {type(value).__name__}. Pass {name}.toarray()."
        )
    if hasattr(value, "columns") and hasattr(value, "dtypes"):
        return _from_frame(name, value)
    if package == "torch" and value.device.type != "cpu":
        raise DataError(f"{name} must be on the CPU; got device {value.device}. Pass {name}.cpu().")
    try:
        array = np.asarray(_from_torch(value) if package == "torch" else value)
    except (ValueError, TypeError) as error:
        raise DataTypeError(f"{name} cannot be read as an array of numbers: {error}") from error
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def _from_frame(name: str, frame: Any) -> Array:
    """Return a pandas or polars frame whose columns are all numbers."""
    if hasattr(frame, "collect"):
        raise DataTypeError(f"{name} must hold its rows; got a lazy frame. Pass {name}.collect().")
    columns = list(zip(frame.columns, frame.dtypes, strict=True))
    others = [str(column) for column, dtype in columns if not _is_number(dtype)]
    if others:
        raise DataTypeError(
            f"{name} must have columns of numbers only; {len(others)} of {len(columns)} hold "
            f"something else: {', '.join(others[:5])}. Select the coordinates first."
        )
    array = frame.to_numpy()
    if array.dtype == object:  # pandas' nullable columns
        array = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(array)


def _is_number(dtype: Any) -> bool:
    if hasattr(dtype, "is_numeric"):  # polars
        return bool(dtype.is_numeric()) or str(dtype) == "Boolean"
    return getattr(dtype, "kind", "O") in "biuf"


def _from_torch(tensor: Any) -> Any:
    """Return a CPU tensor as an array that shares its memory; bfloat16 as float32."""
    tensor = tensor.detach()
    return tensor.float().numpy() if str(tensor.dtype) == "torch.bfloat16" else tensor.numpy()
