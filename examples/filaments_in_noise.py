"""
Filaments in a Gaussian that has none
=====================================

Few random points always show strings and voids. `plane_zoom` draws into the corner of each window
how wide a void chance alone would leave, and says where that fills too much of the picture.
"""

import math

import matplotlib.pyplot as plt
import numpy as np

import latentscope

rng = np.random.default_rng(0)
variance = 30 / np.arange(1, 33)  # falls as 1 / i, as the spectra of trained autoencoders do
z = np.sqrt(variance) * rng.standard_normal((60_000, 32))

zoom = latentscope.plane_zoom(z, half_widths=[math.inf, 4.0, 1.0, 0.5])
print(zoom.table())

zoom.plot()
plt.show()
