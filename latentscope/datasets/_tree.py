"""Images in a folder and its sub-folders."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latentscope.datasets._decode import BadImageError
from latentscope.datasets._entries import (
    MAX_BYTES,
    Entry,
    Read,
    Source,
    is_image,
    raise_if_temporary,
)
from latentscope.errors import DataError


class FolderSource(Source):
    """A folder, with its sub-folders."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._entries: list[Entry] = []
        self._stamp: list[tuple[object, ...]] = []
        try:
            for name, place in sorted(self._walk()):
                self._add(name, place)
        except OSError as error:
            raise DataError(f"{path} cannot be listed: {error}. May you read it?") from error

    def stamp(self) -> object:
        return self._stamp

    @contextmanager
    def opened(self) -> Iterator[tuple[list[Entry], Read]]:
        yield self._entries, _read_file

    def _walk(self) -> Iterator[tuple[str, str]]:
        """Yield relative name and path of each image; do not follow links to folders (loops)."""

        def fail(error: OSError) -> None:
            raise error

        for folder, _, names in os.walk(self.path, onerror=fail):
            inner = Path(folder).relative_to(self.path)
            for name in names:
                relative = (inner / name).as_posix()
                if is_image(relative):
                    yield relative, os.path.join(folder, name)

    def _add(self, name: str, place: str) -> None:
        try:
            status = os.stat(place)
        except OSError as error:
            self._entries.append(Entry(name, place, _unreadable(error)))
            self._stamp.append((name, None))
            return
        self._stamp.append((name, status.st_size, status.st_mtime_ns, status.st_mode))
        problem = ""
        if not stat.S_ISREG(status.st_mode):
            problem = "is a pipe or device"
        elif status.st_size > MAX_BYTES:
            problem = f"has {status.st_size:,} bytes, over {MAX_BYTES:,}"
        self._entries.append(Entry(name, place, problem))


def _read_file(entry: Entry) -> bytes:
    try:
        with open(entry.place, "rb") as file:
            return file.read(MAX_BYTES)  # it may have grown since it was listed
    except OSError as error:
        raise_if_temporary(error, entry.place)
        raise BadImageError(_unreadable(error)) from error


def _unreadable(error: OSError) -> str:
    return f"cannot be read ({error.strerror})"
