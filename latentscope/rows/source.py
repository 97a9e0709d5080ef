"""Any source of points as rows: z alone, or z with mu and logvar, read in blocks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from latentscope._types import ArrayLike, Vector
from latentscope.errors import DataError
from latentscope.rows.matrix import Matrix, as_matrix
from latentscope.rows.summaries import Block

_BLOCK_BYTES = 2 * 2**20  # fits in a core's cache while a summary works on it


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rows:
    """A source of rows: z alone, or z with mu and logvar.

    Attributes
    ----------
    matrices : dict of str to Matrix
        Under the names "z", "mu", "logvar".
    drops_nonfinite : bool
        True to leave out rows with NaN or infinity, False to raise an error.
    least : int
        Smallest number of rows allowed; a statistic needs two.
    name : str
        What messages call the source.
    ids, labels
        Ids and labels of the latents, for all rows of the source.
    """

    matrices: dict[str, Matrix]
    drops_nonfinite: bool = False
    least: int = 2
    name: str = "z"
    ids: Any = None
    labels: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_total(self) -> int:
        """Number of rows in the source, before any are left out."""
        return self.matrices["z"].n_rows

    @property
    def z_dim(self) -> int:
        """Number of columns of z."""
        return self.matrices["z"].n_cols

    def __repr__(self) -> str:
        matrix = self.matrices["z"]
        left_out = ", without rows that are not finite" if self.drops_nonfinite else ""
        return f"<Rows of {self.n_total:,} × {self.z_dim:,} {matrix.dtype}{left_out}>"

    def runs(self, names: tuple[str, ...]) -> list[tuple[int, int]]:
        """Return the bounds of the runs of rows that are read at once."""
        run = min(self.matrices[name].run for name in names)
        return [(start, min(start + run, self.n_total)) for start in range(0, self.n_total, run)]

    def read(self, names: tuple[str, ...], start: int, stop: int) -> Iterator[Block]:
        """Read one run and yield it in blocks that fit a core's cache."""
        arrays = {name: self.matrices[name].read(start, stop) for name in names}
        row_bytes = max(array[:1].nbytes for array in arrays.values())
        step = max(1, _BLOCK_BYTES // row_bytes)
        for low in range(0, stop - start, step):
            high = min(low + step, stop - start)
            yield Block(
                rows=np.arange(start + low, start + high),
                arrays={name: array[low:high] for name, array in arrays.items()},
            )


class HasArrays(Protocol):
    """Latents, or anything else that holds arrays under the names "z", "mu" and "logvar"."""

    @property
    def arrays(self) -> Mapping[str, Any]:
        """The available arrays, by name."""
        ...


Points = ArrayLike | Sequence[Vector] | HasArrays | Rows
"""What `as_rows` accepts."""


def as_rows(source: Points, *, least: int | None = None, name: str | None = None) -> Rows:
    """Return any source as `Rows`, with its shape and type checked.

    Parameters
    ----------
    source : array-like of shape (n_points, z_dim), Latents or Rows
        Array of any real dtype, memory order and byte order, memmap, `h5py.Dataset`, zarr array,
        Dask array, DataFrame, CPU tensor or nested list.
    least : int, optional
        Smallest number of rows allowed; by default two, or what `Rows` already require.
    name : str, optional
        What messages call the array; by default "z", or what `Rows` are already called.

    Raises
    ------
    DataError
        If the shape is not (n_points, z_dim), or there are fewer rows than `least`.

    Examples
    --------
    >>> as_rows([[0, 1], [2, 3], [4, 5]]).n_total
    3
    """
    rows = _as_rows(source, name)
    rows = replace(
        rows,
        least=rows.least if least is None else least,
        name=rows.name if name is None else name,
    )
    if rows.n_total < rows.least:
        raise DataError(
            f"{rows.name} must have shape (n_points, z_dim); got {(rows.n_total, rows.z_dim)}. "
            f"{needed(rows.least, 'point').capitalize()}.",
            parameter=rows.name,
        )
    return rows


def _as_rows(source: Points, name: str | None) -> Rows:
    if isinstance(source, Rows):
        return source
    arrays = getattr(source, "arrays", None)
    if not (isinstance(arrays, Mapping) and "z" in arrays):
        return Rows({"z": as_matrix(name or "z", source)})
    matrices = {part: as_matrix(part, array) for part, array in arrays.items()}
    ids, *mappings = (getattr(source, key, None) for key in ("ids", "labels", "meta"))
    labels, meta = (dict(mapping or {}) for mapping in mappings)
    return Rows(matrices, ids=ids, labels=labels, meta=meta)


def needed(n: int, what: str) -> str:
    """Return how many of something are needed, in words.

    Examples
    --------
    >>> needed(2, "point")
    'at least two points are needed'
    """
    number = {1: "one", 2: "two"}.get(n, str(n))
    return f"at least {number} {what}{' is' if n == 1 else 's are'} needed"


def finite_rows(source: Points) -> Rows:
    """Return the source without the rows that contain NaN or infinity, for any analysis.

    The rows are left out while reading; nothing is copied. Results keep the original row indices
    and state how many of how many rows they used. Labels and ids of latents are kept, for all rows.

    Parameters
    ----------
    source : array-like of shape (n_points, z_dim), or Latents
        See `as_rows`.

    Examples
    --------
    >>> import latentscope
    >>> z = [[3.0, 4.0], [float("nan"), 1.0], [0.0, 5.0]]
    >>> latentscope.radius_density(latentscope.finite_rows(z)).n_used
    2
    """
    return replace(as_rows(source), drops_nonfinite=True)
