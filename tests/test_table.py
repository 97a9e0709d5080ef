"""Tables print, show as HTML and become frames."""

import sys

import numpy as np
import pytest

from latentscope._table import Table, show
from latentscope.errors import MissingDependencyError


@pytest.fixture
def table():
    return Table(name=["first", "b"], n=[3, 1200], share=[0.25, None])


def test_table_is_a_read_only_mapping(table):
    assert list(table) == ["name", "n", "share"]
    assert table["n"] == (3, 1200)
    assert dict(table)["share"] == (0.25, None)
    assert table.rows == [("first", 3, 0.25), ("b", 1200, None)]
    with pytest.raises(TypeError, match="does not support item assignment"):
        table["n"] = (1, 2)
    with pytest.raises(KeyError, match="missing"):
        table["missing"]


def test_columns_are_copied():
    column = [1, 2]
    table = Table(n=column)
    column.append(3)
    assert table["n"] == (1, 2)


def test_any_name_of_a_column():
    assert Table(**{"self": [1], "mean radius (nats)": [2]}).rows == [(1, 2)]


def test_text_is_left_and_numbers_are_right(table):
    assert str(table).splitlines() == [
        "name       n  share",
        "first      3   0.25",
        "b      1,200      –",
    ]


@pytest.mark.parametrize(("table", "text"), [(Table(), ""), (Table(a=[], bc=[]), "a  bc")])
def test_empty_tables_print(table, text):
    assert str(table) == text
    assert table.rows == []


def test_html_escapes_names_and_cells():
    html = Table(**{"<script>a": ["<script>b", "1 & 2"]})._repr_html_()
    assert "<script>" not in html
    assert "<th>&lt;script&gt;a</th>" in html
    assert "<td>&lt;script&gt;b</td></tr><tr><td>1 &amp; 2</td>" in html


def test_to_frame(table):
    frame = table.to_frame()
    assert list(frame.columns) == ["name", "n", "share"]
    assert frame["n"].tolist() == [3, 1200]
    assert frame["share"].isna().tolist() == [False, True]


def test_to_frame_without_pandas(monkeypatch, table):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match=r"to_frame needs pandas.*\[formats\]'"):
        table.to_frame()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (7, "7"),
        (np.int64(7), "7"),
        (-1234567, "-1,234,567"),
        (170000.0, "170,000"),
        (16.283989, "16.284"),
        (np.float32(0.1), "0.1"),
        (1234567.8, "1.2346e+06"),
        (6.12e-5, "6.12e-05"),
        (1e30, "1e+30"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (True, "yes"),
        (np.False_, "no"),
        (None, "–"),
        ("", ""),
        ("log-variance", "log-variance"),
    ],
)
def test_show(value, text):
    assert show(value) == text
