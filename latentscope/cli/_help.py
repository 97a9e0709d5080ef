"""Texts of ``--help``, taken from the docstrings of the functions where possible."""

import inspect
import re
from collections.abc import Callable
from typing import Any

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def examples(*commands: str) -> str:
    r"""Return a paragraph of examples that click does not rewrap.

    Examples
    --------
    >>> examples("latentscope info latents.h5")
    '\x08\nExamples:\n  latentscope info latents.h5'
    """
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)


def parameters(function: Callable[..., Any]) -> dict[str, str]:
    """Return the description of each parameter from the docstring.

    Examples
    --------
    >>> from latentscope.analysis.pca import pca
    >>> parameters(pca)["n_components"]
    'Components to keep; by default as many as there are axes, or rows if those are fewer.'
    """
    section = (inspect.getdoc(function) or "").partition("Parameters\n----------\n")[2]
    section = re.split(r"\n\n\w[\w ]*\n-{3,}\n", section)[0]
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", section):
        head, _, text = entry.partition("\n")
        names = head.partition(" : ")[0]
        found |= dict.fromkeys(names.split(", "), _plain(text))
    return found


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())
