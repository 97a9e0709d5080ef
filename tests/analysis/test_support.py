"""support: do proposed points lie where the data lie?"""

import h5py
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import beta, chi

import latentscope as ls
from latentscope.analysis.support import SHARES
from latentscope.errors import DataError, DataTypeError, LatentscopeWarning


def by_hand(points, z):
    """Return Mahalanobis distances of points from mean and covariance of z, as in a textbook."""
    away = points - z.mean(axis=0)
    return np.sqrt(np.einsum("ij,jk,ik->i", away, np.linalg.inv(np.cov(z.T)), away))


@pytest.fixture
def candidates(rng):
    return 5 * rng.standard_normal((40, 6))


def test_distances_are_those_of_the_textbook(cloud, candidates):
    found = ls.support(cloud.z, candidates)
    assert_allclose(found.distance, by_hand(candidates, cloud.z), rtol=1e-10)
    assert_allclose(found.radius, np.linalg.norm(candidates, axis=1))
    assert (found.n_used, found.n_total, found.n_shell) == (3000, 3000, 3000)
    assert (found.z_dim, found.n_directions) == (6, 6)


def test_own_distances_leave_the_point_out(rng):
    """Brute force: mean and covariance of the other rows, for every row."""
    z = rng.standard_normal((25, 4)) @ rng.standard_normal((4, 4)) + 3
    others = [by_hand(z[i : i + 1], np.delete(z, i, axis=0))[0] for i in range(25)]
    found = ls.support(z, z[:1])
    assert_allclose(found.data_quantiles, np.quantile(others, SHARES), rtol=1e-9)


def test_a_gaussian_follows_the_chi_law():
    """99.8 % of a Gaussian in 256 directions lie between 13.85 and 18.21."""
    assert_allclose(chi.ppf([0.001, 0.999], 256), [13.85, 18.21], atol=0.005)
    z = np.random.default_rng(0).standard_normal((40_000, 256), np.float32)
    found = ls.support(z, np.random.default_rng(1).standard_normal((4000, 256), np.float32))
    assert_allclose(found.shell, chi.ppf([0.001, 0.5, 0.999], 256), atol=0.12)
    assert found.share_on_shell == pytest.approx(0.998, abs=0.003)
    assert found.share_inside == pytest.approx(0.999, abs=0.002)


def test_published_distances_of_random_points():
    """Off-centre 256-d Gaussian, spectrum 1/i: 16.0 ± 0.7, 29.6, 26.2 and 27.9 are published.

    Variances c / i that add up to 256 (c = 41.8), in a random frame, and a mean of length 5.5 give
    them: E d² = tr S⁻¹ + mᵀ S⁻¹ m = 787 + 93 for N(0, I), ¾ · 787 + 93 for the cube, 787 for
    Gaussians per axis. Shorter or longer means miss the first two, e.g. 28.0 and 24.3 for mean 0.
    """
    rng = np.random.default_rng(4)
    axes = np.linalg.qr(rng.standard_normal((256, 256)))[0]
    scale = np.sqrt(256 / np.sum(1 / np.arange(1, 257)) / np.arange(1, 257))
    mean = 5.5 * axes.T @ np.ones(256) / 16  # equal parts along all directions

    def draw(n):
        return ((rng.standard_normal((n, 256)) * scale) @ axes + mean).astype(np.float32)

    z = draw(40_000)
    asked = {
        "own": (draw(2000), 16.0),
        "normal": (ls.sample.normal(2000, 256), 29.6),
        "uniform": (ls.sample.uniform(2000, 256, half_width=1.5), 26.2),
        "per axis": (ls.sample.axis_gaussian(z, 2000), 27.9),
    }
    for name, (points, published) in asked.items():
        found = ls.support(z, points)
        assert found.distance.mean() == pytest.approx(published, abs=0.3), name
        assert found.share_inside == pytest.approx(0.999 if name == "own" else 0, abs=0.005)
    own = ls.support(z, asked["own"][0])
    assert own.distance.std() == pytest.approx(0.7, abs=0.05)
    assert np.linalg.norm(z, axis=1).mean() == pytest.approx(16, abs=1)  # radii show nothing of it


def test_the_mean_is_inside_but_not_on_the_shell(cloud):
    found = ls.support(cloud.z, [cloud.z.mean(axis=0), cloud.mean + 1000])
    assert_allclose(found.distance[0], 0, atol=1e-9)
    assert_array_equal(found.is_inside, [True, False])
    assert (found.share_inside, found.share_on_shell) == (0.5, 0.0)
    assert found.data_quantile(0.0, 1.0) == (found.data_quantiles[0], found.data_quantiles[-1])
    assert found.headline()["candidates"] == 2


