"""intrinsic_dimension: along how many directions do neighbours differ?"""

import dataclasses
import json
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial import cKDTree

import latentscope as ls
from latentscope.analysis.dimension import IntrinsicDimension
from latentscope.errors import DataError, DataTypeError, LatentscopeWarning
from latentscope.statistics.dimension_scales import METHODS
from latentscope.statistics.exact_neighbours import exact_neighbour_distances

each_method = pytest.mark.parametrize("method", METHODS)


def sphere(k, n, seed=0, z_dim=None):
    """Return points of S^k, turned into z_dim axes."""
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((n, k + 1))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    if z_dim is None:
        return points
    return points @ np.linalg.qr(rng.standard_normal((z_dim, k + 1)))[0].T


def strings(n, noise, seed=0, z_dim=64):
    """Return points on a dozen smooth curves."""
    rng = np.random.default_rng(seed)
    t, curve = rng.uniform(size=n), rng.integers(12, size=n)
    shape = np.column_stack([np.ones(n), t, np.sin(3 * t), np.cos(5 * t)])
    points = np.einsum("nj,njd->nd", shape, rng.standard_normal((12, 4, z_dim))[curve])
    return points + noise * rng.standard_normal((n, z_dim))


# --- known answers ---


def test_two_nn_is_that_of_dadapy():
    """DADApy 0.3.4, compute_id_2NN(algorithm="ml", mu_fraction=1.0), on the same 2,000 points."""
    found = ls.intrinsic_dimension(sphere(5, 2000, seed=5))
    assert found.dimension == pytest.approx(5.158211485689457, rel=1e-9)


@each_method
def test_estimates_are_those_of_the_formula(method):
    """All scales of the maximum likelihood, the finest of TwoNN, from a k-d tree."""
    z = np.random.default_rng(0).standard_normal((500, 4))
    found = ls.intrinsic_dimension(z, method=method)
    distance = cKDTree(z).query(z, 51)[0][:, 1:]
    for i, k in enumerate(found.n_neighbours[: None if method == "mle" else 1]):
        ratios = np.log(distance[:, k - 1 : k] / distance[:, : k - 1])
        assert_allclose(found.dimensions[i], (500 * (k - 1) - 1) / ratios.sum(), rtol=1e-9)
        assert_allclose(found.scales[i], distance[:, k - 1].mean(), rtol=1e-9)
    expected = {"two-nn": [2] * 4, "mle": [5, 10, 20, 50]}
    assert_array_equal(found.n_neighbours, expected[method])
    subsets = {"two-nn": [500, 250, 125, 62], "mle": [500] * 4}
    assert_array_equal(found.n_subset, subsets[method])


@each_method
@pytest.mark.parametrize("k", [1, 2, 5, 10])
def test_spheres_in_256_axes_are_right_within_the_error(k, method):
    found = ls.intrinsic_dimension(sphere(k, 3000, z_dim=256), method=method)
    low, high = found.interval
    assert low <= k <= high < low + 0.25 + 0.1 * k**2
    assert high <= k + 1  # directions along which the points vary
    assert found.is_settled
    assert found.n_directions == k + 1
    assert abs(found.null_dimension - (k + 1)) < 0.1 * (k + 1)


@each_method
def test_errors_by_chance_hold_the_truth_19_times_in_20(method):
    """On a circle there is no bias: 95 % of the intervals hold 1; at least 90 of 100 do."""
    runs = [ls.intrinsic_dimension(sphere(1, 400, seed), method=method) for seed in range(100)]
    for scale in range(3):
        hits = sum(abs(run.dimensions[scale] - 1) <= run.errors[scale] for run in runs)
        assert hits >= 90
    spread = np.std([run.dimensions[0] for run in runs])
    assert np.mean([run.errors[0] for run in runs]) == pytest.approx(1.96 * spread, rel=0.35)


@pytest.mark.slow
def test_published_dimensions_of_a_gaussian():
    """N(0, I) in 256 axes, 20,000 points: 96 by TwoNN and 80 by maximum likelihood are published.

    5,000 points show a little less. Data and Gaussian are alike, and the number is not settled.
    """
    z = np.random.default_rng(0).standard_normal((5000, 256), np.float32)
    two, mle = (ls.intrinsic_dimension(z, method=method) for method in METHODS)
    assert two.dimension == pytest.approx(91, abs=4)
    assert mle.dimensions[-1] == pytest.approx(74, abs=3)  # 50 neighbours
    for found in (two, mle):
        assert found.interval[1] == np.inf
        assert not found.is_settled
        assert "is at least" in found.verdict
        assert found.verdict.endswith("of that for a Gaussian of the same covariance.")


