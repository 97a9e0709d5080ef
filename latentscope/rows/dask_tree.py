"""How are the chunks of Dask arrays summarised? By a tree of tasks, on any scheduler.

One task reads a run of rows, a chunk, and summarises it; others merge eight neighbours each, in the
order of the rows, until one is left. The tree depends on the chunks alone, so that results repeat
bit for bit whatever the scheduler, the number of its workers, and those that it loses on the way.

`dask.array.reduction` makes the same tree, but its merges can carry settings only within
themselves: with labels of 1 MB and 512 chunks, 94 MB went over the network of two workers, and 14
MB do here. Distributed's own time-out for absent workers is off by default and read when the
scheduler starts, so that a client cannot set it (set to 1 s, a task still waited after 20 s): the
wait is limited here.
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
_PATIENCE = "60 s"  # without any worker, where Dask's own setting does not say
_LOOK_EVERY = 0.5  # seconds
_ABSENT = object()

Summarise = Callable[[Any, int, int, list[Any]], Any]  # settings, first row, end, chunks
Level = list[tuple[Any, int]]  # keys of tasks, and the rows of their parts
Merge = Callable[[Any, Iterable[Any]], Any]  # settings, parts in the order of the rows


def checked(name: str, value: Any) -> Any:
    """Return a Dask array of two dimensions with its columns in one chunk; `name` is for messages.

    Raises
    ------
    DataTypeError
        For other Dask collections.
    DataError
        If it has other dimensions, or does not know the lengths of its chunks.
    """
    if hasattr(type(value), "to_dask_array"):
        raise DataTypeError(
            f"{name} must be an array; got a Dask {type(value).__name__}. "
            f"Pass {name}.to_dask_array(lengths=True)."
        )
    if not hasattr(type(value), "chunks"):
        raise DataTypeError(
            f"{name} must be an array; got a Dask {type(value).__name__}. Pass {name}.compute(), "
            "or make an array of it with dask.array.from_delayed."
        )
    if value.ndim == 2 and any(n != n for sizes in value.chunks for n in sizes):  # NaN: unknown
        raise DataError(
            f"{name} must have chunks of known lengths; got shape {value.shape}. "
            f"Pass {name}.compute_chunk_sizes()."
        )
    is_cut = value.ndim == 2 and len(value.chunks[1]) > 1
    return value.rechunk({1: -1}) if is_cut else value


def together(arrays: dict[str, Any]) -> list[Any]:
    """Return arrays whose rows are cut alike; None stands for one that is no Dask array."""
    others = [name for name, array in arrays.items() if array is None]
    if others:
        raise DataError(
            f"{', '.join(arrays)} must all be Dask arrays, or none of them; {', '.join(others)} "
            "is none. Pass latents.to_dask()."
        )
    first, *rest = arrays.values()
    return [first, *(array.rechunk({0: first.chunks[0]}) for array in rest)]


def reduced(
    arrays: Sequence[Any], summarise: Summarise, merge: Merge, settings: Any, bar: Any
) -> Any:
    """Return what `merge` makes of what `summarise` makes of the chunks.

    Parameters
    ----------
    arrays : sequence of dask.array.Array
        Of two dimensions, cut alike, columns in one chunk.
    summarise : callable
        Makes a part, a pair of summaries and something else, of the chunks of some rows.
    merge : callable
        Makes a part of some parts.
    settings : sequence of Summary
        Empty ones; passed to both, and sent to each worker once.
    bar : tqdm
        Progress bar that counts rows.

    Raises
    ------
    ClusterError
        If the workers are gone for a minute (or Dask's setting
        ``distributed.scheduler.no-workers-timeout``), or die again and again.
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
    """Return all tasks, and which make the parts of each level of the tree, with their rows."""
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
    """Return an array whose chunks are the parts of one run of rows each."""
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
    """Return a part without what every summary shares with an empty one: each worker has that."""
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
    """Return the cluster's client that Dask would use here, None if it runs on this machine."""
    from dask.base import get_scheduler

    client = getattr(get_scheduler(), "__self__", None)
    return client if hasattr(client, "nthreads") else None


def _on_this_machine(graph: Any, levels: list[Level], bar: Any) -> Any:
    """Compute with threads, processes or neither."""
    from dask.callbacks import Callback
    from dask.delayed import Delayed

    n_rows = dict(levels[0])
    with Callback(posttask=lambda key, *_: bar.update(n_rows.pop(key, 0))):
        result = Delayed(levels[-1][0][0], graph).compute()
    bar.update(sum(n_rows.values()))  # tasks that were fused with others
    return result


def _on_cluster(client: Any, graph: Any, levels: list[Level], bar: Any) -> Any:
    """Compute on a cluster; cancel what is under way if that ends early."""
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
            futures.pop(future.key, None)  # so that its memory is freed where nothing waits for it
        return last.result()
    except BaseException:
        with suppress(Exception):  # where the scheduler is gone as well
            client.cancel([last, *futures.values()])
        raise


def _next(client: Any, finished: "queue.SimpleQueue[Any]") -> Any:
    """Return the next future that is done; raise if there are no workers for too long."""
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
                f"the cluster must have a worker; it has had none for {patience:g} s. Start "
                "workers and ask again; client.wait_for_workers(n) waits until they are there."
            )


def _has_workers(client: Any) -> bool:
    try:
        return client.status == "running" and bool(client.nthreads())
    except (OSError, RuntimeError):  # the scheduler is gone; soon the futures will say so
        return False


@contextmanager
def _our_errors() -> Iterator[None]:
    """Turn what schedulers raise into our errors; those of tasks are ours already, or stay."""
    try:
        yield
    except LatentscopeError as error:
        own = getattr(error, "exception", None)  # in what Dask makes of errors in other processes
        if isinstance(own, LatentscopeError):
            raise own from error
        raise
    except (Exception, asyncio.CancelledError) as error:
        is_schedulers = type(error).__module__.partition(".")[0] == "distributed"
        if is_schedulers or isinstance(error, BrokenExecutor | asyncio.CancelledError):
            raise ClusterError(
                f"the workers must live until their rows are summarised; {error} A worker that is "
                "killed often lacks memory: give it more, or make chunks of fewer rows."
            ) from error
        if isinstance(error, OSError):
            raise read_error("a chunk of the Dask array", error) from error
        raise
