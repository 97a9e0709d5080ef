"""The errors of latentscope, one class per kind of problem.

Each class is a :class:`LatentscopeError` and the builtin that fits, so ``except ValueError`` keeps
working. Messages state what was required, what was given, and what to do. What they quote from
files or other libraries is shown without control characters.
"""

from latentscope._disk.printable import printable


class LatentscopeError(Exception):
    """Base of all errors that latentscope raises on purpose.

    Parameters
    ----------
    message : str
        What was required, and what came.
    parameter : str, optional
        The parameter of the call that is wrong.
    remedy : str, optional
        What to do about it, the end of the error's text. Parameters and calls stand in backticks,
        which the text leaves out: the command puts its options in their place.

    Examples
    --------
    >>> error = LatentscopeError("z has 3 axes.", parameter="z", remedy="Pass `flatten=True`.")
    >>> str(error)
    'z has 3 axes. Pass flatten=True.'
    >>> error.message, error.parameter
    ('z has 3 axes.', 'z')
    """

    def __init__(
        self, message: str = "", *others: object, parameter: str | None = None, remedy: str = ""
    ) -> None:
        message, remedy = printable(message, lines=True), printable(remedy, lines=True)
        text = f"{message} {remedy.replace('`', '')}" if remedy else message
        super().__init__(text, *others)
        self.message, self.parameter, self.remedy = message, parameter, remedy


class DataError(LatentscopeError, ValueError):
    """The array or a parameter has the wrong shape, values or range."""


class DataTypeError(DataError, TypeError):
    """The array or a parameter has a type that is not accepted (objects, text, complex, sparse)."""


class FileFormatError(LatentscopeError, ValueError):
    """The file is damaged, or not of the format that its name or the caller promises."""


class IncompleteFileError(FileFormatError):
    """The file's writer was stopped before all rows were written."""


class UnsafeFileError(LatentscopeError, ValueError):
    """Reading the file would follow links out of it or run code from it."""


# With the bases in this order it can be sent between processes.
class TooLargeError(MemoryError, LatentscopeError):
    """The file declares far more data than it stores, or more than fits in memory."""

    __init__ = LatentscopeError.__init__  # that of MemoryError knows no parameter


class MissingDependencyError(LatentscopeError, ImportError):
    """An optional library is needed and not installed."""


class BackendError(LatentscopeError, RuntimeError):
    """A model or a backend breaks its contract: wrong shapes, NaN, values out of range."""


class LatentscopeWarning(UserWarning):
    """The result is correct but weak: read the message before you rely on it."""


class MissingFileError(LatentscopeError, FileNotFoundError):
    """There is no file of that name."""


class AccessError(LatentscopeError, OSError):
    """The file cannot be accessed: no permission, a failing disk, a lost network drive."""


class ClusterError(LatentscopeError, RuntimeError):
    """The workers that read the rows are gone, or die again and again."""