# --- laws ---


def test_affine_maps(cloud, candidates, rng, assert_same):
    """Any invertible map of data and candidates alike leaves the distances as they are."""
    matrix, offset = rng.standard_normal((6, 6)) + 3 * np.eye(6), rng.standard_normal(6)
    one = ls.support(cloud.z, candidates)
    other = ls.support(cloud.z @ matrix + offset, candidates @ matrix + offset)
    assert_same(other, one, rtol=1e-8, but=["radius", "leading", "data_leading", "n_leading"])


def test_rotation(cloud, candidates, rotation, assert_same):
    """Rotating both changes nothing, the radii included."""
    one, other = (ls.support(cloud.z @ r, candidates @ r) for r in (np.eye(6), rotation))
    assert_same(other, one, rtol=1e-9)


def test_order_of_candidates(cloud, candidates, rng):
    """Permuting the candidates permutes what is said of each."""
    order = rng.permutation(40)
    one, other = ls.support(cloud.z, candidates), ls.support(cloud.z, candidates[order])
    assert_allclose(other.distance, one.distance[order], rtol=1e-12)
    assert_allclose(other.radius, one.radius[order], rtol=1e-12)


def test_candidates_in_many_blocks(cloud, small_blocks, monkeypatch, assert_same):
    """Candidates may be as many as the data, and come in blocks."""
    many = ls.support(cloud.z, cloud.z)
    monkeypatch.undo()
    assert_same(many, ls.support(cloud.z, cloud.z), rtol=1e-9)


def test_the_shell_of_many_rows_rests_on_some(monkeypatch):
    """Above a limit, rows spread over the source make the shell; any of them stand for all."""
    z = np.sort(np.random.default_rng(0).standard_normal((20_000, 2)), axis=0)
    whole = ls.support(z, z[:9])
    monkeypatch.setattr("latentscope.analysis.support._SHELL_ROWS", 2000)
    some = ls.support(z, z[:9])
    assert some.n_shell == pytest.approx(2000, abs=5)
    assert_array_equal(some.distance, whole.distance)
    assert_allclose(some.data_quantile(0.1, 0.5, 0.9), whole.data_quantile(0.1, 0.5, 0.9), rtol=0.1)


def test_few_finite_rows_among_many(monkeypatch):
    """The shell rests on all finite rows where they are few, however many are left out."""
    monkeypatch.setattr("latentscope.analysis.support._SHELL_ROWS", 100)
    z = np.full((40_000, 2), np.nan)
    z[::4000] = np.random.default_rng(0).standard_normal((10, 2))
    found = ls.support(ls.finite_rows(z), [[0.0, 0.0]])
    assert (found.n_used, found.n_total, found.n_shell) == (10, 40_000, 10)


@pytest.mark.parametrize("form", ["Latents", "h5py", "list", "float32", "finite rows"])
def test_sources_of_candidates(form, cloud, tmp_path):
    """Candidates come from wherever z may come from."""
    given = cloud.z[:30]
    expected = by_hand(given, cloud.z)
    holed = np.insert(given, [3, 9], np.nan, axis=0)
    with h5py.File(tmp_path / "z.h5", "w") as file:
        source = {
            "Latents": lambda: ls.Latents(given),
            "h5py": lambda: file.create_dataset("z", data=given),
            "list": given.tolist,
            "float32": lambda: given.astype(np.float32),
            "finite rows": lambda: ls.finite_rows(holed),
        }[form]()
        assert_allclose(ls.support(cloud.z, source).distance, expected, rtol=1e-5)


@pytest.mark.parametrize("scale", [1e80, 1e30, 1e-30, 1e-90])
def test_scale(scale, cloud):
    """Data and candidates in another unit: the same distances."""
    found = ls.support(scale * cloud.z, scale * cloud.z[:20])
    assert_allclose(found.distance, by_hand(cloud.z[:20], cloud.z), rtol=1e-9)


@pytest.mark.parametrize("scale", [1e18, 1e-18])
def test_scale_of_float32(scale, cloud):
    z = (scale * cloud.z).astype(np.float32)
    assert_allclose(ls.support(z, z[:20]).distance, by_hand(cloud.z[:20], cloud.z), rtol=1e-4)


