"""How would the points of a window along three axes lie without structure?"""

import numpy as np

from latentscope._types import FloatArray
from latentscope._validate import one_of
from latentscope.statistics.patterns.plane_nulls import PlaneNull, WindowNull, plane_null
from latentscope.statistics.patterns.window import Window

_MOST = 0.5  # share of the points that are compared, from which clouds have the data's own moments


class _Gaussian(PlaneNull):
    """The Gaussian with the mean and covariance of the points, as clouds of as many points."""

    def fit(self) -> None:
        self.mean = self.points.mean(axis=0)
        self.root = np.linalg.cholesky(np.cov(self.points.T))

    def round(self, random: np.random.Generator) -> FloatArray:
        white = random.standard_normal((self.points.shape[1], len(self.points)))
        if self.n > _MOST * len(self.points):
            white -= white.mean(axis=1, keepdims=True)
            white = np.linalg.solve(np.linalg.cholesky(np.cov(white)), white)
        return np.asarray((self.root @ white).T + self.mean)


class _Uniform(PlaneNull):
    """Complete spatial randomness in the window."""

    def round(self, random: np.random.Generator) -> FloatArray:
        return self.window.from_unit(random.uniform(size=(self.n, self.points.shape[1])))


SPACE_NULLS: dict[WindowNull, type[PlaneNull]] = {"gaussian": _Gaussian, "uniform": _Uniform}


def null_of(name: WindowNull, points: FloatArray, window: Window, n: int) -> PlaneNull:
    """Return the null model of that name along two or three axes; see `plane_null`."""
    if points.shape[1] == 2:
        return plane_null(name, points, window, n)
    return SPACE_NULLS[one_of("null, for three axes,", name, list(SPACE_NULLS))](points, window, n)
