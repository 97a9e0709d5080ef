"""tsne: a map, judged by the neighbours that it keeps."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import brentq
from scipy.spatial.distance import cdist

import latentscope as ls
from latentscope.errors import DataError, DataTypeError, LatentscopeWarning


@pytest.fixture(scope="module")
def z():
    """120 points in three groups of 40, 20 apart, in 5 dimensions."""
    rng = np.random.default_rng(3)
    return rng.standard_normal((120, 5)) + 20 * np.repeat(np.eye(3, 5), 40, axis=0)


@pytest.fixture(scope="module")
def embedding(z):
    return ls.tsne(z, perplexity=8, n_iter=200)


def neighbours(points, k):
    """Return the k nearest others of each point, by brute force."""
    distance = cdist(points, points)
    np.fill_diagonal(distance, np.inf)
    return np.argsort(distance, axis=1)[:, :k]


def test_groups_stay_together(embedding):
    """Far groups have no neighbour in common, so the nearest on the map is of the same group."""
    nearest = neighbours(embedding.xy, 3)
    assert_array_equal(nearest // 40, np.arange(120)[:, None] // 40 * np.ones((1, 3), dtype=int))


def test_preservation_is_the_share_of_neighbours_kept(z, embedding):
    in_z, on_map = neighbours(z, 10), neighbours(embedding.xy, 10)
    shared = [len(set(a) & set(b)) / 10 for a, b in zip(in_z, on_map, strict=True)]
    assert_allclose(embedding.neighbour_preservation, np.mean(shared), atol=1e-3)
    assert embedding.neighbour_preservation > 0.5
    assert_allclose(embedding.chance_preservation, 10 / 119)


def test_chance_counts_the_neighbours_that_were_scored(z):
    """At perplexity 2 only six neighbours are known, and chance keeps 6 / (n − 1) of them."""
    assert_allclose(ls.tsne(z, perplexity=2, n_iter=8).chance_preservation, 6 / 119)


def test_divergence_is_that_of_the_definition(z, embedding):
    """KL(P ‖ Q): P of the 24 nearest, each row calibrated to perplexity 8; Q Student's t."""
    n, near = len(z), neighbours(z, 24)
    square = np.take_along_axis(cdist(z, z) ** 2, near, axis=1)
    p = np.zeros((n, n))
    for i in range(n):

        def row(beta, square=square[i]):
            weight = np.exp(-beta * (square - square.min()))
            return weight / weight.sum()

        def excess(beta, row=row):
            return -(row(beta) * np.log(row(beta) + 1e-300)).sum() - np.log(8)

        p[i, near[i]] = row(brentq(excess, 1e-4, 1e2))
    p = (p + p.T) / (2 * n)
    q = 1 / (1 + cdist(embedding.xy, embedding.xy) ** 2)
    np.fill_diagonal(q, 0)
    some = p > 0
    expected = (p[some] * np.log(p[some] / (q / q.sum())[some])).sum()
    assert_allclose(embedding.kl_divergence, expected, rtol=0.05)


def test_more_steps_fit_better(z, embedding):
    assert ls.tsne(z, perplexity=8, n_iter=30).kl_divergence > embedding.kl_divergence


def test_some_of_the_points(z):
    """A part of the rows, chosen once each by the seed, in their order."""
    some = ls.tsne(z, n_points=50, perplexity=5, n_iter=8)
    assert (some.n_used, some.n_total, len(some.xy)) == (50, 120, 50)
    assert np.all(np.diff(some.indices) > 0)
    other = ls.tsne(z, n_points=50, perplexity=5, n_iter=8, rng=1)
    assert set(some.indices) != set(other.indices)


def test_first_components_alone(z):
    """Noise along other axes does not matter where only the first components are mapped."""
    noisy = np.hstack([100 * z, np.random.default_rng(0).standard_normal((120, 3))])
    assert ls.tsne(noisy, n_pca=5, perplexity=5, n_iter=8).n_pca == 5
    clean = ls.tsne(100 * z[:, :3], n_pca=2, perplexity=5, n_iter=8)
    by_hand = ls.tsne(
        ls.pca(100 * z[:, :3]).transform(100 * z[:, :3])[:, :2], perplexity=5, n_iter=8
    )
    assert_allclose(clean.xy, by_hand.xy, rtol=1e-3, atol=1e-6)


