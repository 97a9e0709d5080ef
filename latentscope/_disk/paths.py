"""Checks of paths given by callers, and descriptions of files that are not what they should be."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from latentscope._disk.read_errors import read_error
from latentscope.errors import DataError, DataTypeError, MissingFileError

_SIGNATURES = {  # first bytes of files that a failed download leaves under any name
    b"": "is empty",
    b"version https://git-lfs": "is a git-LFS pointer: run `git lfs pull` to get the file itself",
    b"<": "looks like an HTML or XML page: the download returned an error page instead",
}


def existing(path: str | PathLike[str], name: str = "path") -> Path:
    """Return `path` if it exists; `name` is that of the parameter.

    Raises
    ------
    DataTypeError
        If `path` cannot be a path.
    MissingFileError
        If it does not exist.
    AccessError
        If a folder on the way to it may not be read.
    """
    try:
        found = Path(path)
        is_there = found.exists()
    except PermissionError as error:
        raise read_error(str(path), error) from error
    except (TypeError, ValueError, OSError) as error:
        raise DataTypeError(
            f"{name} must name a file; got {path!r}: {error}.", parameter=name
        ) from error
    if not is_there:
        raise MissingFileError(f"no such file: {found}")
    return found


def writable(path: str | PathLike[str]) -> Path:
    """Return `path` if a file can be put there, new or in place of another.

    Raises
    ------
    DataError
        If it cannot be a path, is a folder or a device, or lies in a folder that does not exist.
    """
    try:
        target = Path(path)
        place = target.resolve()
        is_there, is_file, is_folder = place.exists(), place.is_file(), place.is_dir()
    except (TypeError, ValueError, OSError) as error:
        raise DataTypeError(
            f"path must name a file; got {path!r}: {error}.", parameter="path"
        ) from error
    problem = ""
    if is_folder:
        problem = f"name a file; got the folder {place}. Add a file name."
    elif is_there and not is_file:
        problem = f"name a file; {place} is a device or a pipe."
    elif not place.parent.is_dir():
        problem = f"lie in an existing folder; {place.parent} does not exist. Create it first."
    if problem:
        raise DataError(f"path must {problem}", parameter="path")
    return target


def first_bytes(path: Path) -> bytes:
    """Return the bytes of a file that `looks_like` needs."""
    with path.open("rb") as file:
        return file.read(64)


def looks_like(start: bytes, others: Mapping[bytes, str] | None = None) -> str:
    """Describe a file by its first bytes; `others` are further signatures with their texts.

    Examples
    --------
    >>> looks_like(b"PAR1....", {b"PAR1": "is a Parquet file"})
    'is a Parquet file'
    """
    for signature, text in {**_SIGNATURES, **(others or {})}.items():
        if start.lstrip().startswith(signature) if signature else not start:
            return text
    return "has no known signature"
