"""The words of `normality`: a verdict on a result of it, and a table of what it rests on."""

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
            f"Cannot tell: {result.n_used:,} rows are too few to see the shape of a cloud along "
            f"{directions:,} direction{'s' * (directions > 1)}; at least {_fewest(result):,} are "
            "needed."
        )
    return f"{_how_far(result)} {_how_sure(result)}"


def kind(result: Any) -> str:
    """Say in a few words what the cloud is."""
    if not _is_seen(result):
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
        return f"no Gaussian along {marginals}, though close to one as a whole"
    return "close to a Gaussian, but not one"


def effects(result: Any) -> Table:
    """Return the table: a row per effect size, with the p-value of the test that goes with it."""
    chance, p = result.chance, result.p_values.tolist() or [None] * 6
    usual, above = np.quantile(result.null[:, -1], [0.5, 0.95]) if result.n_null else (None, None)
    rows = (
        ("share of the points in a Gaussian core", result.core_share, 1, None, None),
        ("gap of the law of the distances", result.radial_gap, 0, chance["radial_gap"], p[0]),
        ("Mardia's kurtosis over a Gaussian's", result.kurtosis_ratio, 1,
         1 + chance["kurtosis_ratio"], p[1]),
        ("largest gap of a marginal", float(result.gaps.max()), 0, chance["gap"], p[2]),
        ("largest skewness", _largest(result.skewness), 0, chance["skewness"], p[3]),
        ("largest excess kurtosis", _largest(result.excess), 0, chance["excess"], p[4]),
        ("AUC of a classifier", result.auc, usual, above, p[5]),
    )  # fmt: skip
    names = ("quantity", "value", "gaussian", "by_chance", "p_value")
    return Table(**dict(zip(names, zip(*rows, strict=True), strict=True)))


def _largest(values: FloatArray) -> float:
    """Return the value of largest size, with its sign."""
    return float(values[np.abs(values).argmax()])


def _how_far(result: Any) -> str:
    chance, worst = result.chance, int(result.gaps.argmax())
    kind, number = result.marginal_names[worst]
    name = f"PC {number + 1}" if kind == "component" else f"{kind} {number}"
    if kind == "projection":
        name = "a random projection"
    return (
        f"{_core(result.core_share)}; the law of the distances departs from a Gaussian's by "
        f"{result.radial_gap:.2g} (chance leaves up to {chance['radial_gap']:.2g}), and of "
        f"{len(result.gaps):,} marginals {name} departs most, by {result.gaps[worst]:.2g} "
        f"(chance {chance['gap']:.2g})."
    )


def _core(share: float | None) -> str:
    if share is None:
        return "Too few points lie together to find a Gaussian core"
    if share > 1 + _SMALL:
        return f"Where a Gaussian core would be lie {share:.1%} of its points"
    return f"A Gaussian core accounts for {min(share, 1):.1%} of the points"


def _how_sure(result: Any) -> str:
    if result.p_value is None:
        return "How sure that is was not asked (n_null=0)."
    basis = f"p = {result.p_value:.2g}; {result.n_points:,} rows, {result.n_null} Gaussian sets"
    if _is_seen(result):
        return f"So the cloud is {kind(result)} ({basis})."
    exceeds = result.radial_gap > result.chance["radial_gap"]
    if result.n_points < result.n_used and (exceeds or result.gaps.max() > result.chance["gap"]):
        return f"Only all rows together show that this is no Gaussian ({basis})."
    return f"Nothing here speaks against a Gaussian ({basis}), which does not prove that it is one."


def _is_seen(result: Any) -> bool:
    return result.p_value is not None and result.p_value <= ALPHA


def _fewest(result: Any) -> int:
    """Return the rows below which what is not seen may well be there."""
    return max(_FEW_ROWS, _FEW_PER_DIRECTION * result.n_directions)
