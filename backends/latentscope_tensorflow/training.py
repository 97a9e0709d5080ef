"""Training of an AE or VAE with Keras `fit` that can be stopped, continued and reproduced."""

import os
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from latentscope.backend import Role
from latentscope.backend.arguments import integer, real
from latentscope.backend.files import only_writer
from latentscope.errors import BackendError, DataError, DataTypeError
from latentscope.images import Images, Pixels, as_images
from latentscope_tensorflow import callbacks as ours
from latentscope_tensorflow import distributed, models, pipeline, signature
from latentscope_tensorflow.config import Config, Preset, preset
from latentscope_tensorflow.entropy import bce_floor
from latentscope_tensorflow.folder import RunFolder
from latentscope_tensorflow.fused import FusedBatchNormalization
from latentscope_tensorflow.keras_model import KerasModel


def train(
    images: Pixels,
    config: Config | Preset,
    *,
    folder: str | os.PathLike[str],
    epochs: int = 24,
    validation: Pixels | float = 0.1,
    rng: int = 0,
    mixed_precision: bool | None = None,
    strategy: tf.distribute.Strategy | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> KerasModel:
    """Train a model on images, or continue where an earlier call was stopped.

    After every epoch the state is saved in `folder`; the same call continues from there. On CPUs,
    18 epochs followed by the remaining 6 of 24 give exactly the same bits as 24 at once.

    Parameters
    ----------
    images : Images, or array of shape (n, height, width, channels)
        uint8, or floats in [0, 1].
    config : Config or str
        What to train, or the name of a preset.
    folder : str or path-like
        Where the state and finally the model are saved; created if needed.
    epochs : int
        Total number of epochs, including those of earlier calls.
    validation : Images, array or float
        Images for validation, or the fraction of `images` to set aside at random; 0 for none.
    rng : int
        Seed of weights, order, noise and validation images.
    mixed_precision : bool, optional
        Compute in bfloat16 with weights in float32. By default only if all GPUs support it
        (compute capability 8 or above). CPUs with AMX also benefit.
    strategy : tf.distribute.Strategy, optional
        By default all GPUs of this machine. Use `MultiWorkerMirroredStrategy` for several machines
        that share `folder`.
    callbacks : sequence of keras.callbacks.Callback
        Further callbacks, besides those for progress, checkpoints and divergence. Metrics that they
        can monitor have names such as ``val_total_loss``.

    Returns
    -------
    KerasModel
        Its ``meta`` holds config and history: total_loss = reco_loss + kl_loss (weighted) and
        z_radius of every epoch, with the prefix ``val_`` for validation; and ``reco_floor`` and
        ``val_reco_floor``, the loss of a perfect reconstruction.

    Raises
    ------
    DataError
        If the images do not fit the config, or the folder holds a run with other settings.
    BackendError
        If the loss becomes NaN or infinite.

    Examples
    --------
    >>> import tempfile
    >>> from latentscope.datasets import drawn_faces
    >>> config = preset("celeba-vae", image_shape=(32, 32, 3), z_dim=8)
    >>> model = train(drawn_faces(64, size=32), config, folder=tempfile.mkdtemp(), epochs=1)
    >>> model
    <KerasModel: VAE of 32×32×3 images, z_dim 8>
    """
    _check_keras()
    config = preset(config) if isinstance(config, str) else config
    if not isinstance(config, Config):
        raise DataTypeError(
            f"config must be a Config or the name of a preset; got {config!r}.", parameter="config"
        )
    seed = integer("rng", rng, low=0)
    epochs = integer("epochs", epochs, low=1)
    part, rest = _parts(as_images(images), validation, seed)
    _check_shapes(config, part, rest)
    strategy = strategy or distributed.default_strategy()
    distributed.check_batch_size(min(config.batch_size, len(part)), strategy)
    settings = _settings(config, part, rest) | {"rng": seed, "precision": _policy(mixed_precision)}
    run = RunFolder(Path(folder), settings)
    integer("epochs", epochs, low=run.n_epochs, why=f"{run.path} has them; load() opens it")
    with strategy.scope():
        model = _compiled(config, seed, settings["precision"])
        run.restore(model)
    history, floor = run.history, _floor(config, part)
    if run.n_epochs < epochs:
        with only_writer(run.path) if distributed.is_chief(strategy) else nullcontext():
            history = _fit(model, part, rest, run, epochs, floor, callbacks)
    meta = {
        "backend": "tensorflow",
        **run.settings,
        "history": history,
        "versions": {"tensorflow": tf.__version__, "keras": keras.__version__},
        "reco_floor": floor,
        "val_reco_floor": rest and _floor(config, rest),
    }
    encoder, decoder = _single_precision(model)
    outputs: tuple[Role, ...] = ("z",) if config.kind == "ae" else ("mu", "logvar")
    trained = signature.fitted(encoder, decoder, outputs=outputs, meta=meta)
    if distributed.is_chief(strategy):
        trained.save(run.path)
    return trained


def _compiled(config: Config, seed: int, dtype: str) -> models.Autoencoder:
    model = distributed.DistributedAutoencoder(
        config, seed=seed, dtype=dtype, batch_norm=FusedBatchNormalization
    )
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        jit_compile="auto" if distributed.gpus() else False,  # on CPUs, oneDNN is faster than XLA
    )
    model.optimizer.build(model.trainable_variables)
    return model


