"""Speed and memory of the main functions, compared with what one would write by hand.

Run ``python benchmarks/core.py`` to print the table, and add ``--write docs/benchmarks.md`` to
replace the one in the docs. All ratios are of medians measured in this process after a warm-up; the
memory of the streamed pass is that of a fresh process. About five minutes, 6 GB of disk.
"""

import argparse
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

import latentscope
from latentscope._compute.threads import n_cores
from latentscope.analysis.radius import RadiusCounts
from latentscope.rows import reduce
from latentscope.statistics.bins import AxisCounts
from latentscope.statistics.gaussian_fit import fit_gaussians
from latentscope.statistics.scaled_bins import ScaledCounts

N_POINTS, Z_DIM = 170_000, 256
Row = tuple[str, str, str, str]


def median_seconds(function: Callable[[], Any], repeats: int) -> float:
    """Return the median time of `repeats` calls after one that does not count."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def latents() -> np.ndarray:
    """Return points like those of a trained autoencoder: some axes broad, some off-centre."""
    rng = np.random.default_rng(0)
    scale = np.geomspace(4.6, 0.5, Z_DIM).astype(np.float32)
    offset = np.linspace(5, -2, Z_DIM).astype(np.float32)
    return rng.standard_normal((N_POINTS, Z_DIM), dtype=np.float32) * scale + offset


def passes(z: np.ndarray) -> Iterator[Row]:
    """Time radius and axis counts in units of one pass ``z.sum()``."""
    one = median_seconds(lambda: z.sum(), 15)

    def by_hand() -> Any:
        return np.histogram(np.linalg.norm(z, axis=1), bins=np.arange(0, 80, 0.5))

    def axes_by_hand() -> Any:
        edges = np.arange(-40, 40, 0.25)
        return [np.histogram(z[:, axis], bins=edges) for axis in range(Z_DIM)]

    for name, function, bar in (
        ("`np.linalg.norm` + `np.histogram`", by_hand, "–"),
        (
            "`radius_density`, including the curve of the Gaussian",
            lambda: latentscope.radius_density(z),
            "≤ 2",
        ),
        ("of which counting the radii", lambda: reduce(z, RadiusCounts(ScaledCounts(1))), "–"),
        ("`np.histogram` of each axis", axes_by_hand, "–"),
        ("counts of all axes", lambda: reduce(z, AxisCounts(Z_DIM, 0.25)), "≤ 4"),
        ("the same in bins of each axis' own scale", lambda: reduce(z, ScaledCounts(Z_DIM)), "–"),
        ("`axis_density`, including moments and fits", lambda: latentscope.axis_density(z), "–"),
    ):
        seconds = median_seconds(function, 3 if function is axes_by_hand else 15)
        yield name, f"{1e3 * seconds:.1f} ms", f"{seconds / one:.2f} × `z.sum()`", bar


def fits(z: np.ndarray) -> Iterator[Row]:
    """Time the 256 Gaussian fits against a loop of SciPy's."""
    from scipy.optimize import curve_fit
    from scipy.special import ndtr

    axes = latentscope.axis_density(z, bin_width=0.25)
    low = int(axes.first_bin.min())
    reach = axes.first_bin + axes.counts.shape[1] - low
    density = np.zeros((Z_DIM, int(reach.max())))  # on the grid that all axes share
    for one, own, first in zip(density, axes.density, axes.first_bin - low, strict=True):
        one[first : first + len(own)] = own
    edges = 0.25 * (low + np.arange(density.shape[1] + 1))
    centers = (edges[:-1] + edges[1:]) / 2
    mean, std = np.array(axes.mean), np.array(axes.std)

    def model(_: Any, amplitude: float, center: float, sigma: float) -> np.ndarray:
        return amplitude * np.diff(ndtr((edges - center) / sigma)) / 0.25

    def loop() -> np.ndarray:
        return np.array(
            [
                curve_fit(model, centers, density[axis], p0=(1, mean[axis], std[axis]))[0]
                for axis in range(Z_DIM)
            ]
        )

    slow = median_seconds(loop, 5)
    fast = median_seconds(lambda: fit_gaussians(edges, density, center=mean, sigma=std), 15)
    ours = np.column_stack([axes.amplitude, axes.center, axes.sigma])
    difference = np.abs(ours - loop()).max()
    yield "loop over SciPy's `curve_fit`, same model and start", f"{1e3 * slow:.1f} ms", "1", "–"
    yield (
        f"our 256 fits at once (parameters agree within {difference:.0e})",
        f"{1e3 * fast:.1f} ms", f"{fast / slow:.3f} × the loop", "≤ 0.1",
    )  # fmt: skip


