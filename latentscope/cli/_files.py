"""Files of latents as commands take them: FILE, or NAME=FILE, with ``--key`` and ``--finite``."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from latentscope.cli._options import public

Function = TypeVar("Function", bound=Callable[..., Any])

KEY = click.option("--key", metavar="DATASET", help="Dataset to take as z; by default z.")
FINITE = click.option(
    "is_finite", "--finite", is_flag=True, help="Leave out rows with NaN or infinity."
)


def reading(function: Function) -> Function:
    """Add the options that say how files are read."""
    return KEY(FINITE(function))


@contextmanager
def opened(path: str, key: str | None, is_finite: bool) -> Iterator[Any]:
    """Open a file of latents, for any analysis."""
    with public("load")(path, key=key) as latents:
        yield public("finite_rows")(latents) if is_finite else latents


def named(texts: Sequence[str], *, taken: Sequence[str] = ()) -> dict[str, str]:
    """Return the files by name; by default the name is the file's stem.

    Parameters
    ----------
    texts : sequence of str
        FILE or NAME=FILE. A file whose own name holds = is taken as it is.
    taken : sequence of str
        Names that cannot be given.

    Examples
    --------
    >>> named(["runs/ae.h5", "beta=runs/vae.h5"])
    {'ae': 'runs/ae.h5', 'beta': 'runs/vae.h5'}
    """
    pairs = [_pair(text) for text in texts]
    for name, n in Counter(name for name, _ in pairs).items():
        if n > 1:
            raise click.UsageError(f"{n} files are called {name!r}. Tell them apart: NAME=FILE.")
        if name in taken or not name:
            raise click.UsageError(f"{name!r} cannot be the name of a file. Write NAME=FILE.")
    return dict(pairs)


def _pair(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not equals or Path(text).exists():
        return Path(text).stem, text
    return name, path
