"""A cluster of processes gives the same bits as one, though workers die; its troubles are told."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import cloudpickle
import dask
import dask.array as da
import numpy as np
import pytest
import zarr
from distributed import Client, LocalCluster

import latentscope as ls
from latentscope._disk.read_errors import access_errors
from latentscope.errors import (
    AccessError,
    ClusterError,
    DataError,
    FileFormatError,
    MissingFileError,
)
from latentscope.rows import collect, dask_tree, finite_rows, reduce
from latentscope.rows.files import FileRows
from latentscope.statistics.moments import Moments

pytestmark = pytest.mark.slow

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import the tests
N, D = 3000, 5
rng = np.random.default_rng(5)
Z = rng.standard_normal((N, D)) * [3, 2, 1, 0.5, 2] + [0, 5, -1, 0, 2]
VAE = ls.Latents(Z, Z, np.full_like(Z, -9.0), labels={"high": Z[:, 1] > 5})
OPTIONS = {"dashboard_address": ":0", "threads_per_worker": 1, "silence_logs": False}
LATE = {"distributed.scheduler.worker-ttl": None}  # keep workers whose heartbeats come late


@pytest.fixture(scope="module")
def client():
    """Two processes, each of which is started again when it dies, and that can import the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[2])  # which the processes take over
        with dask.config.set(LATE):
            cluster = LocalCluster(n_workers=2, **OPTIONS)
        with cluster, Client(cluster) as client:
            yield client


@pytest.fixture
def elsewhere():
    """A cluster whose only worker stays dead once it died, and that gives up at the first death."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", "--no-nanny", "--no-dashboard"]
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        cluster = LocalCluster(n_workers=0, **OPTIONS)
    with cluster, Client(cluster) as client:
        command += ["--nthreads", "1", cluster.scheduler_address]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as one:
            client.wait_for_workers(1, timeout=60)
            yield client
            one.kill()


def synchronous(function, *arguments):
    with dask.config.set(scheduler="synchronous"):
        return function(*arguments)


@pytest.fixture(params=["HDF5", "zarr"])
def stored(request, tmp_path):
    """z, mu and logvar in a file, as Dask arrays that the workers read; the file is closed here."""
    if request.param == "HDF5":
        ls.save(tmp_path / "latents.h5", VAE)
        with ls.load(tmp_path / "latents.h5") as latents:
            lazy = latents.to_dask(chunk_bytes=200 * D * 8)
            labels = {"high": latents.labels["high"][:]}
        return ls.Latents(**lazy.arrays, labels=labels)
    group = zarr.open_group(tmp_path / "latents.zarr", mode="w")
    arrays = VAE.arrays.items()
    arrays = {name: group.create_array(name, data=z, chunks=(150, 2)) for name, z in arrays}
    return ls.Latents(**arrays, labels=VAE.labels).to_dask(chunk_bytes=300 * D * 8)


ANALYSES = {
    "overview": ls.overview,
    "normality": lambda z: ls.normality(z, n_null=19, n_points=500),
    "inertia_curve": lambda z: ls.inertia_curve(z, n_clusters=range(2, 6)),
    "direction": lambda z: ls.direction(z, "high"),
    "ellipsoid": lambda z: ls.ellipsoid(z, space="latent"),
    "support": lambda z: ls.support(z, Z[:9]),
}


@pytest.mark.filterwarnings("ignore::latentscope.errors.LatentscopeWarning")
@pytest.mark.parametrize("name", ANALYSES)
def test_workers_read_the_file_and_give_what_numpy_gives(name, stored, client, assert_same):
    result = ANALYSES[name](stored)
    assert_same(result, ANALYSES[name](VAE), rtol=1e-12)
    assert_same(result, synchronous(ANALYSES[name], stored))


def test_the_order_of_rows_is_kept(stored, client):
    np.testing.assert_array_equal(collect(stored, lambda block: block.z), Z)


def test_arrays_in_memory_travel_to_the_workers(client):
    np.testing.assert_array_equal(collect(VAE.to_dask(), lambda block: block.rows), np.arange(N))


def test_rows_with_nan_are_refused_with_their_numbers(client):
    holed = Z.copy()
    holed[[7, 2000], 1] = np.nan
    lazy = da.from_array(holed, chunks=(600, D))
    with pytest.raises(DataError, match=r"2 of 3,000 rows .* \(rows 7, 2000\)"):
        reduce(lazy, Moments(D))
    (moments,) = reduce(finite_rows(lazy), Moments(D))
    assert moments.n == N - 2


def test_progress_counts_rows(client, counted_rows, monkeypatch):
    monkeypatch.setattr(dask_tree, "_MAX_SHOWN", 8)
    reduce(da.from_array(Z, chunks=(100, D)), Moments(D))
    assert sorted(filter(None, counted_rows)) == [600, 800, 800, 800]  # 30 chunks in eights


def test_the_bar_is_shown_on_stderr():
    """The real bar, which appears after two seconds."""
    program = """
import time, numpy as np, dask.array as da, latentscope
from distributed import Client
def slow(block):
    time.sleep(0.3)
    return block
