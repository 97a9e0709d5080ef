"""The page on the command: its commands run, and write what it shows."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from latentscope.analysis.posterior import Posterior
from latentscope.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()


def without_numbers(text):
    """Other machines round otherwise: compare the words."""
    return re.sub(r"\s+", " ", re.sub(r"-?[\d.,]+(e[+-]?\d+)?", "#", text)).strip()


def written_by(line):
    """Return what a line of the page writes to stdout, or to the file behind >."""
    command, _, path = line.partition(" > ")
    name, *arguments = shlex.split(command)
    assert name == "latentscope"
    done = CliRunner().invoke(main, arguments, prog_name=name)
    assert done.exit_code == 0, done.output
    if path:
        Path(path).write_text(done.stdout)
    return "" if path else done.stdout


def test_the_page_lists_every_command():
    table = re.findall(r"^\| `(\w+)[ `]", PAGE, re.MULTILINE)
    assert table == main.list_commands(None)


@pytest.mark.needs("tensorflow")
def test_the_page_shows_what_its_commands_write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written, n_shown = "", 0
    for kind, block in re.findall(r"```(sh|text)\n(.*?)```", PAGE, re.DOTALL):
        if kind == "sh":
            written = "".join(map(written_by, block.splitlines()))
        else:
            assert without_numbers(written) == without_numbers(block)
            n_shown += 1
    assert n_shown == 3
    assert Posterior.load("posterior.json").n_used == 300
    assert Path("radius.png").stat().st_size > 5_000


def test_words_are_compared_without_their_numbers():
    assert without_numbers("a  1.5e-3\n 2,000") == without_numbers("a -7 3") == "a # #"
    assert without_numbers("none") != without_numbers("4")
