"""Results cannot be changed, describe themselves, and come back from a file as they were."""

import dataclasses
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from latentscope import results
from latentscope._disk import atomic
from latentscope._table import Table
from latentscope._types import BoolArray, FloatArray, IntArray
from latentscope.errors import FileFormatError, MissingFileError
from latentscope.results import Result


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Inner(Result):
    """A result within a result."""

    values: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Outer(Result):
    """One field of every kind that results have."""

    values: FloatArray
    counts: IntArray
    flags: BoolArray
    empty: FloatArray
    name: str
    elbow: int | None
    share: float
    names: tuple[str, ...]
    inner: Inner
    inners: tuple[Inner, ...]
    missing: Inner | None

    _plot: ClassVar[str] = "plot_outer"

    def headline(self):
        return {"share": self.share, "<script>": self.name, "elbow": self.elbow}


def make(**changes):
    random = np.random.default_rng(0)
    inner = Inner(n_used=3, n_total=3, values=random.standard_normal(3))
    fields = {
        "n_used": 1500,
        "n_total": 2000,
        "values": random.standard_normal((4, 3)) * 10.0 ** random.integers(-300, 300, (4, 3)),
        "counts": np.array([0, 2**62, -5]),
        "flags": np.array([True, False]),
        "empty": np.empty(0),
        "name": "σ <b>",
        "elbow": None,
        "share": 0.1 + 0.2,
        "names": ("ae", "vae"),
        "inner": inner,
        "inners": (inner, inner),
        "missing": None,
    }
    return Outer(**fields | changes)


def same(one, other):
    """Tell whether two values are of one kind and equal to the bit."""
    if isinstance(one, Result):
        names = [field.name for field in dataclasses.fields(one)]
        return type(one) is type(other) and all(
            same(getattr(one, name), getattr(other, name)) for name in names
        )
    if isinstance(one, np.ndarray):
        return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


# --- nobody changes a result ---


