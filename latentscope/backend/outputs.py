"""Matching an encoder's outputs with a decoder's input: recognised by name, or specified.

Independent of the framework: the functions only see shapes, names and weights.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from latentscope._types import Array
from latentscope._validate import one_of
from latentscope.errors import BackendError, DataError, DataTypeError

Role = Literal["z", "mu", "logvar", "variance", "std", "log_std", ""]


def _of_z(*names: str) -> tuple[str, ...]:
    """Return names, also as people write them for z: z_mean, latent_mean, mean_z."""
    forms = ("{}", "z_{}", "latent_{}", "{}_z")
    return tuple(form.format(name) for form in forms for name in names)


NAMES: dict[Role, tuple[str, ...]] = {  # common names of the outputs of encoders
    "z": ("z", "latent", "code", "embedding", "sampling", "latent_vector", "bottleneck"),
    "mu": _of_z("mu", "mean"),
    "logvar": _of_z(
        *("logvar", "log_var", "log_variance", "lnvar", "ln_var"),
        *(f"{log}sigma{square}" for log in ("log", "log_") for square in ("2", "_sq", "_squared")),
    ),
    "log_std": _of_z(
        *(f"log{_}{name}" for _ in ("", "_") for name in ("std", "stddev", "sd", "sigma", "scale")),
        *("ln_std", "ln_sigma", "lnsigma"),
    ),
    "variance": _of_z("variance", "var", "sigma2", "sigma_sq", "sigma_squared"),
    "std": _of_z("std", "stddev", "std_dev", "sigma"),
}
LOGVAR: dict[Role, Callable[[Array], Array]] = {  # logvar from each measure of a posterior's width
    "logvar": lambda logvar: logvar,
    "log_std": lambda log_std: 2 * log_std,
    "variance": np.log,
    "std": lambda std: 2 * np.log(std),
}
_COUNTED = re.compile(r"_?\d+$")  # frameworks count outputs of one name: mu, mu_1
_SQUARE = re.compile(r"(sigma|std|sd|stddev|scale)_?2$")  # or is it a square?
_BYTES = 255

Shape = tuple[int | None, ...]  # None for the number of rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The properties of an encoder and a decoder that fit together.

    Attributes
    ----------
    outputs : tuple of str
        What the encoder's outputs are, in order: of "z", "mu", one of "logvar", "variance", "std"
        and "log_std", and "" for any other.
    z_dim : int
        Latent dimensions.
    image_shape : tuple of int
        Height, width and channels.
    channels_first : bool
        Whether the parts take and return (n, channels, height, width).
    pixel_range : tuple of float
        Values for black and white.
    """

    outputs: tuple[Role, ...]
    z_dim: int
    image_shape: tuple[int, int, int]
    channels_first: bool
    pixel_range: tuple[float, float]


def matched(
    shapes_of: Callable[[str, Shape], Sequence[tuple[str, Shape]]],
    *,
    images: Shape,
    points: Shape | None = None,
    dtype: str = "float32",
    outputs: Role | Sequence[Role] | None = None,
    pixel_range: tuple[float, float] = (0.0, 1.0),
    channels_first: bool | None = None,
) -> Match:
    """Return how an encoder and a decoder fit together, from the shapes of inputs and outputs.

    Parameters
    ----------
    shapes_of : callable
        Called with "encoder" or "decoder" and the shape of its input; returns name and shape of
        each output, in order.
    images, points : tuple
        Shapes that encoder and decoder take, with the number of rows, or None for any; points may
        be unknown.
    dtype : str
        Name of the type that the encoder takes.
    outputs : sequence of str, optional
        What the encoder's outputs are, as specified by the user; by default recognised by their
        number and names.
    pixel_range : tuple of float
        Values for black and white, as specified by the user.
    channels_first : bool, optional
        By default recognised by the shape.

    Returns
    -------
    Match

    Raises
    ------
    DataError
        If the user's specification is impossible.
    BackendError
        If shapes do not fit, or outputs are not recognised.

    Examples
    --------
    >>> shapes = {"encoder": [("code", (None, 4))], "decoder": [("image", (None, 8, 8, 1))]}
    >>> matched(lambda part, taken: shapes[part], images=(None, 8, 8, 1)).z_dim
    4
    """
    pixel_range = rising(pixel_range)
    check_pixels(dtype, pixel_range)
    image_shape, is_first = layout(images, channels_first)
    given = shapes_of("encoder", images)
    names = roles(given, outputs)
    used: dict[Role, Shape] = {
        role: shape for role, (_, shape) in zip(names, given, strict=True) if role
    }
    z_shape = points or next(iter(used.values()))
    z_dim = width(used, z_shape)
    returned = shapes_of("decoder", z_shape)
    if len(returned) != 1:
        raise BackendError(f"the decoder must return one array; it returns {len(returned)}.")
    check_returned(images, returned[0][1])
    return Match(
        outputs=names,
        z_dim=z_dim,
        image_shape=image_shape,
        channels_first=is_first,
        pixel_range=pixel_range,
    )