def test_candidates_far_out_in_float32():
    """Whitened coordinates beyond float32 are computed in float64."""
    z = (1e-10 * np.random.default_rng(0).standard_normal((500, 2))).astype(np.float32)
    far = np.array([[1e30, -1e30]], dtype=np.float32)
    found = ls.support(z, far)
    assert_allclose(found.distance, ls.support(z.astype(float), far.astype(float)).distance)


def test_one_axis():
    z = np.random.default_rng(0).standard_normal((400, 1)) * 3 + 5
    found = ls.support(z, [[5.0], [11.0]])
    assert_allclose(found.distance, np.abs(np.array([5, 11]) - z.mean()) / z.std(ddof=1))


def test_constant_axes_are_warned_of_and_left_out(rng):
    """What a candidate does along them is not seen, and the warning says so."""
    z = np.column_stack([rng.standard_normal((300, 2)), np.full(300, 4.0)])
    with pytest.warns(LatentscopeWarning, match="not vary along 1 of its 3 .* ignore how far a"):
        found = ls.support(z, [[1, 2, 4], [1, 2, 99]])
    assert found.n_directions == 2
    assert_allclose(found.distance, by_hand(np.array([[1, 2]] * 2), z[:, :2]), rtol=1e-9)


def test_few_rows_are_warned_of(rng):
    with pytest.warns(
        LatentscopeWarning, match="17 rows of z are few for the covariance along 6 dir"
    ):
        found = ls.support(rng.standard_normal((17, 6)), np.zeros((1, 6)))
    assert np.isfinite(found.data_quantiles).all()


def test_a_row_that_alone_varies_along_an_axis_stays_finite():
    """Without it the others have no variance there; its distance is huge, not NaN."""
    z = np.random.default_rng(0).standard_normal((50, 2))
    z[:, 1] = 0
    z[7, 1] = 5
    found = ls.support(z, z[:3])
    assert np.isfinite(found.data_quantiles).all()
    assert found.data_quantiles[-1] > 1e6


# --- refusals ---

GOOD = np.random.default_rng(0).standard_normal((50, 3))
REFUSED = {
    "another width": (GOOD, np.zeros((2, 4)), "candidates must have 3 columns, like z; got 4"),
    "one coordinate each": (GOOD, np.zeros(3), r"candidates must have shape .*; got \(3,\)"),
    "no candidates": (GOOD, np.zeros((0, 3)), r"candidates must have shape .* no points"),
    "NaN": (
        GOOD, [[0, 0, np.nan], [0, 0, 0]],
        r"every value of candidates must be finite; 1 of 2 .*\(rows 0\).*finite_rows\(candidates\)",
    ),
    "NaN in z": (np.where(GOOD > 2, np.inf, GOOD), GOOD[:1], "every value of z must be finite"),
    "points coincide": (np.ones((9, 3)), GOOD, "z must hold points that differ .* coincide"),
    "few rows": (GOOD[:4], GOOD, "at least two rows more than directions.* got 4 rows .* 3 dir"),
    "overflow": (GOOD, [[0, 0, 1e200]], "small enough to square .* candidate 0 overflows"),
    "radius overflows": (1e90 * GOOD, [[0, 0, 1e170]], "candidate 0 overflows"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::latentscope.errors.LatentscopeWarning")
@pytest.mark.parametrize(("z", "candidates", "match"), REFUSED.values(), ids=REFUSED)
def test_refusals(z, candidates, match):
    with pytest.raises(DataError, match=match):
        ls.support(z, candidates)


def test_text_is_refused():
    with pytest.raises(DataTypeError, match="candidates must hold real numbers"):
        ls.support(GOOD, [["a", "b", "c"]])


@pytest.mark.filterwarnings("ignore::latentscope.errors.LatentscopeWarning")
def test_one_row_more_than_the_least_is_enough():
    assert ls.support(GOOD[:5], GOOD).n_used == 5


def test_the_share_along_the_leading_directions():
    """Directions of variance 9, 4, 1, 1: the first holds more than half of 15."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((4000, 4)) * [1, 3, 2, 1]
    found = ls.support(z, [[0, 30, 0, 0], [0, 0, 20, 0], [10, 30, 0, 0]])
    assert found.n_leading == 1
    assert_allclose(found.leading, [1, 0, 0.5], atol=0.02)
    expected = beta.ppf([0.25, 0.5, 0.75], 1 / 2, 3 / 2)  # one of four squares of Gaussians
    assert_allclose(found.data_leading[[250, 500, 750]], expected, atol=0.03)
