"""Decoding of all images of a source in several threads, in order, with few in memory at once."""

from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor

from PIL import Image
from tqdm import tqdm

from latentscope._compute.threads import n_cores
from latentscope._types import Array
from latentscope.datasets._decode import BadImageError, decode
from latentscope.datasets._entries import Entry, Read

_BATCH = 16  # images per task: hides the cost of a task; an interrupt waits for at most one
_MAX_THREADS = 8

Found = tuple[Entry, Array | str]


def decoded(
    entries: list[Entry], read: Read, size: int, channels: int
) -> Generator[Found, None, None]:
    """Yield each entry with its pixels, or with the reason why it cannot be used.

    Close the generator when leaving early: that cancels the tasks that have not started.
    """

    def work(batch: list[Entry]) -> list[Found]:
        return [(entry, _one(entry, read, size, channels)) for entry in batch]

    Image.init()  # once, not in every thread
    n_threads = min(n_cores(), _MAX_THREADS)
    waiting: deque[Future[list[Found]]] = deque()
    bar = tqdm(total=len(entries), desc="decoding images", unit="image", delay=2)
    pool = ThreadPoolExecutor(n_threads, "latentscope-decode")
    try:
        for start in range(0, len(entries), _BATCH):
            waiting.append(pool.submit(work, entries[start : start + _BATCH]))
            while len(waiting) > 2 * n_threads or (start + _BATCH >= len(entries) and waiting):
                batch = waiting.popleft().result()
                yield from batch
                bar.update(len(batch))
    finally:
        pool.shutdown(cancel_futures=True)
        bar.close()


def _one(entry: Entry, read: Read, size: int, channels: int) -> Array | str:
    try:
        return entry.problem or decode(read(entry), size, channels)
    except BadImageError as error:
        return str(error)
