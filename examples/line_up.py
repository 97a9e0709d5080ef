"""
Which of the twenty is the data?
================================

Nineteen maps are of draws from a Gaussian copula, which has the marginals and the correlations of
the data. One is of the data. Find it before you look at the last line.
"""

import matplotlib.pyplot as plt
import numpy as np

import latentscope
from latentscope import plot

rng = np.random.default_rng(2)
angle = rng.uniform(0, 2 * np.pi, size=(1500, 1))
z = np.hstack([np.cos(angle), np.sin(angle)]) * rng.uniform(0.6, 1.4, size=(1500, 1))
z = np.hstack([z, 0.3 * rng.standard_normal((1500, 6))])

beside = latentscope.beside_nulls(
    latentscope.plane_zoom, z, null="copula", rng=7, half_widths=[1.5]
)
plot.plot_line_up(beside)
print("The data are in panel", beside.place)
plt.show()
