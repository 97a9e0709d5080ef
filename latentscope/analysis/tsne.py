"""Which points are neighbours? A two-dimensional map that keeps near points near, by t-SNE.

t-SNE keeps neighbourhoods and gives up everything else: distances between groups, sizes and
densities of groups, and empty space on the map mean nothing. It draws islands and strings even for
pure noise of two dimensions. The result therefore reports which share of the neighbours it kept.

References
----------
L. van der Maaten, G. Hinton (2008), Journal of Machine Learning Research 9, 2579–2605.
P. G. Poličar, M. Stražar, B. Zupan (2024), openTSNE, Journal of Statistical Software 109(3).
doi:10.18637/jss.v109.i03
D. Kobak, P. Berens (2019), Nature Communications 10, 5416 (initialisation, learning rate).
doi:10.1038/s41467-019-13056-x
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from tqdm import tqdm

from latentscope._compute.threads import n_cores
from latentscope._types import Array, FloatArray, IntArray
from latentscope._validate import generator, integer, positive, real
from latentscope._warn import warn
from latentscope.analysis.pca import pca
from latentscope.errors import DataError
from latentscope.results import OnePanel
from latentscope.rows.reduction import sample_rows, take
from latentscope.rows.source import Points, as_rows
from latentscope.statistics.neighbours import is_forked, nearest_neighbours, preservation

_N_SCORED = 10  # neighbours by which the map is judged
_MAX_COPIES = 0.01  # share of the points
_START_SIZE = 1e-4  # standard deviation of the first component at the start, as openTSNE recommends
_KL_DIGITS = 6  # openTSNE sums in threads: further digits differ from run to run
_CALLBACK_EVERY = 25


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Embedding(OnePanel):
    """Points on a t-SNE map.

    Attributes
    ----------
    xy : float64 array of shape (n_used, 2)
        Positions, without a unit.
    indices : int64 array of shape (n_used,)
        Indices of the points' rows in z, increasing.
    kl_divergence : float
        What t-SNE minimised, in nats, as estimated by openTSNE (0 if the estimate is negative).
        Comparable between runs with the same points and perplexity.
    neighbour_preservation : float
        Share of each point's nearest neighbours on the map that are also among its nearest in z. Of
        neighbours at the same distance in z, all count.
    chance_preservation : float
        `neighbour_preservation` expected for a map that is unrelated to z: `n_scored` of all other
        points, or more if there are neighbours at the same distance.
    n_scored : int
        Number of these neighbours: 10, or three times the perplexity if that is less.
    n_copies : int
        Number of points that are copies of an earlier point up to rounding. The map puts copies
        together, whatever lies around them.
    n_pca : int
        Number of principal components that t-SNE used; z_dim if it used the points themselves.
    perplexity, early_exaggeration : float
        Settings of t-SNE.
    n_iter : int
        Iterations, the first quarter with early exaggeration.
    """

    xy: FloatArray
    indices: IntArray
    kl_divergence: float
    neighbour_preservation: float
    chance_preservation: float
    n_scored: int
    n_copies: int
    n_pca: int
    perplexity: float
    early_exaggeration: float
    n_iter: int

    _plot: ClassVar[str] = "plot_tsne"

    def headline(self) -> dict[str, Any]:
        """Return how well the map keeps neighbours."""
        return {
            "KL divergence": self.kl_divergence,
            "neighbours kept": self.neighbour_preservation,
            "by chance": self.chance_preservation,
            "copies": self.n_copies,
            "components seen": self.n_pca,
            "perplexity": self.perplexity,
        }


def tsne(
    z: Points,
    *,
    n_points: int | None = None,
    n_pca: int | None = None,
    perplexity: float = 30,
    early_exaggeration: float = 12,
    n_iter: int = 1000,
    rng: int | np.random.Generator = 0,
) -> Embedding:
    """Map points to two dimensions by t-SNE.

    Parameters
    ----------
    z : array-like of shape (n_points, z_dim), or Latents
        Points; any source that `latentscope.rows.as_rows` takes. The rows mapped must fit in
        memory.
    n_points : int, optional
        Map this many rows, chosen at random; by default all.
    n_pca : int, optional
        Map the first principal components (of all rows) instead of the points themselves.
    perplexity : float
        Size of the neighbourhoods to keep; below a third of the number of points mapped.
    early_exaggeration : float
        Factor on the attraction during the first quarter of the iterations.
    n_iter : int
        Iterations in all.
    rng : int or numpy.random.Generator
        Seed of the choice of rows; the map starts from the first two principal components.

    Returns
    -------
    Embedding
        Positions, row indices and quality.

    Raises
    ------
    DataError
        If a setting is out of range, or all points coincide.

    Warns
    -----
    LatentscopeWarning
        If more than one in a hundred points is a copy of an earlier one.

    Notes
    -----
    Neighbours are found by comparing all pairs, in float32. The same seed gives the same map with
    the same number of threads. The map shows nothing but neighbourhoods: check
    `latentscope.cluster_gap` before you believe in clusters, and a map of pure noise before you
    believe in strings.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.random.default_rng(0).standard_normal((300, 8))
    >>> embedding = tsne(z, n_iter=100, perplexity=10)
    >>> embedding.xy.shape
    (300, 2)
    >>> bool(embedding.neighbour_preservation > embedding.chance_preservation)
    True
    """
    rows = as_rows(z)
    random = generator(rng)
    if n_pca is not None:
        integer("n_pca", n_pca, low=1, high=rows.z_dim, why="the number of axes")
    integer("n_iter", n_iter, low=4)
    exaggeration = positive("early_exaggeration", early_exaggeration)
    wanted = rows.n_total if n_points is None else n_points
    indices, n_used = sample_rows(rows, integer("n_points", wanted, low=8), random)
    if n_points is not None:
        integer("n_points", n_points, low=8, high=n_used, why="the number of rows")
    _check_perplexity(perplexity, len(indices))
    frame = pca(rows, n_components=max(n_pca or 0, min(2, rows.z_dim)))
    if not frame.total_variance:
        raise DataError("the points of z must differ from each other; all of them coincide.")
    points = take(rows, indices)
    plane = frame.transform(points)
    seen = points if n_pca is None else plane[:, :n_pca]
    neighbours, distances = nearest_neighbours(seen, int(3 * perplexity))
    start = _start(plane.astype(np.float64), random)
    embedding = _optimise(
        neighbours, distances / (distances.mean() or 1.0), start, perplexity, exaggeration, n_iter
    )
    xy, scored = np.array(embedding, dtype=np.float64), neighbours[:, :_N_SCORED]
    kept = preservation(seen, scored, xy)
    _warn_of_copies(kept.n_copies, len(indices))
    return Embedding(
        n_used=len(indices),
        n_total=rows.n_total,
        xy=xy,
        indices=indices,
        kl_divergence=round(max(float(embedding.kl_divergence), 0.0), _KL_DIGITS),
        neighbour_preservation=kept.share,
        chance_preservation=kept.by_chance,
        n_copies=kept.n_copies,
        n_scored=scored.shape[1],
        n_pca=seen.shape[1],
        perplexity=float(perplexity),
        early_exaggeration=exaggeration,
        n_iter=n_iter,
    )


def _warn_of_copies(n_copies: int, n_points: int) -> None:
    if n_copies > _MAX_COPIES * n_points:
        warn(
            f"{n_copies:,} of {n_points:,} points are copies of an earlier point, up to "
            "rounding. The map shows groups of copies as islands, which say nothing else about z. "
            "Remove the copies."
        )


def _check_perplexity(perplexity: float, n_points: int) -> None:
    if not 2 <= real("perplexity", perplexity) < n_points / 3:
        raise DataError(
            f"perplexity must be at least 2 and below a third of the {n_points:,} points, "
            f"{n_points / 3:.5g}; got {perplexity!r}.",
            parameter="perplexity",
        )


def _start(plane: Array, random: np.random.Generator) -> FloatArray:
    """Return small starting positions: the first two components, with a little noise."""
    first = np.zeros((len(plane), 2))
    first[:, : plane.shape[1]] = plane[:, :2]
    size = first[:, 0].std() or 1.0
    return _START_SIZE * (first / size + 0.01 * random.standard_normal(first.shape))


def _optimise(
    neighbours: IntArray,
    distances: FloatArray,
    start: FloatArray,
    perplexity: float,
    early_exaggeration: float,
    n_iter: int,
) -> Any:
    """Run openTSNE on known neighbours."""
    import openTSNE  # takes seconds to import
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    n_threads = 1 if is_forked() else n_cores()
    affinities = PerplexityBasedNN(
        knn_index=PrecomputedNeighbors(neighbours, distances),
        perplexity=perplexity,
        n_jobs=n_threads,
    )
    with tqdm(total=n_iter, desc="t-SNE", unit="step", delay=2) as bar:

        def show(_: int, divergence: float, __: Any) -> None:
            bar.set_postfix(KL=f"{divergence:.3f}", refresh=False)
            bar.update(_CALLBACK_EVERY)

        return openTSNE.TSNE(
            early_exaggeration=early_exaggeration,
            early_exaggeration_iter=n_iter // 4,
            n_iter=n_iter - n_iter // 4,
            n_jobs=n_threads,
            callbacks=show,
            callbacks_every_iters=_CALLBACK_EVERY,
            random_state=0,
        ).fit(affinities=affinities, initialization=start)
