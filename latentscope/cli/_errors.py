"""Error messages about parameters, reworded for the options of a command."""

import ast
from collections.abc import Mapping

import click

from latentscope.errors import LatentscopeError

_CALLS = {
    "latentscope.finite_rows": "is_finite"
}  # a call that is an option here: the option's name


def in_options(error: LatentscopeError, command: click.Command) -> str:
    """Return the text of an error with the options of a command in place of parameters.

    A parameter without an option is left as it is written in Python.
    """
    options = {
        option.name: option.opts[0]
        for option in command.get_params(click.Context(command))
        if isinstance(option, click.Option)
    }
    message, name = error.message, error.parameter or ""
    if name in options and message.startswith((f"{name} ", f"{name}[", f"{name}, ")):
        message = options[name] + message.removeprefix(name)
    texts = error.remedy.split("`")
    texts[1::2] = [_written(code, options) for code in texts[1::2]]
    return f"{message} {''.join(texts)}".strip()


def _written(code: str, options: Mapping[str, str]) -> str:
    """Return how a parameter with its value, or a call, is written on the command line.

    Examples
    --------
    >>> _written("null='smooth'", {"null": "--null"}), _written("flatten=True", {})
    ('--null smooth', 'flatten=True')
    """
    call, (name, _, value) = code.partition("(")[0], code.partition("=")
    option = options.get(_CALLS.get(call, name))
    if option is None:
        return code
    if call in _CALLS or value in ("", "True"):
        return option
    return f"{option} {ast.literal_eval(value)}"
