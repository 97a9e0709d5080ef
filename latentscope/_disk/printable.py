r"""Text from files and other libraries, made safe to show.

Names in a file may hold characters that no reader sees but a terminal or a page obeys: an escape
sequence that clears the screen, a mark that reverses what follows, half of a surrogate pair that
cannot be encoded. They are shown as Python writes them, ``\x1b`` or ``\u202e``.
"""

import re

_OBEYED = (
    "\x00-\x1f\x7f-\x9f"  # C0 and C1, with ESC
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction of text
    "\u2028\u2029\ufeff\ud800-\udfff"  # line separators, byte order mark, surrogates
)
_IN_A_LINE = re.compile(f"[{_OBEYED}]")
_IN_LINES = re.compile(f"(?![\n\t])[{_OBEYED}]")


def printable(text: str, *, lines: bool = False) -> str:
    r"""Return text with control characters as escapes; with `lines`, line breaks and tabs stay.

    Examples
    --------
    >>> print(printable("a\x1b[2J\n"))
    a\x1b[2J\n
    """
    pattern = _IN_LINES if lines else _IN_A_LINE
    return pattern.sub(lambda found: found.group().encode("unicode_escape").decode(), text)
