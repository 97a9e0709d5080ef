"""Where is the centre of a cloud and what is its shape, whatever its tails?

Seen from the centre, in the metric of the shape, the directions of the points are balanced: their
mean is 0 and their covariance is that of random directions. Radii do not enter, so that a few far
points, which dominate the mean and the covariance of a cloud with heavy tails, weigh no more than
others. Any elliptical cloud has them, even one without a mean.

References
----------
Y. Vardi, C.-H. Zhang (2000), PNAS 97, 1423–1426 (points at the centre).
D. E. Tyler (1987), Annals of Statistics 15, 234–251. doi:10.1214/aos/1176350263
T. P. Hettmansperger, R. H. Randles (2002), Biometrika 89, 851–860. doi:10.1093/biomet/89.4.851
"""

import numpy as np

from latentscope._types import FloatArray
from latentscope.errors import DataError

_MAX_STEPS, _TOLERANCE = 100, 1e-4
_THINNEST = 1e-6  # ratio of the shape's axes, below which it collapses
_SAME_PLACE = 1e-7  # of the mean radius: a point as near to the centre has no direction
_TINY = np.finfo(float).tiny


def centre_and_shape(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the centre of a cloud, and a root of its shape, of determinant 1.

    Parameters
    ----------
    points : float64 array of shape (n_points, n_axes)
        More than 2 n_axes points, of comparable spread along all axes.

    Raises
    ------
    DataError
        If there is no such shape: too many of the points lie on one line or plane.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cauchy = rng.standard_normal((9000, 2)) * [2, 0.5] / rng.standard_normal((9000, 1)) + 7
    >>> centre, root = centre_and_shape(cauchy)
    >>> print(centre.round(1), np.linalg.svd(root)[1].round(1))
    [7. 7.] [2.  0.5]
    """
    n_axes = points.shape[1]
    faster = min(n_axes / max(n_axes - 1, 1), 1.5)  # Newton's step for spherical clouds
    centre, root = np.median(points, axis=0), np.eye(n_axes)
    for _ in range(_MAX_STEPS):
        radius, direction = polar(points, centre, root)
        is_away = radius > _SAME_PLACE * radius.mean()
        direction, slope = direction[is_away], (1 / radius[is_away]).sum() / len(points)
        pull, held = direction.sum(axis=0) / len(points), 1 - is_away.mean()
        move = faster * pull * max(0.0, 1 - held / max(np.linalg.norm(pull), _TINY))
        turn = _power(n_axes * direction.T @ direction / max(len(direction), 1))
        centre, root = centre + root @ move / max(slope, _TINY), root @ turn
        _check_axes(root)
        root /= np.abs(np.linalg.det(root)) ** (1 / n_axes)
        if max(np.abs(move).max(), np.abs(turn - np.eye(n_axes)).max()) < _TOLERANCE:
            break
    return centre, root


def polar(
    points: FloatArray, centre: FloatArray, root: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the radii of points in the metric of a shape, and their directions, of length 1.

    A point at the centre has the direction 0.
    """
    white = (points - centre) @ np.linalg.inv(root).T
    radius = np.linalg.norm(white, axis=1)
    return radius, white / np.maximum(radius, _TINY)[:, None]


def balanced(points: FloatArray) -> FloatArray:
    """Return points moved and stretched so that their centre is 0 and their shape is I.

    Examples
    --------
    >>> points = balanced(np.random.default_rng(0).standard_normal((50, 2)) * [3, 1] + 7)
    >>> direction = points / np.linalg.norm(points, axis=1, keepdims=True)
    >>> bool(np.allclose(direction.T @ direction / 50, np.eye(2) / 2, atol=1e-3))
    True
    """
    radius, direction = polar(points, *centre_and_shape(points))
    return radius[:, None] * direction


def _power(covariance: FloatArray) -> FloatArray:
    """Return the power of a covariance of directions that is Newton's step for spherical clouds."""
    n_axes = len(covariance)
    variance, axes = np.linalg.eigh(covariance)
    return np.asarray(axes * variance.clip(0) ** (0.5 + 1 / n_axes) @ axes.T)


def _check_axes(root: FloatArray) -> None:
    """Raise if the shape collapses."""
    lengths = np.linalg.svd(root, compute_uv=False)
    if not lengths[-1] > _THINNEST * lengths[0]:
        raise DataError(
            "z must have a shape, for an elliptical null model: a covariance of the directions "
            "from its centre. It has none, because too many points lie on one line or plane or at "
            "one place, as copied rows do. Remove them or choose null='gaussian'.",
            parameter="z",
        )
