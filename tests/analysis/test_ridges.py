"""ridges: known curves are found where they are, noise has none, and bad input is refused."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial import cKDTree
from scipy.stats import binom

import latentscope as ls
from latentscope.errors import DataError, DataTypeError
from latentscope.statistics.patterns.mean_shift import Grid, contrast, to_ridges
from latentscope.statistics.patterns.nulls import window_null
from latentscope.statistics.patterns.ridge_points import RidgePoints
from latentscope.statistics.patterns.window import Window

plt.switch_backend("Agg")

SQUARE = {"half_width": 1, "null": "uniform", "space": "latent", "center": (0, 0)}
CUBE = SQUARE | {"axes": (0, 1, 2), "center": (0, 0, 0)}
QUICK = {"n_null": 19, "n_boot": 3}


def circle(rng, n, radius=0.6, width=0.02):
    angle = rng.uniform(0, 2 * np.pi, size=n)
    on = radius * np.column_stack([np.cos(angle), np.sin(angle)])
    return on + width * rng.standard_normal((n, 2))


def in_noise(rng, points, n):
    return np.vstack([points, rng.uniform(-1, 1, size=(n, points.shape[1]))])


def bends(rng, n_curves=12):
    """Return points of smooth curves that lie within the square, and cover them evenly."""
    found = []
    while len(found) < n_curves:
        step = np.linspace(0, 1.4, 300)
        angle = rng.uniform(0, 2 * np.pi) + rng.uniform(-1.2, 1.2) * step
        way = np.cumsum(np.column_stack([np.cos(angle), np.sin(angle)]), axis=0) * step[1]
        curve = rng.uniform(-1, 1, size=2) + way
        if (np.abs(curve) < 1).all():
            found.append(curve)
    return np.concatenate(found)


def helix(n=5000):
    t = np.linspace(0, 1, n)
    turn = 4 * np.pi * t
    return np.column_stack([0.6 * np.cos(turn), 0.6 * np.sin(turn), 1.6 * t - 0.8])


@pytest.fixture(scope="module")
def ring():
    rng = np.random.default_rng(0)
    return ls.ridges(in_noise(rng, circle(rng, 400), 400), **SQUARE)


def test_a_circle_in_noise_is_found_within_its_uncertainty(ring):
    """Inwards by h²/2R for the smoothing; nine in ten within two uncertainties of that circle."""
    found = ring.ridge[ring.is_significant]
    smoothed = 0.6 - ring.bandwidth**2 / 1.2
    off = np.abs(np.linalg.norm(found, axis=1) - smoothed) / ring.uncertainty[ring.is_significant]
    assert (off < 2).mean() > 0.9
    assert ring.p_value == 0.01
    assert ring.n_pieces <= 3
    assert ring.length == pytest.approx(2 * np.pi * 0.6, rel=0.1)
    assert 0.002 < ring.typical_uncertainty < 0.2 * ring.bandwidth
    reached = cKDTree(found).query(circle(np.random.default_rng(1), 300, width=0))[0]
    assert (reached < ring.bandwidth).mean() > 0.9


def test_an_arc_ends_where_it_ends():
    """A half circle: no piece of ridge farther from it than a bandwidth and three uncertainties."""
    rng = np.random.default_rng(2)
    points = circle(rng, 800)
    arc = points[points[:, 1] > 0]
    result = ls.ridges(in_noise(rng, arc, 400), **SQUARE)
    found, sure = result.ridge[result.is_significant], result.uncertainty[result.is_significant]
    truth = circle(rng, 4000, width=0)
    off = cKDTree(truth[truth[:, 1] > 0]).query(found)[0]
    assert (off < result.bandwidth + 3 * sure).all()
    assert result.length == pytest.approx(np.pi * 0.6, rel=0.15)


def test_a_dozen_curves_in_noise():
    """Half of 1,500 points on them: much is found, and nine in ten of it is on a curve."""
    rng = np.random.default_rng(0)
    curves = bends(rng)
    on = curves[rng.integers(len(curves), size=750)] + 0.008 * rng.standard_normal((750, 2))
    result = ls.ridges(in_noise(rng, on.clip(-1, 1), 750), **SQUARE | {"n_null": 59, "n_boot": 20})
    off = cKDTree(curves).query(result.ridge[result.is_significant])[0]
    assert result.p_value < 0.05
    assert result.length > 2
    assert (off < result.bandwidth / 2).mean() > 0.9


def test_a_helix_is_found_in_space():
    rng = np.random.default_rng(0)
    curve = helix()
    on = curve[rng.integers(len(curve), size=300)] + 0.03 * rng.standard_normal((300, 3))
    result = ls.ridges(in_noise(rng, on, 300), **CUBE | QUICK)
    found = result.ridge[result.is_significant]
    assert result.p_value == 0.05
    assert (cKDTree(curve).query(found)[0] < result.bandwidth / 2).mean() > 0.7
    assert (cKDTree(found).query(curve)[0] < result.bandwidth).mean() > 0.9


NOISE = {
    "uniform": (lambda rng: rng.uniform(-1, 1, (150, 2)), SQUARE),
    "gaussian": (
        lambda rng: rng.standard_normal((150, 2)) @ [[2, 1], [0, 1]],
        {"half_width": np.inf, "space": "latent"},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", NOISE)
def test_noise_has_ridges_in_a_twentieth_of_all_sets(kind):
    """At most as many of 120 as a level of 5 % gives in all but one of a thousand cases."""
    draw, options = NOISE[kind]
    rng = np.random.default_rng(3)
    found = [ls.ridges(draw(rng), n_null=19, n_boot=2, **options) for _ in range(120)]
    assert sum(result.n_pieces > 0 for result in found) <= binom.isf(1e-3, 120, 0.05)
    p_values = [result.p_value for result in found]
    assert 0.4 < np.mean(p_values) < 0.65
    assert min(p_values) >= 0.05


def test_places_are_where_the_density_is_a_maximum_across():
    """By the density itself: lower on both sides, and its gradient along the direction."""
    rng = np.random.default_rng(4)
    points = rng.uniform(0, 12, (200, 2))
    places, directions = to_ridges(points, Grid.of(points))

    def density(at):
        square = ((at[:, None] - points) ** 2).sum(axis=2)
        return np.where(square < 9, np.exp(-square / 2), 0).sum(axis=1)

    normal = directions[:, ::-1] * [1, -1]
    height = density(places)
    assert len(places) > 150
    for side in (-0.2, 0.2):
        assert (density(places + side * normal) < height + 0.02).mean() > 0.98


def test_contrast_is_the_formula(rng):
    """Σψ / √Σψ² over the points within three bandwidths, in the plane."""
    points = rng.uniform(0, 9, (80, 2))
    place, direction = np.array([[4.5, 4.0]]), np.array([[0.6, 0.8]])
    away = points - place
    along, aside = away @ direction[0], away @ [0.8, -0.6]
    near = np.hypot(*away.T) < 3
    bell = np.exp(-((aside / 0.7) ** 2) / 2 - (along / 2) ** 2 / 2)
    weight = ((1 - (aside / 0.7) ** 2) * bell)[near]
    expected = weight.sum() / np.sqrt((weight**2).sum())
    assert_allclose(contrast(place, direction, Grid.of(points)), expected)


def test_contrast_of_what_runs_into_a_filament_is_none():
    """In space: seen across a line of points there is no ridge, along it there is."""
    line = np.column_stack([np.linspace(0, 12, 61), np.full(61, 6.0), np.full(61, 6.0)])
    place, grid = np.array([[6.0, 6.0, 6.0]]), Grid.of(line)
    assert contrast(place, np.array([[1.0, 0, 0]]), grid)[0] > 4
    assert abs(contrast(place, np.array([[0, 1.0, 0]]), grid)[0]) < 0.5


def test_links_close_a_circle_and_join_no_others():
    angle = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    ring = 4 * np.column_stack([np.cos(angle), np.sin(angle)])
    places = np.vstack([ring, ring + 20])
    links = RidgePoints(places, np.zeros(160)).links()
    assert len(links) == 160
    assert ((links < 80).sum(axis=1) % 2 == 0).all()
    piece = RidgePoints(places, np.arange(160.0)).pieces(links, 39.5)
    assert_array_equal(np.unique(piece, return_counts=True)[1], [40, 40, 80])
    assert_array_equal(piece[:40], -1)


def test_pieces_are_significant_as_a_whole(ring):
    """Each holds a point above the critical contrast, all its points are above the level."""
    for number in np.unique(ring.piece[ring.piece >= 0]):
        of_piece = ring.piece == number
        is_found = ring.contrast[of_piece].max() > ring.critical_contrast
        assert_array_equal(ring.is_significant[of_piece], is_found)
    assert (ring.contrast[ring.piece >= 0] > ring.level).all()
    assert not ring.is_significant[ring.piece < 0].any()


def test_critical_contrast_is_that_of_one_set_in_twenty(ring):
    assert (ring.null_contrast > ring.critical_contrast).sum() == 4  # of 99, so that p ≤ 5 / 100
    assert ring.p_value == (1 + (ring.null_contrast >= ring.contrast.max()).sum()) / 100


def test_verdict_says_what_was_found(ring):
    assert ring.verdict.startswith("One ridge" if ring.n_pieces == 1 else f"{ring.n_pieces} pieces")
    assert "99 sets drawn from the null model 'uniform' (uniformly" in ring.verdict
    assert "points): p = 0.01." in ring.verdict
    noise = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    none = ls.ridges(noise, **SQUARE | QUICK)
    assert none.n_pieces == none.length == none.typical_uncertainty == 0
    assert none.verdict.startswith(
        "No ridge (line of locally highest density) among 200 points of original axes 0 and 1 "
        "within ±1 of the window's centre stands out more than expected by chance"
    )


def test_same_seed_same_bits(assert_same):
    z = circle(np.random.default_rng(0), 200)
    options = SQUARE | QUICK
    assert_same(ls.ridges(z, **options), ls.ridges(z, **options))
    other = ls.ridges(z, rng=1, **options)
    assert not np.array_equal(other.null_contrast, ls.ridges(z, **options).null_contrast)


@pytest.mark.parametrize("factor", [1e-30, 3.0, 1e30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scale_and_precision(factor, dtype):
    """A multiple of z in a window as much wider: the same ridges."""
    z = np.random.default_rng(0).standard_normal((300, 3)) * [3, 2, 1]
    z = z.astype(np.float32).astype(float)
    one = ls.ridges(z, half_width=2, **QUICK)
    other = ls.ridges((factor * z).astype(dtype), half_width=2 * factor, **QUICK)
    assert other.n_used == one.n_used
    assert_allclose(other.bandwidth, factor * one.bandwidth, rtol=1e-5)
    assert_allclose(other.null_contrast, one.null_contrast, rtol=0.05)
    assert other.n_pieces == one.n_pieces


def test_offset():
    """Far from the origin: the same ridges in the frame of the components."""
    z = circle(np.random.default_rng(0), 300) * [1, 0.8]
    one, far = (ls.ridges(z + shift, half_width=np.inf, **QUICK) for shift in (0, 1e6))
    assert_allclose(far.ridge, one.ridge, atol=1e-4)


def test_many_points_are_sampled_and_the_result_says_so(rng):
    z = rng.standard_normal((2000, 2))
    result = ls.ridges(z, half_width=1, n_points=100, space="latent", **QUICK)
    inside = (np.abs(z - z.mean(axis=0)) <= 1).all(axis=1).sum()
    assert (result.n_used, result.n_window, result.n_total) == (100, inside, 2000)
    assert "100 of 2,000 rows" in repr(result)
    assert {tuple(row) for row in result.points} <= {tuple(row) for row in z}
    assert len({tuple(row) for row in result.points}) == 100


def test_default_window_holds_half_of_few_points(rng):
    result = ls.ridges(rng.standard_normal((300, 4)), **QUICK)
    assert result.n_window == 150
    assert result.bandwidth == pytest.approx(2 * result.half_width / np.sqrt(150))


def test_a_window_without_any_ridge_has_none_to_show(tmp_path):
    """All points within a bandwidth of the window's corner: an answer, and one that can be kept."""
    result = ls.ridges(PLANE, center=(50, 50), **QUICK)
    assert (len(result.ridge), result.n_pieces, result.p_value) == (0, 0, 1)
    result.save(tmp_path / "ridges.json")
    assert ls.Ridges.load(tmp_path / "ridges.json").links.shape == (0, 2)
    assert result.plot().get_xlim()[1] > 50
    plt.close("all")