@each_method
def test_strings_are_thin(method):
    found = ls.intrinsic_dimension(strings(3000, 0), method=method)
    assert found.dimension == pytest.approx(1, abs=0.05)
    assert found.null_dimension > 10
    assert found.verdict.startswith("The intrinsic dimension (number of directions along which ")
    assert " is about " in found.verdict
    assert found.interval[0] <= 1 <= found.interval[1]
    assert found.verdict.endswith("The points lie on a thin structure, such as a curve or a sheet.")


def test_blurred_strings_are_thin_beyond_the_noise():
    found = ls.intrinsic_dimension(strings(4000, 0.05))
    assert found.dimension > 15
    assert found.dimensions[-1] < 2.5
    assert "The points are not thin at that scale, but at a distance of" in found.verdict
    assert "a thin structure blurred by noise" in found.verdict


@pytest.mark.parametrize(
    ("meaning", "divided_by"),
    [
        ("slightly lower than the Gaussian's.", 1.05),
        ("slightly higher than the Gaussian's.", 0.95),
        ("lower than the Gaussian's, as in a cloud that is bent", 1.2),
        ("points lie on a thin structure, such as", 4.0),
        ("higher than the Gaussian's, so the points do not lie on a thin", 0.8),
        ("like that of the Gaussian", 1.0),
    ],
)
def test_verdicts_follow_the_share(meaning, divided_by):
    found = ls.intrinsic_dimension(sphere(2, 300))
    tiny = np.full_like(found.errors, 1e-3)
    changed = {"dimensions": found.null_dimensions / divided_by, "errors": tiny}
    assert meaning in dataclasses.replace(found, **changed, null_errors=tiny).verdict


@pytest.mark.parametrize("seed", range(3))
def test_heavy_tails_are_not_thin(seed):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((3000, 16)) / np.sqrt(rng.chisquare(5, (3000, 1)) / 5)
    verdict = ls.intrinsic_dimension(z).verdict
    assert "lie on a thin structure, such" not in verdict
    assert "thin structure blurred" not in verdict


