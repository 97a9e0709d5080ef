"""An ONNX encoder and decoder as a model of latentscope: NumPy in, NumPy out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from latentscope.backend import Parts

_DTYPES = {  # ONNX Runtime's names of array types
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OnnxModel(Parts):
    """An encoder and a decoder, run by ONNX Runtime; made by `load`.

    Attributes
    ----------
    encoder, decoder : onnxruntime.InferenceSession
        image → z, or → (mu, logvar, …); z → image.
    outputs, pixel_range, channels_first
        As passed to `load`, or recognised by it.
    factor : float
        Factor of the noise in z; ``dataclasses.replace(model, factor=0.0)`` turns the noise off.
    z_dim, image_shape, meta
        As in every model.
    """

    encoder: onnxruntime.InferenceSession
    decoder: onnxruntime.InferenceSession

    @staticmethod
    def _run(
        part: onnxruntime.InferenceSession, batch: NDArray[Any]
    ) -> list[tuple[str, NDArray[Any]]]:
        (taken,) = part.get_inputs()
        dtype = dtype_of(part)
        whole = np.rint(batch) if "int" in dtype else batch
        array = np.ascontiguousarray(whole, dtype=dtype)
        n = shape_of(part)[0] or len(array)
        found = [
            part.run(None, {taken.name: array[start : start + n]})
            for start in range(0, len(array), n)
        ]
        names = [output.name for output in part.get_outputs()]
        return [
            (name, np.concatenate(arrays))
            for name, arrays in zip(names, zip(*found, strict=True), strict=True)
        ]


def shape_of(part: onnxruntime.InferenceSession) -> tuple[int | None, ...]:
    """Return the shape of a session's input, with None for sizes that the file leaves open."""
    return tuple(
        size if isinstance(size, int) and size > 0 else None for size in part.get_inputs()[0].shape
    )


def dtype_of(part: onnxruntime.InferenceSession) -> str:
    """Return the dtype of a session's input, or ONNX Runtime's name if NumPy has none."""
    taken = part.get_inputs()[0].type
    return _DTYPES.get(taken, taken)
