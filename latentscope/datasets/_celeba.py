"""CelebA: aligned photographs of faces with 40 attributes.

Z. Liu, P. Luo, X. Wang, X. Tang: Deep Learning Face Attributes in the Wild, ICCV 2015,
doi:10.1109/ICCV.2015.425. For non-commercial research only; see the terms of its authors.
"""

from collections import Counter
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from latentscope._disk.paths import existing
from latentscope.datasets._celeba_lists import read_attributes, read_partition
from latentscope.datasets._entries import Source
from latentscope.datasets._folder import OnError, meta_of, open_images, source_of
from latentscope.errors import DataError
from latentscope.images import Images

_NAME = "img_align_celeba"
_ATTRIBUTES = ("list_attr_celeba.txt", "Anno")  # name, and its folder in the official download
_PARTITION = ("list_eval_partition.txt", "Eval")


def celeba(
    path: str | PathLike[str],
    *,
    attributes: str | PathLike[str] | None = None,
    partition: str | PathLike[str] | None = None,
    size: int = 96,
    on_error: OnError = "raise",
    cache: str | PathLike[str] | None = None,
) -> Images:
    r"""Open CelebA's aligned photographs, or a part of them, with attributes and partition.

    Each is cropped to its central square (178×178 of the official 178×218 pixels) and resized
    (bicubic). This is done once; see `folder` for the cache.

    Parameters
    ----------
    path : str or path-like
        The official ``img_align_celeba.zip``, read without extracting it; the extracted folder; or
        the folder that contains one of the two.
    attributes : str or path-like, optional
        ``list_attr_celeba.txt``; by default the one beside the images or in the download's folder
        ``Anno``, if it exists.
    partition : str or path-like, optional
        ``list_eval_partition.txt``; by default the one beside the images or in ``Eval``, if any.
    size : int
        Height and width of the result, in pixels.
    on_error : {"raise", "skip"}
        "raise", or "skip" to leave out images that cannot be used, with a warning.
    cache : str or path-like, optional
        Folder for the decoded pixels; by default ``LATENTSCOPE_CACHE`` or the user's cache folder.

    Returns
    -------
    Images
        Sorted by file name, which is the id. Attributes become boolean labels with their own names,
        such as ``labels["Smiling"]``; the label "partition" is train, validation or test.

    Raises
    ------
    MissingFileError, FileFormatError
        If a file is missing or does not have the official layout; the message names the line.
    DataError
        If an image cannot be used, or is missing from the lists.

    Examples
    --------
    >>> import os, tempfile, zipfile
    >>> from PIL import Image
    >>> top = tempfile.mkdtemp()
    >>> Image.new("RGB", (178, 218), "navy").save(os.path.join(top, "000001.jpg"))
    >>> with zipfile.ZipFile(os.path.join(top, "img_align_celeba.zip"), "w") as file:
    ...     file.write(os.path.join(top, "000001.jpg"), "img_align_celeba/000001.jpg")
    >>> with open(os.path.join(top, "list_attr_celeba.txt"), "w") as file:
    ...     _ = file.write("1\nSmiling Young\n000001.jpg -1  1\n")
    >>> images = celeba(top, cache=tempfile.mkdtemp())
    >>> images.ids.tolist(), images.labels["Young"].tolist()
    (['000001.jpg'], [True])
    """
    place = _place(path)
    source = source_of(place)
    lists = {
        "attributes": _list_path("attributes", attributes, place, *_ATTRIBUTES),
        "partition": _list_path("partition", partition, place, *_PARTITION),
    }
    found = open_images(source, size=size, channels=3, on_error=on_error, cache=cache)
    names = [PurePosixPath(name).name for name in found.names]
    _check_distinct(names, source)
    meta = meta_of(source, found) | {key: x.name for key, x in lists.items() if x}
    images = Images(found.pixels, names, _labels(lists, names), meta)
    return images[np.argsort(images.ids, kind="stable")]


def has_attributes(path: str | PathLike[str]) -> bool:
    """Return True if the list of attributes is where `celeba` looks for it."""
    return _list_path("attributes", None, _place(path), *_ATTRIBUTES) is not None


def _place(path: str | PathLike[str]) -> Path:
    """Return the zip or the folder of images that a path refers to."""
    given = existing(path)
    inner = (given / f"{_NAME}.zip", given / _NAME)
    return next((found for found in inner if found.exists()), given)


def _list_path(
    name: str, given: str | PathLike[str] | None, place: Path, file: str, official: str
) -> Path | None:
    """Return the list that was given, or the one at a usual place, or None."""
    if given is not None:
        return existing(given, name)
    beside = place.absolute().parent
    usual = (beside / file, beside.parent / official / file)
    return next((path for path in usual if path.is_file()), None)


def _labels(lists: dict[str, Path | None], names: list[str]) -> dict[str, Any]:
    labels: dict[str, Any] = {}
    if lists["attributes"]:
        labels |= read_attributes(lists["attributes"], names)
    if lists["partition"]:
        labels["partition"] = read_partition(lists["partition"], names)
    return labels


def _check_distinct(names: list[str], source: Source) -> None:
    if len(set(names)) == len(names):
        return
    repeated = Counter(names).most_common(1)[0][0]
    raise DataError(
        f"CelebA's images have distinct file names; {source.path} has {repeated} in more than one "
        f"folder. Pass the folder or zip of the aligned images alone, or use datasets.folder."
    )
