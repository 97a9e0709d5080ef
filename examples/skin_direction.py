"""
A direction that changes one property
=====================================

The difference between the means of the darker and the lighter faces is a vector. Added to any face,
it changes the skin, and whatever else goes with it in the data. The printed number says how much
more the two groups differ than random groups would.
"""

from dataclasses import replace
from types import SimpleNamespace

import matplotlib.pyplot as plt
from sklearn.decomposition import PCA

import latentscope
from latentscope import datasets, pictures, plot

faces = datasets.drawn_faces(1000, size=32)
pixels = faces.take(slice(None)).reshape(len(faces), -1) / 255
frame = PCA(24, svd_solver="randomized", random_state=0).fit(pixels)
model = SimpleNamespace(  # a PCA is an autoencoder too
    kind="ae",
    z_dim=24,
    image_shape=faces.image_shape,
    meta={},
    encode=lambda images, rng=0: latentscope.Latents(frame.transform(images.reshape(-1, 3072))),
    decode=lambda z: frame.inverse_transform(z).clip(0, 1).reshape(-1, 32, 32, 3).astype("f4"),
)

latents = latentscope.Latents(frame.transform(pixels), labels=faces.labels)
album = pictures.Album(model, latents)
rows = []
for label in ("skin", "background", "face_width"):
    found = latentscope.direction(latents, label)
    print(found)
    row = album.along(found, latents.z[3], factors=(-1, -0.5, 0, 0.5, 1))
    rows.append(replace(row, name=label))

plot.plot_pictures(rows)
plt.show()
