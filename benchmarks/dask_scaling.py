"""What a Dask cluster costs and gains compared with the plain driver, on one machine.

Run ``python benchmarks/dask_scaling.py --write docs/dask_scaling.md`` to make the page: about four
minutes on two idle cores, 2.1 GB of disk and of page cache. ``--small`` takes a tenth of the rows
and half a minute, to see whether everything works.
"""

import argparse
import json
import os
import pickle
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import distributed
import h5py
import numpy as np
from distributed import Client, LocalCluster

import latentscope
from latentscope._compute.threads import n_cores
from latentscope.rows import reduce
from latentscope.rows.to_dask import CHUNK_BYTES
from latentscope.statistics.bins import AxisCounts
from latentscope.statistics.moments import Covariance, Moments

Z_DIM = 256
N_WORKERS = (1, 2, 4, 8)
N_TINY = 2_000
BILLION = 10**9


def summaries() -> tuple[Covariance, AxisCounts]:
    """Return what each run counts: all that `pca` and the counts of `axis_density` need."""
    return Covariance(Z_DIM), AxisCounts(Z_DIM, 0.25)


def write_latents(path: Path, n_rows: int) -> None:
    """Store points like those of a trained autoencoder, and leave them in the page cache."""
    rng = np.random.default_rng(0)
    scale = np.geomspace(4.6, 0.5, Z_DIM).astype(np.float32)
    offset = np.linspace(5, -2, Z_DIM).astype(np.float32)
    with h5py.File(path, "w") as file:
        z = file.create_dataset("z", (n_rows, Z_DIM), "f4", chunks=(1024, Z_DIM))
        for start in range(0, n_rows, 65_536):
            stop = min(start + 65_536, n_rows)
            part = rng.standard_normal((stop - start, Z_DIM), dtype=np.float32)
            z[start:stop] = part * scale + offset


def peak_mb() -> float:
    """Return the most memory that this process has held, in MB."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024


def warm_up() -> None:
    """Load the compiled loops, which takes seconds once per process."""
    reduce(np.ones((64, Z_DIM), np.float32), *summaries())


def seconds(source: Any) -> float:
    """Return the time of one reduction of all rows."""
    start = time.perf_counter()
    reduce(source, *summaries())
    return time.perf_counter() - start


def plain(path: str) -> None:
    """Print time and memory of the plain driver in this process."""
    warm_up()
    with latentscope.load(path) as latents:
        print(json.dumps([seconds(latents), peak_mb()]))


def on_cores(path: Path, n: int) -> list[float]:
    """Return time and memory of the plain driver in a fresh process on n cores."""
    program = f"import os; os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:{n}])\n"
    program += f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    program += f"import dask_scaling; dask_scaling.plain({str(path)!r})"
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    return list(json.loads(done.stdout))


@contextmanager
def cluster(n: int) -> Iterator[Client]:
    """Start n worker processes of one thread each, ready to compute."""
    options = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 60}
    with LocalCluster(n_workers=n, **options) as local, Client(local) as client:
        client.run(warm_up)
        yield client


def sent_mb(client: Client) -> float:
    """Return what all workers have sent, to each other and to the client, in MB."""
    sent = client.run(lambda dask_worker: dask_worker.transfer_outgoing_bytes_total)
    return sum(sent.values()) / 1e6


def on_workers(path: Path, n: int) -> list[float]:
    """Return time, memory of the largest worker, and MB moved."""
    with latentscope.load(path) as latents:
        lazy = latents.to_dask().z
    with cluster(n) as client:
        before = sent_mb(client)
        taken = seconds(lazy)
        return [taken, max(client.run(peak_mb).values()), sent_mb(client) - before]


def seconds_per_task() -> float:
    """Return what a task costs that has next to nothing to do, with two workers."""
    with cluster(2):
        tiny = da.zeros((N_TINY, 2), chunks=(1, 2))
        start = time.perf_counter()
        reduce(tiny, Moments(2))
        return (time.perf_counter() - start) / N_TINY


def measured(n_rows: int, rounds: int) -> dict[str, np.ndarray]:
    """Return the median of some rounds, each of which runs everything once."""
    found: dict[str, list[list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "latents.h5"
        write_latents(path, n_rows)
        for _ in range(rounds):
            for n in (1, 2):
                found.setdefault(f"plain {n}", []).append(on_cores(path, n))
            for n in N_WORKERS:
                found.setdefault(f"dask {n}", []).append(on_workers(path, n))
    return {name: np.median(values, axis=0) for name, values in found.items()}


def table(found: dict[str, np.ndarray]) -> Iterator[str]:
    """Yield the lines of the table of what was measured."""
    one, two = found["plain 1"][0], found["plain 2"][0]
    yield "| what | time | relative to the plain driver | peak memory per process | sent in total |"
    yield "| --- | --- | --- | --- | --- |"
    for n, cores in ((1, "one core"), (2, "2 cores")):
        taken, memory = found[f"plain {n}"]
        yield f"| plain driver, {cores} | {taken:.2f} s | 1 | {memory:.0f} MB | – |"
    for n in N_WORKERS:
        taken, memory, moved = found[f"dask {n}"]
        ratio = f"{taken / one:.2f} on one core" if n == 1 else f"{taken / two:.2f} on 2 cores"
        name = "1 worker" if n == 1 else f"{n} workers"
        yield f"| Dask, {name} | {taken:.2f} s | {ratio} | {memory:.0f} MB | {moved:.1f} MB |"


def part_mb() -> float:
    """Return the size of the summaries of some rows, as they are sent."""
    z = np.random.default_rng(0).standard_normal((8192, Z_DIM), dtype=np.float32) * 4.6
    return len(pickle.dumps(reduce(z, *summaries()))) / 1e6


def model(found: dict[str, np.ndarray], n_rows: int) -> str:
    """Return what the measured constants say of a billion rows, by formula."""
    taken, memory, _ = found["dask 1"]
    per_task, part = seconds_per_task(), part_mb()
    n_chunks = -(-BILLION // (CHUNK_BYTES // (4 * Z_DIM)))
    work, waiting = taken / n_rows * BILLION, n_chunks * per_task
    lines = []
    for n in (1, 8, 64, 256):
        total = work / n + waiting
        reading = BILLION * Z_DIM * 4 / total / 1e6
        sent = n_chunks * part * 8 / 7 / n
        lines.append(f"| {n} | {total / 60:,.1f} min | {sent:,.0f} MB | {reading:,.0f} MB/s |")
    return MODEL.format(
        micro=taken / n_rows * 1e6,
        per_task=per_task * 1e3,
        part=part,
        n_chunks=n_chunks,
        memory=memory,
        waiting=waiting,
        lines="\n".join(lines),
    )


def page(n_rows: int, rounds: int) -> str:
    """Measure, and return the page."""
    found = measured(n_rows, rounds)
    introduction = INTRODUCTION.format(
        machine=machine(),
        versions=versions(),
        n_rows=n_rows,
        gb=n_rows * Z_DIM * 4 / 1e9,
        rounds=f"medians of {rounds} rounds" if rounds > 1 else "of one round",
    )
    result = RESULT.format(
        speedup=found["dask 1"][0] / found["dask 2"][0],
        one=found["dask 1"][0] / found["plain 1"][0],
        two=found["dask 2"][0] / found["plain 2"][0],
    )
    return "\n".join([introduction, *table(found), "", result, model(found, n_rows)])


INTRODUCTION = """# What Dask costs and gains

