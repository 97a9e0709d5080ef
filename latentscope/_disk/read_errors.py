"""Translation of errors of the system and of file libraries: a damaged file, or no access."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from latentscope.errors import AccessError, FileFormatError, LatentscopeError, MissingFileError

_ACCESS = {
    errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENOTCONN,
    errno.EREMOTEIO, errno.ENODEV, errno.ENXIO, errno.EHOSTDOWN,
}  # fmt: skip


@contextmanager
def read_errors(what: str, how: str = "") -> Iterator[None]:
    """Translate whatever a file library raises into latentscope's errors."""
    try:
        yield
    except (LatentscopeError, MemoryError, Warning):
        raise
    except OSError as error:
        raise read_error(what, error) from error
    except Exception as error:  # zarr, anndata and others raise whatever their parsers do
        raise FileFormatError(f"{what} cannot be read{how}: {error}") from error


def read_error(what: str, error: OSError) -> LatentscopeError:
    """Return the error that fits: no such file, no access, or wrong contents."""
    if error.errno == errno.ENOENT:
        return MissingFileError(f"{what} cannot be read: no such file: {error.filename}")
    if error.errno in _ACCESS:
        reason = os.strerror(error.errno) if error.errno else error
        return AccessError(f"{what} cannot be accessed: {reason}. Check its permissions and disk.")
    return FileFormatError(f"{what} cannot be read: {error}")


class access_errors:  # noqa: N801  (used as a function)
    """Translate the system's errors about a path into latentscope's, in a ``with`` statement."""

    def __init__(self, what: object) -> None:
        self.what = str(what)

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if isinstance(error, OSError) and not isinstance(error, LatentscopeError):
            raise read_error(self.what, error) from error
