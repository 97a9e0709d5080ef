"""``latentscope sample``: draw points of the latent space and decode them."""

import inspect
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
import numpy as np

from latentscope._disk.atomic import replacing
from latentscope.cli._files import How, opened, reading
from latentscope.cli._help import examples
from latentscope.cli._models import BACKEND, model_in
from latentscope.cli._options import FromFunctions, chosen, public
from latentscope.cli._output import PLOT, save_figure
from latentscope.cli._values import Target

_PRIORS = ("normal", "uniform")  # need only the number of axes
_FITS = ("axis_gaussian", "gaussian", "core", "mixture")  # need points to imitate
_KINDS = (*_PRIORS, *_FITS)


@click.command(
    cls=FromFunctions,
    functions=[f"sample.{kind}" for kind in _KINDS],
    help="Draw points and decode them.\n\nKIND is normal or uniform, with as many axes as FILE or "
    "the model has, or axis_gaussian, gaussian, core or mixture, which imitate the points of FILE.",
    epilog=examples(
        "latentscope sample gaussian latents.h5 -n 100 --out drawn.h5",
        "latentscope sample uniform latents.h5 -n 100 --half-width 1.5 --out cube.npy",
        "latentscope sample normal latents.h5 -n 8 --model vae --plot prior.png",
    ),
)
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("file", type=click.Path(), required=False)
@click.option("-n", "n_points", type=int, required=True, help="Number of points to draw.")
@click.option("--out", type=Target(".npy", ".h5", ".hdf5"), help="Save the points: .npy or .h5.")
@click.option(
    "--model", type=click.Path(), help="Folder of the training run whose model decodes the points."
)
@PLOT
@BACKEND
@reading
def sample(
    kind: str,
    file: str | None,
    n_points: int,
    out: Path | None,
    model: str | None,
    plot: Path | None,
    backend: str,
    how: How,
    **options: Any,
) -> None:
    """Draw points from the file's cloud or from the prior; save and decode them."""
    draw = public(f"sample.{kind}")
    given = chosen(options)
    _check(kind, draw, given, file=file, model=model, out=out, plot=plot)
    decoder = model_in(model, backend) if model else None
    with opened(file, how) if file else nullcontext() as latents:
        z_dim = latents.z_dim if latents else decoder.z_dim if decoder else 0
        points = draw(*((n_points, z_dim) if kind in _PRIORS else (latents, n_points)), **given)
        if out:
            _save(points, out, {"sample": kind, **given})
        if plot:
            save_figure(public("pictures").Album(decoder, latents).decode(points, kind), plot)


def _check(
    kind: str, draw: Callable[..., Any], given: dict[str, Any], **files: str | Path | None
) -> None:
    """Refuse options that do not fit together, before any work is done."""
    known = inspect.signature(draw).parameters
    for name in given.keys() - known:
        raise click.UsageError(f"--{name.replace('_', '-')} does not apply to {kind}.")
    for name in known:
        if known[name].default is known[name].empty and name == "half_width" not in given:
            raise click.UsageError(f"{kind} needs --half-width.")
    if not files["file"] and (kind in _FITS or not files["model"]):
        other = "" if kind in _FITS else " or --model"
        raise click.UsageError(f"{kind} needs FILE{other}.")
    if not files["out"] and not (files["plot"] and files["model"]):
        raise click.UsageError("Give --out PATH, or --model FOLDER and --plot PATH, or all three.")
    if files["plot"] and not (files["model"] and files["file"]):
        raise click.UsageError(
            "--plot compares decoded images with the data: give FILE and --model FOLDER too."
        )


def _save(points: Any, out: Path, settings: dict[str, Any]) -> None:
    if out.suffix.lower() == ".npy":
        with replacing(out) as part:
            np.save(part, points)
    else:
        public("save")(out, public("Latents")(points, meta=settings))
    click.echo(f"wrote {out}", err=True)
