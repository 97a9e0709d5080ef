"""The only loop over rows: blocks in, mergeable summaries out.

:func:`reduce` reads any source in runs of rows, updates one set of summaries per run in threads,
and merges them in the order of the rows, so results are bit-for-bit reproducible for any number of
threads. For Dask arrays, Dask's workers do the same with each chunk and merge in a tree. Several
summaries share one pass over the rows.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import Any, TypeVarTuple

import numpy as np
from tqdm import tqdm

from latentscope._compute.blas import one_blas_thread
from latentscope._compute.kernels import is_finite
from latentscope._compute.threads import in_order, n_cores
from latentscope._types import Array, IntArray
from latentscope.errors import DataError
from latentscope.rows.dask_tree import reduced, together
from latentscope.rows.matrix import DaskMatrix, Matrix, as_chunk
from latentscope.rows.source import Points, Rows, as_rows, needed
from latentscope.rows.summaries import Block, Collected

_SHOWN_ROWS = 5  # indices that a message about rows that are not finite lists

Summaries = TypeVarTuple("Summaries")
Part = tuple[tuple[Any, ...], IntArray]  # summaries of some rows, and indices of non-finite ones


def reduce(source: Points, *summaries: *Summaries, progress: str = "") -> tuple[*Summaries]:
    """Reduce all rows of `source` to summaries, in one pass.

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
        The same kinds of summary in the same order, over all rows used.

    Raises
    ------
    DataError
        If rows contain NaN or infinity (the message gives their number and the first of them),
        unless the source is `finite_rows(...)`; or if fewer than two rows are left.
    """
    rows = as_rows(source)
    templates: Any = summaries
    names = tuple(dict.fromkeys(name for summary in templates for name in summary.needs))
    title = tqdm(total=rows.n_total, desc=progress, unit="row", unit_scale=True, delay=2)
    with one_blas_thread(), title as bar:
        if any(isinstance(rows.matrices[name], DaskMatrix) for name in names):
            arrays = together({name: _dask_array(rows.matrices[name]) for name in names})
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


def collect(source: Points, function: Callable[[Block], Array], *, progress: str = "") -> Array:
    """Return `function(block)` for all blocks, joined along the rows.

    Examples
    --------
    >>> collect([[1.0, 2.0], [3.0, 4.0]], lambda block: block.z[:, 0])
    array([1., 3.])
    """
    (collected,) = reduce(source, Collected(function), progress=progress)
    return collected.array


def take(source: Points, indices: IntArray) -> Array:
    """Return the rows of z at `indices`, which must increase."""
    taken = collect(source, partial(_rows_among, indices), progress="reading rows")
    if len(taken) != len(indices):
        raise DataError(
            f"indices must be increasing, and of rows that are used; {len(indices)} were given, "
            f"{len(taken)} found.",
            parameter="indices",
        )
    return taken


def row_numbers(source: Points) -> IntArray:
    """Return the indices of all rows that an analysis of `source` uses."""
    rows = as_rows(source)
    if rows.drops_nonfinite:
        return collect(rows, _numbers, progress="finding finite rows")
    return np.arange(rows.n_total)


def sample_rows(source: Points, n: int, random: np.random.Generator) -> tuple[IntArray, int]:
    """Choose `n` of the rows that an analysis uses (all, if fewer), without repetition.

    Returns
    -------
    indices : int64 array
        Row indices, increasing.
    n_used : int
        The number of rows from which they were chosen.
    """
    rows = as_rows(source)
    pool: Any = row_numbers(rows) if rows.drops_nonfinite else rows.n_total
    n_used = len(pool) if rows.drops_nonfinite else rows.n_total
    chosen = random.choice(pool, min(n, n_used), replace=False, shuffle=False)
    return np.sort(chosen), n_used


def _rows_among(indices: IntArray, block: Block) -> Array:
    low, high = np.searchsorted(indices, (block.rows[0], block.rows[-1] + 1))
    return block.z[np.isin(block.rows, indices[low:high], assume_unique=True)]


def _numbers(block: Block) -> IntArray:
    return block.rows


def _merged(templates: Any, parts: Iterable[Part]) -> Part:
    """Merge partial summaries in the order given."""
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


def _dask_array(matrix: Matrix) -> Any:
    return matrix.array if isinstance(matrix, DaskMatrix) else None


def _summarise_chunks(
    kinds: dict[str, Any], templates: Any, start: int, stop: int, chunks: list[Any]
) -> Part:
    """Summarise rows start … stop − 1 of Dask arrays, in the process that holds them."""
    if start == stop:
        return _summarise((), templates)
    matrices = {
        name: as_chunk(name, chunk, (stop - start, n_cols), dtype)
        for (name, (n_cols, dtype)), chunk in zip(kinds.items(), chunks, strict=True)
    }
    return _summarise(_blocks(Rows(matrices), start), templates)


def _blocks(rows: Rows, first: int) -> Iterator[Block]:
    """Yield all blocks of a run of rows that starts at index `first` of the source."""
    for bounds in rows.runs(names := tuple(rows.matrices)):
        for block in rows.read(names, *bounds):
            yield Block(block.rows + first, block.arrays)


def _summarise(blocks: Iterable[Block], templates: Any) -> Part:
    """Return the summaries of some blocks, and the indices of their rows that are not finite."""
    found = tuple(summary.empty() for summary in templates)
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
            for summary in found:
                summary.update(clean)
    return found, np.concatenate(bad)


def _check_rows(rows: Rows, bad: IntArray) -> None:
    n_bad = len(bad)
    if n_bad and not rows.drops_nonfinite:
        first = ", ".join(map(str, bad[:_SHOWN_ROWS])) + (", …" if n_bad > _SHOWN_ROWS else "")
        raise DataError(
            f"every value of {rows.name} must be finite; {n_bad:,} of {rows.n_total:,} rows "
            f"contain NaN or infinity (rows {first}).",
            parameter=rows.name,
            remedy=f"Pass `latentscope.finite_rows({rows.name})` to leave them out.",
        )
    if rows.n_total - n_bad < rows.least:
        raise DataError(
            f"{needed(rows.least, 'finite row')}; {rows.n_total - n_bad} of {rows.n_total:,} "
            f"{'is' if rows.n_total - n_bad == 1 else 'are'}."
        )
