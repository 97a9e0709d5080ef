"""Warnings that point at the line of the caller, however deep in the package they arise."""

import sys
import warnings

from latentscope.errors import LatentscopeWarning


def warn(message: str) -> None:
    """Warn with the first line outside this package as the place."""
    frame = sys._getframe(1)
    level = 2
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("latentscope."):
        frame = frame.f_back
        level += 1
    warnings.warn(message, LatentscopeWarning, stacklevel=level)
