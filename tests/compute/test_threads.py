"""Threads share jobs; results keep the order of the jobs, whatever the number of threads."""

import threading
import time

import numpy as np
import pytest

from latentscope._compute.threads import with_bar


@pytest.mark.parametrize("n_threads", [1, 2, 5, None])
def test_results_keep_the_order_of_the_items(n_threads):
    def late(item):
        time.sleep(0.002 * (item % 3))
        return item**2

    found = with_bar(late, range(20), "squares", "number", n_threads=n_threads)
    assert list(found) == [item**2 for item in range(20)]


def test_the_same_bits_with_any_number_of_threads():
    def draws(stream):
        return stream.standard_normal(5)

    one, other = (
        np.array(
            list(with_bar(draws, np.random.default_rng(0).spawn(9), "draws", "set", n_threads=n))
        )
        for n in (1, 4)
    )
    assert np.array_equal(one, other)


def test_without_items_there_are_no_results():
    assert list(with_bar(abs, [], "nothing", "number")) == []


def test_an_error_drops_what_has_not_begun():
    begun, before = [], set(threading.enumerate())

    def fails(item):
        begun.append(item)
        raise ValueError(f"item {item}")

    with pytest.raises(ValueError, match="item 0"):
        list(with_bar(fails, range(1000), "failing", "number", n_threads=2))
    assert len(begun) <= 4
    new = set(threading.enumerate()) - before
    assert not [one for one in new if "ThreadPoolExecutor" in one.name]


def test_the_bar_counts_units(monkeypatch):
    bars = []

    class Bar:
        def __init__(self, **said):
            self.said, self.n = said, 0
            bars.append(self)

        def update(self, n):
            self.n += n

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr("latentscope._compute.threads.tqdm", Bar)
    list(with_bar(len, ["ab", "c"], "counting", "letter", sizes=[2, 1]))
    (bar,) = bars
    assert bar.said == {"total": 3, "desc": "counting", "unit": "letter", "delay": 2}
    assert bar.n == 3
