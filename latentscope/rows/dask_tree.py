"""A tree of tasks that summarises the chunks of Dask arrays, on any scheduler.

Each leaf task reads one chunk, a run of rows, and summarises it. Further tasks merge eight
neighbours at a time, in the order of the rows, until one result is left. The tree depends only on
the chunks, so results are bit-for-bit reproducible for any scheduler and any number of workers,
even if some workers are lost on the way.

`dask.array.reduction` builds the same tree, but every merge task must carry its own copy of the
settings: with labels of 1 MB and 512 chunks, it sent 94 MB over the network of two workers; this
module sends 14 MB. Distributed's own time-out for absent workers is off by default, and is read
when the scheduler starts, so a client cannot set it (with 1 s, a task still waited after 20 s).
This module therefore limits the wait itself.
"""

import asyncio
import queue
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any
from uuid import uuid4

from latentscope._compute.blas import one_blas_thread
from latentscope._disk.read_errors import read_error
from latentscope.errors import ClusterError, DataError, DataTypeError, LatentscopeError

_FAN_IN = 8
_MAX_SHOWN = 128  # parts of the tree that the progress bar of a cluster counts
_PATIENCE = "60 s"  # without any worker, unless Dask's own setting specifies it
_LOOK_EVERY = 0.5  # seconds
_ABSENT = object()

Summarise = Callable[[Any, int, int, list[Any]], Any]  # settings, first row, end, chunks
Level = list[tuple[Any, int]]  # keys of tasks, and the rows of their parts
Merge = Callable[[Any, Iterable[Any]], Any]  # settings, parts in the order of the rows


def checked(name: str, value: Any) -> Any:
    """Return a two-dimensional Dask array with all columns in one chunk; `name` is for messages.

    Raises
    ------
    DataTypeError
        For other Dask collections.
    DataError
        If the lengths of its chunks are unknown.
    """
    if hasattr(type(value), "to_dask_array"):
        raise DataTypeError(
            f"{name} must be an array; got a Dask {type(value).__name__}. "
            f"Pass {name}.to_dask_array(lengths=True)."
        )
    if not hasattr(type(value), "chunks"):
        raise DataTypeError(
            f"{name} must be an array; got a Dask {type(value).__name__}. Pass {name}.compute(), "
            "or turn it into an array with dask.array.from_delayed."
        )
    if value.ndim == 2 and any(n != n for sizes in value.chunks for n in sizes):  # NaN: unknown
        raise DataError(
            f"{name} must have chunks of known lengths; got shape {value.shape}. "
            f"Pass {name}.compute_chunk_sizes()."
        )
    is_cut = value.ndim == 2 and len(value.chunks[1]) > 1
    return value.rechunk({1: -1}) if is_cut else value


def together(arrays: dict[str, Any]) -> list[Any]:
    """Return the arrays with identical row chunks; None stands for one that is not a Dask array."""
    others = [name for name, array in arrays.items() if array is None]
    if others:
        raise DataError(
            f"{', '.join(arrays)} must either all be Dask arrays or all be something else; not a "
            f"Dask array: {', '.join(others)}. Pass latents.to_dask()."
        )
    first, *rest = arrays.values()
    return [first, *(array.rechunk({0: first.chunks[0]}) for array in rest)]


def reduced(
    arrays: Sequence[Any], summarise: Summarise, merge: Merge, settings: Any, bar: Any
) -> Any:
    """Return the result of summarising each chunk with `summarise` and joining these with `merge`.

    Parameters
    ----------
    arrays : sequence of dask.array.Array
        Two-dimensional, with identical row chunks, and all columns in one chunk.
    summarise : callable
        Turns the chunks of some rows into a part: a pair of summaries and something else.
    merge : callable
        Joins several parts into one.
    settings : sequence of Summary
        Empty summaries; passed to both functions, and sent to each worker once.
    bar : tqdm
        Progress bar that counts rows.

    Raises
    ------
    ClusterError
        If there is no worker for a minute (or for Dask's setting
        ``distributed.scheduler.no-workers-timeout``), or if workers die repeatedly.
    """
    graph, levels = _tree(arrays, summarise, merge, settings)
    with _our_errors():
        client = _client()
        run = _on_this_machine if client is None else partial(_on_cluster, client)
        states, rest = run(graph, levels, bar)
    return _unpacked(settings, states), rest


def _tree(
    arrays: Sequence[Any], summarise: Summarise, merge: Merge, settings: Any
) -> tuple[Any, list[Level]]:
    """Return all tasks and, for each level of the tree, the keys of its parts with their rows."""
    from dask.base import optimize
    from dask.delayed import delayed
    from dask.highlevelgraph import HighLevelGraph

    token = uuid4().hex
    shared = delayed(settings, name=f"settings-{token}", traverse=False)
    (leaves,) = optimize(_leaves(arrays, summarise, shared, token))  # fused with what they read
    keys = [key for (key,) in leaves.__dask_keys__()]
    levels = [list(zip(keys, leaves.chunks[0], strict=True))]
    tasks: dict[Any, Any] = {}
    join = partial(_join, merge)
    while len(levels[-1]) > 1 or not tasks:
        level: Level = []
        for i in range(0, len(levels[-1]), _FAN_IN):
            below, sizes = zip(*levels[-1][i : i + _FAN_IN], strict=True)
            key = f"merge-{token}-{len(levels)}-{i}"
            tasks[key] = (join, shared.key, list(below))
            level.append((key, sum(sizes)))
        levels.append(level)
    return HighLevelGraph.from_collections(key, tasks, [leaves, shared]), levels


