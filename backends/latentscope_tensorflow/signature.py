"""A Keras encoder and decoder as a model, if the shapes of their graphs fit together."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from latentscope.backend import Role, Shape, check_decoder, check_weights, matched
from latentscope.errors import BackendError
from latentscope_tensorflow.keras_model import KerasModel


def fitted(
    encoder: keras.Model,
    decoder: keras.Model,
    *,
    outputs: Role | Sequence[Role] | None = None,
    pixel_range: tuple[float, float] = (0.0, 1.0),
    meta: Mapping[str, Any],
    factor: float = 1.0,
) -> KerasModel:
    """Return a model, if weights are finite, shapes fit, and points near 0 decode to images.

    Raises
    ------
    DataError
        If `outputs` or `pixel_range` is impossible.
    BackendError
        If the two do not fit together.
    """
    parts = {"encoder": encoder, "decoder": decoder}
    for name, part in parts.items():
        _check_graph(name, part)
        check_weights(name, ((weight.path, weight.value) for weight in part.weights))
    match = matched(
        lambda name, _: _outputs_of(parts[name]),
        images=encoder.input_shape,
        points=decoder.input_shape,
        dtype=encoder.inputs[0].dtype,
        outputs=outputs,
        pixel_range=pixel_range,
        channels_first=False,
    )
    model = KerasModel(
        encoder, decoder, match.outputs, factor=factor, pixel_range=match.pixel_range, meta=meta
    )
    check_decoder(model)
    return model


def _check_graph(name: str, model: keras.Model) -> None:
    try:
        is_known = bool(model.inputs and model.outputs)
    except (AttributeError, ValueError):  # Keras raises one of them for models not yet called
        is_known = False
    if not is_known:
        raise BackendError(
            f"the {name} must have known inputs and outputs; {model.name} is built only when "
            "called. Wrap it: keras.Model(image, model(image)) with image = keras.Input(shape)."
        )
    if len(model.inputs) != 1 or not isinstance(model.input_shape, tuple):
        raise BackendError(
            f"the {name} must take one input; {model.name} takes {model.input_shape}."
        )


def _outputs_of(model: keras.Model) -> list[tuple[str, Shape]]:
    """Return names and shapes: keys of a dict, else names of the layers that return the outputs."""
    shapes = [tuple(output.shape) for output in model.outputs]
    if isinstance(model, keras.Sequential):
        names = [model.layers[-1].name]
    elif isinstance(model.output, dict) and len(model.output) == len(shapes):
        names = sorted(model.output)  # the order in which Keras lists them
    else:
        names = list(model.output_names)
    return list(zip(names, shapes, strict=True))
