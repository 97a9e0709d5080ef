"""What a source of images is: names, the bytes of each, and a stamp that tells of changes.

What an entry's header says against it is noted before it is read, so that nothing hostile is
unpacked.
"""

import errno
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from latentscope.errors import DataError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")
MAX_BYTES = 256 * 2**20  # of one file: what the largest image that is decoded has as plain pixels
_PASSING = {  # no fault of the image: the same file may be read next time
    getattr(errno, name, None) for name in ("EIO", "ESTALE", "ETIMEDOUT", "EMFILE", "ENFILE")
}


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One image of a source; `problem`, if any, completes "a.jpg …"."""

    name: str
    place: Any = field(compare=False)
    problem: str = field(default="", compare=False)


Read = Callable[[Entry], bytes]


class Source(ABC):
    """A folder or a zip of images."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def stamp(self) -> object:
        """Return what changes when the images do, without reading any."""

    @abstractmethod
    def opened(self) -> AbstractContextManager[tuple[list[Entry], Read]]:
        """Return a context of the entries, sorted by name, and a function that reads one.

        The function may be called from several threads, and raises `BadImageError`.
        """


def is_image(name: str) -> bool:
    """Tell by the name; what systems hide beside images (._a.jpg, __MACOSX) is none."""
    parts = [part for part in PurePosixPath(name).parts if part != ".."]
    is_hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return name.lower().endswith(SUFFIXES) and not is_hidden


def raise_if_passing(error: Exception, path: object) -> None:
    """Raise if reading failed for what is no fault of the image, which would be left out."""
    if getattr(error, "errno", None) in _PASSING - {None}:
        raise DataError(f"reading {path} failed: {error}. Try again.") from error
