"""The interface of models and backends, the lookup of backends, and the check of models.

A *model* encodes images to latents and decodes latents to images: NumPy in, NumPy out. A *backend*
loads models, and may train them. Backends are found by name: the built-in ones, and those that
other distributions register as an entry point in the group ``latentscope.backends``.

To write a backend, build on :class:`Pair` or :class:`Parts` and the functions beside them, on
:mod:`latentscope.backend.arguments` and on :mod:`latentscope.backend.files`. Apart from these, the
built-in backends import only public modules of this package.
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