def noisy_ring(n, noise, seed):
    """Return points of a circle in 20 axes, with noise along all of them."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, n)
    plane = np.linalg.qr(rng.standard_normal((20, 2)))[0]
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) @ plane.T
    return ring + noise * rng.standard_normal((n, 20))


@pytest.mark.parametrize("noise", [0.01, 0.02])
@pytest.mark.parametrize("n", [1000, 2000])
def test_noise_around_a_ring_is_no_proof_against_a_thin_structure(n, noise):
    """Below the noise all 20 directions differ, but the ring is thin all the same."""
    found = ls.intrinsic_dimension(noisy_ring(n, noise, 0))
    assert not found.is_settled
    assert found.falls_steadily
    assert "do not lie on a thin structure" not in found.verdict
    assert "The estimate falls steadily with the scale, from 1" in found.verdict
    assert found.verdict.endswith("Whether the points lie on a thin structure cannot be told.")


SETTLED = {
    "Gaussian": (lambda rng: rng.standard_normal((1500, 6)), "like that of the Gaussian."),
    "cube": (lambda rng: rng.random((1500, 5)), "slightly lower than the Gaussian's."),
}


@pytest.mark.parametrize(("draw", "end"), SETTLED.values(), ids=SETTLED)
def test_clouds_that_fill_all_directions_are_settled(draw, end):
    found = ls.intrinsic_dimension(draw(np.random.default_rng(11)))
    assert found.is_settled
    assert not found.falls_steadily
    assert found.verdict.endswith(end)


@each_method
@pytest.mark.parametrize("n_axes", [1, 2, 4])
def test_no_interval_exceeds_the_number_of_directions(n_axes, method):
    for seed in range(5):
        z = np.random.default_rng(seed).standard_normal((300, n_axes))
        found = ls.intrinsic_dimension(z, method=method)
        low, high = found.interval
        assert 0 <= low <= high <= n_axes
        about = found.verdict.partition(" is about ")[2].partition(" ")[0]
        assert float(about) <= n_axes


# --- laws ---


@each_method
def test_rotation_shift_and_scale(method):
    """Dimensions stay, scales are in the unit of z."""
    z = sphere(2, 600) * [1, 2, 3]
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    one = ls.intrinsic_dimension(z, method=method)
    other = ls.intrinsic_dimension(3 * z @ turn + 100, method=method)
    assert_allclose(other.dimensions[0], one.dimensions[0], rtol=1e-9)
    assert_allclose(other.scales[0], 3 * one.scales[0], rtol=1e-9)


@pytest.mark.parametrize("scale", [1e80, 1e30, 1e-30, 1e-90])
def test_any_unit(scale):
    z = sphere(2, 300)
    one, other = (ls.intrinsic_dimension(unit * z) for unit in (1, scale))
    assert_allclose(other.dimensions, one.dimensions, rtol=1e-9)
    assert_allclose(other.null_dimensions, one.null_dimensions, rtol=1e-5)
    assert_allclose(other.scales, scale * one.scales, rtol=1e-9)


@each_method
def test_order_of_rows(method, rng, assert_same):
    z = sphere(3, 400)
    one, other = (ls.intrinsic_dimension(x, method=method) for x in (z, rng.permutation(z)))
    assert_same(other, one)


def test_float32_and_float64_agree(assert_same):
    z = sphere(3, 400).astype(np.float32)
    one, other = ls.intrinsic_dimension(z), ls.intrinsic_dimension(z.astype(float))
    assert_same(one, other, rtol=1e-6)


def test_few_of_many_rows():
    z = sphere(2, 5000)
    found = ls.intrinsic_dimension(z, n_points=1000, rng=3)
    assert (found.n_used, found.n_total) == (1000, 5000)
    assert repr(found).startswith("<IntrinsicDimension of 1,000 of 5,000 rows: method two-nn")
    again = ls.intrinsic_dimension(z, n_points=1000, rng=np.random.default_rng(3))
    assert_array_equal(again.dimensions, found.dimensions)
    assert (ls.intrinsic_dimension(z, n_points=1000).dimensions != found.dimensions).all()


def test_input_stays_as_it_is():
    z = sphere(2, 200)
    before = z.copy()
    ls.intrinsic_dimension(z)
    assert_array_equal(z, before)


def test_a_result_comes_back_from_its_file(tmp_path, assert_same):
    found = ls.intrinsic_dimension(sphere(2, 200))
    found.save(tmp_path / "found.json")
    assert_same(IntrinsicDimension.load(tmp_path / "found.json"), found)
    assert found.table()["dimension"] == tuple(found.dimensions)
    assert {"dimension", "interval", "of the Gaussian"} <= set(found.headline())


# --- exact neighbours ---


@pytest.mark.parametrize(("apart", "n"), [(1e-6, 4000), (1e-4, 4000), (1.0, 4000), (1e-6, 500)])
def test_neighbours_closer_than_float32_can_tell(apart, n):
    """Two far groups, each so small that float32 sees a single point."""
    rng = np.random.default_rng(0)
    points = apart * rng.standard_normal((n, 3))
    points[::2] += 1
    expected = cKDTree(points).query(points, 4)[0][:, 1:]
    assert_allclose(exact_neighbour_distances(points, 3), expected, rtol=1e-6)


def test_all_others_may_be_neighbours():
    points = np.array([[0.0], [1.0], [3.0]])
    assert_array_equal(exact_neighbour_distances(points, 2), [[1, 3], [1, 2], [2, 3]])


# --- weak data and refusals ---


def test_duplicates_are_left_out_and_counted():
    z = sphere(2, 400)
    with pytest.warns(LatentscopeWarning, match="800 of 1,200 rows are copies of an earlier"):
        found = ls.intrinsic_dimension(np.repeat(z, 3, axis=0))
    assert found.n_duplicates == 800
    assert_allclose(found.dimension, ls.intrinsic_dimension(z).dimension, rtol=1e-9)


def test_no_sign_of_zero_makes_a_point_distinct():
    z = sphere(1, 200)
    with pytest.warns(LatentscopeWarning, match="1 of 202 rows"):
        ls.intrinsic_dimension(np.concatenate([z, [[0.0, 0.0], [-0.0, 0.0]]]))


def folded(n, seed=0):
    """Return float32 points of about ten dimensions, like latents of a decoder's layer."""
    rng = np.random.default_rng(seed)
    bent = np.tanh(rng.standard_normal((n, 10)) @ rng.standard_normal((10, 64)) / 4)
    return (0.4 * bent + 0.3).astype(np.float32)