def roles(
    given: Sequence[tuple[str, Shape]], outputs: Role | Sequence[Role] | None
) -> tuple[Role, ...]:
    """Return what the outputs of an encoder are: as the user specifies, or else by their names."""
    return recognised(given) if outputs is None else specified(outputs, len(given))


def recognised(outputs: Sequence[tuple[str, Shape]]) -> tuple[Role, ...]:
    """Return what the outputs of an encoder are by their names, "" for those that are not used.

    Of several widths, such as log_sigma beside sigma, one is used.

    Parameters
    ----------
    outputs : sequence of (name, shape)
        In order.

    Raises
    ------
    BackendError
        If there are several, and mu and its width (logvar, or another) are not among them.

    Examples
    --------
    >>> recognised([("z_mean", (None, 4)), ("features", (None, 9)), ("z_log_var", (None, 4))])
    ('mu', '', 'logvar')
    """
    found = [role_of(name) for name, _ in outputs]
    if len(found) == 1 and found[0] not in LOGVAR:
        return ("z",)
    width = next((role for role in LOGVAR if role in found), "")  # one width, in the best form
    roles = tuple("" if role in LOGVAR and role != width else role for role in found)
    if not width or sorted(filter(None, roles)) not in (
        sorted(("mu", width)),
        sorted(("mu", width, "z")),
    ):
        listed = ", ".join(f"{name} {shape}" for name, shape in outputs)
        raise BackendError(
            f"the encoder's outputs must be recognisable as mu, logvar and z; got {listed}. "
            "Specify them in this order, such as outputs=('mu', 'logvar', 'z'). A variance, a "
            "standard deviation or its logarithm (log sigma, half of logvar) is not a logvar: call "
            "it 'variance', 'std' or 'log_std'."
        )
    return roles


def specified(outputs: Role | Sequence[Role], n_outputs: int) -> tuple[Role, ...]:
    """Return the outputs that the user specifies, if that is possible.

    Raises
    ------
    DataError
        If their number differs from the encoder's, z is missing, or there is a width without mu.

    Examples
    --------
    >>> specified(("mu", "std"), 2)
    ('mu', 'std')
    """
    roles = (outputs,) if isinstance(outputs, str) else tuple(outputs)
    for role in roles:
        one_of("each of outputs", role, get_args(Role))
    named = sorted(filter(None, roles))
    n_widths = len([role for role in named if role in LOGVAR])
    places = set(named) & {"z", "mu"}
    is_known = "mu" in places if n_widths == 1 else not n_widths and len(places) == 1
    if len(roles) != n_outputs or len(named) != len(set(named)) or not is_known:
        raise DataError(
            f"outputs must name each of the encoder's {n_outputs} outputs once, with z, or mu and "
            f"logvar, among them; got {roles}.",
            parameter="outputs",
        )
    return roles


def rising(pixel_range: Any) -> tuple[float, float]:
    """Return the values for black and white as two floats.

    Raises
    ------
    DataError
        If they are not two finite numbers, the first below the second.

    Examples
    --------
    >>> rising((-1, 1))
    (-1.0, 1.0)
    """
    try:
        low, high = map(float, pixel_range)
    except (TypeError, ValueError) as error:
        raise DataTypeError(
            f"pixel_range must be two numbers, such as (-1, 1); got {pixel_range!r}.",
            parameter="pixel_range",
        ) from error
    if not (low < high and np.isfinite([low, high]).all()):
        raise DataError(
            f"pixel_range must be (black, white), rising; got {pixel_range!r}.",
            parameter="pixel_range",
        )
    return low, high


