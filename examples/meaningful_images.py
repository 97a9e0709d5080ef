"""
Which decoded images are meaningful?
====================================

Points ever farther from the mean are decoded, encoded and decoded again. An image that comes back
unchanged, and whose code lands among the data, scores 1. The model is a PCA of drawn faces, which
is an autoencoder too.
"""

from types import SimpleNamespace

import matplotlib.pyplot as plt
from sklearn.decomposition import PCA

import latentscope
from latentscope import datasets, pictures, plot

faces = datasets.drawn_faces(1000, size=32)
pixels = faces.take(slice(None)).reshape(len(faces), -1) / 255
frame = PCA(24, svd_solver="randomized", random_state=0).fit(pixels)
model = SimpleNamespace(
    kind="ae",
    z_dim=24,
    image_shape=faces.image_shape,
    meta={},
    encode=lambda images, rng=0: latentscope.Latents(frame.transform(images.reshape(-1, 3072))),
    decode=lambda z: frame.inverse_transform(z).clip(0, 1).reshape(-1, 32, 32, 3).astype("f4"),
)

z = frame.transform(pixels)
album = pictures.Album(model, z)
draws = latentscope.sample.gaussian(z, 8)
rows = [album.decode(scale * draws, f"draws, {scale} times as far") for scale in (1, 2, 4)]
for row in rows:
    print(row)

plot.plot_pictures(rows)
plt.show()
