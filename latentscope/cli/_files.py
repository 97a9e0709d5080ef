"""Files of latents as commands take them: FILE, or NAME=FILE, with options of how to read them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce, wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from latentscope.cli._options import public

Function = TypeVar("Function", bound=Callable[..., Any])

_LOADING = {  # options of `latentscope.load`
    "key": click.option(
        "--key",
        metavar="ARRAY",
        help="Array to take as z; by default z, or the only one that can be. Or write FILE::ARRAY.",
    ),
    "flatten": click.option(
        "--flatten", is_flag=True, help="Take arrays of more dimensions, each point as one row."
    ),
    "allow_incomplete": click.option(
        "--allow-incomplete", is_flag=True, help="Take the rows that a stopped writer left."
    ),
    "trust_links": click.option(
        "--trust-links", is_flag=True, help="Follow links out of the file."
    ),
    "isolated": click.option(
        "--isolated", is_flag=True, help="Read in another process: for files from strangers."
    ),
}
_FINITE = click.option(
    "is_finite", "--finite", is_flag=True, help="Leave out rows with NaN or infinity."
)


@dataclass(frozen=True)
class How:
    """How files are to be read."""

    loading: dict[str, Any]
    is_finite: bool


def loading(function: Function) -> Function:
    """Add the options of `latentscope.load`; the function gets them as `how`."""

    @wraps(function)
    def run(*args: Any, **given: Any) -> Any:
        options = {name: given.pop(name) for name in _LOADING}
        how = How(options, given.pop("is_finite", False))
        return function(*args, how=how, **given)

    return reduce(lambda made, option: option(made), reversed(_LOADING.values()), cast(Any, run))


def reading(function: Function) -> Function:
    """Add the options of `latentscope.load`, and the one that leaves rows out."""
    return _FINITE(loading(function))


@contextmanager
def opened(path: str, how: How) -> Iterator[Any]:
    """Open a file of latents, for any analysis."""
    with public("load")(path, **how.loading) as latents:
        yield public("finite_rows")(latents) if how.is_finite else latents


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
