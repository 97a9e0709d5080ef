"""The results of one pass over the rows, on which every other question builds."""

from collections.abc import Mapping

import numpy as np

from latentscope._table import Table
from latentscope.analysis.overview import Overview, overview
from latentscope.reporting.questions.question import Question
from latentscope.reporting.study import Study
from latentscope.rows.reduction import sample_rows, take
from latentscope.rows.source import Rows

BINS = 4  # per standard deviation
N_SCALE = 2000  # rows from which the bin widths are estimated
ROUNDING = 1e-6  # relative to the largest value: smaller spreads count as 0


def overview_of(rows: Rows) -> Overview:
    """Return the overview, with bins that suit the rows."""
    radius_bin, axis_bin = _bin_widths(rows)
    return overview(rows, radius_bin_width=radius_bin, axis_bin_width=axis_bin)


def _bin_widths(rows: Rows) -> tuple[float, float]:
    """Return round widths, a few bins per standard deviation of the radii and of a typical axis."""
    some, _ = sample_rows(rows, N_SCALE, np.random.default_rng(0))
    z = take(rows, some).astype(np.float64)
    radius, rounding = np.linalg.norm(z, axis=1), ROUNDING * float(np.abs(z).max())
    spread = z.std(axis=0)
    varies = spread > rounding
    typical = float(np.median(spread[varies])) if varies.any() else 1.0
    return _round(radius.std() if radius.std() > rounding else typical), _round(typical)


def _round(spread: float) -> float:
    """Return 1, 2 or 5 times a power of ten near a quarter of the spread."""
    width = spread / BINS
    power = 10.0 ** np.floor(np.log10(width))
    factor = int(np.abs(np.log(np.array([1, 2, 5, 10]) * power / width)).argmin())
    return float(f"{power * (1, 2, 5, 10)[factor]:.1g}")


def _tables(study: Study) -> Mapping[str, Table]:
    return {"Headline numbers": study.overview.table()}


QUESTION = Question(
    key="overview", title="How do these latent vectors fill their space?", tables=_tables
)