{machine}. {versions}.

The task is to compute the covariance of all axes and the counts per axis, which need more computing
than reading, for {n_rows:,} points of 256 float32 coordinates: {gb:.2g} GB in an HDF5 file on disk,
held in the page cache. Workers are processes with one thread each, and each opens the file itself.
The scheduler and the client share the cores with them. "Plain driver" means latentscope's own loop
over the rows, without Dask. Each row of the table is a fresh process or cluster whose loops have
been compiled; times are {rounds}. This page was made by
`python benchmarks/dask_scaling.py --write docs/dask_scaling.md`.
"""

RESULT = """Two workers are **{speedup:.2f} times** as fast as one (aim: at least 1.6). With as many
cores as the plain driver, Dask takes {one:.2f} times its time on one core and {two:.2f} times on
two. More workers than cores gain nothing, and each takes its own memory.
"""

MODEL = """## A billion rows, extrapolated

These times are **extrapolated** from the measured constants by a formula, not measured. With P
workers of one core each, n rows in c chunks take n · t / P + c · w. Here t = {micro:.2f} µs is one
worker's time per row, and w = {per_task:.2f} ms is the cost of scheduling one task; w is an upper
bound, because scheduler and workers shared two cores. Chunks of 64 MiB give {n_chunks:,} tasks, so
that c · w = {waiting:.0f} s. Each task sends its summaries, at most {part:.2f} MB here, to where
eight of them are merged: in total at most 8/7 · c times that. The memory of a worker depends on
neither n nor P: it is {memory:.0f} MB, of which a chunk takes 67 MB. The last column is the speed
at which shared storage must deliver the data for this.

| workers | time | sent per worker | read by all workers |
| --- | --- | --- | --- |
{lines}
"""


def machine() -> str:
    """Return what the table was measured on."""
    names = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return f"{names[0] if names else platform.processor()}, {n_cores()} cores"


def versions() -> str:
    """Return the versions that matter."""
    modules = (latentscope, np, h5py, dask, distributed)
    listed = ", ".join(f"{module.__name__} {module.__version__}" for module in modules)
    return f"Python {platform.python_version()}, {listed}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", metavar="PATH", help="write the page here")
    parser.add_argument("--small", action="store_true", help="a tenth of the rows, one round")
    arguments = parser.parse_args()
    text = page(200_000, 1) if arguments.small else page(2_000_000, 3)
    print(text)
    if arguments.write:
        Path(arguments.write).write_text(text)
