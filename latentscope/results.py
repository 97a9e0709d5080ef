"""Base class of all results: immutable, self-describing, saved as JSON, drawn by one method."""

import dataclasses
import json
import math
from dataclasses import dataclass
from functools import partial
from html import escape
from importlib import import_module
from os import PathLike, fspath
from pkgutil import iter_modules
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, Union, get_args, get_origin

import numpy as np

from latentscope._disk.atomic import replacing
from latentscope._disk.limits import check_memory
from latentscope._disk.paths import existing
from latentscope._disk.printable import printable
from latentscope._disk.read_errors import access_errors
from latentscope._table import Table, show
from latentscope._types import Array, Panels
from latentscope.errors import FileFormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

_CLASSES: dict[str, type["Result"]] = {}
_MAX_SHOWN = 60  # characters of a wrong value
_ELEMENTS: dict[str, set[type]] = {
    "f": {float, int, NoneType},
    "i": {int},
    "b": {bool},
}  # by kind of dtype, in JSON


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Result:
    """Base class of what every analysis returns.

    Attributes
    ----------
    n_used : int
        Number of rows that the result is based on.
    n_total : int
        Number of rows that were given. If `n_used` is smaller, rows were left out on request.
    """

    n_used: int
    n_total: int

    _plot: ClassVar[str] = ""  # function of latentscope.plot that draws this result

    def __init_subclass__(cls) -> None:
        """Remember the class by name, so that `load` finds it."""
        _CLASSES[cls.__name__] = cls

    def __post_init__(self) -> None:
        """Copy and lock arrays and tuples, so that a result cannot be changed later."""
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, _locked(getattr(self, field.name)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild copies and pickles through the constructor, so that their arrays are locked."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return partial(type(self), **fields), ()

    def plot(
        self, ax: "Axes | Sequence[Axes] | Panels | None" = None, **options: Any
    ) -> "Axes | Panels":
        """Draw the result on `ax`, or on new Axes of the current style, and return the Axes.

        Results with several panels take and return an array of Axes. Options are those of the
        function in `latentscope.plot`, such as `color` for maps.
        """
        drawn: Axes | Panels = getattr(import_module("latentscope.plot"), self._plot)(
            self, ax=ax, **options
        )
        return drawn

    def table(self) -> Table:
        """Return the result's main table; by default its headline numbers."""
        numbers = self.headline()
        return Table(quantity=list(numbers), value=list(numbers.values()))

    def to_frame(self) -> Any:
        """Return the table as a pandas DataFrame (extra ``formats``)."""
        return self.table().to_frame()

    def headline(self) -> dict[str, Any]:
        """Return the few numbers that the repr shows, by name."""
        return {}

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON-ready values, with the class name under ``result``."""
        fields = {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self)}
        return {"result": type(self).__name__, **fields}

    def save(self, path: str | PathLike[str]) -> None:
        """Write the result as JSON, either completely or not at all."""
        text = json.dumps(self.to_dict(), allow_nan=False)
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a result that `save` wrote; floats come back as float64, bit for bit.

        Raises
        ------
        FileFormatError
            If the file is not JSON, a value is not of its field's type, or the file holds another
            kind of result.
        MissingFileError, AccessError
            If there is no such file, or the system does not allow it to be read.
        TooLargeError
            If the file is larger than this machine's memory.
        """
        text = _text_of(path)
        try:
            result = _from_plain(json.loads(text, parse_constant=_refuse_constant))
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise FileFormatError(
                f"{fspath(path)} is not a saved result: {error}.",
                remedy="Make the result again and save it.",
            ) from error
        if not isinstance(result, cls):
            kind = type(result).__name__
            raise FileFormatError(
                f"{fspath(path)} must hold a {cls.__name__}; it holds a {kind}. "
                "Result.load opens any kind of result."
            )
        return result

    @property
    def rows_text(self) -> str:
        """How many rows the result is based on, in words, and of how many if not all."""
        if self.n_used == self.n_total:
            return f"{self.n_used:,} rows"
        return f"{self.n_used:,} of {self.n_total:,} rows"

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {show(value)}" for name, value in self.headline().items())
        return printable(f"<{type(self).__name__} of {self.rows_text}: {shown}>")

    def _repr_html_(self) -> str:
        title = f"{type(self).__name__} of {self.rows_text}"
        return f"<p><b>{escape(title)}</b></p>{self.table()._repr_html_()}"


class OnePanel(Result):
    """A result whose figure is one panel."""

    __slots__ = ()

    if TYPE_CHECKING:

        def plot(
            self, ax: "Axes | Sequence[Axes] | Panels | None" = None, **options: Any
        ) -> "Axes": ...


class SeveralPanels(Result):
    """A result whose figure has several panels."""

    __slots__ = ()

    if TYPE_CHECKING:

        def plot(
            self, ax: "Axes | Sequence[Axes] | Panels | None" = None, **options: Any
        ) -> Panels: ...


def _locked(value: Any) -> Any:
    """Return a read-only copy of arrays and collections, other values as they are."""
    if isinstance(value, np.ndarray):
        copy = np.array(value)
        copy.flags.writeable = False
        return copy
    if isinstance(value, list | tuple):
        return tuple(_locked(item) for item in value)
    return value.item() if isinstance(value, np.generic) else value


def _plain(value: Any) -> Any:
    """Return the value as something that the json module can write."""
    if isinstance(value, Result):
        return value.to_dict()
    if isinstance(value, np.ndarray):
        return _numbers(value) if value.size else {"shape": list(value.shape)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _numbers(array: Array) -> Any:
    """Return a list in which undefined numbers are None, since JSON has no NaN."""
    if array.dtype.kind != "f" or not np.isnan(array).any():
        return array.tolist()
    numbers = array.astype(object)
    numbers[np.isnan(array)] = None
    return numbers.tolist()


def _text_of(path: str | PathLike[str]) -> bytes:
    """Return the contents of an ordinary file: a pipe or a device might never end."""
    file = existing(path)
    with access_errors(file):
        if not file.is_file():
            raise FileFormatError(
                f"{file} is not a saved result: it must be a file that `save` wrote; it is a "
                "folder, a pipe or a device."
            )
        check_memory(file, "the result", file.stat().st_size)
        return file.read_bytes()


def _refuse_constant(name: str) -> float:
    raise ValueError(f"it holds {name}, which `save` never writes")


def _from_plain(value: Any, kind: Any = Any, field: str = "") -> Any:
    """Undo `_plain`; `kind` is the annotation of the field that the value belongs to.

    Raises
    ------
    TypeError
        If the value is of another type.
    """
    if get_origin(kind) is np.ndarray:
        (scalar_type,) = get_args(get_args(kind)[1])
        return _array(value, np.dtype(scalar_type), field)
    if isinstance(value, dict) and "result" in value:
        value = _result(value)
    elif isinstance(value, list):
        kind_of_items = get_args(kind)[0] if get_origin(kind) is tuple else Any
        value = tuple(_from_plain(item, kind_of_items, field) for item in value)
    if not _is_of(value, kind):
        expected = kind.__name__ if isinstance(kind, type) else kind
        raise TypeError(f"{field} must be {expected}; it is {_short(value)}")
    return float(value) if kind is float else value


def _result(fields: dict[str, Any]) -> Result:
    cls = _class_named(fields["result"])
    kinds = {field.name: field.type for field in dataclasses.fields(cls)}
    if missing := sorted(kinds.keys() - fields.keys()):
        raise TypeError(f"{cls.__name__} lacks {', '.join(missing)}")
    return cls(**{name: _from_plain(fields[name], kinds[name], name) for name in kinds})


def _array(value: Any, dtype: np.dtype[Any], field: str) -> Array:
    """Return the array of a list of numbers, or of the shape that an empty array is saved as."""
    if isinstance(value, dict):
        shape = value.get("shape")
        if not isinstance(shape, list) or 0 not in shape or {type(n) for n in shape} != {int}:
            raise TypeError(f"{field} must be an array; it is {_short(value)}, without numbers")
        return np.empty(shape, dtype)
    if not isinstance(value, list):
        raise TypeError(f"{field} must be an array; it is {_short(value)}")
    found: set[type] = {type(element) for element in np.array(value, dtype=object).flat}
    if wrong := found - _ELEMENTS[dtype.kind]:
        names = ", ".join(sorted(one.__name__ for one in wrong))
        raise TypeError(f"{field} must be an array of {dtype}; elements of it are {names}")
    array = np.array(value, dtype)
    if np.isinf(array).any():
        raise ValueError(f"{field} must be finite; it holds numbers beyond 1e308")
    return array


def _is_of(value: Any, kind: Any) -> bool:
    """Return True if a value is of the annotated kind; the items of a tuple are not looked at."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return any(_is_of(value, one) for one in arguments)
    if origin is Literal:
        return isinstance(value, str) and value in arguments
    if kind is float:
        return type(value) in (int, float) and math.isfinite(value)
    if kind is int:
        return type(value) is int
    return kind is Any or isinstance(value, origin or kind)


def _short(value: Any) -> str:
    """Return the beginning of a value's repr."""
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _class_named(name: str) -> type[Result]:
    """Return the result class of that name; import all analyses if it is not known yet."""
    if not isinstance(name, str):
        raise TypeError(f"`result` must be the name of a class; it is {_short(name)}")
    if name not in _CLASSES:
        for module in iter_modules(import_module("latentscope.analysis").__path__):
            import_module(f"latentscope.analysis.{module.name}")
    if name not in _CLASSES:
        raise ValueError(f"no result is called {_short(name)}")
    return _CLASSES[name]
