"""A file larger than the memory allowed gives the same numbers as the array."""

import inspect
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import h5py
import numpy as np
import pytest

import latentscope
from latentscope import sample

DOCS = Path(__file__).parents[1] / "docs" / "large.md"
LIMIT_MB = 300
PROGRAM = textwrap.dedent(
    """
    import json, os, sys
    import numpy as np, latentscope
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    with latentscope.load(sys.argv[1]) as latents:
        result = latentscope.overview(latents)
    peak = int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps([peak, result.to_dict()]))
    """
)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/status")
def test_one_pass_over_a_file_larger_than_the_limit(tmp_path):
    rng = np.random.default_rng(0)
    scale = np.geomspace(4, 0.5, 256).astype(np.float32)
    part = rng.standard_normal((20_000, 256), dtype=np.float32) * scale + np.float32(1)
    times = 1 + LIMIT_MB * 2**20 // part.nbytes
    path = tmp_path / "latents.h5"
    with h5py.File(path, "w") as file:
        z = file.create_dataset("z", (times * len(part), 256), "f4", chunks=(1000, 256))
        for k in range(times):
            z[k * len(part) : (k + 1) * len(part)] = part
    assert path.stat().st_size > LIMIT_MB * 2**20

    command = [sys.executable, "-c", PROGRAM, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    peak, streamed = json.loads(done.stdout)
    assert peak < LIMIT_MB

    once = latentscope.overview(part)
    assert streamed["n_used"] == times * len(part)
    assert streamed["radius"]["counts"] == (times * once.radius.counts).tolist()
    assert streamed["axes"]["counts"] == (times * once.axes.counts).tolist()
    np.testing.assert_allclose(streamed["pca"]["mean"], once.pca.mean, rtol=1e-9)
    n = times * len(part)
    unbiased = (len(part) - 1) / len(part) * n / (n - 1)  # the same squares, another n − 1
    np.testing.assert_allclose(
        np.array(streamed["pca"]["variance"]), once.pca.variance * unbiased, rtol=1e-6
    )


ENCODING = textwrap.dedent(
    """
    import resource, sys
    import numpy as np, latentscope
    from latentscope.latents import Latents

    class Means:
        kind, z_dim, image_shape, meta = "ae", 3, (64, 64, 3), {}
        def encode(self, images, *, rng=0):
            return Latents(images.mean(axis=(1, 2)))

    pixels = np.load(sys.argv[1], mmap_mode="r")
    latentscope.encode(Means(), pixels[:2000], sys.argv[2], block_size=256).close()
    in_use = int(open("/proc/self/status").read().split("VmData:")[1].split()[0]) * 1024
    limit = in_use + 64 * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    with latentscope.encode(Means(), pixels, sys.argv[2], block_size=256) as latents:
        print(latents.n_points)
    """
)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/status")
def test_encoding_more_images_takes_no_more_memory(tmp_path):
    """400 MB of images within 64 MB more than 2,000 of them took."""
    shape = (34_000, 64, 64, 3)
    pixels = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.uint8, shape)
    pixels[-1] = 255
    pixels.flush()
    command = [sys.executable, "-c", ENCODING, str(tmp_path / "x.npy"), str(tmp_path / "z.h5")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "34000\n"
    with latentscope.load(tmp_path / "z.h5") as latents:
        assert latents.z[-1].tolist() == [255, 255, 255]


NOISE = 12  # bytes per row by which the growth may differ from run to run; a row is 64
APART = {"contents", "encode", "load", "report"}  # see other tests, and those of what a report runs


def stated():
    """Return the bytes per row that the docs state for each function."""
    lines = re.findall(
        r"^\| `([\w.]+)` \| (\d+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(dict(lines)) == len(lines)
    return {name: int(n_bytes) for name, n_bytes in lines}


def test_the_docs_state_what_every_public_function_keeps():
    public = {name for name in latentscope._HOME if inspect.isfunction(getattr(latentscope, name))}
    of_data = {
        f"sample.{name}"
        for name, function in vars(sample).items()
        if getattr(function, "__module__", "") == sample.__name__
        and not name.startswith("_")
        and "z" in inspect.signature(function).parameters
    }
    assert set(stated()) == public | of_data | {"pictures.Album"}


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/status")
def test_no_function_keeps_more_than_the_docs_state(tmp_path):
    """The growth of peak memory from a file of 60,000 rows to one of 300,000."""
    script = Path(__file__).with_name("keeps.py")
    command = [sys.executable, str(script), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    bounds = stated()
    assert set(found) == set(bounds) - APART
    assert {name: n for name, n in found.items() if n > bounds[name] + NOISE} == {}
    loose = {name: n for name, n in found.items() if n < bounds[name] / 2 - NOISE}
    assert loose == {}  # what is stated is not far above what is so
