"""Shapes are named where they are plain; a Gaussian of any size hardly ever gets a name."""

from typing import get_args

import numpy as np
import pytest

import latentscope as ls
from latentscope.statistics.histogram_shapes import PLAIN, Repeats, Shape, hump_distance
from latentscope.statistics.histograms import Histograms

N = 3000
DRAWS = {
    "constant": lambda rng: np.full(N, 3.0),
    "few values": lambda rng: rng.poisson(3, N),
    "repeated value": lambda rng: np.maximum(rng.standard_normal(N), 0),
    "several humps": lambda rng: rng.standard_normal(N) + 5 * (rng.random(N) < 0.3),
    "flat": lambda rng: rng.uniform(size=N),
    "skewed": lambda rng: rng.exponential(size=N),
    "unremarkable": lambda rng: rng.standard_t(3, N),
    "unclear": lambda rng: np.append(rng.standard_normal(N - 1), 1e9),
}


def test_every_shape_is_tested_here():
    assert set(DRAWS) == set(get_args(Shape))


def test_all_shapes_but_two_are_plain():
    assert set(get_args(Shape)) - set(PLAIN) == {"unremarkable", "unclear"}


@pytest.mark.parametrize("shape", DRAWS)
@pytest.mark.filterwarnings("ignore::latentscope.errors.LatentscopeWarning")
def test_a_plain_shape_is_named(shape, rng):
    """Also at another scale and far from 0; mirrored it is the same."""
    x = DRAWS[shape](rng)[:, None]
    for z in (x, -x, 1e-3 * x, 1e3 * x + 1e6):
        assert ls.axis_density(z).shape == (shape,)


@pytest.mark.parametrize("n", [100, 400, 2000])
def test_a_gaussian_is_unremarkable(n):
    shapes = ls.axis_density(np.random.default_rng(n).standard_normal((n, 1000))).shape
    assert shapes.count("unremarkable") >= 985


@pytest.mark.parametrize("n", [2, 10, 99])
def test_few_rows_tell_nothing(n, rng):
    assert ls.axis_density(rng.standard_normal((n, 2))).shape == ("unclear", "unclear")


def test_distance_from_one_hump_by_hand():
    """Counts 4, 0, 4: with the mode at 1, F lies 2 of 8 above the line from 4 at 1 to 8 at 3."""
    counts = np.array([[4, 0, 4], [1, 2, 1]])
    histograms = Histograms.of(8, np.ones(2), np.zeros(2, dtype=np.int64), counts)
    np.testing.assert_allclose(hump_distance(histograms), [0.25, 0])


def test_repeats_are_counted():
    z = np.array([[1.0, 5.0], [2.0, 5.0], [2.0, 6.0], [0.0, 6.0]])
    found = Repeats.of(z)
    assert (found.n, found.n_values.tolist()) == (4, [3, 2])
    assert (found.value.tolist(), found.share.tolist()) == ([2, 5], [0.5, 0.5])


@pytest.mark.parametrize("n", [100, 137, 300])
def test_a_gaussian_axis_is_hardly_ever_remarkable(n):
    """At most one of two thousand."""
    z = np.random.default_rng(11).standard_normal((n, 2000))
    found = [shape for shape in ls.axis_density(z).shape if shape in PLAIN]
    assert len(found) <= 1