def test_arrays_are_read_only_copies():
    values = np.arange(3.0)
    result = make(values=values)
    values[0] = 7
    assert result.values[0] == 0
    for field in ("values", "counts", "flags", "empty"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(result, field)[...] = 1


def test_views_cannot_be_unlocked():
    """The base of a result's array is its own: nobody holds a writable one."""
    result = make(values=np.arange(12.0)[::2])
    assert result.values.base is None


def test_collections_are_copies():
    names = ["a", "b"]
    result = make(names=names)
    names.append("c")
    assert result.names == ("a", "b")


def test_numpy_numbers_become_plain():
    result = make(share=np.float64(0.5), n_used=np.int64(3), elbow=np.int32(4))
    assert [type(value) for value in (result.share, result.n_used, result.elbow)] == [
        float,
        int,
        int,
    ]


@pytest.mark.parametrize("name", ["values", "n_used"])
def test_fields_are_frozen(name):
    with pytest.raises(dataclasses.FrozenInstanceError, match=name):
        setattr(make(), name, 1)


def test_nothing_is_added():
    with pytest.raises((AttributeError, TypeError), match=r"comment|super\(type, obj\)"):
        make().comment = "mine"


def test_equality_is_identity():
    one, other = make(), make()
    assert one == one
    assert one != other
    assert len({one, other, one}) == 2


# --- what a result says of itself ---


def test_repr_is_one_line():
    assert repr(make()) == ("<Outer of 1,500 of 2,000 rows: share 0.3, <script> σ <b>, elbow –>")
    assert repr(make(n_used=2000)).startswith("<Outer of 2,000 rows: ")


def test_html_is_escaped():
    html = make()._repr_html_()
    assert html.startswith("<p><b>Outer of 1,500 of 2,000 rows</b></p><table>")
    assert "<script>" not in html
    assert "<td>&lt;script&gt;</td><td>σ &lt;b&gt;</td>" in html


def test_table_and_frame_hold_the_headline():
    assert make().table().rows == [("share", 0.1 + 0.2), ("<script>", "σ <b>"), ("elbow", None)]
    assert make().to_frame()["quantity"].tolist() == ["share", "<script>", "elbow"]


def test_own_table_is_shown():
    @dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
    class Tabled(Result):
        def table(self):
            return Table(axis=[52])

    assert "<th>axis</th>" in Tabled(n_used=2, n_total=2)._repr_html_()


def test_plot_calls_the_function_of_the_class(monkeypatch):
    called = []
    draw = SimpleNamespace(plot_outer=lambda result, ax: called.append((result, ax)) or "axes")
    monkeypatch.setattr(results, "import_module", {"latentscope.plot": draw}.__getitem__)
    result = make()
    assert result.plot(ax="given") == "axes"
    assert result.plot() == "axes"
    assert called == [(result, "given"), (result, None)]


# --- to a file and back ---


def test_to_dict_is_json_ready():
    result = make()
    plain = result.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["result"] == "Outer"
    assert list(plain)[1:] == [field.name for field in dataclasses.fields(Outer)]
    assert plain["counts"] == [0, 2**62, -5]
    assert plain["inner"]["result"] == "Inner"


@pytest.mark.parametrize("cls", [Outer, Result])
def test_load_returns_what_was_saved(tmp_path, cls):
    result = make()
    result.save(tmp_path / "result.json")
    assert same(cls.load(tmp_path / "result.json"), result)


def test_load_returns_a_locked_result(tmp_path):
    make().save(str(tmp_path / "result.json"))
    loaded = Outer.load(str(tmp_path / "result.json"))
    assert not loaded.values.flags.writeable
    assert not loaded.inner.values.flags.writeable


@pytest.mark.parametrize("shape", [(0, 2), (3, 0)])
def test_empty_arrays_keep_their_shape(tmp_path, shape):
    make(empty=np.empty(shape)).save(tmp_path / "result.json")
    assert Outer.load(tmp_path / "result.json").empty.shape == shape


def test_load_in_a_new_session(tmp_path):
    """A result is found by name though nobody has imported its analysis yet."""
    code = (
        "import numpy, latentscope\n"
        "z = numpy.random.default_rng(0).standard_normal((100, 2))\n"
        "latentscope.radius_density(z).save('radius.json')\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    code = "from latentscope.results import Result; print(Result.load('radius.json').n_used)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "100\n", done.stderr


def test_save_replaces_the_file_or_leaves_it(monkeypatch, tmp_path):
    path = tmp_path / "result.json"
    make(name="old").save(path)

    def fail(path):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "_sync", fail)
        with pytest.raises(OSError, match="disk full"):
            make(name="new").save(path)
    assert Outer.load(path).name == "old"
    assert list(tmp_path.iterdir()) == [path]
    make(name="new").save(path)
    assert Outer.load(path).name == "new"


def test_nan_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        make(share=float("nan")).save(tmp_path / "result.json")
    assert list(tmp_path.iterdir()) == []


DAMAGED = {
    "empty": b"",
    "cut": b'{"result": "Outer", "n_us',
    "HDF5": b"\x89HDF\r\n\x1a\n\x00\xff",
    "HTML": b"<!DOCTYPE html><html></html>",
    "unknown class": b'{"result": "Nobody", "n_used": 1}',
    "class of another kind": b'{"result": ["Outer"]}',
    "missing fields": b'{"result": "Inner", "n_used": 1}',
    "text for numbers": b'{"result": "Inner", "n_used": 1, "n_total": 1, "values": ["a"]}',
    "deep": b"[" * 100_000,
    "deep inside": b'{"result": "Inner", "n_used": ' + b"[" * 100_000,
    "NaN": b'{"result": "Inner", "n_used": NaN, "n_total": 1, "values": []}',
    "ragged": b'{"result": "Inner", "n_used": 1, "n_total": 1, "values": [[1], [2, 3]]}',
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_files(tmp_path, content):
    path = tmp_path / "result.json"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"result\.json is not a saved result: "):
        Result.load(path)


@pytest.mark.parametrize(
    ("content", "kind"), [(b"[1, 2]", "tuple"), (b"null", "NoneType"), (b'{"a": 1}', "dict")]
)
def test_json_that_is_no_result(tmp_path, content, kind):
    path = tmp_path / "result.json"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=f"must hold a Result; it holds a {kind}"):
        Result.load(path)