def next_to(z, seed=5):
    """Return float32 rows that differ from those given by the last bit of some coordinates."""
    return z + np.spacing(z) * np.random.default_rng(seed).integers(-1, 2, z.shape, np.int8)


COPIED = {
    "the last bit": lambda z: np.nextafter(z, np.float32(9)),
    "some last bits": next_to,
    "saved as float64": lambda z: next_to(z).astype(float),
    "computed twice in float32": lambda z: z.astype(float) * (1 + 2e-7 * np.sin(np.arange(64))),
    "divided and multiplied in float64": lambda z: z.astype(float) / 7 * 7 * (1 + 1e-15),
}


@each_method
@pytest.mark.parametrize("n_copies", [2, 150])
@pytest.mark.parametrize("copied", COPIED.values(), ids=COPIED)
def test_near_copies_are_left_out_and_counted(copied, n_copies, method):
    """Rows that differ from others by rounding: the dimension is that without them."""
    z = folded(1000)
    near = copied(z[:n_copies])
    assert (near != z[:n_copies]).any(axis=1).all()
    with pytest.warns(
        LatentscopeWarning, match="are copies of an earlier row, exactly or up to rounding"
    ):
        found = ls.intrinsic_dimension(np.concatenate([z.astype(near.dtype), near]), method=method)
    assert found.n_duplicates == n_copies
    expected = ls.intrinsic_dimension(z, method=method)
    assert_allclose(found.dimension, expected.dimension, rtol=1e-4)


def test_near_copies_of_near_copies_are_one_point():
    z = folded(500)
    many = np.concatenate([z, next_to(z, 1), next_to(z, 2)])
    with pytest.warns(LatentscopeWarning, match="1,000 of 1,500 rows are copies of an earlier row"):
        assert ls.intrinsic_dimension(many).n_duplicates == 1000


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_points_that_are_close_on_a_curve_are_no_copies(dtype):
    """Of 5,000 points of a line, some are as close as rounding of float32 by chance."""
    t = np.random.default_rng(0).uniform(size=5000)
    assert (np.diff(np.sort(t)) < 4e-7).sum() > 5
    found = ls.intrinsic_dimension((t[:, None] * [3.0, -2.0, 1.0]).astype(dtype))
    assert found.n_duplicates == 0
    assert found.interval[0] < 1 <= found.interval[1] < 1.1


@pytest.mark.parametrize("offset", [1e4, 1e7])
def test_an_offset_coarser_than_the_cloud_makes_no_copies(offset):
    """Rounding of float32 at 1e7 is 1, as large as the cloud: nothing is told apart by it."""
    z = (np.random.default_rng(0).standard_normal((3000, 16)) + offset).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LatentscopeWarning)
        assert ls.intrinsic_dimension(z).n_duplicates == len(z) - len(np.unique(z, axis=0))


def test_copies_with_some_noise_conclude_nothing():
    """A tenth of the rows repeat others but for noise far above rounding: no thin structure."""
    z = folded(2000).astype(float)
    z[:200] = z[200:400] + 1e-4 * np.random.default_rng(1).standard_normal((200, 64))
    verdict = ls.intrinsic_dimension(z).verdict
    assert "not settled" in verdict
    assert "thin" not in verdict


CANNOT_TELL = {
    "all alike": (np.ones((300, 3)), "128 distinct points are needed; there are 1"),
    "few": (np.random.default_rng(0).standard_normal((127, 3)), "there are 127"),
    "few distinct": (np.repeat(np.eye(50), 9, axis=0), "there are 50"),
    "whole numbers": (np.random.default_rng(0).integers(5, size=(3000, 6)), "are so coarse"),
}


