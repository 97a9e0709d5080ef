"""
Drawn faces: images that differ only by known factors
=====================================================

Twelve factors, from the width of the face to the background, are drawn from a Gaussian and
determine what each picture shows. What a model learns about the images can be compared with these
factors.
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np

from latentscope import datasets

N_COLUMNS, N_ROWS, DPI = 12, 4, 100


def main() -> None:
    """Draw faces, print the mean and spread of each factor, and save a sheet of the first faces."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--points", type=int, default=500, help="faces to draw")
    parser.add_argument("--out", default="faces.png", help="PNG to write")
    arguments = parser.parse_args()

    faces = datasets.drawn_faces(max(arguments.points, N_COLUMNS * N_ROWS))
    for name, column in faces.labels.items():
        print(f"{name:14} mean {column.mean():+.2f}, standard deviation {column.std():.2f}")

    rows = faces.take(slice(N_COLUMNS * N_ROWS)).reshape(N_ROWS, N_COLUMNS, *faces.image_shape)
    sheet = np.concatenate(np.concatenate(rows, axis=1), axis=1)
    height, width, _ = sheet.shape
    figure = plt.figure(figsize=(width / DPI, height / DPI), dpi=DPI)
    figure.add_axes((0, 0, 1, 1)).set_axis_off()
    figure.axes[0].imshow(sheet)
    figure.savefig(arguments.out, dpi=DPI)


if __name__ == "__main__":
    main()
