"""
Six ways to sample the same cloud
=================================

Points decode well where the data lie. The first two ways of sampling know neither the centre nor
the width of the cloud; the others know the width of each axis, the covariance, its core, and the
shape.
"""

import matplotlib.pyplot as plt
import numpy as np

from latentscope import sample

rng = np.random.default_rng(0)
angle = rng.uniform(0.2, 2.6, size=4000)
z = 6 * np.column_stack([np.cos(angle), np.sin(angle)]) + rng.standard_normal((4000, 2)) * 0.5

draws = {
    "normal": sample.normal(400, 2),
    "uniform": sample.uniform(400, 2, half_width=6),
    "axis_gaussian": sample.axis_gaussian(z, 400),
    "gaussian": sample.gaussian(z, 400),
    "core": sample.core(z, 400),
    "mixture": sample.mixture(z, 400, n_components=10),
}
figure, panels = plt.subplots(2, 3, figsize=(10, 5), layout="constrained", sharex=True, sharey=True)
for (name, points), panel in zip(draws.items(), panels.flat, strict=True):
    panel.scatter(*z.T, s=1, color="0.8", label="data")
    panel.scatter(*points.T, s=4, color="C3", label="draws")
    panel.set(title=f"sample.{name}", aspect="equal", xlabel="axis 0", ylabel="axis 1")
    panel.label_outer()
panels[0, 0].legend(frameon=False, loc="lower left", markerscale=2)
plt.show()
