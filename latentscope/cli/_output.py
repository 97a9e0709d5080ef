"""How results leave the command: text or JSON on stdout, figures in files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import numpy as np

from latentscope._disk.atomic import replacing
from latentscope._table import Table
from latentscope.cli._values import Target

Function = TypeVar("Function", bound=Callable[..., Any])

JSON = click.option("as_json", "--json", is_flag=True, help="Write JSON on stdout, nothing else.")
PLOT = click.option(
    "--plot", type=Target(".png", ".pdf", ".svg"), help="Save the figure: .png, .pdf or .svg."
)


def writing(function: Function) -> Function:
    """Add the options that say where a result goes."""
    return JSON(PLOT(function))


def show(result: Any, *, as_json: bool, plot: Path | None, text: Callable[[Any], str]) -> None:
    """Save the figure if asked for, then write a result; `text` makes what people read."""
    if plot:
        save_figure(result, plot)
    if as_json:
        show_json(result.to_dict())
    else:
        click.echo(text(result))


def show_json(content: Any) -> None:
    """Write JSON on stdout."""
    click.echo(json.dumps(content, allow_nan=False))


def save_figure(result: Any, path: Path) -> None:
    """Draw whatever has `plot()` and save it, whole or not at all."""
    import matplotlib as mpl  # takes a second to import
    from matplotlib import pyplot as plt

    mpl.use("Agg")  # nothing is shown
    figure = np.ravel(np.asarray(result.plot(), dtype=object))[0].figure
    with replacing(path) as part:
        figure.savefig(part, format=path.suffix[1:].lower())
    plt.close(figure)
    click.echo(f"wrote {path}", err=True)


def first_rows(table: Table, n: int) -> str:
    """Return the first rows of a table as text, and how many there are more.

    Examples
    --------
    >>> print(first_rows(Table(k=[1, 2, 3]), 2))
    k
    1
    2
    … 1 row more; --json holds all
    """
    more = len(table.rows) - n
    text = repr(Table(**{name: column[:n] for name, column in table.items()}))
    rows = "row" if more == 1 else "rows"
    return f"{text}\n… {more:,} {rows} more; --json holds all" if more > 0 else text
