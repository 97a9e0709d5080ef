"""Types of options: lists, ranges, and files to write."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from latentscope._disk.paths import writable
from latentscope.errors import DataError

if TYPE_CHECKING:
    ParamType = click.ParamType[Any]
else:  # not generic before click 8.4
    ParamType = click.ParamType


class Numbers(ParamType):
    """Numbers separated by commas: ``0,1`` or ``3,0.5,inf``."""

    name = "numbers"

    def __init__(self, number: Callable[[str], Any]) -> None:
        self.number = number

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "N,N,…"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Any, ...]:
        try:
            return tuple(self.number(part) for part in value.split(","))
        except ValueError:
            kind = "integers" if self.number is int else "numbers"
            self.fail(f"{value!r} must be {kind} separated by commas, for example 2,4.", param, ctx)


class Several(ParamType):
    """Integers: ``start:stop:step``, where stop is excluded as in `range`, or a list.

    Examples
    --------
    >>> Several().convert("2:9:2", None, None), Several().convert("2,4,8", None, None)
    (range(2, 9, 2), (2, 4, 8))
    """

    name = "several"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "START:STOP:STEP|N,N,…"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Sequence[int]:
        separator = ":" if ":" in value else ","
        try:
            numbers = [int(part) for part in value.split(separator)]
            found = range(*numbers) if separator == ":" else tuple(numbers)
        except (ValueError, TypeError):
            self.fail(
                f"{value!r} must be START:STOP:STEP, for example 2:81:2 for 2, 4 … 80, or a "
                "list, for example 2,4,8.",
                param,
                ctx,
            )
        if not found:
            self.fail(f"{value!r} contains no number: STOP itself is excluded.", param, ctx)
        return found


class Target(ParamType):
    """A file to write, with one of several suffixes, in an existing folder.

    This is checked before any work is done, so that none is lost to a wrong name.
    """

    name = "path"

    def __init__(self, *suffixes: str) -> None:
        self.suffixes = suffixes

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "PATH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(value)
        if path.suffix.lower() not in self.suffixes:
            self.fail(f"{value!r} must end in {' or '.join(self.suffixes)}.", param, ctx)
        try:
            return writable(path)
        except DataError as error:
            self.fail(str(error), param, ctx)
