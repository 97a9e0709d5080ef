"""``latentscope convert``: the same latents in another file format."""

from pathlib import Path

import click

from latentscope.cli._files import How, loading, opened
from latentscope.cli._help import SETTINGS, examples
from latentscope.cli._options import public
from latentscope.cli._output import echo


@click.command(
    context_settings=SETTINGS,
    help="Write the latents of IN in another file format.\n\nThe suffix of OUT selects the format: "
    ".h5 or .safetensors (recommended), .npz, .zarr, .parquet, .h5ad, .csv, .tsv (the pair of "
    "files of the TensorBoard projector) or .npy (z alone). Rows are streamed.",
    epilog=examples(
        "latentscope convert cells.h5ad cells.h5 --key X_scVI",
        "latentscope convert latents.pt latents.safetensors",
        "latentscope convert latents.h5 vectors.tsv",
    ),
)
@click.argument("source", metavar="IN", type=click.Path())
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@loading
def convert(source: str, target: Path, how: How) -> None:
    """Open one file and save the other."""
    with opened(source, how) as latents:
        public("save")(target, latents)
        echo(f"wrote {target}: {latents.n_points:,} points, {latents.z_dim:,} axes")
