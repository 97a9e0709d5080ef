"""Figure of decoded images: one row per kind of points, numbers below each image."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from latentscope._types import Panels
from latentscope.errors import DataError
from latentscope.pictures import Pictures
from latentscope.plot._panels import GivenAxes, as_text, some_axes

_MAX_IMAGES = 400  # in one figure


def plot_pictures(rows: Sequence[Pictures], *, ax: GivenAxes = None) -> Panels:
    """Draw images in rows, with Mahalanobis distance d, radius r and score below each.

    Parameters
    ----------
    rows : sequence of Pictures
        Of equal length; each makes a row, with its name at the left.
    ax : array of matplotlib.axes.Axes, optional
        One per image, row by row; by default those of a new figure.

    Returns
    -------
    array of matplotlib.axes.Axes

    Raises
    ------
    DataError
        If the rows differ in length, if there are none, or for over 400 images without Axes.
    """
    others = [type(row).__name__ for row in rows if not isinstance(row, Pictures)]
    if others:
        raise DataError(f"rows must be Pictures; got {others[0]} among them.", parameter="rows")
    lengths = {len(row) for row in rows}
    if len(lengths) != 1:
        raise DataError(
            f"rows must be Pictures of equal length; got lengths {sorted(lengths)}.",
            parameter="rows",
        )
    n = lengths.pop()
    if ax is None and n * len(rows) > _MAX_IMAGES:
        raise DataError(
            f"a figure holds at most {_MAX_IMAGES} images; got {n * len(rows)}. Pass ax."
        )
    panels = some_axes(ax, n * len(rows), n_columns=n, panel=(1.15, 1.5))
    for position, panel in enumerate(panels):
        _draw(panel, rows[position // n], position % n)
    return panels


def _draw(ax: Axes, row: Pictures, k: int) -> None:
    image = row.images[k]
    ax.imshow(image[..., 0] if image.shape[2] == 1 else image, cmap="gray", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    text = f"d {row.distance[k]:.3g} · r {row.radius[k]:.3g}\nscore {row.score[k]:.2f}"
    ax.set_xlabel(text, fontsize=6.5, labelpad=2)
    if k == 0:
        title = ax.set_title(as_text(row.name), fontsize=8, loc="left", pad=3)
        title.set_in_layout(False)  # it may be wider than its image
