"""A small read-only table that prints well, displays as HTML and converts to a DataFrame."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from latentscope._disk.printable import printable
from latentscope._optional import import_optional

_ROUNDING = 1e-12  # of a share, which sums of floats may lack
_MOST_DIGITS = 15


class Table(Mapping[str, Sequence[Any]]):
    """Named columns of equal length, in order.

    Examples
    --------
    >>> print(Table(axis=[52, 130], width=[8.0, 9.0]))
    axis  width
      52      8
     130      9
    """

    def __init__(self, /, **columns: Sequence[Any]) -> None:
        self._columns = {name: tuple(column) for name, column in columns.items()}

    def __getitem__(self, name: str) -> Sequence[Any]:
        return self._columns[name]

    def __iter__(self) -> Any:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The rows, each a tuple in the order of the columns."""
        return list(zip(*self._columns.values(), strict=True))

    def to_frame(self) -> Any:
        """Return the table as a pandas DataFrame (extra ``formats``)."""
        pandas = import_optional("pandas", purpose="to_frame", extra="formats")
        return pandas.DataFrame({name: list(column) for name, column in self.items()})

    def __repr__(self) -> str:
        head = [printable(name) for name in self]
        lines = [head, *([show(cell) for cell in row] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text_columns = [any(isinstance(cell, str) for cell in self[name]) for name in self]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if is_text else cell.rjust(width)
                for cell, width, is_text in zip(line, widths, text_columns, strict=True)
            ).rstrip()
            for line in lines
        )

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(printable(name))}</th>" for name in self)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(show(cell))}</td>" for cell in row) + "</tr>"
            for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def show(value: Any) -> str:
    """Format a value: numbers with at most five significant digits, integers below 1e15 in full.

    Control characters in text become escapes.

    Examples
    --------
    >>> show(16.283989), show(170000), show(6.12e-5)
    ('16.284', '170,000', '6.12e-05')
    """
    if isinstance(value, str):
        return printable(value)
    if value is None:
        return "–"
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "yes" if value else "no"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.5g}"


def percentage(share: float, digits: int = 1) -> str:
    """Write a share of rows in percent; all of them only if it is all, none only if it is none.

    Examples
    --------
    >>> percentage(0.1234), percentage(0.99999), percentage(1.0), percentage(1e-9, digits=0)
    ('12.3%', 'over 99.9%', '100.0%', 'below 1%')
    """
    text, step = f"{share:.{digits}%}", 10.0**-digits
    if share < 1 - _ROUNDING and float(text[:-1]) >= 100:
        return f"over {100 - step:.{digits}f}%"
    if share > _ROUNDING and not float(text[:-1]):
        return f"below {step:.{digits}f}%"
    return text


def below_one(value: float) -> str:
    """Write a number of at most 1 with two digits, or with so many that it shows if it is below 1.

    Examples
    --------
    >>> below_one(0.1234), below_one(-0.99786), below_one(1.0)
    ('0.12', '-0.998', '1')
    """
    texts = (f"{value:.{digits}g}" for digits in range(2, _MOST_DIGITS))
    is_one = abs(value) > 1 - _ROUNDING
    return next((text for text in texts if is_one or abs(float(text)) < 1), f"{value:.2g}")


def sentence(text: str) -> str:
    """Return text with a capital first letter and a full stop.

    Examples
    --------
    >>> sentence("no clusters")
    'No clusters.'
    """
    return f"{text[0].upper()}{text[1:]}."
