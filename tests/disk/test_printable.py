"""Control characters from files never reach a terminal, a page or a figure as they are."""

import matplotlib as mpl
import numpy as np
import pytest

import latentscope
from latentscope._disk.printable import printable
from latentscope._table import Table
from latentscope._warn import warn
from latentscope.errors import DataError, LatentscopeWarning

NASTY = "a\x1b[2J\u202eb\ud800"
SHOWN = r"a\x1b[2J\u202eb\ud800"


@pytest.mark.parametrize("text", ["\x00", "\x1b", "\x7f", "\x9b", "\u2028", "\u202e", "\udcff"])
def test_what_a_terminal_obeys_is_escaped(text):
    assert printable(f"a{text}b").isascii()


def test_letters_of_all_alphabets_stay():
    assert printable("Zürich, 東京, עברית, √‖z‖ ≤ 1") == "Zürich, 東京, עברית, √‖z‖ ≤ 1"


def test_line_breaks_stay_where_lines_are_shown():
    assert printable("a\n\tb", lines=True) == "a\n\tb"
    assert printable("a\n\tb") == r"a\n\tb"


def test_tables_errors_and_warnings_show_escapes():
    table = Table(**{NASTY: [NASTY]})
    assert repr(table).split() == [SHOWN, SHOWN]
    assert SHOWN in table._repr_html_()
    assert str(DataError(NASTY)) == SHOWN
    with pytest.warns(LatentscopeWarning, match=r"a\\x1b\[2J"):
        warn(NASTY)


@pytest.mark.parametrize("name", ["a$_$b", "_hidden", NASTY])
def test_names_stand_in_a_figure_as_they_are(name, tmp_path):
    """Two $ broke the figure, and a name that begins with _ was missing from the legend."""
    z = np.random.default_rng(0).standard_normal((60, 3))
    panels = latentscope.compare(**{name: z, "c": z + 1}).plot()
    figure = panels[0].figure
    figure.savefig(tmp_path / "a.png")
    labels = [text.get_text() for panel in panels for text in _texts(panel)]
    shown = printable(name).replace("$", r"\$")
    assert shown in {label.strip() for label in labels}
    mpl.pyplot.close(figure)


def _texts(panel):
    legend = panel.get_legend()
    return legend.get_texts() if legend else []