INNER = {"result": "Inner", "n_used": 1, "n_total": 1, "values": [1.0]}


@pytest.mark.parametrize(
    ("field", "value", "match"),
    [
        ("values", {"shape": [5]}, "values must be an array; it is .*, without numbers"),
        ("values", {"shape": [10**12]}, "values must be an array"),
        ("values", {"shape": [0, -1]}, "negative dimensions are not allowed"),
        ("values", {"shape": [0, True]}, "values must be an array"),
        ("values", {"shape": [0, 10**30]}, "Maximum allowed dimension exceeded"),
        ("values", {"shape": "0"}, "values must be an array"),
        ("values", {}, "values must be an array"),
        ("values", 5, "values must be an array; it is 5"),
        ("values", "1.5", "values must be an array; it is '1.5'"),
        ("values", None, "values must be an array; it is None"),
        ("values", ["1.5"], "elements of it are str"),
        ("values", [True], "elements of it are bool"),
        ("values", [[1.0], 2.0], "elements of it are list"),
        ("values", [10**400], "too large"),
        ("counts", [10**30], "too large"),
        ("counts", [None], "elements of it are NoneType"),
        ("counts", [1.5], "elements of it are float"),
        ("flags", [1], "elements of it are int"),
        ("n_used", [1], r"n_used must be int; it is \(1,\)"),
        ("n_used", "1", "n_used must be int"),
        ("n_used", True, "n_used must be int"),
        ("n_used", 1.5, "n_used must be int"),
        ("elbow", "3", r"elbow must be int \| None; it is '3'"),
        ("share", None, "share must be float"),
        ("share", 10**400, "too large"),
        ("name", ["a"], "name must be str"),
        ("names", "ae", r"names must be tuple"),
        ("names", ["ae", 5], "names must be str; it is 5"),
        ("inner", None, "inner must be Inner"),
        ("inner", {"a": 1}, "inner must be Inner"),
        ("inner", {"result": "Result", "n_used": 1, "n_total": 1}, "no result is called 'Result'"),
        ("inner", INNER | {"values": {"shape": [3]}}, "values must be an array"),
        ("inners", [INNER, 5], "inners must be Inner; it is 5"),
        ("missing", [1], r"missing must be .*Inner \| None"),
    ],
)
def test_wrong_types_are_refused(tmp_path, field, value, match):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(make().to_dict() | {field: value}))
    with pytest.raises(FileFormatError, match=f"{match}.*Make the result again and save it"):
        Result.load(path)


@pytest.mark.parametrize("number", ["0.30000000000000004", "0.5, 7.5"])
def test_numbers_that_become_infinite_are_refused(tmp_path, number):
    text = json.dumps(make(values=np.array([0.5, 7.5])).to_dict())
    assert number in text
    (tmp_path / "result.json").write_text(text.replace(number, "1e999", 1))
    with pytest.raises(FileFormatError, match=r"share must be float|values must be finite"):
        Result.load(tmp_path / "result.json")


def test_an_undefined_number_comes_back(tmp_path):
    make(values=np.array([1.0, np.nan])).save(tmp_path / "result.json")
    np.testing.assert_array_equal(Outer.load(tmp_path / "result.json").values, [1, np.nan])


def test_another_kind_of_result(tmp_path):
    make().save(tmp_path / "result.json")
    with pytest.raises(FileFormatError, match=r"json must hold a Inner; it holds a Outer"):
        Inner.load(tmp_path / "result.json")


def test_missing_file(tmp_path):
    with pytest.raises(MissingFileError, match=r"no such file: .*missing\.json"):
        Outer.load(tmp_path / "missing.json")


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(FileFormatError, match="it is a folder, a pipe or a device"):
            Outer.load(path)
