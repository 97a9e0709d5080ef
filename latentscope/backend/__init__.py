"""What a model must offer to be analysed here, how its backend is found, and how it is checked.

A *model* encodes images to latents and decodes latents to images: NumPy in, NumPy out. A *backend*
loads models, and may train them. Backends are found by name: the built-in ones, and those that
other distributions announce with an entry point of the group ``latentscope.backends``.

Whoever writes a backend may build on :class:`Pair` or :class:`Parts` and on the functions beside
them, on :mod:`latentscope.backend.arguments` and on :mod:`latentscope.backend.files`; the built-in
backends import nothing else of this package but its public modules.
"""

from latentscope.backend.conformance import check
from latentscope.backend.discovery import get, names
from latentscope.backend.outputs import Match, Role, Shape, check_weights, matched
from latentscope.backend.pair import LOGVAR_RANGE, Pair, both, check_decoder, draw
from latentscope.backend.parts import Parts, fitted
from latentscope.backend.protocols import Backend, Model

__all__ = [
    "LOGVAR_RANGE",
    "Backend",
    "Match",
    "Model",
    "Pair",
    "Parts",
    "Role",
    "Shape",
    "both",
    "check",
    "check_decoder",
    "check_weights",
    "draw",
    "fitted",
    "get",
    "matched",
    "names",
]
