"""Jobs shared by threads: few in progress at once, results in order, optional progress bar."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(jobs: Iterable[Callable[[], Result]], n_threads: int) -> Generator[Result]:
    """Run jobs in threads; yield their results in the order of the jobs.

    At most two jobs per thread are running or waiting to be taken, which bounds the memory. Closing
    the iterator cancels those that have not started, and waits for the others. A single thread is
    the caller's own: to start another costs more than a small job.
    """
    if n_threads == 1:
        for job in jobs:
            yield job()
        return
    pending: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(n_threads)
    try:
        for job in jobs:
            if len(pending) == 2 * n_threads:
                yield pending.popleft().result()
            pending.append(pool.submit(job))
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def with_bar(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    title: str,
    unit: str,
    *,
    sizes: Sequence[int] | None = None,
    n_threads: int | None = None,
) -> Generator[Result]:
    """Yield what a function makes of each item, in their order, beside a progress bar.

    Parameters
    ----------
    function : callable
        Called in threads, with one item.
    items : sequence
        As many as results are wanted.
    title, unit : str
        What the bar says is done, and what it counts.
    sizes : sequence of int, optional
        How many units each item is; by default one.
    n_threads : int, optional
        By default one per core.

    Examples
    --------
    >>> list(with_bar(abs, [-2, 1], "taking sizes", "number"))
    [2, 1]
    """
    units = [1] * len(items) if sizes is None else sizes
    jobs = (partial(function, item) for item in items)
    bar = tqdm(total=sum(units), desc=title, unit=unit, delay=2)
    with bar, closing(in_order(jobs, n_threads or n_cores())) as results:
        for result, n_units in zip(results, units, strict=True):
            yield result
            bar.update(n_units)


def n_cores() -> int:
    """Return the number of cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