def spectra(z: np.ndarray) -> Iterator[Row]:
    """Time PCA against the bare matrix product and scikit-learn."""
    from sklearn.decomposition import PCA

    product = median_seconds(lambda: z.T @ z, 9)
    ours = median_seconds(lambda: latentscope.pca(z), 9)
    theirs = median_seconds(lambda: PCA(svd_solver="covariance_eigh").fit(z), 3)
    shifted = z + np.float32(1e4)
    exact = np.linalg.eigvalsh(np.cov(shifted.T.astype(np.float64)))[::-1]
    errors = [
        np.abs(variance / exact - 1).max()
        for variance in (
            latentscope.pca(shifted).variance,
            PCA(svd_solver="covariance_eigh").fit(shifted).explained_variance_,
        )
    ]
    for name, seconds, error, bar in (
        ("scikit-learn `PCA`", theirs, errors[1], "–"),
        ("`pca`", ours, errors[0], "≤ 1.5, ≤ 1e-6"),
    ):
        yield (
            f"{name} (error with an offset of 1e4: {error:.0e})",
            f"{1e3 * seconds:.0f} ms", f"{seconds / product:.2f} × `z.T @ z`", bar,
        )  # fmt: skip


def clusters(z: np.ndarray) -> Iterator[Row]:
    """Time the inertia curve for k = 2, 4 … 80 against a loop of scikit-learn's."""
    from sklearn.cluster import MiniBatchKMeans

    ks = range(2, 81, 2)
    start = time.perf_counter()
    theirs = np.array([MiniBatchKMeans(k, n_init=3, random_state=0).fit(z).inertia_ for k in ks])
    middle = time.perf_counter()
    ours = latentscope.inertia_curve(z, n_clusters=ks)
    end = time.perf_counter()
    ratio = ours.inertia / theirs
    yield "loop over `MiniBatchKMeans(n_init=3)`, 40 k", f"{middle - start:.1f} s", "1", "–"
    yield (
        f"`inertia_curve` (inertia ratio: mean {ratio.mean():.4f}, largest {ratio.max():.4f})",
        f"{end - middle:.1f} s",
        f"{(end - middle) / (middle - start):.3f} × the loop",
        "≤ 0.2, mean ≤ 1, largest ≤ 1.02",
    )


def streamed(folder: Path, z: np.ndarray) -> Iterator[Row]:
    """Time all one-pass statistics together from HDF5, each size in a fresh process."""
    first = None
    for times in (1, 4, 16):
        path = folder / f"latents_{times}.h5"
        with h5py.File(path, "w") as file:
            shape, chunks = (times * N_POINTS, Z_DIM), (1024, Z_DIM)
            data = file.create_dataset("z", shape, "f4", chunks=chunks, fletcher32=True)
            for part in range(times):
                data[part * N_POINTS : (part + 1) * N_POINTS] = z
        command = [sys.executable, __file__, "--stream", str(path)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seconds, megabytes = map(float, output.split())
        first = first or seconds
        yield (
            f"`overview` of {times * N_POINTS:,} rows in HDF5, peak memory {megabytes:.0f} MB",
            f"{seconds:.2f} s", f"{seconds / first:.1f} × the first", "linear, ≤ 300 MB",
        )  # fmt: skip
        path.unlink()


def stream(path: str) -> None:
    """Print time and peak memory of one streamed pass, after a small one that loads the kernels."""
    latentscope.overview(np.eye(300, Z_DIM, dtype=np.float32))
    with latentscope.load(path) as points:
        start = time.perf_counter()
        latentscope.overview(points)
        seconds = time.perf_counter() - start
    status = Path("/proc/self/status").read_text()
    print(seconds, int(status.split("VmHWM:")[1].split()[0]) / 1024)


def table() -> str:
    """Run everything and return the page."""
    z = latents()
    rows = [*passes(z), *fits(z), *spectra(z), *clusters(z)]
    with tempfile.TemporaryDirectory(dir=".") as folder:
        rows += streamed(Path(folder), z)
    head = ("what", "time", "ratio", "aim")
    lines = [f"| {' | '.join(row)} |" for row in (head, ("---",) * 4, *rows)]
    introduction = INTRODUCTION.format(machine=machine(), versions=versions())
    return "\n".join([introduction, *lines, "", REMARK])


INTRODUCTION = """# Speed and memory of the main functions

{machine}. {versions}.

All measurements use 170,000 points of 256 float32 coordinates, in memory unless stated otherwise.
Times are medians in one process after a warm-up. There are two exceptions: the two k-means times
come from one run each, and each `overview` of an HDF5 file is one run in a fresh process. Ratios
carry over to other machines better than times. This page was made by
`python benchmarks/core.py --write docs/benchmarks.md`.
"""


REMARK = """`radius_density` counts the radii in about one pass over the data. The rest of its time
goes into the covariance of 4,096 rows and its eigenvectors, which the curve of the Gaussian needs.
That part does not grow with the number of rows.
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
    import numba
    import scipy
    import sklearn

    modules = (latentscope, np, scipy, sklearn, numba)
    listed = ", ".join(f"{module.__name__} {module.__version__}" for module in modules)
    return f"Python {platform.python_version()}, {listed}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", metavar="PATH", help="write the page here")
    parser.add_argument("--stream", metavar="PATH", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stream:
        stream(arguments.stream)
    else:
        page = table()
        print(page)
        if arguments.write:
            Path(arguments.write).write_text(page)
