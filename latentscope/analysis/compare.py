"""How do two or more sets of latents differ? Their overviews side by side."""

from dataclasses import dataclass
from typing import Any, ClassVar

from latentscope._table import Table
from latentscope.analysis.overview import Overview, overview
from latentscope.errors import DataError
from latentscope.results import SeveralPanels
from latentscope.rows.source import Points


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Comparison(SeveralPanels):
    """Overviews of several sets of latents.

    Attributes
    ----------
    names : tuple of str
        Names of the sets, as given.
    overviews : tuple of Overview
        One per name, in the same order.
    n_used, n_total : int
        Summed over the sets.
    """

    names: tuple[str, ...]
    overviews: tuple[Overview, ...]

    _plot: ClassVar[str] = "plot_compare"

    def __getitem__(self, name: str) -> Overview:
        """Return the overview of one set."""
        if name not in self.names:
            raise DataError(
                f"name must be one of {', '.join(self.names)}; got {name!r}.", parameter="name"
            )
        return self.overviews[self.names.index(name)]

    def table(self) -> Table:
        """Return one column per set, with a dash if a set has no posterior."""
        headlines = [one.headline() for one in self.overviews]
        quantities = list(dict.fromkeys(key for numbers in headlines for key in numbers))
        columns: dict[str, list[Any]] = {
            name: [one.n_used, *(numbers.get(quantity) for quantity in quantities)]
            for name, one, numbers in zip(self.names, self.overviews, headlines, strict=True)
        }
        return Table(**{"": ["points", *quantities], **columns})

    def headline(self) -> dict[str, Any]:
        """Return the mean radius of each set."""
        return {
            f"mean radius of {name}": one.radius.mean
            for name, one in zip(self.names, self.overviews, strict=True)
        }


def compare(**named_latents: Points | Overview) -> Comparison:
    """Compare sets of latents side by side.

    Parameters
    ----------
    **named_latents : array-like of shape (n_points, z_dim), or Latents
        Two or more sets, by the names that table and figure show, or their `Overview` if it is
        already computed or needs other bins. Numbers of points and of axes may differ.

    Returns
    -------
    Comparison
        A table and, by `plot`, figures of radius, axes, spectrum and posterior.

    Raises
    ------
    DataError
        If fewer than two sets are given.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> both = compare(ae=3 * rng.standard_normal((5000, 16)), vae=rng.standard_normal((5000, 16)))
    >>> round(both["ae"].radius.mean / both["vae"].radius.mean, 1)
    3.0
    """
    if len(named_latents) < 2:
        raise DataError(
            f"compare needs two or more named sets, like compare(ae=z1, vae=z2); got "
            f"{len(named_latents)}."
        )
    overviews = tuple(
        one if isinstance(one, Overview) else overview(one) for one in named_latents.values()
    )
    return Comparison(
        n_used=sum(one.n_used for one in overviews),
        n_total=sum(one.n_total for one in overviews),
        names=tuple(named_latents),
        overviews=overviews,
    )
