"""Each refusal is a LatentscopeError and the builtin that fits."""

import copy
import inspect
import pickle
import sys

import pytest

from latentscope import errors
from latentscope._optional import import_optional

BUILTIN = {
    errors.DataError: ValueError,
    errors.DataTypeError: TypeError,
    errors.FileFormatError: ValueError,
    errors.IncompleteFileError: ValueError,
    errors.UnsafeFileError: ValueError,
    errors.TooLargeError: MemoryError,
    errors.MissingFileError: FileNotFoundError,
    errors.MissingDependencyError: ImportError,
    errors.BackendError: RuntimeError,
    errors.AccessError: OSError,
    errors.ClusterError: RuntimeError,
}
ALL = [cls for _, cls in inspect.getmembers(errors, inspect.isclass)]


def test_the_table_is_complete():
    others = {errors.LatentscopeError, errors.LatentscopeWarning}
    assert set(ALL) == set(BUILTIN) | others


@pytest.mark.parametrize(("cls", "builtin"), BUILTIN.items())
@pytest.mark.parametrize("caught", ["builtin", "base"])
def test_errors_are_caught_as_builtin_and_as_ours(cls, builtin, caught):
    with pytest.raises(builtin if caught == "builtin" else errors.LatentscopeError, match="text"):
        raise cls("text")


@pytest.mark.parametrize(
    ("cls", "parent"),
    [
        (errors.DataTypeError, errors.DataError),
        (errors.IncompleteFileError, errors.FileFormatError),
        (errors.LatentscopeWarning, UserWarning),
    ],
)
def test_kinds_of_kinds(cls, parent):
    assert issubclass(cls, parent)


@pytest.mark.parametrize("cls", ALL)
def test_errors_travel_between_processes(cls):
    copy = pickle.loads(pickle.dumps(cls("text")))
    assert type(copy) is cls
    assert str(copy) == "text"


@pytest.mark.parametrize("cls", BUILTIN)
def test_errors_carry_the_parameter_and_its_remedy_everywhere(cls):
    error = cls("z is short.", parameter="z", remedy="Pass `flatten=True` or `more(z)`.")
    for one in (error, pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert str(one) == "z is short. Pass flatten=True or more(z)."
        assert one.message == "z is short."
        assert one.parameter == "z"
        assert one.remedy == "Pass `flatten=True` or `more(z)`."


def test_without_a_remedy_the_text_is_the_message():
    error = errors.DataError("`z` is short.")
    assert (str(error), error.message, error.parameter) == ("`z` is short.", "`z` is short.", None)


def test_missing_library_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    message = r"Maps needs umap, .*: pip install 'latentscope-analysis\[formats\]'"
    with pytest.raises(errors.MissingDependencyError, match=message):
        import_optional("umap", purpose="Maps", extra="formats")


def test_installed_library_is_returned():
    assert import_optional("pickle", purpose="Maps", extra="formats") is pickle
