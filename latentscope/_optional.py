"""Import of libraries that only some users need, with an error that names the install line."""

import importlib
from types import ModuleType

from latentscope.errors import MissingDependencyError


def import_optional(module: str, *, purpose: str, extra: str) -> ModuleType:
    """Import `module`, or say which extra of latentscope-analysis brings it.

    Examples
    --------
    >>> import_optional("math", purpose="Arithmetic", extra="formats").pi
    3.141592653589793
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"{purpose} needs {module}, which is not installed: "
            f"pip install 'latentscope-analysis[{extra}]'"
        ) from error
