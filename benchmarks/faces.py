"""Speed of drawing faces on one core, by size.

Run ``python benchmarks/faces.py``; about ten seconds. Times are medians after a warm-up that
compiles the kernels; one block of images, so one thread.
"""

import time

import numpy as np

from latentscope.datasets import faces

REPEATS = 7


def images_per_second(size: int) -> float:
    """Return the median rate of drawing one block of Gaussian faces, labels and all."""
    n = max(1, faces._BLOCK_SAMPLES // max(size, faces._DETAIL) ** 2)
    faces.drawn_faces(n, size=size)
    times = []
    for seed in range(REPEATS):
        start = time.perf_counter()
        faces.drawn_faces(n, size=size, rng=seed)
        times.append(time.perf_counter() - start)
    return n / float(np.median(times))


if __name__ == "__main__":
    print("| size | images/s on one core |\n| --- | --- |")
    for size in (32, 64, 96, 128, 256):
        print(f"| {size}×{size} | {images_per_second(size):,.0f} |")
