"""scan_planes: finds the plane that was marked, holds its level in small, and refuses."""

import numpy as np
import pytest

import latentscope
from latentscope.errors import DataError, DataTypeError

FAST = {"n_null": 39, "window_points": [200], "n_axes": 3}


def cloud(seed=0, n=2000, d=5):
    return np.random.default_rng(seed).standard_normal((n, d)) / np.arange(1, d + 1)


def with_ring(seed=0):
    """Return a cloud with a thin ring of 600 points in the plane of components 1 and 2."""
    z = cloud(seed, 4000)
    angle = np.random.default_rng(seed).uniform(0, 2 * np.pi, 600)
    z[:600, 1], z[:600, 2] = 0.25 * np.cos(angle), 0.25 * np.sin(angle)
    return z


def test_the_marked_plane_comes_first():
    scan = latentscope.scan_planes(with_ring(), n_axes=4, window_points=[800], n_null=99)
    assert scan.axes[0].tolist() == [1, 2]
    assert scan.is_structured.tolist() == [True] + [False] * 5
    assert scan.sign[0] == "filament-like"
    assert "in the plane of principal components 2 and 3 within" in scan.verdict
    assert scan.departure[0] > scan.critical > scan.departure[1]


def test_windows_agree_with_plane_structure():
    """A scan of one window is that test: same window, points and axes."""
    z = cloud()
    scan = latentscope.scan_planes(z, planes=[(2, 0)], window_points=[300], n_null=39)
    one = latentscope.plane_structure(
        z, axes=(2, 0), half_width=float(scan.half_width[0]), n_null=39, n_points=1000
    )
    assert scan.n_window.tolist() == [300] == [one.n_window]
    assert scan.p_value[0] == pytest.approx(one.p_value, abs=0.15)
    np.testing.assert_allclose(scan.center[0], one.center, atol=1e-12)


def test_corrected_p_values_are_no_smaller_and_in_order():
    scan = latentscope.scan_planes(cloud(), window_points=[150, 600], n_axes=4, n_null=39)
    assert len(scan.p_value) == 6 * 2
    assert (np.diff(scan.departure) <= 0).all()
    assert (np.diff(scan.family_p) >= 0).all()
    assert scan.family_p.min() >= 1 / 40


@pytest.mark.slow
def test_a_gaussian_is_rejected_no_more_often_than_promised():
    """20 scans at 5 %: more than four rejections come once in four hundred times."""
    found = [latentscope.scan_planes(cloud(seed), rng=seed, **FAST) for seed in range(20)]
    assert sum(scan.is_structured.any() for scan in found) <= 4


@pytest.mark.parametrize("space", ["pca", "latent"])
def test_every_pair_is_looked_at_in_both_spaces(space):
    scan = latentscope.scan_planes(cloud() + 3, space=space, **FAST)
    assert sorted(map(tuple, scan.axes.tolist())) == [(0, 1), (0, 2), (1, 2)]
    np.testing.assert_allclose(scan.center, 0 if space == "pca" else 3, atol=0.1)
    assert (scan.space, scan.n_used, scan.n_total) == (space, 2000, 2000)


def test_by_default_windows_hold_a_thousand_points_and_half():
    scan = latentscope.scan_planes(cloud(n=5000), planes=[(0, 1)], n_null=39)
    assert sorted(scan.n_window.tolist()) == [1000, 2500]
    assert scan.n_points == 5000


def test_the_frame_may_be_given_and_rows_left_out():
    z = cloud()
    frame = latentscope.pca(z)
    known = latentscope.scan_planes(z, frame=frame, **FAST)
    assert known.to_dict() == latentscope.scan_planes(z, **FAST).to_dict()
    z[5, 0] = np.nan
    some = latentscope.scan_planes(latentscope.finite_rows(z), **FAST)
    assert (some.n_used, some.n_total) == (1999, 2000)


def test_the_table_has_a_row_per_window():
    scan = latentscope.scan_planes(cloud(), **FAST)
    assert [len(column) for column in scan.table().values()] == [3] * 7
    assert scan.verdict.startswith("Cannot tell whether any of 3 windows in planes of principal ")


def test_none_is_said_of_enough_points_only():
    few = latentscope.scan_planes(cloud(1), planes=[(0, 1)], window_points=[999], n_null=39)
    assert (few.sign, few.doubt) == (("cannot tell",), ("few points",))
    assert (
        "the windows hold at most 999 points, and fewer than 1,000 points show only" in few.verdict
    )
    both = latentscope.scan_planes(cloud(1), planes=[(0, 1)], window_points=[99, 1000], n_null=39)
    assert sorted(both.sign) == ["cannot tell", "none"]
    assert both.verdict.startswith("None of 2 windows in planes of principal components 1 and 2")
    assert "1 of them holds too few points to tell" in both.verdict
    assert not both.is_structured.any()


def test_a_departure_that_may_be_the_edge_of_the_cloud_is_no_structure():
    z = np.random.default_rng(0).standard_t(2, size=(4000, 2))
    scan = latentscope.scan_planes(
        z, window_points=[3990], null="smooth", n_null=39, space="latent"
    )
    assert scan.family_p[0] <= 0.05
    assert (scan.doubt, scan.sign) == (("edge",), ("cannot tell",))
    assert not scan.is_structured.any()
    assert "Cannot tell whether any of 1 windows" in scan.verdict
    assert "the departure may be that edge" in scan.verdict


@pytest.mark.parametrize("seed", range(3))
def test_a_weak_ring_is_found_with_any_seed(seed):
    """An 8 % ring of 3,000 points: with 1,000 of them compared, the seed decided."""
    rng = np.random.default_rng(5)
    z = rng.standard_normal((3000, 4))
    angle = rng.uniform(0, 2 * np.pi, 240)
    z[:240, 0], z[:240, 1] = 0.5 * np.cos(angle), 0.5 * np.sin(angle)
    scan = latentscope.scan_planes(
        z, planes=[(0, 1)], window_points=[1500], null="smooth", n_null=99, rng=seed, space="latent"
    )
    assert scan.is_structured.all()


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"planes": []}, DataError, r"planes must be one or more pairs of axes"),
        ({"planes": [(0, 1, 2)]}, DataError, r"planes must be one or more pairs"),
        ({"planes": [(0, 1), (1, 0)]}, DataError, r"planes must be different planes"),
        ({"frame": "pca"}, DataError, r"frame must be a PCA"),
        ({"planes": 3}, DataTypeError, r"planes must be pairs of axes"),
        ({"planes": [(0, 9)]}, DataError, r"axes\[1\] must be an integer from 0 to 4"),
        ({"window_points": [10]}, DataError, r"window_points\[0\] must be an integer from 30"),
        ({"window_points": [3000]}, DataError, r"from 30 to 2000 \(the rows used\)"),
        ({"window_points": []}, DataError, r"window_points must hold at least one number"),
        ({"window_points": 1000}, DataTypeError, r"window_points must be several numbers"),
        ({"null": "copulas"}, DataError, r"Did you mean 'copula'"),
        ({"n_axes": 1}, DataError, r"n_axes must be an integer at least 2"),
        ({"space": "tsne"}, DataError, r"space must be one of 'pca', 'latent'"),
    ],
)
def test_refusals(options, error, match):
    with pytest.raises(error, match=match):
        latentscope.scan_planes(cloud(), **{**FAST, **options})
