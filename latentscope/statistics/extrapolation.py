"""Where does a curve end at 0, and how sure is that?"""

import numpy as np

from latentscope._types import FloatArray

_N_FINEST = 5


def at_zero(x: FloatArray, y: FloatArray, sigma: FloatArray) -> tuple[float, float]:
    """Continue the first five points of a curve to x = 0 along a straight line.

    Parameters
    ----------
    x, y, sigma : float64 array of shape (n,)
        The curve and the standard errors of y. The line is fitted by weighted least squares.

    Returns
    -------
    end, spread : float
        y at 0 and its standard error, wider by the root of χ² per degree of freedom where the
        points depart from a line by more than chance. A single point is its own end.

    Examples
    --------
    >>> import numpy as np
    >>> end, spread = at_zero(np.array([1.0, 2.0, 3.0]), np.array([9.0, 8.0, 7.0]), np.ones(3))
    >>> round(end, 6), round(spread**2, 6)
    (10.0, 2.333333)
    """
    x, y, sigma = x[:_N_FINEST] / x[0], y[:_N_FINEST], sigma[:_N_FINEST]
    if len(x) == 1:
        return float(y[0]), float(sigma[0])
    design = np.column_stack([np.ones(len(x)), x]) / sigma[:, None]
    inverse = np.linalg.pinv(design.T @ design)
    line = inverse @ design.T @ (y / sigma)
    misfit = float(np.sum((design @ line - y / sigma) ** 2)) / max(len(x) - 2, 1)
    return float(line[0]), float(np.sqrt(inverse[0, 0] * max(misfit, 1.0)))
