"""Sums over pairs of points that are close to each other, compiled by Numba."""

import numpy as np

from latentscope._compute.kernels import compiled
from latentscope._types import FloatArray


@compiled()
def pair_sums(  # noqa: PLR0915 (one loop over pairs, compiled)
    points: FloatArray, edge: FloatArray, l_radii: FloatArray, radii: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return weighted pairs per ring, nearest distances, and sums of cosines within each radius.

    Points are sorted by their first coordinate; radii are multiples of one step, from one step on.
    """
    n, m = len(points), len(radii)
    reach = max(l_radii[-1], radii[-1])
    pairs, nearest = np.zeros(m), np.full(n, np.inf)
    second, first, n_pairs = np.zeros(m), np.zeros(m), np.zeros(m)
    ring = np.zeros((m, 5))
    start = 0
    for i in range(n):
        while points[i, 0] - points[start, 0] > reach:
            start += 1
        ring[:] = 0.0
        for j in range(start, n):
            x, y = points[j, 0] - points[i, 0], points[j, 1] - points[i, 1]
            if x > reach:
                break
            square = x * x + y * y
            if square >= reach * reach or j == i:
                continue
            d = np.sqrt(square)
            nearest[i] = min(nearest[i], d)
            if d < l_radii[-1]:
                pairs[min(int(d / l_radii[0]), m - 1)] += 1 / ((1 - abs(x)) * (1 - abs(y)))
            if 0 < d < radii[-1]:
                c, s = x / d, y / d
                k = min(int(d / radii[0]), m - 1)
                ring[k, 0] += c
                ring[k, 1] += s
                ring[k, 2] += c * c - s * s
                ring[k, 3] += 2 * c * s
                ring[k, 4] += 1
        c, s, c2, s2, count = 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(m):
            if edge[i] < radii[k]:
                break
            c += ring[k, 0]
            s += ring[k, 1]
            c2 += ring[k, 2]
            s2 += ring[k, 3]
            count += ring[k, 4]
            second[k] += c2 * c2 + s2 * s2 - count
            first[k] += c * c + s * s - count
            n_pairs[k] += count * (count - 1)
    return pairs, nearest, second, first, n_pairs
