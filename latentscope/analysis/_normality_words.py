"""The words of `normality`: the verdict on a result, and the table of numbers behind it."""

from typing import TYPE_CHECKING

import numpy as np

from latentscope._table import Table
from latentscope._types import FloatArray
from latentscope.statistics import ALPHA
from latentscope.statistics.gaussianity.sets import SEARCHED, TESTS

if TYPE_CHECKING:
    from latentscope.analysis.normality import Normality

_FEW_ROWS, _FEW_PER_DIRECTION = 50, 3
_N_OF_DISTANCES = 2  # the first tests, of the distances from the mean alone
_SIZED_PER_DIRECTION = 10  # rows below which the size of a departure is mostly chance
_UNKNOWN, _UNTESTED = "cannot tell", "not tested"
_LARGE, _SMALL = 0.1, 0.02  # effect sizes of the whole cloud
_OFF_AXES = 4  # rows that a search needs, in units of p² (symmetric shapes) and p^1.5 (skewed ones)


def verdict(result: "Normality") -> str:
    """Return the answer in two sentences."""
    if kind(result) == _UNKNOWN:
        directions = _directions(result)
        return (
            f"Cannot tell: {result.n_used:,} rows are too few to judge the shape of a cloud along "
            f"{directions:,} direction{'s' * (directions > 1)}; at least {_fewest(result):,} are "
            "needed."
        )
    return f"{_how_far(result)} {_how_sure(result)}"


def kind(result: "Normality") -> str:
    """Return in a few words what the cloud is. The p-value alone decides whether it is Gaussian."""
    if not _is_rejected(result):
        if result.n_used < _fewest(result):
            return _UNKNOWN
        return _UNTESTED if result.p_value is None else "like a Gaussian"
    if result.n_used < _SIZED_PER_DIRECTION * result.n_directions:
        return "not a Gaussian"
    lost = 0.0 if result.core_share is None else abs(1 - result.core_share)
    size = max(result.radial_gap, lost)
    if size >= _LARGE:
        return "far from a Gaussian"
    if size >= _SMALL:
        return "not a Gaussian"
    if _is_odd_along_directions(result):
        found = "not Gaussian along some directions"
        if (result.p_values[:_N_OF_DISTANCES] <= ALPHA).any():
            return found
        return f"{found}, although its distances from the mean are like a Gaussian's"
    return "close to a Gaussian, but not one"


def _is_odd_along_directions(result: "Normality") -> bool:
    """Return True if a marginal differs much, and more than chance, from a normal distribution."""
    chance = result.chance
    sizes = [(float(result.gaps.max()), chance["gap"])]
    if result.searched_gap is not None:
        sizes.append((result.searched_gap, chance["searched_gap"]))
    return any(size > max(by_chance, _SMALL) for size, by_chance in sizes)


def effects(result: "Normality") -> Table:
    """Return one row per effect size, with the p-value of its test."""
    chance, p = result.chance, result.p_values.tolist() or [None] * len(TESTS)
    blank = (None, None, None)  # for what was not measured
    given = (
        ("points in the core over a Gaussian's", result.core_share, 1, None, None),
        ("Kolmogorov distance of the Mahalanobis distances",
         *((result.radial_gap, 0, chance["radial_gap"]) if result.is_measured else blank), p[0]),
        ("Mardia's kurtosis over a Gaussian's",
         *((result.kurtosis_ratio, 1, 1 + chance["kurtosis_ratio"]) if result.is_measured
           else blank), p[1]),
        ("largest Kolmogorov distance of a marginal", float(result.gaps.max()), 0, chance["gap"],
         p[2]),
        ("largest skewness of a marginal", _largest(result.skewness), 0, chance["skewness"], p[3]),
        ("largest excess kurtosis of a marginal", _largest(result.excess), 0, chance["excess"],
         p[4]),
    )  # fmt: skip
    sampled = (
        "largest Kolmogorov distance, directions searched for",
        "largest skewness, directions searched for",
        "largest excess kurtosis, directions searched for",
        "AUC of a classifier, data against Gaussian",
    )
    values, usual, above = ([None] * len(sampled) for _ in blank)
    if result.n_null:
        values = result.observed[SEARCHED:].tolist()
        usual, above = np.quantile(result.null[:, SEARCHED:], [0.5, 0.95], axis=0).tolist()
    names = ("quantity", "value", "gaussian", "by_chance", "p_value")
    rows = (*given, *zip(sampled, values, usual, above, p[SEARCHED:], strict=True))
    return Table(**dict(zip(names, zip(*rows, strict=True), strict=True)))