def _fit(
    model: models.Autoencoder,
    images: Images,
    validation: Images | None,
    run: RunFolder,
    epochs: int,
    floor: float,
    callbacks: Sequence[keras.callbacks.Callback],
) -> dict[str, list[float]]:
    """Run the remaining epochs; return the history of all epochs."""
    if distributed.is_chief(model.distribute_strategy):
        run.begin()
    config, seed, first, earlier = model.config, run.settings["rng"], run.n_epochs, run.history
    steps = pipeline.n_steps(images, config)
    standard = [ours.SeededDropout(seed), ours.Monitor(run, config)]
    progress = None
    if distributed.is_chief(model.distribute_strategy):
        progress = ours.Progress(steps, first, epochs, floor)
        standard += [ours.Checkpoints(run), progress]
    try:
        with ours.Interrupts() as interrupts:
            done = model.fit(
                pipeline.training(images, config, seed=seed, first_epoch=first, last_epoch=epochs),
                validation_data=validation and pipeline.validation(validation, config),
                initial_epoch=first,
                epochs=epochs,
                steps_per_epoch=steps,
                shuffle=False,  # the pipeline shuffles
                verbose=0,
                callbacks=[*standard, *callbacks, interrupts],
            )
    except KeyboardInterrupt:
        if progress:
            progress.say(f"stopped after {run.n_epochs} of {epochs} epochs; call again to continue")
        raise
    finally:
        if progress:
            progress.close()
    return {name: earlier.get(name, []) + new for name, new in ours.known(done.history).items()}


def _single_precision(model: models.Autoencoder) -> tuple[keras.Model, keras.Model]:
    """Return encoder and decoder in single precision, whatever the precision of training."""
    encoder, decoder = models.encoder(model.config), models.decoder(model.config)
    encoder.set_weights(model.encoder.get_weights())
    decoder.set_weights(model.decoder.get_weights())
    return encoder, decoder


def _parts(images: Images, validation: Any, seed: int) -> tuple[Images, Images | None]:
    if isinstance(validation, Images) or np.ndim(validation) > 1:
        return images, as_images(validation)
    share = real("validation", validation)
    return images.split(share, rng=seed) if share else (images, None)


def _check_shapes(config: Config, *parts: Images | None) -> None:
    for part in parts:
        if part is not None and (part.image_shape != config.image_shape or not len(part)):
            raise DataError(
                f"images must have the config's image_shape, {config.image_shape}, and there must "
                f"be at least one; got {part!r}. Open the images with another size, or change the "
                "config."
            )


def _settings(config: Config, images: Images, validation: Images | None) -> dict[str, Any]:
    return {
        "config": config.to_dict(),
        "n_images": len(images),
        "n_validation": 0 if validation is None else len(validation),
        "images": images.fingerprint,
        "validation": validation and validation.fingerprint,
    }


def _floor(config: Config, images: Images) -> float:
    return bce_floor(images) if config.reconstruction == "bce" else 0.0


def _check_keras() -> None:
    if keras.backend.backend() != "tensorflow":
        raise BackendError(
            f"Keras must run on TensorFlow here; it runs on {keras.backend.backend()!r}. Set "
            "KERAS_BACKEND=tensorflow before Keras is imported."
        )


def _policy(mixed_precision: bool | None) -> str:
    if mixed_precision is None:
        capabilities = [
            tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0))
            for gpu in distributed.gpus()
        ]
        mixed_precision = bool(capabilities) and min(capabilities) >= (8, 0)
    return "mixed_bfloat16" if mixed_precision else "float32"
