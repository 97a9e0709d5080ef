"""The words of results on planes: names of axes, null models and functions, in full."""

from collections.abc import Sequence

from latentscope.analysis._views import Space
from latentscope.statistics.patterns.nulls import NullName

NULLS_IN_WORDS: dict[NullName, str] = {
    "gaussian": "a Gaussian of the same mean and covariance",
    "elliptical": "an elliptical cloud of the same shape and radii",
    "copula": "a Gaussian copula of the same marginals",
    "independent": "independent coordinates of the same marginals",
    "smooth": "a smooth density fitted to the window",
    "uniform": "uniformly distributed points",
}

SIGNS_IN_WORDS = {
    "filament-like": "filament-like (neighbours lie along lines)",
    "clumped": "clumped (there are too many near pairs)",
    "regular": "regular (there are too few near pairs)",
    "empty": "empty in places (they leave a wide void)",
}
FUNCTIONS_IN_WORDS = {
    "pairs": "pairs (L)",
    "nearest": "nearest neighbour (G)",
    "empty": "empty space (F)",
    "alignment": "alignment",
}
COARSE = (  # only other null models than "smooth" come so far
    "Even their coarse distribution differs, so this may be another smooth shape; the null "
    "model 'smooth' allows for any."
)


def null_in_words(null: NullName) -> str:
    """Return a null model by its name, with an explanation.

    Examples
    --------
    >>> null_in_words("smooth")
    "the null model 'smooth' (a smooth density fitted to the window)"
    """
    return f"the null model '{null}' ({NULLS_IN_WORDS[null]})"


def axes_in_words(space: Space, axes: Sequence[int]) -> str:
    """Return the axes by their full names: components count from 1, original axes from 0.

    Examples
    --------
    >>> axes_in_words("pca", [0, 1]), axes_in_words("latent", [0, 1, 4])
    ('principal components 1 and 2', 'original axes 0, 1 and 4')
    >>> axes_in_words("pca", range(6))
    'principal components 1 to 6'
    """
    name, first = ("principal components", 1) if space == "pca" else ("original axes", 0)
    numbers = [str(axis + first) for axis in axes]
    is_range = len(axes) > 3 and list(axes) == list(range(axes[0], axes[-1] + 1))
    if is_range:
        return f"{name} {numbers[0]} to {numbers[-1]}"
    return f"{name} {', '.join(numbers[:-1])} and {numbers[-1]}"