def _largest(values: FloatArray) -> float:
    """Return the value of largest magnitude, with its sign."""
    return float(values[np.abs(values).argmax()])


def _how_far(result: "Normality") -> str:
    chance, worst = result.chance, int(result.gaps.argmax())
    kind, number = result.marginal_names[worst]
    names = {"axis": f"axis {number}", "component": f"principal component {number + 1}"}
    name = names.get(kind, "a random projection")
    return (
        f"{_core(result.core_share)}. The distribution of the Mahalanobis distances from the mean "
        f"differs from a Gaussian's by {result.radial_gap:.2g} (Kolmogorov distance, from 0 to 1; "
        f"{_radial_limit(result)}). Of {len(result.gaps):,} marginals "
        f"(distributions along single directions), that of {name} differs most from a normal "
        f"distribution, by {result.gaps[worst]:.2g} (up to {chance['gap']:.2g} by chance)."
        f"{_searched(result)}"
    )


def _radial_limit(result: "Normality") -> str:
    """Return what chance makes of the distances; without Gaussian sets, only a bound is known."""
    limit = f"{result.chance['radial_gap']:.2g}"
    return f"up to {limit} by chance" if result.n_null else f"by chance at most {limit}"


def _searched(result: "Normality") -> str:
    if result.searched_gap is None:
        return ""
    return (
        " Along the least normal of the directions that a search in one half of the rows found, "
        f"the other half differs by {result.searched_gap:.2g} (up to "
        f"{result.chance['searched_gap']:.2g} by chance)."
    )


def _core(share: float | None) -> str:
    if share is None:
        return "Too few points lie close together to fit a Gaussian to the core of the cloud"
    return (
        f"Counted by their distance from the centre alone, the core of the cloud holds {share:.1%} "
        "of the points that a Gaussian would have there"
    )


def _how_sure(result: "Normality") -> str:
    if result.p_value is None:
        return "Whether chance explains this was not tested (n_null=0)."
    if _is_rejected(result):
        return f"So the cloud is {kind(result)} ({_basis(result)})."
    return (
        f"The tests do not reject a Gaussian ({_basis(result)}), which does not prove that the "
        f"cloud is one.{_unseen(result)}"
    )


def _basis(result: "Normality") -> str:
    """Return the p-value and what it rests on."""
    sets = f"and {result.n_null} Gaussian sets of "
    if result.n_points == result.n_used:
        return f"p = {result.p_value:.2g}, from {result.n_used:,} rows {sets}equal size"
    return (
        f"p = {result.p_value:.2g}, from {result.n_used:,} rows, of which the search and the "
        f"classifier use {result.n_points:,}, {sets}{result.n_points:,} rows"
    )


def _unseen(result: "Normality") -> str:
    """Say which shapes along few directions the search misses with so few rows."""
    n, p = result.n_points, result.n_directions
    symmetric, skewed = (round(_OFF_AXES * p**power, -2) for power in (2.0, 1.5))
    if p == 1 or n >= symmetric:
        return ""
    shapes = f"two equal groups, a ring or heavy tails need about {symmetric:,.0f} rows"
    if n < skewed:
        shapes += f", a bend or a small group about {skewed:,.0f}"
    return (
        f" Along a few of {p:,} directions that are not axes, {n:,} rows show only strong "
        f"departures: {shapes}."
    )


def _is_rejected(result: "Normality") -> bool:
    """Return True if the tests together reject a Gaussian."""
    return result.p_value is not None and result.p_value <= ALPHA


def _fewest(result: "Normality") -> int:
    """Return the number of rows below which a departure would easily be missed."""
    return max(_FEW_ROWS, _FEW_PER_DIRECTION * _directions(result))


def _directions(result: "Normality") -> int:
    """Return the directions of the cloud; where the rows limit them, all that there may be."""
    return int(result.n_directions if result.is_measured else result.z_dim)
