"""What is in a file of latents, before any of it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from latentscope._table import Table

MAX_LISTED = 12  # arrays that a message names
REFUSED = "refused"  # the type of an array that is not read: `open` raises the reason


@dataclass(frozen=True, slots=True)
class Item:
    """One array of a file.

    Attributes
    ----------
    shape : tuple of int
        As the file declares it.
    dtype : str
        Type of the stored values, such as "float32", "bfloat16" or "text".
    open : callable
        Returns the rows: an array, or an object that reads them when needed.
    can_be_z : bool
        False if the array is taken as coordinates only when requested by name.
    read_from : str
        What the array is read from, such as "columns x, y"; "" if that is its path.
    note : str
        What was guessed about the array, to be said where it is used.
    """

    shape: tuple[int, ...]
    dtype: str
    open: Callable[[], Any]
    can_be_z: bool = True
    read_from: str = ""
    note: str = ""

    @property
    def is_number(self) -> bool:
        """True for integers, floats and bool."""
        return self.dtype.startswith(("float", "bfloat", "int", "uint", "bool"))

    @property
    def size(self) -> str:
        """The shape in readable form, such as "5,000 × 12"."""
        return " × ".join(f"{n:,}" for n in self.shape) or "one value"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Contents:
    """What a file holds.

    Attributes
    ----------
    path : Path
        The file.
    format : str
        What kind of file it is, such as "HDF5" or "NumPy .npz".
    items : mapping of str to Item
        All arrays, by their path in the file.
    meta : mapping
        Where the latents come from, if the file records it.
    label_folder : str
        Where, besides the folder of z, the file keeps properties of each row.
    is_ours : bool
        True if latentscope wrote the file: parts that do not fit together are damage.
    is_cut : bool
        True if the writer was stopped and only the rows that exist are used.
    notes : tuple of str
        What was guessed about the file as a whole.
    find : callable or None
        Returns the item at a path that is not listed, such as one behind a link.
    file : object with a `close` method, or None
        The open file, which must stay open as long as the items are in use.
    """

    path: Path
    format: str
    items: dict[str, Item]
    meta: Mapping[str, Any] = field(default_factory=dict)
    label_folder: str = "labels"
    is_ours: bool = False
    is_cut: bool = False
    notes: tuple[str, ...] = ()
    find: Callable[[str], Item] | None = None
    file: Any = None

    def table(self) -> Table:
        """Return one line per array: its path, type and shape."""
        return Table(
            array=list(self.items),
            dtype=[item.dtype for item in self.items.values()],
            shape=[item.size for item in self.items.values()],
        )

    def close(self) -> None:
        """Close the file."""
        if self.file is not None:
            self.file.close()

    def __repr__(self) -> str:
        return f"{self.path}: {self.format}\n{self.table()!r}"


def listed(items: Mapping[str, Item]) -> str:
    """Return a list of arrays with their shapes, for messages.

    Examples
    --------
    >>> listed({"a": Item((5, 2), "float32", list)})
    'a (5 × 2, float32)'
    """
    texts = [f"{path} ({item.size}, {item.dtype})" for path, item in items.items()]
    more = f", … ({len(texts)} in all)" if len(texts) > MAX_LISTED else ""
    return ", ".join(texts[:MAX_LISTED]) + more or "none"


def dtype_name(dtype: np.dtype[Any]) -> str:
    """Return the name of a type, the same for all byte orders; "text" for any text.

    Examples
    --------
    >>> dtype_name(np.dtype(">f4")), dtype_name(np.dtype("U7"))
    ('float32', 'text')
    """
    return "text" if dtype.kind in "US" else dtype.newbyteorder("=").name
