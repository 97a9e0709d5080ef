"""
Which axes did the VAE collapse?
================================

Only 20 of these 64 axes tell images apart; the others follow the prior, whatever the image. The KL
divergence per axis separates the two kinds, and the counts of ``|z − mu|`` show how far z is from
mu.
"""

import matplotlib.pyplot as plt
import numpy as np

import latentscope

rng = np.random.default_rng(0)
n_points, z_dim = 10_000, 64
spread = np.where(np.arange(z_dim) < 20, np.linspace(1.0, 0.6, z_dim), 0.02)  # std of mu
mu = spread * rng.standard_normal((n_points, z_dim))
variance = np.maximum(1 - spread**2, 0.01) * rng.uniform(0.9, 1.1, size=mu.shape)
z = mu + np.sqrt(variance) * rng.standard_normal(mu.shape)

result = latentscope.posterior(latentscope.Latents(z, mu, np.log(variance)))
print(result)

result.plot()
plt.show()
