"""``latentscope encode``: encode images to a file of latents."""

from pathlib import Path
from typing import Any

import click

from latentscope.cli._help import examples
from latentscope.cli._images import ATTRIBUTES, images_at
from latentscope.cli._models import BACKEND, model_in
from latentscope.cli._options import FromFunctions, chosen, public
from latentscope.cli._output import echo
from latentscope.cli._values import Target


@click.command(
    cls=FromFunctions,
    functions=["encode"],
    help="Encode images to a file of latents, with ids and labels.\n\nMODEL is the folder of a "
    "training run, or a folder with encoder.onnx and decoder.onnx (--backend onnx). IMAGES is a "
    "folder or zip, CelebA's download, or drawn:N for N drawn faces. If interrupted, the same "
    "command continues where it stopped.",
    epilog=examples(
        "latentscope encode vae drawn:200 faces.h5",
        "latentscope encode ae photos photos.h5",
        "latentscope encode theirs photos photos.h5 --backend onnx",
    ),
)
@click.argument("model", type=click.Path())
@click.argument("images")
@click.argument("out", type=Target(".h5", ".hdf5"), metavar="OUT.h5")
@ATTRIBUTES
@BACKEND
def encode(
    model: str, images: str, out: Path, attributes: str | None, backend: str, **options: Any
) -> None:
    """Open the images in the model's shape and encode them."""
    opened = model_in(model, backend)
    source = images_at(images, attributes, opened.image_shape)
    with public("encode")(opened, source, out, **chosen(options)) as latents:
        echo(f"{latents!r}, saved in {out}")
