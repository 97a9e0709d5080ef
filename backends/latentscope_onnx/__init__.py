"""The ONNX backend: anybody's encoder and decoder, run by ONNX Runtime.

>>> from latentscope_onnx import load
"""

from importlib import import_module
from typing import Any

from latentscope.backend import get

_HOME = {  # public name: the module that defines it, imported on first use
    "OnnxModel": "onnx_model",
    "load": "loading",
}
can = ("load",)

__all__ = ["can", *_HOME]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        get("onnx")  # says how to install what is missing
        return getattr(import_module(f"latentscope_onnx.{_HOME[name]}"), name)
    raise AttributeError(f"module 'latentscope_onnx' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
