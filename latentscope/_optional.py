"""Import of optional libraries, with an error that names the command to install them."""

import importlib
from types import ModuleType

from latentscope.errors import MissingDependencyError


def import_optional(module: str, *, purpose: str, extra: str) -> ModuleType:
    """Import `module`, or raise an error that names the extra of latentscope-analysis to install.

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
