"""Errors name the options of the command that was called, and none that it lacks."""

import ast
import re
from pathlib import Path

import click
import h5py
import numpy as np
import pytest

import latentscope
from latentscope.cli import main
from latentscope.cli._errors import _CALLS, in_options
from latentscope.cli._options import public
from latentscope.errors import DataError

CALLS = [
    node
    for path in sorted(Path(latentscope.__file__).parent.rglob("*.py"))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Error")
]


def text_of(node):
    """Return what is written of a text, with a name for each value that it shows."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else "value"


def remedies():
    """Return the remedies that errors are given in the library."""
    given = {k.value for call in CALLS for k in call.keywords if k.arg == "remedy"}
    return sorted(filter(lambda text: "`" in text, map(text_of, given)))


def options(command):
    found = main.get_command(None, command)
    return {
        option.name: option.opts
        for option in found.get_params(click.Context(found))
        if isinstance(option, click.Option)
    }


ALL = {
    name: opts for command in main.list_commands(None) for name, opts in options(command).items()
}


def test_the_remedies_are_found():
    assert len(remedies()) >= 8
    assert "Choose with `key=`." in remedies()


@pytest.mark.parametrize("remedy", remedies())
def test_remedies_name_parameters_that_there_are(remedy):
    for code in re.findall("`([^`]+)`", remedy):
        call, _, arguments = code.partition("(")
        if arguments:
            assert callable(public(call.removeprefix("latentscope.")))
            assert call in _CALLS
        else:
            assert code.partition("=")[0] in ALL


@pytest.mark.parametrize("command", main.list_commands(None))
def test_a_command_names_no_option_that_it_lacks(command):
    there = [opt for opts in options(command).values() for opt in opts]
    for remedy in remedies():
        error = DataError("z is short.", remedy=remedy)
        text = in_options(error, main.get_command(None, command))
        assert set(re.findall(r"--[a-z][a-z-]*", text)) <= set(there)
        for code in re.findall("`([^`]+)`", remedy):
            name = _CALLS.get(code.partition("(")[0], code.partition("=")[0])
            assert (code in text) == (name not in options(command))
        assert "`" not in text


def test_messages_that_begin_with_an_option_carry_its_parameter():
    """So that the command can say --seed where Python says rng."""
    without = [
        text
        for call in CALLS
        if call.args
        and (text := text_of(call.args[0])).split(" ")[0] in ALL
        and " must " in text
        and "parameter" not in [keyword.arg for keyword in call.keywords]
    ]
    assert [text for text in without if text.split(" ")[0] not in ("images", "models")] == []


@pytest.mark.parametrize(
    ("command", "parameter", "message", "expected"),
    [
        ("tsne", "rng", "rng must be one", "--seed must be one"),
        ("planes", "half_widths", "half_widths[1] must be one", "--half-widths[1] must be one"),
        ("sample", "n_points", "n_points must be one", "-n must be one"),
        ("radius", "rng", "rng must be one", "rng must be one"),
        ("radius", "key", "keys.h5 must hold one", "keys.h5 must hold one"),
        ("radius", None, "bin_width must be one", "bin_width must be one"),
    ],
)
def test_what_is_wrong_is_called_as_the_command_calls_it(command, parameter, message, expected):
    error = DataError(message, parameter=parameter)
    assert in_options(error, main.get_command(None, command)) == expected


def test_values_are_written_as_options_take_them():
    error = DataError("z is far.", remedy="Take `null='smooth'`, or ask for `n_null=99`.")
    text = in_options(error, main.get_command(None, "structure"))
    assert text == "z is far. Take --null smooth, or ask for --n-null 99."


@pytest.fixture
def files(place):
    """Files that are refused, each for a reason with a remedy."""
    with h5py.File(place / "two.h5", "w") as file:
        file["a"] = file["b"] = [[0.0, 1.0], [2.0, 3.0]]
    np.save(place / "deep.npy", np.random.default_rng(0).normal(size=(200, 2, 3)))
    with h5py.File(place / "stopped.h5", "w") as file:
        file.create_dataset("z", (100, 3), "f4", chunks=(10, 3))[:50] = 1.0
    with h5py.File(place / "linked.h5", "w") as file:
        file["z"] = h5py.ExternalLink("latents.h5", "z")


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        ("radius nan.h5", "Pass --finite to leave them out."),
        ("report nan.h5", "Pass --finite to leave them out."),
        ("pca two.h5", "Choose with --key."),
        ("convert two.h5 two.npz", "Choose with --key."),
        ("radius deep.npy", "Pass --flatten to flatten each point to a row of 6 numbers."),
        ("radius stopped.h5", "Pass --allow-incomplete to use the rows that exist."),
        ("radius linked.h5", "Open that file, or pass --trust-links if you trust this one."),
        ("radius linked.h5 --isolated", "or pass --trust-links if you trust this one."),
        ("structure latents.h5 --half-width 1e-9", "Choose a larger --half-width."),
        ("ridges latents.h5 --half-width 1e-9", "Choose a larger --half-width."),
        ("radius latents.h5 --bin-width 1e-12", "Use a wider --bin-width, or remove the outliers."),
        ("overview latents.h5 --radius-bin-width 1e-12", "Use a wider bin_width, or"),
    ],
)
def test_remedies_are_those_of_the_command(run, arguments, remedy):
    done = run(*arguments.split())
    assert (done.exit_code, done.stdout) == (1, "")
    assert remedy in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.usefixtures("files")
def test_info_lists_what_there_is_with_the_remedy(good):
    assert "Choose with --key." in good("info", "two.h5")
    assert "2 points" in good("info", "two.h5", "--key", "b")
