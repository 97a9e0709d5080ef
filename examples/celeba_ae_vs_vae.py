"""Train an AE, a VAE with a tiny KL weight and a VAE, and compare their latents in one report.

All three models are trained on the same images and then encode all of them. The report says how far
from the origin the points of each latent space lie, which axes dominate, whether z differs from mu,
whether there are clusters, and what random points decode to. Without ``--images``, the images are
faces drawn from twelve known factors. If interrupted, the same command continues and skips finished
steps.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before TensorFlow is imported

import latentscope
from latentscope import datasets
from latentscope.errors import LatentscopeError

MODELS = {"ae": "celeba-ae", "vae_tiny_kl": "celeba-vae-tiny-kl", "vae": "celeba-vae"}
PRESETS: dict[str, dict[str, Any]] = {
    "quick": {
        "n_images": 3_000, "size": 48, "z_dim": 32, "epochs": 12, "batch_size": 64,
        "learning_rate": 1e-3,
    },
    "published": {
        "size": 96, "z_dim": 256, "epochs": 24, "batch_size": 128,
        "learning_rate": 5e-4,
    },
}  # fmt: skip
N_DRAWN = 10_000  # number of faces, by default
PUBLISHED_SIZE = 96  # image side in pixels for which the weight of the KL loss was published


def arguments() -> argparse.Namespace:
    """Return the command-line options, completed from the preset."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", choices=PRESETS, default="quick")
    parser.add_argument("--images", type=Path, help="CelebA's zip, or a zip or folder of images")
    parser.add_argument("--attributes", type=Path, help="CelebA's list_attr_celeba.txt or .csv")
    parser.add_argument("--n-images", type=int, help="use only this many images, from the first")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--z-dim", type=int, help="dimensions of the latent spaces")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("ae_vs_vae"), help="folder for results")
    given = parser.parse_args()
    if given.attributes and not given.images:
        parser.error("--attributes needs --images")
    for name, value in PRESETS[given.preset].items():
        if getattr(given, name, None) is None:
            setattr(given, name, value)
    return given


def opened(given: argparse.Namespace) -> latentscope.Images:
    """Return the images, sorted by file name."""
    if given.images is None:
        n_images = given.n_images or N_DRAWN
        return datasets.drawn_faces(n_images, size=given.size, rng=given.seed)
    images = datasets.celeba(given.images, attributes=given.attributes, size=given.size)
    return images[: given.n_images]


def trained(name: str, images: latentscope.Images, given: argparse.Namespace) -> Any:
    """Train one model on nine tenths of the images and validate it on the last tenth.

    CelebA's own partition is also by file number.
    """
    from latentscope_tensorflow import preset, train  # takes seconds to import

    changes: dict[str, Any] = {
        "image_shape": images.image_shape,
        "z_dim": given.z_dim,
        "batch_size": given.batch_size,
        "learning_rate": given.learning_rate,
    }
    fact = preset(MODELS[name]).fact
    if fact:  # the reconstruction loss grows with the number of pixels
        changes["fact"] = fact * (given.size / PUBLISHED_SIZE) ** 2
    n_train = len(images) * 9 // 10
    return train(
        images[:n_train],
        preset(MODELS[name], **changes),
        folder=given.out / name,
        epochs=given.epochs,
        validation=images[n_train:],
        rng=given.seed,
    )


def run(given: argparse.Namespace) -> None:
    """Train, encode and write the report."""
    given.out.mkdir(parents=True, exist_ok=True)
    images = opened(given)
    print(images)
    models, latents = {}, {}
    for number, name in enumerate(MODELS, start=1):
        print(f"{name} ({number} of {len(MODELS)}): training and encoding", flush=True)
        models[name] = trained(name, images, given)
        latents[name] = latentscope.encode(
            models[name], images, given.out / f"{name}.h5", rng=given.seed
        )
    print("writing the report on all three models", flush=True)
    page = latentscope.report(
        given.out / "report.html", models=models, images=images, rng=given.seed, **latents
    )
    print(f"Open {page} in a browser.")


def main() -> None:
    """Run; if something is wrong, print one line and exit."""
    try:
        run(arguments())
    except KeyboardInterrupt:
        print("\ninterrupted; the same command continues from here", file=sys.stderr)
        sys.exit(130)
    except (LatentscopeError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
