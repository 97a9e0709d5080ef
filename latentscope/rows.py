"""One driver for every statistic over rows: blocks in, mergeable summaries out.

A :class:`Summary` is empty, is updated with blocks, and is merged with others of its kind; the
outcome does not depend on how the rows were cut. :func:`reduce` reads any source in runs of rows,
updates one set of summaries per run in threads, and merges them in the order of the rows, so that
results repeat bit for bit whatever the number of threads. Dask's workers do the same to chunks of
Dask arrays, and merge in a tree. Several summaries share one reading.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Self, TypeVarTuple

import numpy as np
from tqdm import tqdm

from latentscope._compute.blas import one_blas_thread
from latentscope._compute.kernels import column_means, is_finite
from latentscope._compute.threads import in_order, n_cores
from latentscope._dask import reduced, together
from latentscope._sources import Matrix, as_chunk, as_matrix
from latentscope._types import Array, FloatArray, IntArray
from latentscope.errors import DataError
from latentscope.latents import Latents

_BLOCK_BYTES = 2 * 2**20  # what stays in a core's cache while a summary works on it
_SHOWN_ROWS = 5  # row numbers that a message about bad rows names

__all__ = [
    "Block", "Collected", "Rows", "Summary", "as_rows", "collect", "finite_rows", "reduce",
    "row_numbers", "sample_rows", "take",
]  # fmt: skip

Summaries = TypeVarTuple("Summaries")
Part = tuple[tuple[Any, ...], IntArray]  # summaries of some rows, and which of them are not finite


@dataclass(frozen=True, slots=True)
class Block:
    """A few rows, in memory.

    Attributes
    ----------
    rows : int64 array of shape (n,)
        Their numbers in the source.
    z, mu, logvar : float32 or float64 array of shape (n, z_dim)
        Their values; only those that a summary asked for are there.
    """

    rows: IntArray
    arrays: dict[str, Array]
    _found: dict[str, FloatArray] = field(default_factory=dict, init=False, repr=False)

    @property
    def z_mean(self) -> FloatArray:
        """Mean of z, computed once for all summaries that need it."""
        if "z_mean" not in self._found:
            self._found["z_mean"] = column_means(self.z)
        return self._found["z_mean"]

    @property
    def z(self) -> Array:
        """Latent vectors, C-contiguous."""
        return self.arrays["z"]

    @property
    def mu(self) -> Array:
        """Posterior means, C-contiguous."""
        return self.arrays["mu"]

    @property
    def logvar(self) -> Array:
        """Logarithms of the posterior variances, C-contiguous."""
        return self.arrays["logvar"]


class Summary(ABC):
    """A statistic of rows that can be merged: for disjoint sets A and B, s(A) ⊕ s(B) = s(A ∪ B).

    Implementations hold only what they have counted and the settings that made them, as plain
    attributes that can be pickled, so that the same updates and merges run in other processes.
    """

    needs: ClassVar[tuple[str, ...]] = ("z",)

    @abstractmethod
    def empty(self) -> Self:
        """Return a summary of no rows with the same settings."""

    @abstractmethod
    def update(self, block: Block) -> None:
        """Add the rows of `block`."""

    @abstractmethod
    def merge(self, other: Self) -> None:
        """Add the rows that `other` has seen."""


@dataclass(frozen=True, slots=True, repr=False)
class Rows:
    """A source of rows: z alone, or z with mu and logvar.

    Attributes
    ----------
    matrices : dict of str to Matrix
        Under the names "z", "mu", "logvar".
    drops_nonfinite : bool
        True to leave out rows with NaN or infinity, False to refuse them.
    least : int
        Rows that must be there; a statistic needs two.
    name : str
        What messages call the source.
    """

    matrices: dict[str, Matrix]
    drops_nonfinite: bool = False
    least: int = 2
    name: str = "z"

    @property
    def n_total(self) -> int:
        """Rows of the source, before any is left out."""
        return self.matrices["z"].n_rows

    @property
    def z_dim(self) -> int:
        """Columns of z."""
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


def as_rows(source: Any, *, least: int = 2, name: str = "z") -> Rows:
    """Return any source as `Rows`, after checking its shape and type.

    Parameters
    ----------
    source : array-like of shape (n_points, z_dim), Latents or Rows
        Array of any real dtype, order and byte order, memmap, `h5py.Dataset`, zarr array, Dask
        array, DataFrame, CPU tensor, nested list.
    least : int
        Rows that must be there.
    name : str
        What messages call the array.

    Raises
    ------
    DataError
        If the shape is not (n_points, z_dim), or there are fewer rows than `least`.

    Examples
    --------
    >>> as_rows([[0, 1], [2, 3], [4, 5]]).n_total
    3
    """
    if isinstance(source, Rows):
        return source
    if isinstance(source, Latents):
        matrices = {part: as_matrix(part, array) for part, array in source.arrays.items()}
    else:
        matrices = {"z": as_matrix(name, source)}
    rows = Rows(matrices, least=least, name=name)
    if rows.n_total < least:
        raise DataError(
            f"{name} must have shape (n_points, z_dim); got {(rows.n_total, rows.z_dim)}. "
            "At least two points are needed."
        )
    return rows


def finite_rows(source: Any) -> Rows:
    """Return the source without the rows that hold NaN or infinity, for any analysis.

    The rows are left out while reading; nothing is copied. Results keep the original row numbers
    and say how many rows they used of how many.

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


