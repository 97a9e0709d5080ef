"""Train the published models on MNIST's digits and tabulate their numbers.

Run ``python benchmarks/digits.py MNIST --out runs`` with the folder of MNIST's test files; the
digits from the 9,001st on are for validation. If interrupted, the same command continues; ``--write
docs/digits.md`` replaces the page in the docs. An epoch takes seconds. `benchmarks/celeba.py` does
the same for faces.
"""

import argparse
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from latentscope_tensorflow import KerasModel, train

import latentscope
from latentscope import datasets
from latentscope.analysis.posterior import COLLAPSED_KL
from latentscope.images import Images

N_TRAIN = 9_000
NAMES = ("digits-ae", "digits-vae")


def source(mnist: Path) -> Images:
    """Open the digits."""
    return datasets.mnist(
        mnist / "t10k-images-idx3-ubyte.gz", labels=mnist / "t10k-labels-idx1-ubyte.gz"
    )


def column(name: str, images: Images, epochs: int, out: Path) -> list[str]:
    """Train, export, reload and analyse one model."""
    model = train(
        images[:N_TRAIN], name, folder=out / name, epochs=epochs, validation=images[N_TRAIN:]
    )
    with latentscope.encode(model, images, out / f"{name}.h5") as latents:
        return [*losses(model), *radii(latents), *posteriors(latents)]


def losses(model: KerasModel) -> list[str]:
    """Return first and last losses, and what no decoder can go below."""
    history = model.meta["history"]
    first, last = ({key: values[at] for key, values in history.items()} for at in (0, -1))
    return [
        f"{first['total_loss']:.1f} → {last['total_loss']:.1f}",
        f"{first['val_total_loss']:.1f} → {last['val_total_loss']:.1f}",
        f"{last['val_reco_loss']:.1f}",
        f"{model.meta['val_reco_floor']:.1f}",
        f"{last['val_kl_loss']:.4g}",
    ]


def radii(latents: Any) -> list[str]:
    """Return where the points live."""
    radius = latentscope.radius_density(latents)
    return [
        f"{np.sqrt(latents.z_dim):.2f}",
        f"{radius.minimum:.2f} … {radius.mean:.2f} … {radius.maximum:.2f}",
    ]


def posteriors(latents: Any) -> list[str]:
    """Return how far z differs from mu, and which axes are in use."""
    if latents.kind == "ae":
        return ["–"] * 6
    found = latentscope.posterior(latents)
    return [
        " … ".join(f"{value:.2f}" for value in found.mu_radius),
        f"{found.relative_difference[0]:.3g}, {found.relative_difference[1]:.3g}",
        f"{found.logvar_minimum:.2f}, {found.logvar_mean:.2f}, {found.logvar_maximum:.2f}",
        f"{found.total_kl:.1f}",
        f"{np.count_nonzero(found.kl < COLLAPSED_KL)} of {found.z_dim}",
        f"{found.active.sum()} of {found.z_dim}",
    ]


QUANTITIES = (
    "training loss, first → last epoch",
    "validation loss, first → last epoch",
    "of which reconstruction loss",
    "lowest possible reconstruction loss (entropy of the images)",
    "weighted KL loss",
    "√z_dim",
    "radius of z: minimum … mean … maximum",
    "radius of mu: minimum … mean … maximum",
    "relative difference of the two radii: mean, maximum",
    "logvar: minimum, mean, maximum",
    "mean KL divergence of a point, nats",
    "axes with a KL divergence below 0.1 nats",
    "axes along which mu varies (variance above 0.01)",
)

INTRODUCTION = """# The published models on digits

The published AE and VAE for digits (z_dim 12) were trained on {n_train:,} of the {n_digits:,} test
digits of MNIST and validated on the others: {epochs} epochs of Adam, learning rate 5e-4, batch size
128, one seed. Losses are in nats per image, summed over the pixels. The latents are those of all
digits. [Faces](celeba.md) have their own page. This page was made by
`python benchmarks/digits.py MNIST --epochs {epochs} --write docs/digits.md`.
"""


REMARK = """With the full weight of the KL loss, all twelve axes stay in use: twelve are few for
digits. The VAE keeps its points on the shell of N(0, I), whose radius is near √12; nothing
constrains the radius of the AE's points.
"""


def page(images: Images, epochs: int, out: Path) -> str:
    """Train both and return the page."""
    columns = [column(name, images, epochs, out) for name in NAMES]
    rows = zip(QUANTITIES, *columns, strict=True)
    lines = [f"| {' | '.join(row)} |" for row in (("", *NAMES), ("---",) * (len(NAMES) + 1), *rows)]
    text = INTRODUCTION.format(n_digits=len(images), n_train=N_TRAIN, epochs=epochs)
    return "\n".join([text, *lines, "", REMARK])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mnist", type=Path, metavar="MNIST")
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--out", type=Path, default=Path("runs"))
    parser.add_argument("--write", metavar="PATH", help="write the page here")
    arguments = parser.parse_args()
    arguments.out.mkdir(exist_ok=True)
    text = page(source(arguments.mnist), arguments.epochs, arguments.out)
    print(text)
    if arguments.write:
        Path(arguments.write).write_text(text)
