"""Files of latents as arguments: FILE or NAME=FILE, with the options for reading them."""

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
        help="Array to use as z; by default z, or the only candidate. FILE::ARRAY does the same.",
    ),
    "flatten": click.option(
        "--flatten",
        is_flag=True,
        help="Accept arrays of more than two dimensions; each point becomes one row.",
    ),
    "allow_incomplete": click.option(
        "--allow-incomplete", is_flag=True, help="Use the rows that an interrupted writer left."
    ),
    "trust_links": click.option("--trust-links", is_flag=True, help="Follow links to other files."),
    "isolated": click.option(
        "--isolated",
        is_flag=True,
        help="Read in a separate process, for files that you do not trust.",
    ),
}
_FINITE = click.option(
    "is_finite", "--finite", is_flag=True, help="Leave out rows with NaN or infinity."
)


@dataclass(frozen=True)
class How:
    """The options for reading files."""

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
    """Add the options of `latentscope.load`, and the one that leaves out rows."""
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
        FILE or NAME=FILE. An existing file whose name contains = is taken as FILE.
    taken : sequence of str
        Names that cannot be used.

    Examples
    --------
    >>> named(["runs/ae.h5", "beta=runs/vae.h5"])
    {'ae': 'runs/ae.h5', 'beta': 'runs/vae.h5'}
    """
    pairs = [_pair(text) for text in texts]
    for name, n in Counter(name for name, _ in pairs).items():
        if n > 1:
            raise click.UsageError(
                f"{n} files have the name {name!r}. Give them different names: NAME=FILE."
            )
        if name in taken or not name:
            raise click.UsageError(
                f"{name!r} cannot be used as a name. Choose another one: NAME=FILE."
            )
    return dict(pairs)


def _pair(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not equals or Path(text).exists():
        return Path(text).stem, text
    return name, path
