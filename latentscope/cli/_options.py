"""Options of a command, made from the keywords of its Python function.

Names, types, choices and defaults come from the signature, descriptions from the docstring. An
option that is not given is not passed on, so that the function's own default applies.
"""

import inspect
import json
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, reduce
from importlib import import_module
from typing import Any, Literal, get_args, get_origin

import click
import numpy as np

from latentscope.cli._help import SETTINGS, parameters
from latentscope.cli._values import Numbers, ParamType, Several

_TYPES: dict[Any, ParamType] = {  # annotation without None: type of the option
    int: click.INT,
    float: click.FLOAT,
    str: click.STRING,
    int | np.random.Generator: click.INT,
    Sequence[int]: Numbers(int),
    Sequence[float]: Numbers(float),
    Iterable[int]: Several(),
}


def public(name: str) -> Any:
    """Return ``latentscope.name``, where the name may contain dots.

    Examples
    --------
    >>> public("sample.normal")(2, 3).shape
    (2, 3)
    """
    return reduce(getattr, name.split("."), import_module(__name__.partition(".")[0]))


class FromFunctions(click.Command):
    """A command with the options of one or more public functions, given by name.

    The functions are imported when the options are needed, so that other commands start without
    them.
    """

    def __init__(self, *args: Any, functions: Sequence[str], **settings: Any) -> None:
        settings.setdefault("context_settings", SETTINGS)
        super().__init__(*args, **settings)
        self.functions = functions

    @cached_property
    def options(self) -> list[click.Parameter]:
        """The options of all functions; each name once, as the first function describes it."""
        found: dict[str | None, click.Parameter] = {}
        for option in [one for name in self.functions for one in options_of(public(name))]:
            found.setdefault(option.name, option)
        return list(found.values())

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the arguments, then the options of the functions, then the others."""
        given = super().get_params(ctx)
        arguments = [param for param in given if isinstance(param, click.Argument)]
        return [*arguments, *self.options, *(param for param in given if param not in arguments)]


def options_of(function: Callable[..., Any]) -> list[click.Parameter]:
    """Return one option per keyword of a function whose values can be written as text."""
    described = parameters(function)
    keywords = [
        (parameter, written)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY and (written := _type_of(parameter.annotation))
    ]
    return [_option(keyword, written, described[keyword.name]) for keyword, written in keywords]


def chosen(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given, for the call of the function."""
    return {name: value for name, value in options.items() if value is not None}


def as_value(text: str) -> Any:
    """Parse a value as JSON, or else take it as text.

    Examples
    --------
    >>> as_value("[3, 3]"), as_value("1e-5"), as_value("gelu")
    ([3, 3], 1e-05, 'gelu')
    """
    try:
        return json.loads(text)
    except ValueError:
        return text


def _option(parameter: inspect.Parameter, written: ParamType, text: str) -> click.Option:
    name = "seed" if parameter.name == "rng" else parameter.name.replace("_", "-")
    default = parameter.default
    if default is not None and default is not parameter.empty:
        text = f"{text} [default: {_written(default)}]"
    return click.Option([parameter.name, f"--{name}"], type=written, help=text)


def _type_of(annotation: Any) -> ParamType | None:
    """Return the option type for an annotation, or None if its values cannot be text."""
    bare = _bare(annotation)
    if get_origin(bare) is Literal:
        return click.Choice(get_args(bare))
    return _TYPES.get(bare)


def _bare(annotation: Any) -> Any:
    """Return an annotation without ``| None``."""
    members = [member for member in get_args(annotation) if member is not type(None)]
    has_none = type(None) in get_args(annotation)
    return reduce(lambda one, other: one | other, members) if has_none else annotation


def _written(value: Any) -> str:
    """Return a default as one would write it on the command line."""
    if isinstance(value, range):
        return f"{value.start}:{value.stop}:{value.step}"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
