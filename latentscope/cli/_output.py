"""Output of a command: text or JSON on stdout, figures in files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import numpy as np

from latentscope._disk.atomic import replacing
from latentscope._disk.printable import printable
from latentscope._table import Table
from latentscope.cli._values import Target

Function = TypeVar("Function", bound=Callable[..., Any])

JSON = click.option(
    "as_json", "--json", is_flag=True, help="Write the result to stdout as JSON, and nothing else."
)
PLOT = click.option(
    "--plot", type=Target(".png", ".pdf", ".svg"), help="Save the figure: .png, .pdf or .svg."
)


def writing(function: Function) -> Function:
    """Add the options for the output of a result."""
    return JSON(PLOT(function))


def show(result: Any, *, as_json: bool, plot: Path | None, text: Callable[[Any], str]) -> None:
    """Save the figure if requested, then write the result as JSON or as `text` returns it."""
    if plot:
        save_figure(result, plot)
    if as_json:
        show_json(result.to_dict())
    else:
        echo(text(result))


def echo(text: str) -> None:
    """Write text to stdout, without control characters."""
    click.echo(printable(text, lines=True))


def show_json(content: Any) -> None:
    """Write JSON to stdout."""
    click.echo(json.dumps(content, allow_nan=False))


def save_figure(result: Any, path: Path) -> None:
    """Plot a result and save the figure; a failed write leaves no partial file."""
    import matplotlib as mpl  # takes a second to import
    from matplotlib import pyplot as plt

    mpl.use("Agg")  # opens no window
    figure = np.ravel(np.asarray(result.plot(), dtype=object))[0].figure
    with replacing(path) as part:
        figure.savefig(part, format=path.suffix[1:].lower())
    plt.close(figure)
    click.echo(f"wrote {path}", err=True)


def first_rows(table: Table, n: int) -> str:
    """Return the first rows of a table as text, and the number of further rows.

    Examples
    --------
    >>> print(first_rows(Table(k=[1, 2, 3]), 2))
    k
    1
    2
    … 1 more row; --json shows all
    """
    more = len(table.rows) - n
    text = repr(Table(**{name: column[:n] for name, column in table.items()}))
    rows = "row" if more == 1 else "rows"
    return f"{text}\n… {more:,} more {rows}; --json shows all" if more > 0 else text
