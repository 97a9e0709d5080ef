"""
Overview of a Gaussian with the broad axes of a trained autoencoder
===================================================================

The twelve broad or off-centre axes are those published for an autoencoder on CelebA; all other axes
are alike. Beyond its mean and covariance the cloud has no structure, and the figures confirm it.
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np

import latentscope

AXES = {  # axis: centre, full width at half maximum
    52: (5.0, 8.0), 61: (1.0, 3.0), 73: (0.0, 5.5), 83: (-0.5, 5.0), 94: (0.0, 4.0),
    116: (0.0, 4.0), 119: (1.0, 3.0), 130: (-2.0, 9.0), 171: (0.7, 5.0), 188: (0.75, 2.75),
    200: (0.5, 11.0), 221: (-1.0, 8.0),
}  # fmt: skip


def main() -> None:
    """Draw the points, compute the overview, and save the figure."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--points", type=int, default=170_000)
    parser.add_argument("--out", default="overview.png")
    arguments = parser.parse_args()

    center, width = np.zeros(256), np.full(256, 1.8)
    for axis, (its_center, its_width) in AXES.items():
        center[axis], width[axis] = its_center, its_width
    rng = np.random.default_rng(0)
    z = center + width / 2.355 * rng.standard_normal((arguments.points, 256))

    result = latentscope.overview(z.astype(np.float32))
    print(result.table())
    print(result.axes.dominant(12))
    figure, panels = plt.subplots(1, 3, figsize=(16, 3.9), layout="constrained")
    result.plot(ax=panels)
    figure.savefig(arguments.out, dpi=110)


if __name__ == "__main__":
    main()
