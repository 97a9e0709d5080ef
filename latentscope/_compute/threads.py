"""Jobs shared by threads, with results in order and few jobs in progress at once."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def in_order(jobs: Iterable[Callable[[], Result]], n_threads: int) -> Generator[Result]:
    """Run jobs in threads; yield their results in the order of the jobs.

    At most two jobs per thread are running or waiting to be taken, which bounds the memory. Closing
    the iterator cancels those that have not started, and waits for the others.
    """
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


def n_cores() -> int:
    """Return the number of cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