def reduce(source: Any, *summaries: *Summaries, progress: str = "") -> tuple[*Summaries]:
    """Reduce all rows of `source` to summaries, in one reading.

    Parameters
    ----------
    source : array-like of shape (n_points, z_dim), Latents or Rows
        See `as_rows`.
    *summaries : Summary
        Empty summaries that carry the settings; they are not changed.
    progress : str
        Title of the progress bar on stderr, which appears after two seconds. The environment
        variable ``TQDM_DISABLE=1`` turns it off.

    Returns
    -------
    tuple of Summary
        The same kinds in the same order, of all rows used.

    Raises
    ------
    DataError
        If rows hold NaN or infinity (with their count and the first of them), unless the source
        is `finite_rows(...)`; or if fewer than two rows are left.
    """
    rows = as_rows(source)
    templates: Any = summaries
    names = tuple(dict.fromkeys(name for summary in templates for name in summary.needs))
    title = tqdm(total=rows.n_total, desc=progress, unit="row", unit_scale=True, delay=2)
    with one_blas_thread(), title as bar:
        if any(rows.matrices[name].dask is not None for name in names):
            arrays = together({name: rows.matrices[name].dask for name in names})
            summarise = partial(
                _summarise_chunks,
                {n: (rows.matrices[n].n_cols, rows.matrices[n].dtype) for n in names},
            )
            merged, bad = reduced(arrays, summarise, _merged, templates, bar)
        else:
            with closing(_summarised(rows, names, templates, bar)) as parts:
                merged, bad = _merged(templates, parts)
    _check_rows(rows, bad)
    return merged


def collect(source: Any, function: Callable[[Block], Array], *, progress: str = "") -> Array:
    """Return `function(block)` of all blocks, joined along the rows.

    Examples
    --------
    >>> collect([[1.0, 2.0], [3.0, 4.0]], lambda block: block.z[:, 0])
    array([1., 3.])
    """
    (collected,) = reduce(source, Collected(function), progress=progress)
    return collected.array


def take(source: Any, indices: IntArray) -> Array:
    """Return the given rows of z; `indices` are increasing row numbers of the source."""
    taken = collect(source, partial(_rows_among, indices), progress="reading rows")
    if len(taken) != len(indices):
        raise DataError(
            f"indices must be increasing numbers of rows that are used; {len(indices)} were given, "
            f"{len(taken)} found."
        )
    return taken


def row_numbers(source: Any) -> IntArray:
    """Return the numbers of all rows that an analysis of `source` uses."""
    rows = as_rows(source)
    if rows.drops_nonfinite:
        return collect(rows, _numbers, progress="finding finite rows")
    return np.arange(rows.n_total)


def sample_rows(source: Any, n: int, random: np.random.Generator) -> tuple[IntArray, int]:
    """Choose `n` of the rows that an analysis uses (all, if fewer), without repetition.

    Returns
    -------
    indices : int64 array
        Their numbers, increasing.
    n_used : int
        From how many rows they were chosen.
    """
    rows = as_rows(source)
    pool: Any = row_numbers(rows) if rows.drops_nonfinite else rows.n_total
    n_used = len(pool) if rows.drops_nonfinite else rows.n_total
    chosen = random.choice(pool, min(n, n_used), replace=False, shuffle=False)
    return np.sort(chosen), n_used


