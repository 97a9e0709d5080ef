"""Every example of the help texts runs as it stands."""

import re
import shlex

import pytest
from click.testing import CliRunner

from latentscope.cli import main


def examples(*command):
    text = CliRunner().invoke(main, [*command, "--help"], prog_name="latentscope").stdout
    return re.findall(r"^ +(latentscope .*)$", text.partition("Examples:")[2], re.MULTILINE)


EXAMPLES = [(name, line) for name in main.list_commands(None) for line in examples(name)]


def test_every_command_has_an_example():
    assert {name for name, _ in EXAMPLES} == set(main.list_commands(None))
    assert all(name in shlex.split(line) for name, line in EXAMPLES)


def marked(line):
    """Mark the example of a report, which asks every question with its own settings, as slow."""
    name = line.split()[1]
    return pytest.param(line, id=name, marks=pytest.mark.slow if name == "report" else ())


LINES = [*examples(), *(line for _, line in EXAMPLES)]


@pytest.mark.parametrize("line", [marked(line) for line in LINES])
def test_an_example_runs(good, place, line):
    _, *arguments = shlex.split(line.partition(" > ")[0])
    if arguments[0] == "train":  # into a folder of its own, for that of the example is there
        arguments[arguments.index("--out") + 1] = "new"
    written = [x for x in arguments if x.endswith((".png", ".pdf", ".html", ".npy"))]
    good(*arguments)
    assert all((place / name).exists() for name in written)
