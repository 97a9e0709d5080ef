"""The TensorFlow backend: convolutional AE and VAE from a config, and any Keras models.

>>> from latentscope_tensorflow import load, preset, train
>>> preset("celeba-vae", z_dim=512).fact
5.0
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what checkers see of the names below
    from latentscope_tensorflow.config import PRESETS, Config, preset
    from latentscope_tensorflow.keras_model import KerasModel
    from latentscope_tensorflow.loading import load
    from latentscope_tensorflow.training import train

__all__ = ["PRESETS", "Config", "KerasModel", "can", "load", "preset", "train"]

_HOME = {  # public name: the module that defines it, imported on first use as TensorFlow is slow
    "Config": "config",
    "PRESETS": "config",
    "preset": "config",
    "KerasModel": "keras_model",
    "load": "loading",
    "train": "training",
}
can = ("load", "train")

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in _HOME:
            from latentscope.backend import get

            get("tensorflow")  # explains how to install what is missing
            return getattr(import_module(f"latentscope_tensorflow.{_HOME[name]}"), name)
        raise AttributeError(f"module 'latentscope_tensorflow' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
