"""``latentscope compare``: several files side by side."""

from pathlib import Path
from typing import Any

import click

from latentscope.cli._files import How, named, opened, reading
from latentscope.cli._help import examples
from latentscope.cli._options import FromFunctions, chosen, public
from latentscope.cli._output import first_rows, show, writing


@click.command(
    cls=FromFunctions,
    functions=["overview"],
    help="How do the AE and the VAE differ?\n\nBy default a file is named after its "
    "stem; NAME=FILE gives it another name.",
    epilog=examples(
        "latentscope compare ae.h5 vae.h5",
        "latentscope compare AE=ae.h5 VAE=vae.h5 --plot compare.png",
    ),
)
@click.argument("files", metavar="[NAME=]FILE...", nargs=-1, required=True)
@writing
@reading
def compare(
    files: tuple[str, ...],
    how: How,
    as_json: bool,
    plot: Path | None,
    **options: Any,
) -> None:
    """Read each file once, then put the overviews side by side."""
    if len(files) < 2:
        raise click.UsageError(f"Give two or more files to compare; got {len(files)}.")
    overviews = {}
    for name, path in named(files).items():
        with opened(path, how) as latents:
            overviews[name] = public("overview")(latents, **chosen(options))
    result = public("compare")(**overviews)
    show(result, as_json=as_json, plot=plot, text=_text)


def _text(comparison: Any) -> str:
    table = comparison.table()
    return f"{comparison!r}\n{first_rows(table, len(table.rows))}"
