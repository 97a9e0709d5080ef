"""
Filaments in a Gaussian that has none
=====================================

A few random points always seem to form strings and voids. In the corner of each window,
`plane_zoom` shows how wide a void chance alone would leave; if that void fills too much of the
window, it says so.
"""

import math

import matplotlib.pyplot as plt
import numpy as np

import latentscope

rng = np.random.default_rng(0)
variance = 30 / np.arange(1, 33)  # falls as 1 / i, like the spectra of trained autoencoders
z = np.sqrt(variance) * rng.standard_normal((60_000, 32))

zoom = latentscope.plane_zoom(z, half_widths=[math.inf, 4.0, 1.0, 0.5])
print(zoom.table())

zoom.plot()
plt.show()
