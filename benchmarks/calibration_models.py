"""Are filaments found in a latent space when the images form one, and only then?

Two small autoencoders of the published kind are trained on drawn faces: one on faces along a closed
curve in the space of factors, one on faces of Gaussian factors. Their latents are then analysed as
any others would be. ``python benchmarks/calibration_models.py --out runs/calibration`` prints a
section of docs/calibration.md. It takes some minutes on two cores; an interrupted run continues.
"""

import argparse
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from calibration_dimension import shown
from latentscope_tensorflow import preset, train

import latentscope
from latentscope import datasets

SIZE, Z_DIM, N_FACES, EPOCHS = 48, 32, 3000, 12
LAWS = {"curve": "a closed curve of factors", "gaussian": "twelve Gaussian factors"}


def encoded(law: str, folder: Path) -> latentscope.Latents:
    """Train an autoencoder on faces of one law, and encode them."""
    faces = datasets.drawn_faces(N_FACES, size=SIZE, factors=law)
    config = replace(preset("celeba-ae"), image_shape=(SIZE, SIZE, 3), z_dim=Z_DIM)
    model = train(faces, config, folder=folder / f"faces-{law}", epochs=EPOCHS)
    return latentscope.encode(model, faces, folder / f"faces-{law}.h5")


def row(law: str, folder: Path) -> str:
    """Return what the tests say of one latent space."""
    latents = encoded(law, folder)
    answers = []
    for null in ("gaussian", "smooth"):
        scan = latentscope.scan_planes(latents, n_axes=4, null=null)
        signs = Counter(np.array(scan.sign)[scan.is_structured].tolist())
        answers.append(
            f"{int(scan.is_structured.sum())} of {len(scan.sign)}"
            + "".join(f", {count} {sign}" for sign, count in signs.items())
        )
    dimension = latentscope.intrinsic_dimension(latents)
    found = shown(dimension)
    beside = shown(dimension, "null_")
    return f"| {LAWS[law]} | {found} | {beside} | {answers[0]} | {answers[1]} |"


TEXT = """## Autoencoders trained on images of known structure

Two autoencoders ({size}×{size} pixels, z_dim {z_dim}) were trained for {epochs} epochs on {n:,}
drawn faces each. Their latents were analysed for their intrinsic dimension (TwoNN), and for
structure in the planes of their first four components (12 windows, corrected for all of them).
"Null model `gaussian`" and "`smooth`" say what the windows are compared with.

| faces | dimension | of a Gaussian | structured windows, null `gaussian` | null `smooth` |
| --- | --- | --- | --- | --- |"""


def measure(folder: Path) -> str:
    """Return the section."""
    head = TEXT.format(size=SIZE, z_dim=Z_DIM, n=N_FACES, epochs=EPOCHS)
    return "\n".join([head, *(row(law, folder) for law in LAWS)]) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/calibration"))
    print(measure(parser.parse_args().out))
