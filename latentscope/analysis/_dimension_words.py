"""The words of `intrinsic_dimension`: the verdict on a result, and its interval."""

from typing import TYPE_CHECKING

import numpy as np

from latentscope._table import sentence
from latentscope.statistics.distinct import MIN_POINTS

if TYPE_CHECKING:
    from latentscope.analysis.dimension import IntrinsicDimension

_THIN, _FEWER, _LIKE, _ABOVE = 1 / 3, 0.75, 0.9, 1.1  # of the Gaussian's dimension
_CURVE = 1.5  # dimensions, below which points lie along curves


def verdict(result: "IntrinsicDimension") -> str:
    """Return the answer in two or three sentences."""
    if not len(result.dimensions):
        return sentence(_reason(result))
    if result.is_paired:
        return (
            "Cannot tell: most points have one neighbour far nearer than the next, as near-copies "
            f"have. The estimate, {with_error(*_finest(result))}, counts no direction of the cloud."
        )
    parts = sentence(_range(result)), sentence(_comparison(result)), meaning(result)
    return " ".join(filter(None, parts))


def interval(result: "IntrinsicDimension") -> str:
    """Return the interval of the dimension in a few words; empty if there is none.

    Its limits are rounded outwards, so that they still hold what they held.
    """
    if result.interval is None:
        return ""
    low, high = result.interval
    unit = 10.0 ** -_digits(result.errors[0] if high == np.inf else (high - low) / 2)
    lowest = _rounded(np.floor(low / unit + 1e-9) * unit, unit)
    if high == np.inf:
        return f"at least {lowest}"
    return f"{lowest} to {_rounded(np.ceil(high / unit - 1e-9) * unit, unit)}"


def about(result: "IntrinsicDimension") -> float:
    """Return the dimension at the finest scale, at most the directions that there are."""
    return min(float(result.dimensions[0]), float(result.n_directions))


def share(result: "IntrinsicDimension") -> str:
    """Return the estimate over the Gaussian's, with its error; empty if there is no Gaussian."""
    if not len(result.dimensions) or not _has_gaussian(result):
        return ""
    shares, errors = result.shares
    return with_error(float(shares[0]), float(errors[0]))


def with_error(value: float, error: float) -> str:
    """Return value ± error, with as many decimals as show the error's first digit."""
    return f"{_rounded(value, error)} ± {_rounded(error, error)}"


def _rounded(value: float, error: float) -> str:
    return f"{value:.{_digits(error)}f}"


def _digits(error: float) -> int:
    return int(np.clip(-np.floor(np.log10(max(1.05 * error, 1e-9))), 0, 3))


def _reason(result: "IntrinsicDimension") -> str:
    """Return why there is no estimate."""
    distinct = result.n_used - result.n_duplicates
    if distinct < MIN_POINTS:
        return f"cannot tell: {MIN_POINTS} distinct points are needed; there are {distinct:,}"
    return "cannot tell: the coordinates are so coarse that neighbours lie at equal distances"


def _range(result: "IntrinsicDimension") -> str:
    what = "the intrinsic dimension (number of directions along which near neighbours differ)"
    low_to_high = interval(result)
    if result.is_settled:
        return f"{what} is about {about(result):.2g} (95 % interval: {low_to_high})"
    if low_to_high.startswith("at least"):
        return f"{what} is {low_to_high}; these points set no upper limit"
    return f"{what} is not settled, because it changes with the scale: {low_to_high}"


def _has_gaussian(result: "IntrinsicDimension") -> bool:
    """Return True if there are enough points for a Gaussian of the same covariance."""
    return result.n_used - result.n_duplicates > result.n_directions + 1


def _finest(result: "IntrinsicDimension") -> tuple[float, float]:
    """Return the estimate at the finest scale, with its error."""
    return float(result.dimensions[0]), float(result.errors[0])


def _comparison(result: "IntrinsicDimension") -> str:
    estimate = with_error(*_finest(result))
    by_chance = f"the estimate at the finest scale, {estimate} (by chance alone),"
    if not _has_gaussian(result):
        return (
            f"{by_chance} cannot be compared with that of a Gaussian, because there are too few "
            f"points to estimate the covariance along {result.n_directions:,} directions"
        )
    return f"{by_chance} is {share(result)} of that for a Gaussian of the same covariance"


def meaning(result: "IntrinsicDimension") -> str:
    """Return a sentence on what the comparison means; empty if there is none."""
    if result.is_paired or not _has_gaussian(result):
        return ""
    shares, errors = result.shares
    highest = shares + errors
    is_thin = (highest < _THIN) | (
        (result.dimensions + result.errors < _CURVE) & (highest < _FEWER)
    )
    if is_thin.any() and not is_thin[0]:
        return _thin_beyond(result, int(np.where(is_thin, highest, np.inf).argmin()))
    if is_thin[0] and (result.is_settled or (result.falls_steadily and is_thin.all())):
        return "The points lie on a thin structure, such as a curve or a sheet."
    if result.falls_steadily:
        return _falling(result)
    if not result.is_settled:
        return ""
    return _beside_gaussian(float(shares[0]), float(errors[0]))


def _beside_gaussian(ratio: float, error: float) -> str:
    if ratio + error < _LIKE:
        return (
            "The dimension is lower than the Gaussian's, as in a cloud that is bent or denser in "
            "places, but not below a third of it, as on a thin structure."
        )
    if ratio - error > _ABOVE:
        return (
            "The dimension is higher than the Gaussian's, so the points do not lie on a thin "
            "structure."
        )
    if abs(ratio - 1) > error:
        return (
            f"The dimension is slightly {'lower' if ratio < 1 else 'higher'} than the Gaussian's."
        )
    return "The dimension is like that of the Gaussian."


def _falling(result: "IntrinsicDimension") -> str:
    ends = zip(result.dimensions[[0, -1]].tolist(), result.errors[[0, -1]].tolist(), strict=True)
    finest, coarsest = (with_error(*end) for end in ends)
    return (
        f"The estimate falls steadily with the scale, from {finest} at the finest to {coarsest} at "
        "the coarsest, as where noise or narrow directions show only at fine scales. Whether the "
        "points lie on a thin structure cannot be told."
    )


def _thin_beyond(result: "IntrinsicDimension", coarse: int) -> str:
    found = with_error(float(result.dimensions[coarse]), float(result.errors[coarse]))
    return (
        f"The points are not thin at that scale, but at a distance of "
        f"{result.scales[coarse]:.3g} between neighbours the dimension is {found}, where the "
        f"Gaussian's is {result.null_dimensions[coarse]:.3g}: a thin structure blurred by noise, "
        "or small clumps."
    )