def test_same_seed():
    """The same seed gives the same bits, however the threads share the work."""
    z = np.random.default_rng(0).standard_normal((1000, 5))
    runs = [ls.tsne(z, perplexity=5, n_iter=8) for _ in range(10)]
    assert len({run.xy.tobytes() for run in runs}) == 1
    assert len({run.kl_divergence for run in runs}) == 1


def test_copies_of_points_have_a_divergence(z):
    """A Kullback-Leibler divergence is not negative, also where points coincide."""
    twice = np.repeat(z[::12], 12, axis=0)
    with pytest.warns(LatentscopeWarning, match="110 of 120 points are copies of an earlier"):
        assert ls.tsne(twice, perplexity=5, n_iter=50).kl_divergence >= 0


@pytest.mark.parametrize("rounding", [0.0, 1e-9])
def test_of_neighbours_at_one_distance_any_count(rounding):
    """Nine places with 40 copies each: a map that keeps the places together keeps everything."""
    rng = np.random.default_rng(0)
    places = np.array([[i, j, 0.0] for i in range(3) for j in range(3)])
    z = np.repeat(places, 40, axis=0) + rounding * rng.standard_normal((360, 3))
    with pytest.warns(
        LatentscopeWarning, match="351 of 360 points are copies .* Remove the copies"
    ):
        found = ls.tsne(z, perplexity=10, n_iter=250)
    assert found.n_copies == 351
    assert found.neighbour_preservation > 0.99
    assert_allclose(found.chance_preservation, 39 / 359)


def test_a_grid_has_ties_but_no_copies():
    """On a grid, which of the neighbours at the same distance are listed does not matter."""
    z = np.stack(np.meshgrid(*[np.arange(6.0)] * 3), axis=-1).reshape(-1, 3)
    found = ls.tsne(z, perplexity=5, n_iter=20)
    distance = np.sort(cdist(z, z), axis=1)[:, 1:]
    ties = (distance <= distance[:, 9:10] + 1e-9).sum(axis=1).mean()
    assert_allclose(found.chance_preservation, ties / 215, rtol=0.05)  # from 100 of the points
    assert found.n_copies == 0


def test_settings_are_told(z):
    result = ls.tsne(z, perplexity=5, early_exaggeration=16, n_iter=8)
    told = (result.perplexity, result.early_exaggeration, result.n_iter, result.n_pca)
    assert told == (5, 16, 8, 5)
    assert_array_equal(result.indices, np.arange(120))


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"perplexity": 40}, DataError, "at least 2 and below a third of the 120 .*got 40"),
        ({"perplexity": 1.5}, DataError, "perplexity must be at least 2 .*got 1.5"),
        ({"perplexity": np.nan}, DataError, "perplexity must be .*got nan"),
        ({"perplexity": "30"}, DataTypeError, "perplexity must be a number; got '30'"),
        ({"n_points": 30}, DataError, "below a third of the 30 points, 10; got 30"),
        ({"n_points": 121}, DataError, r"n_points must be .* 120 \(the number of rows\); got 121"),
        ({"n_points": 7}, DataError, "n_points must be an integer at least 8; got 7"),
        ({"n_pca": 6}, DataError, r"n_pca must be .* from 1 to 5 \(the number of axes\); got 6"),
        ({"n_pca": 2.0}, DataTypeError, "n_pca must be an integer"),
        ({"n_iter": 3}, DataError, "n_iter must be an integer at least 4; got 3"),
        ({"early_exaggeration": 0}, DataError, "early_exaggeration must .* above 0; got 0"),
        ({"rng": "seed"}, DataTypeError, "rng must be an integer .*got 'seed'"),
    ],
)
def test_wrong_settings_are_refused(options, error, match, z):
    with pytest.raises(error, match=match):
        ls.tsne(z, **options)


def test_a_forked_child_does_not_hang():
    """OpenMP, used before the fork, would wait for threads that are not in the child."""
    program = (
        "import multiprocessing, numpy as np, latentscope\n"
        "z = np.random.default_rng(0).standard_normal((200, 3))\n"
        "run = lambda: latentscope.tsne(z, n_iter=20, perplexity=5)\n"
        "run()\n"
        "child = multiprocessing.get_context('fork').Process(target=run)\n"
        "child.start()\n"
        "child.join(60)\n"
        "print(child.exitcode)\n"
        "child.kill()\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "0\n", done.stderr