def _leaves(arrays: Sequence[Any], summarise: Summarise, shared: Any, token: str) -> Any:
    """Return an array with one part per chunk, the summary of one run of rows."""
    import dask.array as da
    import numpy as np

    return da.map_blocks(
        partial(_summarise, summarise),
        *arrays,
        settings=shared,
        name=f"summarise-{token}",
        dtype=object,
        meta=np.empty((0, 0), dtype=object),
    )


def _summarise(summarise: Summarise, *chunks: Any, settings: Any, block_info: Any) -> Any:
    """Summarise one run of rows, in a worker."""
    start, stop = block_info[0]["array-location"][0]
    with one_blas_thread():
        return _packed(settings, summarise(settings, start, stop, list(chunks)))


def _join(merge: Merge, settings: Any, parts: list[Any]) -> Any:
    """Merge neighbours, in a worker."""
    with one_blas_thread():
        whole = ((_unpacked(settings, states), rest) for states, rest in parts)
        return _packed(settings, merge(settings, whole))


def _packed(settings: Any, part: Any) -> Any:
    """Return a part without what its summaries share with empty ones, which each worker has."""
    summaries, rest = part
    states = []
    for template, summary in zip(settings, summaries, strict=True):
        same = vars(template.empty())
        state = {k: v for k, v in vars(summary).items() if v is not same.get(k, _ABSENT)}
        states.append(state)
    return states, rest


def _unpacked(settings: Any, states: Any) -> tuple[Any, ...]:
    summaries = tuple(template.empty() for template in settings)
    for summary, state in zip(summaries, states, strict=True):
        vars(summary).update(state)
    return summaries


def _client() -> Any:
    """Return the client of the cluster that Dask would use here; None if Dask runs locally."""
    from dask.base import get_scheduler

    client = getattr(get_scheduler(), "__self__", None)
    return client if hasattr(client, "nthreads") else None


def _on_this_machine(graph: Any, levels: list[Level], bar: Any) -> Any:
    """Compute with Dask's threaded, process or synchronous scheduler."""
    from dask.callbacks import Callback
    from dask.delayed import Delayed

    n_rows = dict(levels[0])
    with Callback(posttask=lambda key, *_: bar.update(n_rows.pop(key, 0))):
        result = Delayed(levels[-1][0][0], graph).compute()
    bar.update(sum(n_rows.values()))  # tasks that were fused with others
    return result


def _on_cluster(client: Any, graph: Any, levels: list[Level], bar: Any) -> Any:
    """Compute on a cluster; cancel the pending tasks if the computation ends early."""
    n_rows = dict(next(level for level in levels if len(level) <= _MAX_SHOWN))
    root = levels[-1][0][0]
    finished: queue.SimpleQueue[Any] = queue.SimpleQueue()
    keys = [*n_rows.keys() - {root}, root]
    futures = dict(zip(keys, client.get(graph, keys, sync=False), strict=True))
    last = futures[root]
    try:
        for future in futures.values():
            future.add_done_callback(finished.put)
        while futures:
            future = _next(client, finished)
            if future.status != "finished":
                future.result()  # raises
            bar.update(n_rows.get(future.key, 0))
            futures.pop(future.key, None)  # frees its memory unless another task needs it
        return last.result()
    except BaseException:
        with suppress(Exception):  # the scheduler may be gone as well
            client.cancel([last, *futures.values()])
        raise


def _next(client: Any, finished: "queue.SimpleQueue[Any]") -> Any:
    """Return the next finished future; raise if there have been no workers for too long."""
    from dask import config
    from dask.utils import parse_timedelta

    setting = config.get("distributed.scheduler.no-workers-timeout", None) or _PATIENCE
    patience, alone_since = parse_timedelta(setting), None
    while True:
        try:
            return finished.get(timeout=_LOOK_EVERY)
        except queue.Empty:
            now = time.monotonic()
        alone_since = None if _has_workers(client) else (alone_since or now)
        if alone_since and now - alone_since > patience:
            raise ClusterError(
                f"the cluster must have at least one worker; it has had none for {patience:g} s. "
                "Start workers and try again; client.wait_for_workers(n) waits for them."
            )


def _has_workers(client: Any) -> bool:
    try:
        return client.status == "running" and bool(client.nthreads())
    except (OSError, RuntimeError):  # the scheduler is gone; the futures will soon report it
        return False


@contextmanager
def _our_errors() -> Iterator[None]:
    """Turn errors of schedulers into ours; errors that tasks raise are passed on."""
    try:
        yield
    except LatentscopeError as error:
        own = getattr(error, "exception", None)  # Dask wraps errors of other processes
        if isinstance(own, LatentscopeError):
            raise own from error
        raise
    except (Exception, asyncio.CancelledError) as error:
        is_schedulers = type(error).__module__.partition(".")[0] == "distributed"
        if is_schedulers or isinstance(error, BrokenExecutor | asyncio.CancelledError):
            raise ClusterError(
                f"workers must run until their rows are summarised; {error} A killed worker has "
                "often run out of memory: give it more, or use chunks of fewer rows."
            ) from error
        if isinstance(error, OSError):
            raise read_error("a chunk of the Dask array", error) from error
        raise
