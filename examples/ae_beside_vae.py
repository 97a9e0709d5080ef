"""
Comparing an AE with a VAE
==========================

No loss constrains the latents of an autoencoder (AE): they lie off-centre, on a few broad axes. In
a VAE, the KL loss pulls the latents to the shell of N(0, I) and lets most axes collapse.
"""

import matplotlib.pyplot as plt
import numpy as np

import latentscope

rng = np.random.default_rng(0)
n_points, z_dim = 10_000, 64
width = 3 / np.sqrt(np.arange(1, z_dim + 1))
code = width * rng.standard_normal((n_points, z_dim))
ae = code[:, rng.permutation(z_dim)] + rng.standard_normal(z_dim)

is_used = np.arange(z_dim) < 16
mu = is_used * np.linspace(0.97, 0.8, z_dim) * rng.standard_normal((n_points, z_dim))
logvar = np.broadcast_to(np.log(1 - (is_used * np.linspace(0.97, 0.8, z_dim)) ** 2), mu.shape)
z = mu + np.exp(logvar / 2) * rng.standard_normal(mu.shape)

comparison = latentscope.compare(ae=ae, vae=latentscope.Latents(z, mu, logvar))
print(comparison.table())

comparison.plot()
plt.show()
