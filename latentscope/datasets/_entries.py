"""Sources of images: names, the bytes of each image, and a stamp that changes when they do.

Problems that an entry's header reveals are recorded before it is read, so that nothing hostile is
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
MAX_BYTES = 256 * 2**20  # of one file: the size, uncompressed, of the largest image that is decoded
_TEMPORARY = {  # not the image's fault: reading the same file may succeed next time
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
        """Return a value that changes when the images do, without reading them."""

    @abstractmethod
    def opened(self) -> AbstractContextManager[tuple[list[Entry], Read]]:
        """Return a context that gives the entries, sorted by name, and a function that reads one.

        The function may be called from several threads, and raises `BadImageError`.
        """


def is_image(name: str) -> bool:
    """Return True if the name is that of an image, and not hidden (._a.jpg, __MACOSX)."""
    parts = [part for part in PurePosixPath(name).parts if part != ".."]
    is_hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return name.lower().endswith(SUFFIXES) and not is_hidden


def raise_if_temporary(error: Exception, path: object) -> None:
    """Raise if reading failed for a temporary reason, so that the image is not left out."""
    if getattr(error, "errno", None) in _TEMPORARY - {None}:
        raise DataError(f"reading {path} failed: {error}. Try again.") from error
