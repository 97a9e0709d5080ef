"""
Why N(0, I) misses an off-centre cloud
======================================

Latents of an autoencoder and draws of N(0, I) may have much the same radii and still lie nowhere
near each other. The Mahalanobis distance, which counts in standard deviations of the cloud about
its own mean, shows it at once.
"""

import matplotlib.pyplot as plt
import numpy as np

import latentscope

rng = np.random.default_rng(0)
z = 0.5 + 0.85 * rng.standard_normal((20_000, 64)) * rng.uniform(0.6, 1.4, size=64)
draws = latentscope.sample.normal(20_000, 64)

frame = latentscope.pca(z)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
for points, name in ((z, "data"), (draws, "draws of N(0, I)")):
    distance = np.linalg.norm(frame.transform(points) / np.sqrt(frame.variance), axis=1)
    for panel, values in ((left, np.linalg.norm(points, axis=1)), (right, distance)):
        panel.hist(values, bins=100, density=True, alpha=0.55, label=name)
left.set(xlabel="radius ‖z‖₂", ylabel="density", ylim=(0, 1))
right.set(xlabel="Mahalanobis distance from the data's mean", ylabel="density")
left.legend(frameon=False)
plt.show()
