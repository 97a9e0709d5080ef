"""Images as an argument: a folder, a zip, CelebA's download, or drawn faces."""

from typing import Any

import click

from latentscope.cli._options import public
from latentscope.datasets._celeba import has_attributes

_DRAWN = "drawn:"

HELP = "Folder or zip of images, CelebA's download, or drawn:N for N drawn faces."
ATTRIBUTES = click.option(
    "--attributes",
    type=click.Path(),
    help="CelebA's list_attr_celeba.txt; by default the one next to the images, if any.",
)


def images_at(source: str, attributes: str | None, shape: tuple[int, int, int]) -> Any:
    """Open images in the shape that a model requires.

    Parameters
    ----------
    source : str
        Folder, zip, or ``drawn:N``.
    attributes : str or None
        CelebA's list.
    shape : tuple of int
        Height, width and channels; images are cropped to squares.

    Examples
    --------
    >>> images_at("drawn:3", None, (16, 16, 3))
    <Images: 3 of 16×16 pixels, 3 channels, labels face_width, skin, hair_color, ... (12 in all)>
    """
    height, width, channels = shape
    if height != width:
        raise click.UsageError(
            f"Images are cropped to squares, but the model needs {height}×{width}."
        )
    datasets = public("datasets")
    if source.startswith(_DRAWN):
        return datasets.drawn_faces(_number(source), size=height)
    if channels == 3 and (attributes is not None or has_attributes(source)):
        return datasets.celeba(source, attributes=attributes, size=height)
    if attributes is not None:
        raise click.UsageError("CelebA's photographs have 3 channels, but the model needs 1.")
    return datasets.folder(source, size=height, channels=channels)


def _number(source: str) -> int:
    text = source.removeprefix(_DRAWN)
    if not text.isdecimal() or not int(text):
        raise click.UsageError(
            f"{source!r} must be drawn:N with N ≥ 1 faces, for example drawn:3000."
        )
    return int(text)
