"""Base class of all results: immutable, self-describing, saved as JSON, drawn by one method."""

import dataclasses
import json
from dataclasses import dataclass
from functools import partial
from html import escape
from importlib import import_module
from os import PathLike, fspath
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, ClassVar, Self, get_args, get_origin

import numpy as np

from latentscope._disk.atomic import replacing
from latentscope._table import Table, show
from latentscope._types import Array, Panels
from latentscope.errors import FileFormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

_CLASSES: dict[str, type["Result"]] = {}


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
            If the file is not JSON, or holds another kind of result.
        """
        try:
            fields = json.loads(Path(path).read_text(encoding="utf-8"))
            result = _from_plain(fields)
        except (ValueError, TypeError, KeyError) as error:
            raise FileFormatError(f"{fspath(path)} is not a saved result: {error}") from error
        if not isinstance(result, cls):
            kind = type(result).__name__
            raise FileFormatError(f"{fspath(path)} must hold a {cls.__name__}; it holds a {kind}.")
        return result

    @property
    def rows_text(self) -> str:
        """How many rows the result is based on, in words, and of how many if not all."""
        if self.n_used == self.n_total:
            return f"{self.n_used:,} rows"
        return f"{self.n_used:,} of {self.n_total:,} rows"

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {show(value)}" for name, value in self.headline().items())
        return f"<{type(self).__name__} of {self.rows_text}: {shown}>"

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


def _from_plain(value: Any, kind: Any = None) -> Any:
    """Undo `_plain`; `kind` is the annotation of the field that the value belongs to."""
    if isinstance(value, dict) and "result" in value:
        cls = _class_named(value["result"])
        kinds = {field.name: field.type for field in dataclasses.fields(cls)}
        return cls(**{name: _from_plain(value[name], kinds[name]) for name in kinds})
    if get_origin(kind) is np.ndarray:
        (scalar_type,) = get_args(get_args(kind)[1])
        if isinstance(value, dict):
            return np.empty(value["shape"], dtype=scalar_type)
        return np.array(value, dtype=scalar_type)
    if isinstance(value, list):
        return tuple(_from_plain(item) for item in value)
    return value


def _class_named(name: str) -> type[Result]:
    """Return the result class of that name; import all analyses if it is not known yet."""
    if name not in _CLASSES:
        for module in iter_modules(import_module("latentscope.analysis").__path__):
            import_module(f"latentscope.analysis.{module.name}")
    return _CLASSES[name]
