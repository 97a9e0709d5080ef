"""
Curves hidden among random points
=================================

Half of a thousand points lie on thin waves, the other half anywhere. The eye sees waves in both
scatter plots; the four functions leave their envelopes only for the one that has them.
"""

import matplotlib.pyplot as plt
import numpy as np

import latentscope

rng = np.random.default_rng(3)
x = rng.uniform(size=(10, 50))
waves = np.linspace(0.05, 0.95, 10)[:, None] + 0.08 * np.sin(6 * x + np.arange(10)[:, None])
hidden = np.column_stack([x.ravel(), waves.ravel()]) + 0.006 * rng.standard_normal((500, 2))
points = np.vstack([hidden, rng.uniform(size=(500, 2))])

result = latentscope.plane_structure(
    points, half_width=0.5, center=(0.5, 0.5), space="latent", null="uniform"
)
result.plot()
print(result.verdict)
plt.show()
