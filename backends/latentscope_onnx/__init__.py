"""The ONNX backend: any encoder and decoder, run by ONNX Runtime.

>>> from latentscope_onnx import load
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what checkers see of the names below
    from latentscope_onnx.loading import load
    from latentscope_onnx.onnx_model import OnnxModel

__all__ = ["OnnxModel", "can", "load"]

_HOME = {  # public name: the module that defines it, imported on first use
    "OnnxModel": "onnx_model",
    "load": "loading",
}
can = ("load",)

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in _HOME:
            from latentscope.backend import get

            get("onnx")  # explains how to install what is missing
            return getattr(import_module(f"latentscope_onnx.{_HOME[name]}"), name)
        raise AttributeError(f"module 'latentscope_onnx' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
