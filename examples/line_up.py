"""
Which of these twenty clouds is the data?
=========================================

One map shows the data. The other nineteen show draws from a Gaussian copula, which has the same
marginals and correlations. Find the data before you read the last line of the output.
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
