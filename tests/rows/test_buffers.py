"""Memory is used again when nobody looks at it any more, and never before."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np

import latentscope
from latentscope.rows import collect
from latentscope.rows.buffers import Buffers


def address(array):
    return array.__array_interface__["data"][0]


def test_memory_is_used_again_when_nobody_looks_at_it():
    buffers = Buffers()
    first = buffers.empty((10, 3), "f4")
    place, part = address(first), first[2:4]
    second = buffers.empty((10, 3), "f4")
    assert address(second) != place
    del first
    assert address(buffers.empty((10, 3), "f4")) != place  # a part of it is still looked at
    del part
    third = buffers.empty((5, 3), "f8")  # as many bytes
    assert (address(third), third.shape, third.dtype) == (place, (5, 3), "f8")


def test_another_size_is_other_memory():
    buffers = Buffers()
    place = address(buffers.empty((10, 3), "f4"))
    assert address(buffers.empty((9, 3), "f4")) != place


def test_threads_never_share_memory():
    buffers = Buffers()

    def fill(value):
        array = buffers.empty((1000,), "i8")
        array[:] = value
        total = int(array[::7].sum())
        return total == value * len(array[::7]) and (array == value).all()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(fill, range(2000)))


def test_buffers_travel_empty_to_other_processes():
    buffers = Buffers()
    kept = buffers.empty((1000,), "f8")
    assert len(pickle.dumps(buffers)) < kept.nbytes / 10


def test_rows_that_a_function_keeps_stay_what_they_were(tmp_path, monkeypatch):
    """Blocks are views of buffers; what is kept of them must not be read over."""
    monkeypatch.setattr("latentscope.rows.matrix.READ_BYTES", 2**16)
    z = np.random.default_rng(0).standard_normal((100_000, 16)).astype("f4")
    np.save(tmp_path / "z.npy", z)
    with h5py.File(tmp_path / "z.h5", "w") as file:
        file.create_dataset("z", data=z, chunks=(1024, 16), fletcher32=True)
    for name in ("z.npy", "z.h5"):
        with latentscope.load(tmp_path / name) as latents:
            np.testing.assert_array_equal(collect(latents, lambda block: block.z), z)
            np.testing.assert_array_equal(collect(latents, lambda block: block.z[:, 3]), z[:, 3])
