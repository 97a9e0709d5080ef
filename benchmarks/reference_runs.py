"""Train the published models on CelebA photographs and MNIST digits; tabulate their numbers.

Run ``python benchmarks/reference_runs.py CELEBA MNIST --epochs 8 --out runs`` with the folders of
``img_align_celeba.zip`` and of MNIST's test files. Photographs 009001 and after validate. Stopped
and started again, it continues; ``--write docs/reference_runs.md`` replaces the page in the docs.
An epoch of a CelebA model takes about a minute on two cores.
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
CELEBA = ("celeba-ae", "celeba-vae-tiny-kl", "celeba-vae")
DIGITS = ("digits-ae", "digits-vae")


def sources(celeba: Path, mnist: Path) -> dict[str, Images]:
    """Open the two sets."""
    return {
        "celeba": datasets.celeba(celeba / "img_align_celeba.zip")[:10_000],
        "digits": datasets.mnist(
            mnist / "t10k-images-idx3-ubyte.gz", labels=mnist / "t10k-labels-idx1-ubyte.gz"
        ),
    }


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
    """Return whether z is just mu, and which axes are in use."""
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
    "of which reconstruction",
    "floor of the reconstruction (entropy of the targets)",
    "weighted KL loss",
    "√z_dim",
    "radius of z: least … mean … largest",
    "radius of mu: least … mean … largest",
    "relative difference of the two: mean, largest",
    "logvar: least, mean, largest",
    "KL of a point, nats",
    "axes that carry less than 0.1 nats",
    "axes along which mu varies (variance above 0.01)",
)

INTRODUCTION = """# The published models, in short runs

CelebA: the first {n_celeba:,} photographs, cut and resized to 96×96×3, {n_train:,} to train on
and the rest to validate, z_dim 256. MNIST: the {n_digits:,} test digits, likewise, z_dim 12.
{epochs} epochs of Adam, learning rate 5e-4, batch 128, all from one seed. The published runs took
24 epochs over 170,000 photographs, so shapes compare, digits do not. Losses are nats per image:
pixel sums of the channel mean. Latents are of all images.
`python benchmarks/reference_runs.py CELEBA MNIST --epochs {epochs} --write docs/reference_runs.md`
made this page.
"""


REMARK = """What was published shows here too. The VAE with a tiny KL loss is an AE: z and mu
have nearly the same radius (published: 6e-5 on average), the mean of logvar is far below zero
(published: −13), and both reach about the same loss. The VAE with fact 5 fills the shell of N(0, I)
by z, not by mu, and most axes carry next to nothing; along those mu still varies a little, so that
a criterion by the variance of mu alone, at 0.01, calls all of them active. The radii of AE and
tiny-KL VAE are free: nothing holds them.
"""


def page(images: dict[str, Images], epochs: int, out: Path) -> str:
    """Train all and return the page."""
    names = (*CELEBA, *DIGITS)
    columns = [column(name, images[name.partition("-")[0]], epochs, out) for name in names]
    rows = zip(QUANTITIES, *columns, strict=True)
    lines = [f"| {' | '.join(row)} |" for row in (("", *names), ("---",) * (len(names) + 1), *rows)]
    text = INTRODUCTION.format(
        n_celeba=len(images["celeba"]),
        n_digits=len(images["digits"]),
        n_train=N_TRAIN,
        epochs=epochs,
    )
    return "\n".join([text, *lines, "", REMARK])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("celeba", type=Path, metavar="CELEBA")
    parser.add_argument("mnist", type=Path, metavar="MNIST")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--out", type=Path, default=Path("runs"))
    parser.add_argument("--write", metavar="PATH", help="write the page here")
    arguments = parser.parse_args()
    arguments.out.mkdir(exist_ok=True)
    text = page(sources(arguments.celeba, arguments.mnist), arguments.epochs, arguments.out)
    print(text)
    if arguments.write:
        Path(arguments.write).write_text(text)