def check_weights(name: str, weights: Iterable[tuple[str, Any]]) -> None:
    """Refuse weights that are not finite.

    Parameters
    ----------
    name : str
        The part whose weights they are: "encoder" or "decoder".
    weights : iterable of (str, array)
        Pairs of name and array.

    Raises
    ------
    BackendError
        If any of them contains NaN or infinity.

    Examples
    --------
    >>> check_weights("encoder", [("dense/kernel", np.array([np.nan]))])
    Traceback (most recent call last):
        ...
    latentscope.errors.BackendError: the encoder's weights must be finite; dense/kernel are not.
    """
    for path, weight in weights:
        if not np.isfinite(np.asarray(weight, np.float32)).all():
            raise BackendError(f"the {name}'s weights must be finite; {path} are not.")


def check_image(image: Any) -> None:
    """Refuse anything that is not a shape (n, height, width, channels) of images of one size."""
    is_image = isinstance(image, tuple) and len(image) == 4
    if not is_image or None in image[1:] or image[3] not in (1, 3):
        raise BackendError(
            "the encoder must take one input (n, height, width, channels) of fixed size with 1 or "
            f"3 channels; it takes {image}."
        )


def layout(shape: Any, channels_first: bool | None = None) -> tuple[tuple[int, int, int], bool]:
    """Return height, width and channels of an encoder's input, and whether channels come first.

    Parameters
    ----------
    shape : tuple
        Of the encoder's input, with the number of images.
    channels_first : bool, optional
        By default recognised by the position of the 1 or 3 channels.

    Raises
    ------
    BackendError
        If it is not a shape of images, or fits both layouts.

    Examples
    --------
    >>> layout((None, 3, 64, 32))
    ((64, 32, 3), True)
    """
    is_image = isinstance(shape, tuple) and len(shape) == 4
    if channels_first is None and is_image and shape[1] in (1, 3):
        if shape[3] in (1, 3):
            raise BackendError(
                f"the encoder takes {shape}, which may be images of either layout. Pass "
                "channels_first=True or channels_first=False."
            )
        channels_first = True
    if channels_first and is_image:
        shape = (shape[0], *shape[2:], shape[1])
    check_image(shape)
    return shape[1:], bool(channels_first)


def check_pixels(dtype: str, pixel_range: tuple[float, float]) -> None:
    """Refuse an encoder of whole numbers whose pixels would all be rounded to 0 and 1."""
    low, high = pixel_range
    if "float" not in dtype and high - low < _BYTES:
        raise BackendError(
            f"the encoder takes {dtype}, to which pixels from {low:g} to {high:g} are rounded. "
            "Specify its values for black and white, such as pixel_range=(0, 255)."
        )


def width(given: Mapping[Role, Shape], taken: Shape) -> int:
    """Return z_dim if every output in use has the shape (None, z_dim) that the decoder takes.

    Parameters
    ----------
    given : mapping
        From the role of an output to its shape.
    taken : tuple
        Shape that the decoder takes.

    Examples
    --------
    >>> width({"mu": (None, 4), "logvar": (None, 4)}, (None, 4))
    4
    """
    shapes = set(given.values())
    if shapes != {taken} or len(taken) != 2 or taken[1] is None:
        raise BackendError(
            "the encoder must return and the decoder must take the same shape (n, z_dim); the "
            f"encoder returns {', '.join(map(str, shapes))}, the decoder takes {taken}."
        )
    return taken[1]


def check_returned(image: Shape, returned: Shape) -> None:
    """Refuse a decoder whose images have another shape than those that the encoder takes."""
    if returned != image:
        raise BackendError(
            f"the decoder must return images of shape {image}; it returns {returned}."
        )


def role_of(name: str) -> Role:
    """Return what an output of this name is, "" if its name is not known.

    Examples
    --------
    >>> role_of("encoder/z_mean"), role_of("log_sigma"), role_of("log_sigma2")
    ('mu', 'log_std', 'logvar')
    """
    last = name.lower().replace("-", "_").rpartition("/")[2]
    plain = last if _SQUARE.search(last) else _COUNTED.sub("", last)
    return next((role for role, known in NAMES.items() if {last, plain} & {*known}), "")


def as_logvar(role: Role, values: Array) -> Array:
    """Return logvar, the logarithm of a posterior's variance, from its width in another form.

    Parameters
    ----------
    role : str
        What the values are: "logvar", "variance", "std" or "log_std".
    values : array of any shape

    Returns
    -------
    array of the same shape
        At least float32. NaN or minus infinity where a variance or a standard deviation is not
        above 0, without a warning.

    Examples
    --------
    >>> as_logvar("log_std", np.array([-1.0])), as_logvar("std", np.array([1.0]))
    (array([-2.]), array([0.]))
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return LOGVAR[role](values.astype(np.result_type(values, np.float32), copy=False))