@pytest.mark.parametrize("null", ["gaussian", "uniform"])
@pytest.mark.parametrize("half_width", [0.5, 9.0])
def test_nulls_in_space_are_what_they_say(null, half_width, rng):
    """As many points as asked for, inside; the Gaussian's whole clouds have the data's moments."""
    cloud = rng.standard_normal((4000, 3)) @ np.diag([1, 2, 0.5]) + [0, 0.1, 0]
    window = Window(np.zeros(3), half_width)
    n = int(window.holds(cloud).sum())
    drawn = window_null(null, cloud, window, n).draw(rng)
    assert drawn.shape == (n, 3)
    assert window.holds(drawn).all()
    if half_width == 9 and null == "gaussian":
        assert_allclose(np.cov(drawn.T), np.cov(cloud.T), atol=1e-6)
    if null == "uniform":
        assert_allclose(np.abs(drawn).mean(axis=0), half_width / 2, rtol=0.35)


PLANE = np.random.default_rng(0).standard_normal((200, 4))


@pytest.mark.parametrize(
    ("z", "options", "error", "match"),
    [
        (PLANE, {"axes": (0,)}, DataError, r"two or three axis numbers.*got \(0,\)"),
        (PLANE, {"axes": (0, 0)}, DataError, "two different axes"),
        (PLANE, {"half_width": 0}, DataError, "half_width must be a finite number above 0; got 0"),
        (PLANE, {"half_width": "1"}, DataTypeError, "half_width must be a number; got '1'"),
        (PLANE, {"half_width": 0.1}, DataError, r"at least 30 points for ridges .*; it holds \d"),
        (PLANE, {"axes": (0, 1, 2)}, DataError, "at least 150 points for ridges along 3 axes"),
        (PLANE, {"center": (50, 50), "half_width": 1}, DataError, "at least 30 points"),
        (PLANE, {"center": (0, 0, 0)}, DataError, "center must be two finite coordinates"),
        (PLANE, {"null": "gausian"}, DataError, "Did you mean 'gaussian'?"),
        (
            PLANE,
            {"axes": (0, 1, 2), "null": "smooth", "half_width": np.inf},
            DataError,
            "null, for three axes, must be one of 'gaussian', 'uniform'; got 'smooth'",
        ),
        (PLANE, {"n_null": 18}, DataError, "n_null must be an integer at least 19; got 18"),
        (PLANE, {"n_boot": 1}, DataError, "n_boot must be an integer at least 2; got 1"),
        (PLANE, {"n_points": 29}, DataError, "n_points must be an integer at least 30; got 29"),
        (
            PLANE,
            {"half_width": 2, "bandwidth": 1.1},
            DataError,
            "from 0.008 to 1 in this window, .*; got 1.1",
        ),
        (PLANE, {"bandwidth": -1}, DataError, "bandwidth must be a finite number above 0; got -1"),
        (PLANE, {"rng": "a"}, DataTypeError, "rng must be an integer"),
        (np.full((200, 3), 4.0), {}, DataError, "must vary along all 2 axes for ridges"),
        (np.outer(np.arange(200.0), [1, 2]), {}, DataError, "must vary along all 2 axes"),
        (
            PLANE * [1, 0, 1, 1],
            {"space": "latent"},
            DataError,
            "points do not vary along 1 of the directions",
        ),
        (PLANE[:3], {"axes": (0, 3)}, DataError, "at least 4 rows for 4 principal components"),
        (
            np.round(PLANE, 1),
            {"space": "latent", "half_width": np.inf},
            DataError,
            r"must differ from point to point; \d+% of those on axis 0",
        ),
        (np.repeat(PLANE, 2, axis=0), {}, DataError, "Remove copies and outliers, or pass values"),
    ],
)
def test_refusals(z, options, error, match):
    with pytest.raises(error, match=match):
        ls.ridges(z, **QUICK | options)
