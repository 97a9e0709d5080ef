"""Images of any folder or zip."""

import os
from pathlib import PurePosixPath
from typing import Any, Literal, get_args

from latentscope._disk.paths import existing
from latentscope._validate import integer, one_of
from latentscope._warn import warn
from latentscope.datasets._cache import Decoded, cache_folder, open_or_decode
from latentscope.datasets._decode import CUT
from latentscope.datasets._entries import Source
from latentscope.datasets._tree import FolderSource
from latentscope.datasets._zip import ZipSource
from latentscope.errors import DataError, FileFormatError
from latentscope.images import Images

OnError = Literal["raise", "skip"]
_MAX_SIZE = 4096
_N_SHOWN = 10  # left-out images that meta names


def folder(
    path: str | os.PathLike[str],
    *,
    size: int = 96,
    channels: int = 3,
    on_error: OnError = "raise",
    cache: str | os.PathLike[str] | None = None,
) -> Images:
    """Open all images of a folder with its sub-folders, or of a zip.

    Each is rotated according to its EXIF data, cropped to the largest central square and resized
    (bicubic). This is done once: the pixels are kept in a memory-mapped file, and later calls open
    it in milliseconds until an image changes.

    Parameters
    ----------
    path : str or path-like
        Folder, or zip, which is read without extracting it. Files ending in jpg, jpeg, png, webp,
        bmp, tif, tiff or gif count as images; hidden files do not.
    size : int
        Height and width of the result, in pixels.
    channels : int
        3 for RGB, 1 for grey.
    on_error : {"raise", "skip"}
        What to do with an image that is broken, smaller than 8 pixels, gigantic, animated, CMYK,
        partly transparent, or of more than 8 bits per channel: "raise", or "skip" to leave it out
        with a warning.
    cache : str or path-like, optional
        Folder for the decoded pixels (``size * size * channels`` bytes per image), which may be
        deleted at any time. By default the environment variable ``LATENTSCOPE_CACHE``, else the
        user's cache folder.

    Returns
    -------
    Images
        Sorted by name. ids are relative paths; the first part of each is the label "folder" if
        there are sub-folders. meta counts (``n_skipped``) and names (``skipped``) images left out.

    Raises
    ------
    MissingFileError, FileFormatError
        If the path does not exist, or is a file that is damaged or not a zip.
    DataError
        If there are no images, one cannot be used, or the cache cannot be written.

    Notes
    -----
    Changes are detected by the size and modification time of the files, or of the zip.

    Examples
    --------
    >>> import os, tempfile
    >>> from PIL import Image
    >>> top = tempfile.mkdtemp()
    >>> os.mkdir(os.path.join(top, "cats"))
    >>> Image.new("RGB", (40, 30), "red").save(os.path.join(top, "cats", "a.png"))
    >>> images = folder(top, size=16, cache=tempfile.mkdtemp())
    >>> images, images.ids.tolist(), images.take([0])[0, 8, 8].tolist()
    (<Images: 1 of 16×16 pixels, 3 channels, labels folder>, ['cats/a.png'], [255, 0, 0])
    """
    source = source_of(path)
    found = open_images(source, size=size, channels=channels, on_error=on_error, cache=cache)
    parts = [PurePosixPath(name).parts for name in found.names]
    tops = [part[0] if len(part) > 1 else "" for part in parts]
    labels = {"folder": tops} if any(tops) else {}
    return Images(found.pixels, found.names, labels, meta_of(source, found))


def source_of(path: str | os.PathLike[str]) -> Source:
    """Return the source of images at a path."""
    found = existing(path)
    if found.is_dir():
        return FolderSource(found)
    if found.is_file():
        return ZipSource(found)
    raise FileFormatError(
        f"path must name a folder or a zip; {found} is a pipe or device.", parameter="path"
    )


def open_images(
    source: Source,
    *,
    size: int,
    channels: int,
    on_error: OnError,
    cache: str | os.PathLike[str] | None,
) -> Decoded:
    """Check the options, open the images, and warn about those left out."""
    channels = integer("channels", channels, low=1, high=3, why="1 for grey, 3 for RGB")
    if channels == 2:
        raise DataError("channels must be 3 for RGB or 1 for grey; got 2.", parameter="channels")
    found = open_or_decode(
        source,
        size=integer("size", size, low=1, high=_MAX_SIZE, why="pixels across"),
        channels=channels,
        is_strict=one_of("on_error", on_error, get_args(OnError)) == "raise",
        folder=cache_folder(cache),
    )
    if found.skipped:
        n_all = len(found.names) + len(found.skipped)
        name, reason = found.skipped[0]
        warn(
            f"{len(found.skipped):,} of {n_all:,} images of {source.path.name} are left out; the "
            f"first, {name}, {reason}. meta['skipped'] names them."
        )
    return found


def meta_of(source: Source, found: Decoded) -> dict[str, Any]:
    """Return where the images come from and how they were cropped."""
    return {
        "source": source.path.name,
        "size": int(found.pixels.shape[1]),
        "cut": CUT,
        "n_skipped": len(found.skipped),
        "skipped": dict(found.skipped[:_N_SHOWN]),
    }
