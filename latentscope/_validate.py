"""Checks of the parameters of public functions. Errors name parameter, value and remedy."""

import difflib
import math
import operator
import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np

from latentscope.errors import DataError, DataTypeError

_Option = TypeVar("_Option", bound=str)


def positive(name: str, value: float) -> float:
    """Return `value` as a float if it is a finite number above zero.

    Examples
    --------
    >>> positive("bin_width", 0.5)
    0.5
    """
    number = real(name, value)
    if not (math.isfinite(number) and number > 0):
        raise DataError(
            f"{name} must be a finite number above 0; got {value!r}.", parameter=_parameter(name)
        )
    return number


def real(name: str, value: float) -> float:
    """Return `value` as a float if it is a single real number, and not a bool."""
    parameter = _parameter(name)
    text = f"{name} must be a number; got {value!r}."
    if isinstance(value, bool | np.bool_ | str | bytes):
        raise DataTypeError(text, parameter=parameter)
    try:
        return float(value)
    except OverflowError as error:
        raise DataError(
            f"{name} must fit in float64; got a number beyond 1e308.", parameter=parameter
        ) from error
    except (TypeError, ValueError) as error:
        raise DataTypeError(text, parameter=parameter) from error


def numbers(name: str, values: Sequence[float]) -> list[float]:
    """Return `values` as a list of floats if they are real numbers.

    Examples
    --------
    >>> numbers("half_widths", (2, 0.5))
    [2.0, 0.5]
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise DataTypeError(
            f"{name} must be a sequence of numbers; got {values!r}.", parameter=_parameter(name)
        )
    return [real(f"{name}[{i}]", value) for i, value in enumerate(values)]


def integer(name: str, value: int, *, low: int, high: int | None = None, why: str = "") -> int:
    """Return `value` as an int if low ≤ value ≤ high; `why` explains the upper end.

    Examples
    --------
    >>> integer("n_components", 3, low=1, high=8)
    3
    """
    allowed = f"at least {low}" if high is None else f"from {low} to {high}"
    text = f"{name} must be an integer {allowed}{why and f' ({why})'}; got {value!r}."
    if isinstance(value, bool | np.bool_):
        raise DataTypeError(text, parameter=_parameter(name))
    try:
        number = operator.index(value)
    except TypeError as error:
        raise DataTypeError(text, parameter=_parameter(name)) from error
    if number < low or (high is not None and number > high):
        raise DataError(text, parameter=_parameter(name))
    return number


def one_of(name: str, value: _Option, options: Sequence[str]) -> _Option:
    """Return `value` if it is one of `options`; otherwise raise, and suggest the closest.

    Examples
    --------
    >>> one_of("space", "pca", ["pca", "latent"])
    'pca'
    """
    if isinstance(value, str) and value in options:
        return value
    listed = ", ".join(repr(option) for option in options)
    near = difflib.get_close_matches(str(value), options, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise DataError(
        f"{name} must be one of {listed}; got {value!r}.{hint}", parameter=_parameter(name)
    )


def generator(rng: "int | np.random.Generator") -> np.random.Generator:
    """Return a NumPy generator from a seed ≥ 0, or the generator itself.

    Examples
    --------
    >>> int(generator(0).integers(100))
    85
    """
    if isinstance(rng, np.random.Generator):
        return rng
    return np.random.default_rng(integer("rng", rng, low=0, why="a seed or a numpy Generator"))


def _parameter(name: str) -> str | None:
    """Return the parameter that a name begins with, if it does.

    Examples
    --------
    >>> _parameter("half_widths[1]"), _parameter("each of outputs")
    ('half_widths', None)
    """
    first = re.split(r"[\[,]", name)[0]
    return first if first.isidentifier() else None
