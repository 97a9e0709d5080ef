"""BLAS is kept to one thread while anybody needs it, and gets its threads back."""

from threading import Barrier, Thread

import numpy as np
import pytest

import latentscope
from latentscope._compute import blas
from latentscope._compute.blas import one_blas_thread


def blas_threads():
    return [library.num_threads for library in blas._libraries()]


@pytest.fixture(autouse=True)
def two_threads():
    """Start from two threads, also on a machine with one core."""
    found = [library.num_threads for library in blas._libraries()]
    blas._set([2] * len(found))
    yield
    assert set(blas_threads()) == {2}
    blas._set(found)


def test_nested():
    with one_blas_thread():
        with one_blas_thread():
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {1}
    assert set(blas_threads()) == {2}


def test_first_in_first_out():
    """Two users that overlap: the one who leaves last gives the threads back."""
    one_in, both_in, one_out = (Barrier(2, timeout=10) for _ in range(3))

    def first():
        with one_blas_thread():
            one_in.wait()
            both_in.wait()
        one_out.wait()

    thread = Thread(target=first)
    thread.start()
    one_in.wait()
    with one_blas_thread():
        both_in.wait()
        one_out.wait()
        assert set(blas_threads()) == {1}
    assert set(blas_threads()) == {2}
    thread.join()


def test_analyses_in_several_threads_leave_the_process_as_it_was():
    z = np.random.default_rng(0).standard_normal((3000, 20))
    threads = [Thread(target=latentscope.pca, args=(z,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(blas_threads()) == {2}
