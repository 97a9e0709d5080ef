"""Analyses of a file larger than memory: speed compared with plain reading, and peak memory.

Run ``python benchmarks/large.py --folder /on/a/disk`` to print the tables, and add ``--write
docs/large.md`` to replace those in the docs. The script writes 20 GB of latents, and removes them
whatever happens, unless it is killed; use ``--size 2`` for a trial. Before each reading the file is
dropped from the page cache. Plain reading of the same file is timed before and after each analysis,
because the disks of shared machines change their speed. Each analysis runs in its own process.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from core import machine, versions

import latentscope
from latentscope.latents import Latents
from latentscope.rows.files import FileRows

Z_DIM, READ_BYTES = 256, 8 * 2**20
MAX_MB, MIN_RATIO = 600, 0.8
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
Run = dict[str, float]

SINGLE: dict[str, tuple[Callable[[Any], Any], int]] = {  # and how often it reads the rows
    "overview": (latentscope.overview, 1),
    "radius_density": (latentscope.radius_density, 1),
    "axis_density": (latentscope.axis_density, 1),
    "pca": (latentscope.pca, 1),
    "correlation": (latentscope.correlation, 1),
    "support": (lambda z: latentscope.support(z, np.zeros((2, Z_DIM), np.float32)), 2),
    "posterior": (latentscope.posterior, 1),
}


class Made(FileRows):
    """Rows that are made when they are read: broad and narrow axes, some off-centre."""

    def __init__(self, n_rows: int, *, seed: int = 0) -> None:
        self.shape, self.dtype = (n_rows, Z_DIM), np.dtype(np.float32)
        rng = np.random.default_rng(seed)
        scale = np.geomspace(4.6, 0.5, Z_DIM).astype(np.float32)
        offset = np.linspace(5, -2, Z_DIM).astype(np.float32)
        self.some = rng.standard_normal((50_021, Z_DIM), dtype=np.float32) * scale + offset

    def read(self, start: int, stop: int) -> np.ndarray:
        return self.some[np.arange(start, stop) % len(self.some)]


def rows_of(gigabytes: float) -> int:
    """Return how many rows so much is."""
    return int(gigabytes * 1e9) // (4 * Z_DIM)


def drop(path: Path) -> float:
    """Ask the system to forget what it holds of a file; return the share that it holds still."""
    with path.open("rb") as file:
        number = file.fileno()
        os.fsync(number)
        os.posix_fadvise(number, 0, 0, os.POSIX_FADV_DONTNEED)
        places = np.linspace(0, path.stat().st_size - 1, 500).astype(int)
        return float(np.mean([_is_held(number, int(place)) for place in places]))


def _is_held(number: int, place: int) -> bool:
    try:
        os.preadv(number, [bytearray(1)], place, os.RWF_NOWAIT)
    except BlockingIOError:
        return False
    return True


def plain_reading(path: Path) -> float:
    """Return bytes per second of reading a file from its beginning to its end."""
    buffer, n = bytearray(READ_BYTES), 0
    start = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        while n_read := file.readinto(buffer):
            n += n_read
    return n / (time.perf_counter() - start)


def analyse(name: str, path: str, *, is_mapped: bool = False) -> Run:
    """Return time, CPU time and peak memory of one analysis, after a small one."""
    function, _ = SINGLE[name]
    small = np.random.default_rng(0).standard_normal((3000, Z_DIM)).astype(np.float32)
    function(Latents(small, mu=small, logvar=small) if name == "posterior" else small)
    with contextlib.ExitStack() as stack:
        z = np.load(path, mmap_mode="r") if is_mapped else stack.enter_context(_loaded(path))
        start, cpu = time.perf_counter(), time.process_time()
        function(z)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    return {"seconds": seconds, "cpu": cpu, "peak": peak}


def _loaded(path: str) -> Any:
    return latentscope.load(path)


def in_own_process(name: str, path: Path, *options: str) -> Run:
    """Run `analyse` in a fresh process."""
    command = [sys.executable, __file__, "--analyse", name, "--path", str(path), *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measured(name: str, path: Path, *options: str) -> Run:
    """Measure one analysis between two plain readings of the file."""
    held, speeds = [drop(path)], [plain_reading(path)]
    held.append(drop(path))
    run = in_own_process(name, path, *options)
    held.append(drop(path))
    speeds.append(plain_reading(path))
    n_bytes = path.stat().st_size * SINGLE[name][1]
    plain = 2 / sum(1 / speed for speed in speeds)
    speed = n_bytes / run["seconds"]
    return {
        **run,
        "plain": plain,
        "speed": speed,
        "ratio": speed / plain,
        "cores": run["cpu"] / run["seconds"],
        "cpu_per_gb": run["cpu"] / n_bytes * 1e9,
        "held": max(held),
    }


def line(what: str, run: Run, aim: str = "–") -> str:
    """Return one line of a table."""
    cells = (
        what, f"{run['seconds']:.1f} s", f"{run['speed'] / 1e9:.2f} GB/s",
        f"{run['plain'] / 1e9:.2f} GB/s", f"{run['ratio']:.2f}", f"{run['cores']:.1f}",
        f"{run['cpu_per_gb']:.2f} s", f"{run['peak']:.0f} MB", aim,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


HEAD = (
    "| what | time | speed | plain reading | ratio | cores in use | CPU time per GB | "
    "peak memory | aim |\n|" + " --- |" * 9
)


def large_file(folder: Path, gigabytes: float) -> Iterator[str]:
    """Measure every analysis of z alone on the large file."""
    path = folder / "large.h5"
    latentscope.save(path, Made(rows_of(gigabytes)))
    held = 0.0
    yield HEAD
    for name in ("overview", "radius_density", "axis_density", "pca", "correlation", "support"):
        run = measured(name, path)
        held = max(held, run["held"])
        aim = f"≥ {MIN_RATIO}, ≤ {MAX_MB} MB" if name == "overview" else "–"
        reads = "" if SINGLE[name][1] == 1 else ", which reads twice"
        yield line(f"`{name}`{reads}", run, aim)
    path.unlink()
    yield (
        f"\nAt the start of each reading, at most {held:.1%} of the file's pages were in the page "
        "cache."
    )


def other_files(folder: Path, gigabytes: float) -> Iterator[str]:
    """Measure `overview` on other kinds of files, and `posterior`."""
    made = Made(rows_of(gigabytes))
    yield HEAD
    for kind, name in (("HDF5", "z.h5"), ("NumPy", "z.npy"), ("safetensors", "z.safetensors")):
        latentscope.save(folder / name, made)
        yield line(f"`overview`, {kind}", measured("overview", folder / name))
        if name == "z.npy":
            run = measured("overview", folder / name, "--mapped")
            yield line("`overview`, the same mapped into memory", run)
        (folder / name).unlink()
    third = rows_of(gigabytes / 3)
    parts = [Made(third, seed=seed) for seed in range(3)]
    latentscope.save(folder / "vae.h5", Latents(parts[0], mu=parts[1], logvar=Scaled(parts[2])))
    for name in ("posterior", "overview"):
        yield line(f"`{name}` of z, mu and logvar, HDF5", measured(name, folder / "vae.h5"))


class Scaled(FileRows):
    """Rows of another source, times a tenth: a logvar in its usual range."""

    def __init__(self, rows: Made) -> None:
        self.rows, self.shape, self.dtype = rows, rows.shape, rows.dtype

    def read(self, start: int, stop: int) -> np.ndarray:
        return self.rows.read(start, stop) / 10


def section(folder: Path, size: float) -> str:
    """Run everything and return the part of the page."""
    small = size / 10
    return "\n".join([
        INTRODUCTION.format(
            machine=machine(), versions=versions(), size=size, rows=rows_of(size), dim=Z_DIM
        ),
        *large_file(folder, size),
        f"\nThe same for files of {small:g} GB.\n",
        *other_files(folder, small),
        "",
    ])  # fmt: skip


INTRODUCTION = """{machine}. {versions}.

