"""Open what `train` saved, or any encoder and decoder in Keras files."""

import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from latentscope.backend import Role, both
from latentscope.backend.arguments import real
from latentscope.backend.files import text_in, unzipped
from latentscope.errors import (
    BackendError,
    DataError,
    DataTypeError,
    FileFormatError,
    IncompleteFileError,
    MissingFileError,
    UnsafeFileError,
)
from latentscope_tensorflow import signature
from latentscope_tensorflow.keras_model import KerasModel, digests


def load(
    folder: str | os.PathLike[str] | None = None,
    *,
    encoder: str | os.PathLike[str] | keras.Model | None = None,
    decoder: str | os.PathLike[str] | keras.Model | None = None,
    outputs: Role | Sequence[Role] | None = None,
    pixel_range: tuple[float, float] = (0.0, 1.0),
) -> KerasModel:
    """Return a model from the folder of a training run, or from any Keras encoder and decoder.

    Parameters
    ----------
    folder : str or path-like, optional
        Folder that `train` or `KerasModel.save` wrote.
    encoder, decoder : str, path-like or keras.Model, optional
        Instead of `folder`: ``.keras`` files, or models that are already loaded (required for
        models with layers of your own).
    outputs : sequence of str, optional
        What the encoder's outputs are, in order: "z", "mu", "logvar" (or "variance", "std" or
        "log_std"), or "" to leave one out. By default recognised by their number and names.
    pixel_range : tuple of float
        Values that the encoder takes, and the decoder returns, for black and white: (−1, 1) for
        models that end with tanh, (0, 255) for bytes.

    Returns
    -------
    KerasModel
        With finite weights, shapes that fit together and a decoder that returns images, all
        checked.

    Raises
    ------
    MissingFileError, FileFormatError
        If a file does not exist, or is not a Keras file.
    UnsafeFileError
        If loading would run code from the file: Lambda layers, ``.h5`` and SavedModel.
    IncompleteFileError
        If the training in `folder` is not finished, or a save was stopped half-way.
    TooLargeError
        If a file declares far more than it stores.
    DataError
        If the arguments do not fit together.
    BackendError
        If weights are not finite, shapes do not fit, or outputs are not recognised.

    Examples
    --------
    >>> from latentscope_tensorflow import models, preset
    >>> config = preset("digits-vae")
    >>> load(encoder=models.encoder(config), decoder=models.decoder(config)).kind
    'vae'
    """
    parts = both(folder, encoder, decoder, ".keras")
    if folder is not None:
        if outputs is not None or not np.array_equal(pixel_range, (0, 1)):
            raise DataError(
                "outputs= and pixel_range= are only for encoder= and decoder=; for a folder they "
                f"are read from its model.json. Got {folder=}, {outputs=}, {pixel_range=}."
            )
        return _saved(Path(folder), *parts)
    first, second = map(_opened, ("encoder", "decoder"), parts)
    return signature.fitted(
        first,
        second,
        outputs=outputs,
        pixel_range=pixel_range,
        meta={"backend": "tensorflow", "encoder": first.name, "decoder": second.name},
    )


def _saved(folder: Path, encoder: Path, decoder: Path) -> KerasModel:
    note = folder / "model.json"
    if not note.is_file() and (folder / "run.json").is_file():
        raise IncompleteFileError(
            f"the training in {folder} is not finished. Call train again with the same arguments."
        )
    if not note.is_file():
        raise MissingFileError(
            f"{folder} must hold model.json, encoder.keras and decoder.keras; model.json is "
            "missing."
        )
    first, second = _opened("encoder", encoder), _opened("decoder", decoder)
    try:
        settings = json.loads(note.read_text())
        if settings["files"] != digests(folder):
            raise IncompleteFileError(
                f"encoder.keras and decoder.keras in {folder} are not those for which model.json "
                "was written: their writer was stopped. Save the model again."
            )
        return signature.fitted(
            first,
            second,
            outputs=settings["outputs"],
            pixel_range=settings["pixel_range"],
            meta=dict(settings["meta"]),
            factor=real("factor", settings["factor"]),
        )
    except IncompleteFileError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileFormatError(
            f"{note} is damaged, or was not written by `save`: {error!r}."
        ) from error


def _opened(name: str, value: Any) -> keras.Model:
    """Return a Keras model from a file, without running code from it."""
    if isinstance(value, keras.Model):
        return value
    try:
        path = Path(value)
    except TypeError as error:
        raise DataTypeError(
            f"{name} must be a .keras file or a keras.Model; got {value!r}."
        ) from error
    if (path / "model.json").is_file():
        raise DataError(
            f"{path} is a folder written by `save` or `train`. Call load({str(path)!r})."
        )
    if path.is_dir() or path.suffix in (".h5", ".hdf5", ".pb"):
        raise UnsafeFileError(
            f"{name} must be a .keras file; {path} is a SavedModel or whole-model HDF5, which can "
            "run code when loaded. If you trust it, open it yourself and save it as .keras."
        )
    if not path.is_file():
        raise MissingFileError(f"no such file: {path}")
    if path.suffix != ".keras" or not zipfile.is_zipfile(path):
        raise FileFormatError(
            f"{name} must be a .keras file, which is a zip archive; {path} is not."
        )
    _check_archive(path)
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras' parsers raise various exceptions
        raise _refusal(path, error) from error
    if not isinstance(model, keras.Model):
        raise FileFormatError(f"{path} must hold a Keras model; it holds {type(model).__name__}.")
    return model


def _check_archive(path: Path) -> None:
    """Check the sizes and the layers of a file before Keras opens it."""
    with unzipped(path, "a Keras model") as archive:
        text = text_in(archive, "config.json", path, "a Keras model")
    if b'"Lambda"' in text or b'"__lambda__"' in text:
        raise UnsafeFileError(
            f"{path} holds code (a Lambda layer) that loading would run. If you trust it, load it "
            "yourself and pass the keras.Model."
        )


def _refusal(path: Path, error: Exception) -> Exception:
    text = str(error).partition("Exception encountered:")[2] or str(error)  # Keras wraps them
    text = text.strip().partition("\n")[0].partition(" Full object config")[0]
    if "custom_object" in str(error) or "register" in str(error):
        return BackendError(
            f"{path} has layers that Keras does not know: {text} Load it with your own code and "
            "pass the keras.Model."
        )
    return FileFormatError(
        f"{path} cannot be read as a Keras model: {type(error).__name__}: {text}"
    )
