"""
t-SNE of pure noise in 2, 4 and 10 dimensions
=============================================

All three clouds are uniform cubes: no clusters, no strings. What t-SNE makes of the first looks
like islands and filaments all the same; the share of neighbours that it kept says how far to
trust each map.
"""

import matplotlib.pyplot as plt
import numpy as np

import latentscope

rng = np.random.default_rng(0)
figure, panels = plt.subplots(1, 3, figsize=(12, 4.2), layout="constrained")
for z_dim, panel in zip((2, 4, 10), panels, strict=True):
    z = rng.uniform(-1, 1, size=(1000, z_dim))
    embedding = latentscope.tsne(z, n_iter=300)
    embedding.plot(ax=panel)
    panel.set_aspect("equal", adjustable="datalim")
    panel.set_title(
        f"{z_dim} dimensions: {embedding.neighbour_preservation:.0%} of neighbours kept, "
        f"{embedding.chance_preservation:.1%} by chance",
        fontsize="small",
    )
plt.show()
