"""Speed of reading images, training and encoding, compared with plain Keras on an array in memory.

Run ``python benchmarks/training.py CELEBA`` with the folder that holds ``img_align_celeba.zip``;
``--write docs/training.md`` replaces the page in the docs. Plain Keras and this library take turns
in one process, after a warm-up that compiles. About ten minutes; nothing else should run.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TQDM_DISABLE", "1")

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from latentscope_tensorflow import KerasModel, models, preset, train
from latentscope_tensorflow.fused import FusedBatchNormalization

import latentscope
from latentscope import datasets
from latentscope._compute.threads import n_cores
from latentscope.images import Images, as_unit

N_TRAIN, N_ENCODE, ROUNDS = 1_280, 5_120, 3
Row = tuple[str, str, str, str]


class Clock(keras.callbacks.Callback):
    """Note the time of every epoch, with all that other callbacks do at its end."""

    def __init__(self) -> None:
        super().__init__()
        self.ticks: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.ticks.append(time.perf_counter())

    @property
    def seconds(self) -> float:
        """Median of all epochs but the first, which compiles, and the last, which has no end."""
        return float(np.median(np.diff(self.ticks)[1:]))


def plain_training(images: Images, config: Any, jit_compile: Any, **options: Any) -> float:
    """Return seconds per epoch of Keras `fit` on arrays in memory."""
    pixels = as_unit(images.take(slice(None)))
    noise = np.random.default_rng(0).standard_normal((len(images), config.z_dim), np.float32)
    model = models.Autoencoder(config, **options)
    model.compile(optimizer=keras.optimizers.Adam(5e-4), jit_compile=jit_compile)
    inputs = pixels if config.kind == "ae" else (pixels, noise)
    clock = Clock()
    model.fit(inputs, pixels, batch_size=128, epochs=4, verbose=0, callbacks=[clock])
    return clock.seconds


def our_training(images: Images, config: Any, **options: Any) -> float:
    """Return seconds per epoch of `train` from the memory-mapped cache, checkpoints included."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        train(images, config, folder=folder, epochs=4, validation=0, callbacks=[clock], **options)
    return clock.seconds


def training(images: Images) -> list[Row]:
    """Compare Keras `fit` on arrays in memory with our training."""
    config = preset("celeba-vae")
    runs: dict[str, Callable[[], float]] = {
        "Keras `fit`, array in memory, as Keras sets it (XLA)": lambda: plain_training(
            images, config, "auto"
        ),
        "Keras `fit`, array in memory, without XLA": lambda: plain_training(images, config, False),
        "the same with the fused batch normalisation": lambda: plain_training(
            images, config, False, batch_norm=FusedBatchNormalization
        ),
        "`train` from the zip": lambda: our_training(images, config),
        "`train` from the zip, mixed precision": lambda: our_training(
            images, config, mixed_precision=True
        ),
    }
    return in_turns(runs, len(images), 3 * flops(config, models.encoder, models.decoder))


def in_turns(runs: dict[str, Callable[[], float]], n_images: int, work: float) -> list[Row]:
    """Return a line for each run, compared with the first; each returns the seconds it took."""
    times: dict[str, list[float]] = {what: [] for what in runs}
    for _ in range(ROUNDS):
        for what, run in runs.items():
            times[what].append(run())
    seconds = {what: float(np.median(values)) for what, values in times.items()}
    reference = next(iter(seconds.values()))
    return [
        (
            f"celeba-vae: {what}",
            f"{n_images / taken:,.0f} images/s",
            f"{reference / taken:.2f}",
            f"{work * n_images / taken / 1e9:,.0f} GFLOP/s",
        )
        for what, taken in seconds.items()
    ]


def encoding(images: Images) -> list[Row]:
    """Compare Keras `predict` on an array in memory with our encoding."""
    config = preset("celeba-vae")
    encoder, decoder = models.encoder(config), models.decoder(config)
    model = KerasModel(encoder, decoder, ("mu", "logvar"))
    pixels = as_unit(images.take(slice(None)))

    def to_file() -> None:
        with tempfile.TemporaryDirectory() as folder:
            latentscope.encode(model, images, Path(folder) / "z.h5").close()

    runs: dict[str, Callable[[], Any]] = {
        "Keras `predict`, array in memory": lambda: encoder.predict(
            pixels, batch_size=128, verbose=0
        ),
        "`encode` from the zip, in memory": lambda: model.encode(images),
        "`latentscope.encode` from the zip to HDF5": to_file,
    }
    for run in runs.values():
        run()
    timed = {what: partial(seconds_of, run) for what, run in runs.items()}
    return in_turns(timed, len(images), flops(config, models.encoder))


