"""Lookup of backends: the built-in ones, and those that other distributions register."""

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from latentscope._optional import import_optional
from latentscope._validate import one_of
from latentscope.backend.protocols import Backend
from latentscope.errors import BackendError, MissingDependencyError

GROUP = "latentscope.backends"
_BUILT_IN = {  # name of the backend and of the extra: required packages, and the backend's module
    "onnx": (("onnx", "onnxruntime"), "latentscope_onnx"),
    "tensorflow": (("tensorflow",), "latentscope_tensorflow"),
    "torch": (("torch",), "latentscope_torch"),
}


def names() -> tuple[str, ...]:
    """Return the names of all backends, installed or built in.

    Examples
    --------
    >>> {"onnx", "tensorflow", "torch"} <= set(names())
    True
    """
    found = {point.name for point in entry_points(group=GROUP)}
    return tuple(sorted(found | set(_BUILT_IN)))


def get(name: str) -> Backend:
    """Return a backend by name, importing it.

    Parameters
    ----------
    name : str
        "tensorflow", "torch", "onnx", or the name under which a distribution registers its backend.

    Returns
    -------
    Backend
        With `load`, and with `train` if it ``can`` train.

    Raises
    ------
    DataError
        If there is no such backend.
    MissingDependencyError
        If its framework is not installed.
    BackendError
        If the object found is not a backend.

    Examples
    --------
    >>> get("tensorflow").can
    ('load', 'train')
    """
    if name in _BUILT_IN:
        needed, module = _BUILT_IN[name]
        for framework in needed:
            import_optional(framework, purpose=f"the backend {name!r}", extra=name)
        return _checked(name, import_module(module))
    one_of("name", name, names())
    (point, *_) = entry_points(group=GROUP, name=name)
    try:
        found = point.load()
    except ImportError as error:
        raise MissingDependencyError(
            f"the backend {name!r} ({point.value}) cannot be imported: {error}. Reinstall the "
            "distribution that provides it, with its dependencies."
        ) from error
    return _checked(name, found)


def _checked(name: str, found: Any) -> Backend:
    can = getattr(found, "can", None)
    missing = [function for function in ("load", *(can or ())) if function not in dir(found)]
    if can is None or missing:
        lacks = ", ".join(missing) or "can"
        raise BackendError(
            f"the backend {name!r} must have `can`, `load` and all functions that `can` lists; "
            f"missing: {lacks}."
        )
    return found
