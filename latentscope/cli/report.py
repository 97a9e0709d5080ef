"""``latentscope report``: one HTML page about one or more files."""

import inspect
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from latentscope.cli._files import How, named, opened, reading
from latentscope.cli._help import SETTINGS, examples
from latentscope.cli._images import ATTRIBUTES, HELP, images_at
from latentscope.cli._models import BACKEND, model_in
from latentscope.cli._options import chosen, public
from latentscope.cli._output import echo
from latentscope.cli._values import Target


@click.command(
    context_settings=SETTINGS,
    help="Write an HTML page with all results and figures.\n\nThe page can be read offline. By "
    "default a file is named after its stem; NAME=FILE gives it another name.",
    epilog=examples(
        "latentscope report ae.h5 vae.h5 --out report.html",
        "latentscope report VAE=vae.h5 --model VAE=vae --images drawn:200 --out vae.html",
    ),
)
@click.argument("files", metavar="[NAME=]FILE...", nargs=-1, required=True)
@click.option("--out", type=Target(".html"), default="report.html", show_default=True)
@click.option(
    "models",
    "--model",
    metavar="NAME=FOLDER",
    multiple=True,
    help="Model that decodes the file called NAME. May be repeated.",
)
@click.option("--images", help=f"Images to reconstruct. {HELP}")
@ATTRIBUTES
@click.option("rng", "--seed", type=int, help="Seed of all random draws.")
@BACKEND
@reading
def report(
    files: tuple[str, ...],
    out: Path,
    models: tuple[str, ...],
    images: str | None,
    attributes: str | None,
    backend: str,
    how: How,
    **options: Any,
) -> None:
    """Open files, models and images, and write the page."""
    write = public("report")
    paths = named(files, taken=list(inspect.signature(write).parameters))
    folders = _folders(models, paths)
    if images and not folders:
        raise click.UsageError("--images needs a --model that reconstructs them.")
    decoders = {name: model_in(folder, backend) for name, folder in folders.items()}
    parts: dict[str, Any] = {"models": decoders or None}
    if images:
        (first, *_) = decoders.values()
        parts["images"] = images_at(images, attributes, first.image_shape)
    with ExitStack() as stack:
        latents = {
            name: stack.enter_context(opened(path, replace(how, is_finite=False)))
            for name, path in paths.items()
        }
        if how.is_finite:
            latents = {name: _finite(one) for name, one in latents.items()}
        write(out, **chosen(parts | options), **latents)
    echo(f"wrote {out}")


def _folders(texts: tuple[str, ...], names: dict[str, str]) -> dict[str, str]:
    """Return the folders of models by the names of the files that they belong to."""
    pairs = [text.partition("=") for text in texts]
    for (name, equals, _), text in zip(pairs, texts, strict=True):
        if not equals or name not in names:
            raise click.UsageError(
                f"--model must be NAME=FOLDER, where NAME is one of {', '.join(names)}; got "
                f"{text!r}."
            )
    return {name: folder for name, _, folder in pairs}


def _finite(latents: Any) -> Any:
    """Return the rows without NaN or infinity, with their ids and labels, in memory."""
    arrays = {name: array[:] for name, array in latents.arrays.items()}
    keep = np.logical_and.reduce([np.isfinite(x).all(axis=1) for x in arrays.values()])
    return public("Latents")(
        **{name: array[keep] for name, array in arrays.items()},
        ids=None if latents.ids is None else latents.ids[:][keep],
        labels={name: column[:][keep] for name, column in latents.labels.items()},
        meta=latents.meta,
    )
