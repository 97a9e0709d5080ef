"""Warnings that point at the user's line, however deep in the package they arise."""

import sys
import warnings

from latentscope._disk.printable import printable
from latentscope.errors import LatentscopeWarning


def warn(message: str) -> None:
    """Warn, and attribute the warning to the first calling line outside this package."""
    frame = sys._getframe(1)
    level = 2
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("latentscope."):
        frame = frame.f_back
        level += 1
    warnings.warn(printable(message, lines=True), LatentscopeWarning, stacklevel=level)