@each_method
@pytest.mark.filterwarnings("ignore::latentscope.errors.LatentscopeWarning")
@pytest.mark.parametrize(("z", "match"), CANNOT_TELL.values(), ids=CANNOT_TELL)
def test_cannot_tell(z, match, method):
    found = ls.intrinsic_dimension(z, method=method)
    assert found.verdict.startswith("Cannot tell: ")
    assert match in found.verdict
    assert found.dimension is found.error is found.null_dimension is found.null_error is None
    assert found.interval is None
    assert not found.is_settled
    assert found.headline()["dimension"] == "cannot tell"
    json.dumps(found.to_dict(), allow_nan=False)
    assert found.plot().get_title().endswith("cannot tell")


def test_coarse_coordinates_are_warned_of():
    """Cells of a plane: the finest scales have ties, coarser ones do not."""
    z = np.random.default_rng(0).integers(80, size=(2000, 2))
    with pytest.warns(LatentscopeWarning, match="coordinates are coarse: up to .* equal distances"):
        found = ls.intrinsic_dimension(np.unique(z, axis=0))
    assert 0 < len(found.scales) < 6
    assert found.dimension == pytest.approx(2, abs=0.3)


def test_fewer_points_than_directions_leave_no_gaussian_to_compare_with():
    found = ls.intrinsic_dimension(np.random.default_rng(0).standard_normal((200, 300)))
    assert "cannot be compared with that of a Gaussian, because there are too few" in found.verdict


def test_a_constant_axis_changes_nothing():
    z = sphere(2, 300)
    found = ls.intrinsic_dimension(np.column_stack([z, np.full(300, 7.0)]))
    assert (found.z_dim, found.n_directions) == (4, 3)
    assert_allclose(found.dimensions[0], ls.intrinsic_dimension(z).dimensions[0])


REFUSED = {
    "method": ({"method": "twonn"}, DataError, "must be one of 'two-nn', 'mle'.*mean 'two-nn'"),
    "n_points": ({"n_points": 100}, DataError, "n_points must be an integer at least 128"),
    "n_points as text": ({"n_points": "all"}, DataTypeError, "n_points must be an integer"),
    "seed": ({"rng": -1}, DataError, "rng must be an integer at least 0"),
}


@pytest.mark.parametrize(("options", "error", "match"), REFUSED.values(), ids=REFUSED)
def test_refusals(options, error, match):
    with pytest.raises(error, match=match):
        ls.intrinsic_dimension(sphere(1, 200), **options)


def test_bad_rows_and_far_outliers_are_refused():
    z = sphere(2, 4000)
    z[7] = 1e8
    with pytest.raises(DataError, match=r"1e\+06 times farther out"):
        ls.intrinsic_dimension(z)
    z[7] = np.nan
    with pytest.raises(DataError, match="every value of z must be finite"):
        ls.intrinsic_dimension(z)
    assert ls.intrinsic_dimension(ls.finite_rows(z)).n_used == 3999


# --- figure ---


def test_the_figure_shows_both_curves():
    found = ls.intrinsic_dimension(sphere(2, 400))
    ax = found.plot()
    null, data = ax.lines
    assert_array_equal(data.get_xdata(), found.scales)
    assert_array_equal(data.get_ydata(), found.dimensions)
    assert_array_equal(null.get_ydata(), found.null_dimensions)
    assert len(ax.collections) == 2
    numbers = f"{found.dimension:.3g}, Gaussian: {found.null_dimension:.3g}"
    assert ax.get_title().startswith("TwoNN: 1.")  # the lower limit
    assert ax.get_title().endswith(f" (finest scale: {numbers})")


def test_near_copies_beyond_rounding_cannot_be_told(rng):
    half = rng.standard_normal((400, 32))
    result = ls.intrinsic_dimension(np.vstack([half, half + 1e-4 * rng.standard_normal((400, 32))]))
    assert result.is_paired
    assert not result.is_settled
    assert result.verdict.startswith("Cannot tell: most points have one neighbour far nearer than")
    assert not ls.intrinsic_dimension(half).is_paired


@pytest.mark.parametrize("method", ["two-nn", "mle"])
@pytest.mark.filterwarnings("ignore::latentscope.errors.LatentscopeWarning")  # of copies and ties
def test_neighbours_at_one_distance_cannot_be_told(rng, method):
    coins = (rng.random((1500, 8)) < 0.5).astype(float)
    assert "so coarse that" in ls.intrinsic_dimension(coins, method=method).verdict
