"""Limit BLAS to one thread where latentscope's own threads share the rows.

Several BLAS threads would compete with ours for the cores, and those woken for a small matrix keep
spinning for longer than they save. The limit applies to the whole process, so the first caller sets
it and the last one lifts it, whatever thread that is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = Lock()
_users: list[list[int]] = []  # for each use in progress, the thread counts found by the first one


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread in this process until all callers have left this context."""
    with _lock:
        _users.append(_users[0] if _users else [lib.num_threads for lib in _libraries()])
        if len(_users) == 1:
            _set([1] * len(_users[0]))
    try:
        yield
    finally:
        with _lock:
            found = _users.pop()
            if not _users:
                _set(found)


def _set(counts: list[int]) -> None:
    for library, count in zip(_libraries(), counts, strict=True):
        _release(library)
        library.set_num_threads(count)
        _release(library)


def _release(library: Any) -> None:
    """Let any thread set the count: threadpoolctl 3.8 allows only the one that did so first."""
    if hasattr(library, "clear_controlling_thread"):
        library.clear_controlling_thread(force=True)


@cache
def _libraries() -> list[Any]:
    """Return the BLAS libraries whose threads are one pool for the process (not OpenMP's)."""
    return [
        library
        for library in ThreadpoolController().lib_controllers
        if library.user_api == "blas" and getattr(library, "threading_layer", "") != "openmp"
    ]
