"""What a Keras encoder and decoder take and give: recognised or told, and checked."""

from collections.abc import Sequence

import keras

from latentscope.backend.outputs import (
    Role,
    Shape,
    check_image,
    check_pixels,
    check_returned,
    check_weights,
    recognised,
    told,
    width,
)
from latentscope.backend.pair import check_decoder
from latentscope.errors import BackendError
from latentscope_tensorflow.keras_model import KerasModel


def roles(encoder: keras.Model, outputs: Role | Sequence[Role] | None) -> tuple[Role, ...]:
    """Return what the outputs are, as the user says or else as their number and names tell.

    Raises
    ------
    DataError
        If what the user says cannot be.
    BackendError
        If they are several, and not mu and logvar among them.
    """
    if outputs is not None:
        return told(outputs, len(encoder.outputs))
    _check_graph("encoder", encoder)
    shapes = [tuple(output.shape) for output in encoder.outputs]
    return recognised(list(zip(_names_of(encoder), shapes, strict=True)))


def checked(model: KerasModel) -> KerasModel:
    """Return the model if its weights are finite, its shapes fit, and it decodes points near 0.

    Raises
    ------
    BackendError
        If not.
    """
    for name, part in (("encoder", model.encoder), ("decoder", model.decoder)):
        _check_graph(name, part)
        check_weights(name, ((weight.path, weight.value) for weight in part.weights))
    image = model.encoder.input_shape
    check_image(image)
    check_pixels(model.encoder.inputs[0].dtype, model.pixel_range)
    given = zip(model.outputs, model.encoder.outputs, strict=True)
    used: dict[Role, Shape] = {role: tuple(output.shape) for role, output in given if role}
    width(used, model.decoder.input_shape)
    check_returned(image, model.decoder.output_shape)
    check_decoder(model)
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
