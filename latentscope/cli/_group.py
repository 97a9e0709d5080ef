"""What all commands have in common: their names, how failures are shown, and exit codes."""

import errno
import io
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click
from tqdm import tqdm

from latentscope._disk.printable import printable
from latentscope._version import __version__
from latentscope.cli._errors import in_options
from latentscope.cli._help import SETTINGS, examples
from latentscope.errors import LatentscopeError, LatentscopeWarning

_HOME = {  # command: the module of latentscope.cli that defines it, imported on first use
    "info": "info",
    "convert": "convert",
    "overview": "analyses",
    "radius": "analyses",
    "axes": "analyses",
    "pca": "analyses",
    "planes": "analyses",
    "structure": "analyses",
    "scan": "analyses",
    "clusters": "analyses",
    "gap": "analyses",
    "dimension": "analyses",
    "tsne": "analyses",
    "posterior": "analyses",
    "correlation": "analyses",
    "ellipsoid": "analyses",
    "ridges": "analyses",
    "normality": "analyses",
    "compare": "compare",
    "report": "report",
    "train": "train",
    "encode": "encode",
    "sample": "sample",
    "backends": "backends",
}
_HELP = f"""
How do latent vectors fill their space?

FILE is a file of latents in any format that latentscope.load opens. Results go to stdout, as text
or, with --json, as JSON. Progress, warnings and errors go to stderr.

{
    examples(
        "latentscope info latents.h5",
        "latentscope radius latents.h5 --plot radius.png",
        "latentscope --debug pca latents.h5 --json",
    )
}

\b
Exit codes:
  0    success
  1    refused or failed: "error: …" on stderr says why and what to do
  2    wrong usage: an unknown option, a value that cannot be parsed
  130  interrupted by Ctrl-C; finished work is kept
"""


class Commands(click.Group):
    """The group: imports a command when it is called, and reports its failures in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_HOME)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _HOME:
            return None
        command: click.Command = getattr(
            import_module(f"latentscope.cli.{_HOME[cmd_name]}"), cmd_name
        )
        return command

    def invoke(self, ctx: click.Context) -> Any:
        _replace_what_the_terminal_cannot_show()
        try:
            with _warnings_in_one_line():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted; finished work is kept", err=True)
            ctx.exit(130)
        except (LatentscopeError, OSError, MemoryError) as error:
            if ctx.params["debug"] or getattr(error, "errno", None) == errno.EPIPE:
                raise  # where the reader has closed the pipe, click exits silently
            click.echo(f"error: {self._text_of(ctx, error)}", err=True)
            ctx.exit(1)

    def _text_of(self, ctx: click.Context, error: BaseException) -> str:
        command = self.get_command(ctx, ctx.invoked_subcommand or "")
        if command and isinstance(error, LatentscopeError):
            return in_options(error, command)
        return printable(str(error), lines=True)


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """Write warnings to stderr as one line each, above a progress bar."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        tqdm.write(f"warning: {printable(' '.join(str(message).split()))}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("default", LatentscopeWarning)
        warnings.showwarning = show
        yield


def _replace_what_the_terminal_cannot_show() -> None:
    """Replace √ and ‖ by ? where the encoding of the terminal lacks them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


main = Commands(
    name="latentscope",
    help=_HELP,
    context_settings=SETTINGS,
    params=[
        click.Option(["--debug"], is_flag=True, help="Show the traceback of errors."),
    ],
)
click.version_option(__version__, package_name="latentscope-analysis")(main)
