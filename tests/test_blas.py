"""BLAS is kept to one thread while anybody needs it, and gets its threads back."""

from threading import Barrier, Thread

from threadpoolctl import threadpool_info, threadpool_limits

from latentscope._blas import one_blas_thread


def blas_threads():
    return {info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"}


def test_nested():
    with threadpool_limits(2, "blas"):
        with one_blas_thread():
            with one_blas_thread():
                assert blas_threads() == {1}
            assert blas_threads() == {1}
        assert blas_threads() == {2}


def test_first_in_first_out():
    """Two users that overlap: the one who leaves last gives the threads back."""
    one_in, both_in, one_out = (Barrier(2, timeout=10) for _ in range(3))

    def first():
        with one_blas_thread():
            one_in.wait()
            both_in.wait()
        one_out.wait()

    with threadpool_limits(2, "blas"):
        thread = Thread(target=first)
        thread.start()
        one_in.wait()
        with one_blas_thread():
            both_in.wait()
            one_out.wait()
            assert blas_threads() == {1}
        thread.join()
        assert blas_threads() == {2}
