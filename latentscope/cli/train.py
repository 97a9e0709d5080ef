"""``latentscope train``: train a published model, or continue an interrupted training."""

from typing import Any

import click

from latentscope._table import Table
from latentscope.cli._help import SETTINGS, examples
from latentscope.cli._images import ATTRIBUTES, HELP, images_at
from latentscope.cli._models import BACKEND, backend_named
from latentscope.cli._options import as_value, chosen
from latentscope.cli._output import echo
from latentscope.errors import BackendError


@click.command(
    context_settings=SETTINGS,
    help="Train a published model.\n\nIf interrupted, the same command continues where it stopped.",
    epilog=examples(
        "latentscope train --preset celeba-vae --images drawn:200 --size 32 --epochs 1 --out vae",
        "latentscope train --preset digits-ae --images photos --size 16 --out ae --set z_dim=8",
    ),
)
@click.option(
    "--preset", required=True, help="Name of the published model, for example celeba-vae."
)
@click.option("--images", required=True, help=HELP)
@ATTRIBUTES
@click.option("--size", type=int, help="Height and width of the images; by default the preset's.")
@click.option(
    "--out", "folder", type=click.Path(), required=True, help="Folder of the training run."
)
@click.option(
    "--epochs", type=int, help="Total number of epochs, including those of earlier calls."
)
@click.option(
    "rng",
    "--seed",
    type=int,
    help="Seed of the initial weights, the order of images, the noise and the validation.",
)
@click.option(
    "settings",
    "--set",
    metavar="FIELD=VALUE",
    multiple=True,
    help="Change a field of the preset; VALUE is JSON or text. May be repeated.",
)
@BACKEND
def train(
    preset: str,
    images: str,
    attributes: str | None,
    size: int | None,
    folder: str,
    settings: tuple[str, ...],
    backend: str,
    **options: Any,
) -> None:
    """Open the images in the model's shape and train."""
    changes = _changes(settings)
    found = backend_named(backend)
    if "train" not in found.can:
        raise BackendError(f"the backend {backend!r} cannot train; it can {', '.join(found.can)}.")
    config = found.preset(preset, **changes)
    if size is not None:
        shape = (size, size, config.image_shape[2])
        config = found.preset(preset, **changes, image_shape=shape)
    opened = images_at(images, attributes, config.image_shape)
    model = found.train(opened, config, folder=folder, **chosen(options))
    echo(f"{model!r}, saved in {folder}\n{_losses(model)}")


def _changes(settings: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields to change."""
    changes = {}
    for setting in settings:
        field, equals, value = setting.partition("=")
        if not equals:
            raise click.UsageError(f"--set must be FIELD=VALUE; got {setting!r}.")
        changes[field] = as_value(value)
    return changes


def _losses(model: Any) -> Table:
    """Return the last epoch's losses."""
    history = {name: values[-1] for name, values in model.meta["history"].items()}
    return Table(metric=list(history), last=list(history.values()))
