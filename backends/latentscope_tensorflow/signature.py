"""What a Keras encoder and decoder take and give: recognised or told, and checked."""

from collections.abc import Sequence

import keras
import numpy as np

from latentscope._validate import one_of
from latentscope.errors import BackendError, DataError
from latentscope_tensorflow.keras_model import KerasModel

_NAMES = {  # what people call the outputs of their encoders
    "z": ("z", "latent", "code", "embedding", "sampling", "latent_vector", "bottleneck"),
    "mu": ("mu", "mean", "z_mean", "mu_z", "z_mu", "latent_mean"),
    "logvar": ("logvar", "log_var", "z_log_var", "z_logvar", "log_variance", "z_log_variance"),
}
_N_TRIED = 16
_BYTES = 255
_ROLES = ("z", "mu", "logvar", "")


def recognised(encoder: keras.Model) -> tuple[str, ...]:
    """Return what the outputs are, "" for those of no use, told by their number and names.

    Raises
    ------
    BackendError
        If they are several, and not mu and logvar among them.
    """
    _check_graph("encoder", encoder)
    names = _names_of(encoder)
    if len(names) == 1 and _role(names[0]) != "logvar":
        return ("z",)
    roles = tuple(map(_role, names))
    if sorted(filter(None, roles)) not in (["logvar", "mu"], ["logvar", "mu", "z"]):
        shapes = [tuple(output.shape) for output in encoder.outputs]
        listed = ", ".join(f"{name} {shape}" for name, shape in zip(names, shapes, strict=True))
        raise BackendError(
            f"the encoder's outputs must be told apart as mu, logvar and z; got {listed}. Say what "
            "they are, in this order, such as outputs=('mu', 'logvar', 'z'). A variance or a "
            "standard deviation is no logvar: add a layer that takes its logarithm, or twice that."
        )
    return roles


def told(encoder: keras.Model, outputs: Sequence[str]) -> tuple[str, ...]:
    """Return what the user says the outputs are, if that can be.

    Raises
    ------
    DataError
        If they are not as many as the encoder's, or lack z, or have logvar without mu.
    """
    roles = (outputs,) if isinstance(outputs, str) else tuple(outputs)
    for role in roles:
        one_of("each of outputs", role, _ROLES)
    named = set(filter(None, roles))
    is_known = named in ({"z"}, {"mu"}, {"mu", "logvar"}, {"z", "mu", "logvar"})
    n_outputs = len(encoder.outputs)
    if len(roles) != n_outputs or len(list(filter(None, roles))) != len(named) or not is_known:
        raise DataError(
            f"outputs must name each of the encoder's {n_outputs} outputs once, with z, or mu and "
            f"logvar, among them; got {roles}."
        )
    return roles


def checked(model: KerasModel) -> KerasModel:
    """Return the model if its weights are finite, its shapes fit, and it decodes points near 0.

    Raises
    ------
    BackendError
        If not.
    """
    for name, part in (("encoder", model.encoder), ("decoder", model.decoder)):
        _check_graph(name, part)
        for weight in part.weights:
            if not np.isfinite(np.asarray(weight.value, np.float32)).all():
                raise BackendError(f"the {name}'s weights must be finite; {weight.path} are not.")
    _check_shapes(model)
    model.decode(np.random.default_rng(0).standard_normal((_N_TRIED, model.z_dim)))
    return model


def _check_graph(name: str, model: keras.Model) -> None:
    try:
        is_known = bool(model.inputs and model.outputs)
    except (AttributeError, ValueError):  # Keras raises either, for models not yet called
        is_known = False
    if not is_known:
        raise BackendError(
            f"the {name} must have known inputs and outputs; {model.name} is built only when "
            "called. Wrap it: keras.Model(image, model(image)) with image = keras.Input(shape)."
        )


def _names_of(encoder: keras.Model) -> list[str]:
    """Return the keys of a dict of outputs, else the names of the layers that give them."""
    if isinstance(encoder, keras.Sequential):
        return [encoder.layers[-1].name]
    if isinstance(encoder.output, dict):
        return sorted(encoder.output)  # the order in which Keras lists them
    return list(encoder.output_names)


def _role(name: str) -> str:
    plain = name.lower().rpartition("/")[2].rstrip("0123456789").rstrip("_")
    return next((role for role, known in _NAMES.items() if plain in known), "")


def _check_shapes(model: KerasModel) -> None:
    image = model.encoder.input_shape
    is_image = isinstance(image, tuple) and len(image) == 4
    if not is_image or None in image[1:] or image[3] not in (1, 3):
        raise BackendError(
            "the encoder must take one input (n, height, width, channels) of fixed size with 1 or "
            f"3 channels; it takes {image}."
        )
    dtype, (low, high) = model.encoder.inputs[0].dtype, model.pixel_range
    if "float" not in dtype and high - low < _BYTES:
        raise BackendError(
            f"the encoder takes {dtype}, which pixels from {low:g} to {high:g} are rounded to. Say "
            "what it takes for white, such as pixel_range=(0, 255)."
        )
    outputs = zip(model.outputs, model.encoder.outputs, strict=True)
    given = {tuple(output.shape) for role, output in outputs if role}
    taken = model.decoder.input_shape
    if given != {taken} or len(taken) != 2 or None in taken[1:]:
        raise BackendError(
            "the encoder must give what the decoder takes, (n, z_dim); it gives "
            f"{', '.join(map(str, given))}, the decoder takes {taken}."
        )
    if model.decoder.output_shape != image:
        raise BackendError(
            f"the decoder must give images of shape {image}; it gives {model.decoder.output_shape}."
        )
