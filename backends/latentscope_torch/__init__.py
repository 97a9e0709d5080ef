"""The PyTorch backend: any encoder and decoder, as modules.

>>> from latentscope_torch import load
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what checkers see of the names below
    from latentscope_torch.loading import load
    from latentscope_torch.torch_model import TorchModel

__all__ = ["TorchModel", "can", "load"]

_HOME = {  # public name: the module that defines it, imported on first use as PyTorch is slow
    "TorchModel": "torch_model",
    "load": "loading",
}
can = ("load",)

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in _HOME:
            from latentscope.backend import get

            get("torch")  # explains how to install what is missing
            return getattr(import_module(f"latentscope_torch.{_HOME[name]}"), name)
        raise AttributeError(f"module 'latentscope_torch' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