The file is {size:g} GB of HDF5 as `latentscope.save` writes it: {rows:,} points of {dim} float32
coordinates. "Plain reading" is the speed of reading the same file with `readinto`, 8 MiB at a time,
just before and just after the analysis. "Cores in use" is CPU time divided by elapsed time. Peak
memory is that of a fresh process, including all libraries. This part was made by
`python benchmarks/large.py --size {size:g} --write docs/large.md`.
"""


def replaced(page: str, part: str) -> str:
    """Return the page with another measured part."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{part}\n{END}{after}"


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=20.0, help="GB")
    parser.add_argument("--folder", type=Path, default=Path(), help="where the files are made")
    parser.add_argument("--write", metavar="PATH", type=Path, help="replace the part of this page")
    parser.add_argument("--analyse", choices=sorted(SINGLE), help=argparse.SUPPRESS)
    parser.add_argument("--path", help=argparse.SUPPRESS)
    parser.add_argument("--mapped", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.analyse:
        run = analyse(arguments.analyse, arguments.path, is_mapped=arguments.mapped)
        print(json.dumps(run))
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the files are removed
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="large_") as folder:
        part = section(Path(folder), arguments.size)
    print(part)
    if arguments.write:
        arguments.write.write_text(replaced(arguments.write.read_text(), part))


if __name__ == "__main__":
    main()