class Collected(Summary):
    """What a function makes of each block, kept in order."""

    def __init__(self, function: Callable[[Block], Array]) -> None:
        self.function = function
        self.parts: list[Array] = []

    @property
    def array(self) -> Array:
        """All parts, joined along the rows."""
        return np.concatenate(self.parts)

    def empty(self) -> Self:
        return type(self)(self.function)

    def update(self, block: Block) -> None:
        self.parts.append(self.function(block))

    def merge(self, other: Self) -> None:
        self.parts += other.parts


def _rows_among(indices: IntArray, block: Block) -> Array:
    low, high = np.searchsorted(indices, (block.rows[0], block.rows[-1] + 1))
    return block.z[np.isin(block.rows, indices[low:high], assume_unique=True)]


def _numbers(block: Block) -> IntArray:
    return block.rows


def _merged(templates: Any, parts: Iterable[Part]) -> Part:
    """Merge partial summaries in their order."""
    merged = tuple(summary.empty() for summary in templates)
    bad: list[IntArray] = [np.empty(0, dtype=np.int64)]
    for part, bad_rows in parts:
        for whole, other in zip(merged, part, strict=True):
            whole.merge(other)
        bad.append(bad_rows)
    return merged, np.concatenate(bad)


def _summarised(rows: Rows, names: tuple[str, ...], templates: Any, bar: Any) -> Generator[Part]:
    """Summarise runs in threads; yield the partial summaries in the order of the rows.

    A stored source gets one thread more than there are cores: it reads while others compute.
    """
    runs = rows.runs(names)
    jobs = (partial(_summarise, rows.read(names, *bounds), templates) for bounds in runs)
    is_stored = any(rows.matrices[name].is_stored for name in names)
    n_threads = min(n_cores() + is_stored, len(runs))
    with closing(in_order(jobs, n_threads)) as parts:
        for (start, stop), part in zip(runs, parts, strict=True):
            yield part
            bar.update(stop - start)


def _summarise_chunks(
    kinds: dict[str, Any], templates: Any, start: int, stop: int, chunks: list[Any]
) -> Part:
    """Summarise rows start … stop − 1 of Dask arrays, in whatever process has them."""
    if start == stop:
        return _summarise((), templates)
    matrices = {
        name: as_chunk(name, chunk, (stop - start, n_cols), dtype)
        for (name, (n_cols, dtype)), chunk in zip(kinds.items(), chunks, strict=True)
    }
    return _summarise(_blocks(Rows(matrices), start), templates)


def _blocks(rows: Rows, first: int) -> Iterator[Block]:
    """Yield all blocks of a part of the rows that begins with row `first`."""
    for bounds in rows.runs(names := tuple(rows.matrices)):
        for block in rows.read(names, *bounds):
            yield Block(block.rows + first, block.arrays)


def _summarise(blocks: Iterable[Block], templates: Any) -> Part:
    """Return the summaries of some blocks, and the numbers of their rows that are not finite."""
    partial = tuple(summary.empty() for summary in templates)
    bad: list[IntArray] = [np.empty(0, dtype=np.int64)]
    for block in blocks:
        clean = block
        if not all(is_finite(array) for array in block.arrays.values()):
            finite = [np.isfinite(array).all(axis=1) for array in block.arrays.values()]
            keep = np.logical_and.reduce(finite)
            bad.append(block.rows[~keep])
            arrays = {name: array[keep] for name, array in block.arrays.items()}
            clean = Block(block.rows[keep], arrays)
        if len(clean.rows):
            for summary in partial:
                summary.update(clean)
    return partial, np.concatenate(bad)


def _check_rows(rows: Rows, bad: IntArray) -> None:
    n_bad = len(bad)
    if n_bad and not rows.drops_nonfinite:
        first = ", ".join(map(str, bad[:_SHOWN_ROWS])) + (", …" if n_bad > _SHOWN_ROWS else "")
        raise DataError(
            f"every value of {rows.name} must be finite; {n_bad:,} of {rows.n_total:,} rows hold "
            f"NaN or infinity (rows {first}). Pass latentscope.finite_rows({rows.name}) to leave "
            "them out."
        )
    if rows.n_total - n_bad < rows.least:
        raise DataError(
            f"at least two finite rows are needed; {rows.n_total - n_bad} of {rows.n_total:,} are."
        )
