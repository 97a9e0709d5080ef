"""Open what `train` saved, or anybody's encoder and decoder in Keras files."""

import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from latentscope.errors import (
    BackendError,
    DataError,
    FileFormatError,
    MissingFileError,
    UnsafeFileError,
)
from latentscope_tensorflow import signature
from latentscope_tensorflow.keras_model import KerasModel


def load(
    folder: str | os.PathLike[str] | None = None,
    *,
    encoder: Any = None,
    decoder: Any = None,
    outputs: Sequence[str] | None = None,
    pixel_range: tuple[float, float] = (0.0, 1.0),
) -> KerasModel:
    """Return a model from the folder of a training run, or from any Keras encoder and decoder.

    Parameters
    ----------
    folder : str or path-like, optional
        Folder that `train` or `KerasModel.save` wrote.
    encoder, decoder : str, path-like or keras.Model, optional
        Instead of `folder`: ``.keras`` files, or models that are loaded already (as models with
        layers of your own must be).
    outputs : sequence of str, optional
        What the encoder's outputs are, in order: "z", "mu", "logvar", or "" for one to leave out.
        By default told by their number and names.
    pixel_range : tuple of float
        Values that the encoder takes, and the decoder gives, for black and white: (−1, 1) for
        models that end with tanh, (0, 255) for bytes.

    Returns
    -------
    KerasModel
        Checked: finite weights, shapes that fit together, a decoder that gives images.

    Raises
    ------
    MissingFileError, FileFormatError
        If a file is not there, or no Keras file.
    UnsafeFileError
        If loading would run code from the file: Lambda layers, ``.h5`` and SavedModel.
    BackendError
        If weights are NaN, shapes do not fit, or outputs are not told apart.

    Examples
    --------
    >>> from latentscope_tensorflow import models, preset
    >>> config = preset("digits-vae")
    >>> load(encoder=models.encoder(config), decoder=models.decoder(config)).kind
    'vae'
    """
    if (folder is None) == (encoder is None) or (encoder is None) != (decoder is None):
        raise DataError("load takes either a folder, or both encoder= and decoder=.")
    if folder is not None:
        return signature.checked(_saved(Path(folder)))
    first, second = _opened("encoder", encoder), _opened("decoder", decoder)
    return signature.checked(
        KerasModel(
            first,
            second,
            signature.recognised(first) if outputs is None else signature.told(first, outputs),
            pixel_range=_rising(pixel_range),
            meta={"backend": "tensorflow", "encoder": first.name, "decoder": second.name},
        )
    )


def _saved(folder: Path) -> KerasModel:
    note = folder / "model.json"
    if not note.is_file():
        raise MissingFileError(
            f"{folder} must hold model.json, encoder.keras and decoder.keras; no model.json there."
        )
    encoder, decoder = (_opened(name, folder / f"{name}.keras") for name in ("encoder", "decoder"))
    try:
        settings = json.loads(note.read_text())
        return KerasModel(
            encoder,
            decoder,
            signature.told(encoder, settings["outputs"]),
            factor=float(settings["factor"]),
            pixel_range=_rising(settings["pixel_range"]),
            meta=dict(settings["meta"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise FileFormatError(f"{note} is not what `save` wrote: {error!r}.") from error


def _rising(pixel_range: Any) -> tuple[float, float]:
    low, high = map(float, pixel_range)
    if not low < high:
        raise DataError(f"pixel_range must be (black, white), rising; got {pixel_range!r}.")
    return low, high


def _opened(name: str, value: Any) -> keras.Model:
    """Return a Keras model from a file, without running code from it."""
    if isinstance(value, keras.Model):
        return value
    try:
        path = Path(value)
    except TypeError as error:
        raise DataError(f"{name} must be a .keras file or a keras.Model; got {value!r}.") from error
    if path.is_dir() or path.suffix in (".h5", ".hdf5", ".pb"):
        raise UnsafeFileError(
            f"{name} must be a .keras file; {path} is a SavedModel or whole-model HDF5, which can "
            "run code when loaded. Open it where you trust it and save it as .keras."
        )
    if not path.is_file():
        raise MissingFileError(f"no such file: {path}")
    if path.suffix != ".keras" or not zipfile.is_zipfile(path):
        raise FileFormatError(f"{name} must be a .keras file, a zip archive; {path} is none.")
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever its parsers do
        raise _refusal(path, error) from error
    if not isinstance(model, keras.Model):
        raise FileFormatError(f"{path} must hold a Keras model; it holds {type(model).__name__}.")
    return model


def _refusal(path: Path, error: Exception) -> Exception:
    text = str(error).partition("Exception encountered:")[2] or str(error)  # Keras wraps them
    text = text.strip().partition("\n")[0].partition(" Full object config")[0]
    if "ambda" in str(error) or "unsafe" in str(error) or "safe_mode" in str(error):
        return UnsafeFileError(
            f"{path} holds code (a Lambda layer) that loading would run: {text} Load it yourself "
            "where you trust it, and pass the keras.Model."
        )
    if "custom_object" in str(error) or "register" in str(error):
        return BackendError(
            f"{path} has layers that Keras does not know: {text} Load it with your own code and "
            "pass the keras.Model."
        )
    return FileFormatError(
        f"{path} cannot be read as a Keras model: {type(error).__name__}: {text}"
    )
