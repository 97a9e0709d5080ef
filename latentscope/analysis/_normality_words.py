"""The words of `normality`: the verdict on a result, and the table of numbers behind it."""

from typing import Any

import numpy as np

from latentscope._table import Table
from latentscope._types import FloatArray
from latentscope.statistics import ALPHA

_FEW_ROWS, _FEW_PER_DIRECTION = 50, 3
_UNKNOWN = "cannot tell"
_LARGE, _SMALL = 0.1, 0.02  # effect sizes of the whole cloud


def verdict(result: Any) -> str:
    """Return the answer in two sentences."""
    if kind(result) == _UNKNOWN:
        directions = result.n_directions
        return (
            f"Cannot tell: {result.n_used:,} rows are too few to judge the shape of a cloud along "
            f"{directions:,} direction{'s' * (directions > 1)}; at least {_fewest(result):,} are "
            "needed."
        )
    return f"{_how_far(result)} {_how_sure(result)}"


def kind(result: Any) -> str:
    """Return in a few words what the cloud is."""
    if not _is_rejected(result):
        return _UNKNOWN if result.n_used < _fewest(result) else "like a Gaussian"
    lost = 0.0 if result.core_share is None else abs(1 - result.core_share)
    size = max(result.radial_gap, lost)
    n_odd = int((result.gaps > result.chance["gap"]).sum())
    if size >= _LARGE:
        return "far from a Gaussian"
    if size >= _SMALL:
        return "not a Gaussian"
    if n_odd:
        marginals = f"{n_odd:,} of {len(result.gaps):,} marginals"
        return f"not Gaussian along {marginals}, although close to a Gaussian as a whole"
    return "close to a Gaussian, but not one"


def effects(result: Any) -> Table:
    """Return one row per effect size, with the p-value of its test."""
    chance, p = result.chance, result.p_values.tolist() or [None] * 6
    usual, above = np.quantile(result.null[:, -1], [0.5, 0.95]) if result.n_null else (None, None)
    rows = (
        ("share of points in a Gaussian core", result.core_share, 1, None, None),
        ("Kolmogorov distance of the Mahalanobis distances", result.radial_gap, 0,
         chance["radial_gap"], p[0]),
        ("Mardia's kurtosis over a Gaussian's", result.kurtosis_ratio, 1,
         1 + chance["kurtosis_ratio"], p[1]),
        ("largest Kolmogorov distance of a marginal", float(result.gaps.max()), 0, chance["gap"],
         p[2]),
        ("largest skewness of a marginal", _largest(result.skewness), 0, chance["skewness"], p[3]),
        ("largest excess kurtosis of a marginal", _largest(result.excess), 0, chance["excess"],
         p[4]),
        ("AUC of a classifier, data against Gaussian", result.auc, usual, above, p[5]),
    )  # fmt: skip
    names = ("quantity", "value", "gaussian", "by_chance", "p_value")
    return Table(**dict(zip(names, zip(*rows, strict=True), strict=True)))


def _largest(values: FloatArray) -> float:
    """Return the value of largest magnitude, with its sign."""
    return float(values[np.abs(values).argmax()])


def _how_far(result: Any) -> str:
    chance, worst = result.chance, int(result.gaps.argmax())
    kind, number = result.marginal_names[worst]
    names = {"axis": f"axis {number}", "component": f"principal component {number + 1}"}
    name = names.get(kind, "a random projection")
    return (
        f"{_core(result.core_share)}. The distribution of the Mahalanobis distances from the mean "
        f"differs from a Gaussian's by {result.radial_gap:.2g} (Kolmogorov distance, from 0 to 1; "
        f"up to {chance['radial_gap']:.2g} by chance). Of {len(result.gaps):,} marginals "
        f"(distributions along single directions), that of {name} differs most from a normal "
        f"distribution, by {result.gaps[worst]:.2g} (up to {chance['gap']:.2g} by chance)."
    )


def _core(share: float | None) -> str:
    if share is None:
        return "Too few points lie close together to fit a Gaussian to the core of the cloud"
    if share > 1 + _SMALL:
        return (
            f"The core of the cloud holds {share:.1%} of the points that a Gaussian would have "
            "there"
        )
    return (
        f"A Gaussian fitted to the core of the cloud, without tails and outliers, accounts for "
        f"{min(share, 1):.1%} of the points"
    )


def _how_sure(result: Any) -> str:
    if result.p_value is None:
        return "Whether chance explains this was not tested (n_null=0)."
    basis = (
        f"p = {result.p_value:.2g}, from {result.n_points:,} rows and {result.n_null} Gaussian "
        "sets of equal size"
    )
    if _is_rejected(result):
        return f"So the cloud is {kind(result)} ({basis})."
    exceeds = result.radial_gap > result.chance["radial_gap"]
    if result.n_points < result.n_used and (exceeds or result.gaps.max() > result.chance["gap"]):
        return (
            f"The tests do not reject a Gaussian ({basis}), but all {result.n_used:,} rows "
            "together show that the cloud is not Gaussian."
        )
    return (
        f"The tests do not reject a Gaussian ({basis}), which does not prove that the cloud is one."
    )


def _is_rejected(result: Any) -> bool:
    """Return True if the tests together reject a Gaussian."""
    return result.p_value is not None and result.p_value <= ALPHA


def _fewest(result: Any) -> int:
    """Return the number of rows below which a departure would easily be missed."""
    return max(_FEW_ROWS, _FEW_PER_DIRECTION * result.n_directions)