def seconds_of(run: Callable[[], Any]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def flops(config: Any, *builds: Callable[[Any], keras.Model]) -> float:
    """Return the multiplications and additions of the convolutions and Dense layers, per image."""
    total = 0.0
    for layer in (layer for build in builds for layer in build(config).layers):
        if isinstance(layer, layers.Dense):
            total += 2 * np.prod(layer.kernel.shape)
        elif isinstance(layer, layers.Conv2DTranspose):
            total += 2 * np.prod(layer.kernel.shape) * np.prod(layer.input.shape[1:3])
        elif isinstance(layer, layers.Conv2D):
            total += 2 * np.prod(layer.kernel.shape) * np.prod(layer.output.shape[1:3])
    return float(total)


def peak() -> float:
    """Return FLOP/s of a product of two 4096² matrices, the most that this machine shows."""
    a = tf.random.normal((4096, 4096))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        tf.linalg.matmul(a, a).numpy()
        times.append(time.perf_counter() - start)
    return 2 * 4096**3 / min(times)


def opening(folder: Path) -> tuple[Images, list[Row]]:
    """Open the photographs twice: once decoding, once from the cache."""
    with tempfile.TemporaryDirectory() as cache:
        rows = []
        for what in (
            "opening the zip for the first time, with decoding",
            "opening it again, from the cache",
        ):
            start = time.perf_counter()
            images = datasets.celeba(folder / "img_align_celeba.zip", cache=cache)
            taken = time.perf_counter() - start
            rows.append((f"{len(images):,} photographs: {what}", f"{taken:.2f} s", "–", "–"))
    return datasets.celeba(folder / "img_align_celeba.zip"), rows


def page(folder: Path) -> str:
    """Return the page."""
    images, rows = opening(folder)
    fastest = peak()
    rows += training(images[:N_TRAIN])
    rows += encoding(images[:N_ENCODE])
    config = preset("celeba-vae")
    head = ("what", "speed", "ratio to plain Keras", "arithmetic")
    lines = [f"| {' | '.join(row)} |" for row in (head, ("---",) * 4, *rows)]
    text = INTRODUCTION.format(
        machine=machine(),
        n_train=N_TRAIN,
        n_encode=N_ENCODE,
        rounds=ROUNDS,
        forward=flops(config, models.encoder, models.decoder) / 1e6,
        encoder=flops(config, models.encoder) / 1e6,
        peak=fastest / 1e9,
    )
    return "\n".join([text, *lines, "", REMARK])


INTRODUCTION = """# Speed of training and encoding

{machine}.

The data are CelebA photographs at 96×96×3; z_dim is 256 and the batch size 128. An epoch of
training has {n_train:,} images, and {n_encode:,} images are encoded. Each line is the median of
{rounds} runs that took turns in one process. A run of training counts its median epoch after the
first one, which compiles, and includes the checkpoint that `train` writes after each epoch.

"Arithmetic" counts the operations of convolutions and Dense layers: {forward:.0f} MFLOP per image
for a forward pass, three times that in training, and {encoder:.0f} MFLOP in the encoder. For
comparison, a product of two 4096² matrices in single precision reaches {peak:,.0f} GFLOP/s on this
machine. This page was made by `python benchmarks/training.py CELEBA --write docs/training.md`.
"""

REMARK = """In place of the chain of elementary operations in Keras 3, `train` uses TensorFlow's
fused kernel for batch normalisation, which gives the same numbers, and leaves XLA off on CPUs.
Mixed precision computes in bfloat16.
"""


def machine() -> str:
    """Return what the table was measured on."""
    names = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    gpus = len(tf.config.list_physical_devices("GPU"))
    return (
        f"{names[0] if names else platform.processor()}, {n_cores()} cores, {gpus} GPUs. Python "
        f"{platform.python_version()}, TensorFlow {tf.__version__}, Keras {keras.__version__}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="CELEBA")
    parser.add_argument("--write", metavar="PATH", help="write the page here")
    arguments = parser.parse_args()
    text = page(arguments.folder)
    print(text)
    if arguments.write:
        Path(arguments.write).write_text(text)
