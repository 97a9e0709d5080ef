"""What a model must offer to be analysed here, how its backend is found, and how it is checked.

A *model* encodes images to latents and decodes latents to images: NumPy in, NumPy out. A *backend*
loads models, and may train them. Backends are found by name: the built-in ones, and those that
other distributions announce with an entry point of the group ``latentscope.backends``. Whoever
writes one may build on :class:`Pair` or :class:`Parts`, as the built-in backends do.
"""

from latentscope.backend.conformance import check
from latentscope.backend.discovery import get, names
from latentscope.backend.pair import Pair
from latentscope.backend.parts import Parts
from latentscope.backend.protocols import Backend, Model

__all__ = ["Backend", "Model", "Pair", "Parts", "check", "get", "names"]
