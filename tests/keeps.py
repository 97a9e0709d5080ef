"""Print how many bytes per row each public function takes, on a file; run by test_memory.py."""

import ctypes
import json
import sys
import types
import warnings
from pathlib import Path

import numpy as np

import latentscope as ls
from latentscope import sample
from latentscope.analysis import support
from latentscope.formats import hdf5
from latentscope.latents import Latents
from latentscope.pictures import Album
from latentscope.rows import matrix
from latentscope.rows.files import FileRows

D, FEW, MANY = 16, 60_000, 300_000
warnings.simplefilter("ignore")
support._SHELL_ROWS = 10_000
hdf5._CHUNK_BYTES = matrix.READ_BYTES = 2**16  # so that what is under way is small
folder = Path(sys.argv[1])
candidates = np.random.default_rng(1).standard_normal((50, D)).astype("f4")
model = types.SimpleNamespace(kind="ae", z_dim=D, image_shape=(4, 4, 1), meta={})
model.decode = lambda z: (0.5 + z / 40).clip(0, 1).reshape(-1, 4, 4, 1).astype("f4")
model.encode = lambda images, rng=0: Latents(40 * (images.reshape(-1, D) - 0.5))
small = {"n_null": 39, "n_points": 300}


class Narrow(FileRows):
    """The first axes of other rows."""

    def __init__(self, rows):
        self.rows, self.shape, self.dtype = rows, (len(rows), 3), rows.dtype

    def read(self, start, stop):
        return np.ascontiguousarray(self.rows[start:stop, :3])


CALLS = {
    "axis_density": ls.axis_density,
    "beside_nulls": lambda z: ls.beside_nulls(ls.pca, z, n_null=1, n_rows=2000),
    "cluster_gap": lambda z: ls.cluster_gap(z, n_clusters=(1, 2), n_null=19, n_points=300),
    "compare": lambda z: ls.compare(one=z, other=z),
    "correlation": ls.correlation,
    "direction": lambda z: ls.direction(z, "a"),
    "ellipsoid": ls.ellipsoid,
    "henze_zirkler": lambda z: ls.henze_zirkler(Latents(Narrow(z.mu)), n_points=300),
    "inertia_curve": lambda z: ls.inertia_curve(z, n_clusters=(2, 4)),
    "intrinsic_dimension": lambda z: ls.intrinsic_dimension(z, n_points=500),
    "normality": lambda z: ls.normality(z, n_null=19, n_points=500),
    "null_model": lambda z: ls.null_model(z, n_points=500).draw(),
    "overview": ls.overview,
    "pca": ls.pca,
    "plane_structure": lambda z: ls.plane_structure(z, half_width=0.3, **small),
    "plane_zoom": ls.plane_zoom,
    "posterior": ls.posterior,
    "radius_density": ls.radius_density,
    "ridges": lambda z: ls.ridges(z, n_null=19, n_boot=2, n_points=300),
    "round_trip": lambda z: ls.round_trip(model, z, candidates, n_reference=100),
    "save": lambda z: ls.save(folder / "copy.h5", Latents(z.z)),
    "scan_planes": lambda z: ls.scan_planes(z, window_points=[300], **small),
    "support": lambda z: ls.support(z, candidates),
    "tsne": lambda z: ls.tsne(z, n_points=100, perplexity=10, n_iter=50),
    "finite_rows": lambda z: ls.tsne(ls.finite_rows(z), n_points=100, perplexity=10, n_iter=50),
    "sample.axis_gaussian": lambda z: sample.axis_gaussian(z, 10),
    "sample.gaussian": lambda z: sample.gaussian(z, 10),
    "sample.core": lambda z: sample.core(z, 10),
    "sample.mixture": lambda z: sample.mixture(z, 10, n_fit=500, n_components=2),
    "pictures.Album": lambda z: Album(model, z).random(2),
}  # fmt: skip


def made(name, n):
    """Write n rows to a file and open it."""
    z = np.random.default_rng(0).standard_normal((n, D), dtype=np.float32)
    z = z * np.geomspace(3, 0.5, D).astype("f4") + 1
    labels = {"a": (z[:, 0] > 1).astype("u1")}
    ls.save(folder / name, Latents(z, mu=z, logvar=np.zeros_like(z), labels=labels))
    return ls.load(folder / name)


def status(key):
    return int(Path("/proc/self/status").read_text().split(key)[1].split()[0]) * 1024


def peak(function, z):
    """Return by how much the process grows at most."""
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is that from now on
    before = status("VmRSS:")
    function(z)
    return status("VmHWM:") - before


few, many = made("few.h5", FEW), made("many.h5", MANY)
found = {}
for name in sys.argv[2:] or CALLS:
    CALLS[name](few)
    CALLS[name](many)
    low, high = peak(CALLS[name], few), peak(CALLS[name], many)
    found[name] = (high - low) / (MANY - FEW)
sys.stdout.write(json.dumps(found))
