"""Can a classifier distinguish the rows of a cloud from draws of the Gaussian fitted to them?

Boosted trees see the Mahalanobis distance, the leading principal components, and the marginals that
look least normal in the half of the rows that is used for training. The area under the ROC curve
(AUC) is measured on the other half: 0.5 if the two cannot be distinguished. Linear classifiers of
whitened coordinates and of their squares cannot see a difference, since the fitted Gaussian has the
same mean and covariance; neighbours in many dimensions see almost none.

References
----------
D. Lopez-Paz, M. Oquab (2017), Revisiting classifier two-sample tests, ICLR. arXiv:1610.06545
"""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from latentscope._types import Array, IntArray
from latentscope.statistics.gaussianity.marginals import MarginalSums, chance_gap, chance_moments

_N_LEAST_NORMAL, _N_LEADING = 16, 8  # marginals and components that the trees see
_TREES = {
    "max_iter": 30, "learning_rate": 0.2, "max_leaf_nodes": 4, "max_bins": 63,
    "early_stopping": False,
}  # fmt: skip


def separability(cloud: Array, marginals: Array, gaussian: Array, directions: Array) -> float:
    """Return the AUC of trees that distinguish the rows of a cloud from those of a Gaussian.

    Parameters
    ----------
    cloud, gaussian : float32 array of shape (n, n_directions)
        Both with mean 0 and covariance I, in random order. Columns are principal components, the
        leading one first.
    marginals : float32 array of shape (n, n_marginals)
        `cloud` @ `directions`.
    directions : float32 array of shape (n_directions, n_marginals)
        Unit vectors as columns.
    """
    half = len(cloud) // 2
    chosen = _least_normal(marginals[:half])
    ours = _features(cloud, marginals[:, chosen])
    theirs = _features(gaussian, gaussian @ directions[:, chosen])
    is_ours = np.repeat([True, False], half)
    with threadpool_limits(1, "openmp"):  # with so few rows, more threads would only wait
        trees = HistGradientBoostingClassifier(**_TREES, random_state=0)
        trees.fit(np.vstack([ours[:half], theirs[:half]]), is_ours)
        score = trees.decision_function(np.vstack([ours[half:], theirs[half:]]))
    return float(roc_auc_score(np.arange(len(score)) < len(ours) - half, score))


def _least_normal(marginals: Array) -> IntArray:
    """Return the indices of the marginals that depart most from a normal, in units of chance."""
    n, n_columns = marginals.shape
    sums = MarginalSums(np.zeros(n_columns), np.ones(n_columns))
    sums.add(marginals)
    skewness, excess = chance_moments(n)
    departures = (
        sums.gaps / chance_gap(n),
        np.abs(sums.skewness) / skewness,
        np.abs(sums.excess) / excess,
    )
    order = np.argsort(-np.max(departures, axis=0), kind="stable")
    return order[:_N_LEAST_NORMAL]


def _features(rows: Array, least_normal: Array) -> Array:
    square = np.einsum("ij,ij->i", rows, rows)
    return np.column_stack([square, rows[:, :_N_LEADING], least_normal])