with Client(processes=False, dashboard_address=None, threads_per_worker=1, n_workers=1):
    z = da.map_blocks(slow, da.ones((1000, 2), chunks=(100, 2)), meta=np.empty((0, 0)))
    latentscope.rows.reduce(z, latentscope.rows.Collected(lambda block: block.z), progress="slowly")
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={name: value for name, value in os.environ.items() if name != "TQDM_DISABLE"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "slowly: 100%" in done.stderr
    assert "row/s" in done.stderr


# --- workers that die ---


def waiting(folder, block, block_info):
    """Return the block; the first process that has the third waits here until it is killed."""
    if block_info[0]["chunk-location"][0] == 2 and not (folder / "go").exists():
        (folder / "waiting").write_text(str(os.getpid()))
        while not (folder / "go").exists():
            time.sleep(0.01)
    return block


def with_one_that_waits(base, folder):
    return da.map_blocks(
        lambda block, block_info: waiting(folder, block, block_info), base, meta=base._meta
    )


def kill_who_waits(folder, killed):
    while not (folder / "waiting").exists() or not (text := (folder / "waiting").read_text()):
        time.sleep(0.01)
    os.kill(int(text), signal.SIGKILL)
    killed.append(int(text))
    (folder / "go").touch()


def test_a_worker_killed_in_the_middle_changes_nothing(client, tmp_path, assert_same):
    base = da.from_array(Z, chunks=(150, D))
    lazy = with_one_that_waits(base, tmp_path)
    killed = []
    killer = threading.Thread(target=kill_who_waits, args=(tmp_path, killed))
    killer.start()
    result = ls.overview(lazy)
    killer.join()
    assert killed
    assert set(killed).isdisjoint(client.run(os.getpid).values())
    assert_same(result, synchronous(ls.overview, base))


def die(block):
    os.kill(os.getpid(), signal.SIGKILL)


def test_workers_that_die_again_and_again_and_none_left(elsewhere):
    """Both end within seconds: at the first death here, and after the time that Dask is set to."""
    base = da.from_array(Z, chunks=(1000, D))
    with pytest.raises(ClusterError, match=r"must run until .* workers died while running it"):
        reduce(da.map_blocks(die, base, meta=base._meta), Moments(D))
    start = time.monotonic()
    with (
        dask.config.set({"distributed.scheduler.no-workers-timeout": "1 s"}),
        pytest.raises(ClusterError, match=r"has had none for 1 s\. Start workers"),
    ):
        reduce(base, Moments(D))
    assert time.monotonic() - start < 20
    assert not elsewhere.futures


def test_a_cluster_that_is_gone_is_told():
    with LocalCluster(n_workers=0, **OPTIONS) as cluster, Client(cluster, timeout=1) as client:
        closer = threading.Timer(1, client.cluster.close)
        closer.start()
        with pytest.raises(ClusterError, match=r"must (have at least one worker|run until)"):
            reduce(da.from_array(Z, chunks=(1000, D)), Moments(D))
        closer.join()


def test_ctrl_c_cancels_what_is_under_way(client, tmp_path, monkeypatch):
    def interrupted(*_):
        while not (tmp_path / "waiting").exists():
            time.sleep(0.01)
        raise KeyboardInterrupt("stop")

    monkeypatch.setattr(dask_tree, "_next", interrupted)
    base = da.from_array(Z, chunks=(150, D))
    lazy = with_one_that_waits(base, tmp_path)
    with pytest.raises(KeyboardInterrupt, match="stop") as caught:
        reduce(lazy, Moments(D))
    (tmp_path / "go").touch()
    scheduler, deadline = client.cluster.scheduler, time.monotonic() + 20
    while scheduler.tasks and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not scheduler.tasks
    assert caught.tb  # which still holds the futures


# --- files and workers ---


@pytest.fixture
def lazy(tmp_path):
    ls.save(tmp_path / "z.h5", Z)
    with ls.load(tmp_path / "z.h5") as latents:
        return latents.to_dask(chunk_bytes=2**14)


def test_a_file_that_workers_do_not_see(lazy, client, tmp_path):
    (tmp_path / "z.h5").rename(tmp_path / "away.h5")
    match = (
        r"z\.h5 must exist under the same path on every machine with Dask workers; "
        r"\S+ has no such file\. Put it on shared storage"
    )
    with pytest.raises(MissingFileError, match=match):
        reduce(lazy, Moments(D))


def test_a_file_that_changes(lazy, client, tmp_path):
    ls.save(tmp_path / "z.h5", Z + 1)
    with pytest.raises(FileFormatError, match=r"z\.h5 changed while it was read"):
        reduce(lazy, Moments(D))


class Locked(FileRows):
    """Rows of a file that a worker may not read."""

    def __init__(self, path):
        self.path, self.shape, self.dtype = path, (N, D), np.dtype("f8")

    def read(self, start, stop):
        with access_errors(self.path):
            raise PermissionError(errno.EACCES, "Permission denied", str(self.path))


def test_a_file_that_workers_may_not_read(client, tmp_path):
    (tmp_path / "z.bin").touch()
    latents = ls.Latents(Locked(tmp_path / "z.bin")).to_dask()
    with pytest.raises(AccessError, match=r"z\.bin cannot be accessed: Permission denied"):
        reduce(latents, Moments(D))


def test_errors_of_tasks_stay_what_they_are(client):
    base = da.from_array(Z, chunks=(1000, D))
    with pytest.raises(ZeroDivisionError, match="division"):
        reduce(da.map_blocks(lambda b: 1 / 0, base, meta=base._meta), Moments(D))
