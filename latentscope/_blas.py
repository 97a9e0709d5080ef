"""One BLAS thread at a time, where our own threads share out the rows.

BLAS threads beside ours would compete for the cores, and those woken for a small matrix go on
spinning for longer than they save. The limit holds for the whole process, so it is set by the first
who asks and lifted by the last.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = Lock()
_limits: list[Any] = []  # one entry per user under way; the first holds the limit


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS to one thread in this process until all who asked for it are done."""
    with _lock:
        _limits.append(_controller().limit(limits=1, user_api="blas") if not _limits else None)
    try:
        yield
    finally:
        with _lock:
            if len(_limits) > 1:
                _limits.pop()
            else:
                _limits.pop().restore_original_limits()


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
