"""
When the inertia curve has an elbow, and when not
=================================================

The inertia of k-means falls with or without clusters. The curve of a Gaussian with the same mean
and covariance, drawn next to it, shows which of the two it is.
"""

import matplotlib.pyplot as plt
import numpy as np

import latentscope

rng = np.random.default_rng(0)
smooth = rng.standard_normal((6000, 16)) * np.linspace(3, 1, 16)
centers = 4 * rng.standard_normal((12, 16))
clustered = rng.standard_normal((6000, 16)) + centers[rng.integers(12, size=6000)]

figure, panels = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
for z, panel in zip((smooth, clustered), panels, strict=True):
    curve = latentscope.inertia_curve(z, n_clusters=range(2, 41, 2))
    print(curve)
    curve.plot(ax=panel)
plt.show()
