"""``latentscope backends``: which backends are installed, and what can each do?"""

from importlib.metadata import entry_points
from typing import Any

import click

from latentscope._table import Table
from latentscope._version import __version__
from latentscope.cli._help import SETTINGS, examples
from latentscope.cli._models import backend_named
from latentscope.cli._options import public
from latentscope.cli._output import JSON, echo, show_json


@click.command(
    context_settings=SETTINGS,
    help="Which backends are installed, and what can each do?",
    epilog=examples("latentscope backends", "latentscope backends --json"),
)
@JSON
def backends(as_json: bool) -> None:
    """List every backend with what it can do, or why it cannot be imported."""
    found = [_described(name) for name in public("backend").names()]
    if as_json:
        show_json(found)
        return
    columns = {key: [one[key] for one in found] for key in ("name", "can", "source")}
    click.echo(Table(**{**columns, "can": [", ".join(can) or "–" for can in columns["can"]]}))
    for one in found:
        if one["problem"]:
            echo(f"{one['name']}: {one['problem']}")


def _described(name: str) -> dict[str, Any]:
    try:
        can, problem = list(backend_named(name).can), ""
    except Exception as error:  # a broken backend must not hide the others
        can, problem = [], str(error) or type(error).__name__
    return {"name": name, "can": can, "source": _source(name), "problem": problem}


def _source(name: str) -> str:
    """Return the distribution that provides a backend."""
    for point in entry_points(group=public("backend.discovery").GROUP, name=name):
        provider = f"{point.dist.name} {point.dist.version}" if point.dist else "unknown"
        return f"{provider} ({point.value})"
    return f"latentscope-analysis {__version__}"
