"""
t-SNE of pure noise in 2, 4 and 10 dimensions
=============================================

All three clouds are uniform cubes, with no clusters and no strings. Even so, the t-SNE map of the
first seems to show islands and filaments. The share of neighbours that a map keeps says how far it
can be trusted.
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
