"""Would the same analysis show as much on a cloud without structure?

Any analysis is run on the data and on draws from a null model. Its numbers are ranked among those
of the draws, and its figure is shown next to theirs: labelled, or as a line-up in which the reader
has to find the data among nineteen null sets. A reader who cannot find the data has seen nothing
that the null model does not show; one who can has found a difference at p = 0.05.

References
----------
A. Buja, D. Cook, H. Hofmann, M. Lawrence, E.-K. Lee, D. F. Swayne, H. Wickham (2009), Statistical
inference for exploratory data analysis and model diagnostics, Philosophical Transactions of the
Royal Society A 367, 4361–4383. doi:10.1098/rsta.2009.0120
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from tqdm import tqdm

from latentscope._table import Table
from latentscope._validate import generator, integer
from latentscope.analysis.nulls import Null, null_model
from latentscope.errors import DataTypeError
from latentscope.results import Result, SeveralPanels
from latentscope.rows.reduction import sample_rows, take
from latentscope.rows.source import Points, as_rows


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class BesideNulls(SeveralPanels):
    """An analysis of the data, and the same analysis of draws from a null model.

    Attributes
    ----------
    analysis : str
        Name of the function.
    null : str
        Name of the null model.
    data : Result
        Result of the analysis on the data.
    nulls : tuple of Result
        Its result on each draw.
    place : int
        Position of the data in the line-up, from 0 to len(nulls).
    """

    analysis: str
    null: Null
    data: Any
    nulls: tuple[Any, ...]
    place: int

    _plot: ClassVar[str] = "plot_beside_nulls"

    def table(self) -> Table:
        """Return the headline numbers of the data next to those of the null sets.

        p is the share of all sets, the data included, whose number is at least as extreme on the
        same side, doubled for the two sides. It is that of each number alone, not corrected for
        comparing several.
        """
        rows = []
        for name, value in self.data.headline().items():
            others = [null.headline().get(name) for null in self.nulls]
            if all(_is_number(one) for one in (value, *others)):
                values = np.array(others, dtype=float)
                beyond = min((values <= value).sum(), (values >= value).sum())
                p = min(1.0, 2 * (1 + float(beyond)) / (1 + len(values)))
                rows.append((name, value, values.min(), float(np.median(values)), values.max(), p))
        names = ("quantity", "data", "null_min", "null_median", "null_max", "p")
        return Table(**{name: [row[k] for row in rows] for k, name in enumerate(names)})

    def headline(self) -> dict[str, Any]:
        """Return what was compared."""
        return {"analysis": self.analysis, "null": self.null, "draws": len(self.nulls)}


def beside_nulls(
    analysis: Callable[..., Result],
    z: Points,
    *,
    null: Null = "gaussian",
    n_null: int = 19,
    n_rows: int = 250_000,
    rng: int | np.random.Generator = 0,
    **options: Any,
) -> BesideNulls:
    """Run an analysis on the data and on clouds without structure.

    Parameters
    ----------
    analysis : callable
        A function of this package that takes points and returns a result, such as
        `latentscope.tsne`.
    z : array-like of shape (n_rows, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes.
    null : {"gaussian", "elliptical", "copula", "independent"}
        See `null_model`.
    n_null : int
        Number of draws. With 19, the chance of guessing the data in a line-up is 1 in 20; the
        smallest two-sided p-value of a number is 2 / (n_null + 1).
    n_rows : int
        Rows of z on which the analysis runs, and points of each draw, all held in memory. If z has
        more rows, they are chosen at random: data and draws must be of the same size to be
        compared.
    rng : int or numpy.random.Generator
        Seed of that choice, the draws and the position in the line-up.
    **options
        Passed on to the analysis.

    Returns
    -------
    BesideNulls
        `table()` compares the numbers, `plot()` the figures; `latentscope.plot.plot_line_up` hides
        the data among the draws.

    Raises
    ------
    DataError
        If the name of the null model is unknown or the analysis rejects the points.
    DataTypeError
        If `analysis` is not a function that returns a result.

    Examples
    --------
    >>> import latentscope
    >>> z = np.random.default_rng(0).standard_t(4, size=(2000, 8))
    >>> beside = beside_nulls(latentscope.radius_density, z, n_null=39)
    >>> dict(zip(beside.table()["quantity"], beside.table()["p"]))["maximum"]
    0.05
    """
    integer("n_null", n_null, low=1)
    random = generator(rng)
    place = int(random.integers(n_null + 1))
    rows = as_rows(z)
    if rows.n_total > integer("n_rows", n_rows, low=2):
        z = take(rows, sample_rows(rows, n_rows, random)[0])
    data = _checked_result(analysis, z, options)
    model = null_model(z, null, rng=random)
    streams = tqdm(random.spawn(n_null), desc="analyses of null sets", unit="draw", delay=2)
    nulls = [analysis(model.draw(rng=stream), **options) for stream in streams]
    return BesideNulls(
        n_used=data.n_used,
        n_total=rows.n_total,
        analysis=getattr(analysis, "__name__", type(analysis).__name__),
        null=null,
        data=data,
        nulls=tuple(nulls),
        place=place,
    )


def _checked_result(analysis: Callable[..., Result], z: Points, options: dict[str, Any]) -> Result:
    if not callable(analysis):
        raise DataTypeError(
            f"analysis must be a function, like latentscope.pca; got {analysis!r}.",
            parameter="analysis",
        )
    result = analysis(z, **options)
    if not isinstance(result, Result):
        raise DataTypeError(
            "analysis must return a result of this package, like latentscope.pca does; it "
            f"returned {type(result).__name__}.",
            parameter="analysis",
        )
    return result


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
