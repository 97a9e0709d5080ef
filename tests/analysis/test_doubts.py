"""When a test of planes cannot tell: a table of cases."""

import pytest

from latentscope.analysis._doubts import ENOUGH, WHY, doubt_of, holds_edge, seen_among


@pytest.mark.parametrize(
    ("null", "p", "departure", "given", "doubt"),
    [
        ("smooth", 0.06, "clumped", {}, "none"),
        ("smooth", 0.06, "clumped", {"n_points": ENOUGH - 1}, "few points"),
        ("gaussian", 0.06, "clumped", {"n_points": ENOUGH - 1}, "few points"),
        ("smooth", 0.05, "clumped", {}, "none"),
        ("smooth", 0.05, "filament-like", {"n_points": 30}, "none"),
        ("smooth", 0.05, "clumped", {"fit_p": 0.009}, "misfit"),
        ("smooth", 0.05, "filament-like", {"fit_p": 0.009}, "none"),
        ("smooth", 0.05, "filament-like", {"is_edge": True}, "edge"),
        ("smooth", 0.06, "clumped", {"fit_p": 0.0, "is_edge": True}, "none"),
        ("gaussian", 0.05, "clumped", {"fit_p": 0.0, "is_edge": True}, "none"),
    ],
)
def test_doubts(null, p, departure, given, doubt):
    options = {"fit_p": 0.5, "is_edge": False, "n_points": ENOUGH, **given}
    assert doubt_of(null, p, departure, **options) == doubt
    assert doubt == "none" or WHY[doubt]


@pytest.mark.parametrize(
    ("n_window", "covered", "is_edge"),
    [(76, 0.79, True), (76, 0.81, False), (74, 0.3, False)],
)
def test_a_window_of_nearly_all_points_and_empty_places_holds_the_edge(n_window, covered, is_edge):
    assert holds_edge(n_window, 100, covered) == is_edge


def test_what_would_be_seen_grows_with_the_points():
    assert "an empty disc, can be missed" in seen_among(ENOUGH)
    assert "as is an empty disc a third as wide" in seen_among(5000)
