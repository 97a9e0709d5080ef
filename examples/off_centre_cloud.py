"""
Why draws of N(0, I) miss an off-centre cloud
=============================================

Draws of N(0, I) have nearly the same radii as these latents of an autoencoder, but lie nowhere near
them. The Mahalanobis distance shows this at once: it counts in standard deviations of the cloud
around its own mean.
"""

import matplotlib.pyplot as plt
import numpy as np

import latentscope
from latentscope import sample

rng = np.random.default_rng(0)
z = 0.5 + 0.85 * rng.standard_normal((20_000, 64)) * rng.uniform(0.6, 1.4, size=64)

radius = latentscope.radius_density(z)
support = latentscope.support(z, sample.normal(5000, 64))
print(support)

figure, panels = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
radius.plot(ax=panels[0])
support.plot(ax=panels[1])
plt.show()
