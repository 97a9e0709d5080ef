"""Images to train on: CelebA, any folder, MNIST, and faces drawn from known factors.

>>> from latentscope import datasets
>>> datasets.drawn_faces(100).image_shape
(96, 96, 3)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what checkers see of the names below
    from latentscope.datasets._celeba import celeba
    from latentscope.datasets._folder import folder
    from latentscope.datasets._mnist import mnist
    from latentscope.datasets.faces import drawn_faces

__all__ = ["celeba", "drawn_faces", "folder", "mnist"]

# No module may have the name of a function: importing it would replace the function.
_HOME = {  # public name: the module that defines it, imported on first use
    "celeba": "latentscope.datasets._celeba",
    "drawn_faces": "latentscope.datasets.faces",
    "folder": "latentscope.datasets._folder",
    "mnist": "latentscope.datasets._mnist",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in _HOME:
            return getattr(import_module(_HOME[name]), name)
        raise AttributeError(f"module 'latentscope.datasets' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
