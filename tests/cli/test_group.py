"""What all commands share: help, failures in one line, exit codes, streams."""

import errno
import warnings

import pytest

import latentscope
from latentscope.cli import main
from latentscope.errors import DataError, LatentscopeWarning


def fail_with(monkeypatch, error):
    def load(path, **options):
        raise error

    monkeypatch.setattr(latentscope, "load", load)


def test_the_group_lists_its_commands_and_exit_codes(good):
    text = good("--help")
    commands = text.partition("Commands:")[2].split("\n")[1:-1]
    assert [line.split()[0] for line in commands] == main.list_commands(None)
    for code in ("0  ", "1  ", "2  ", "130"):
        assert f"\n    {code}" in text


def test_every_command_has_help_that_fits(good):
    for command in main.list_commands(None):
        text = good(command, "--help")
        assert max(map(len, text.splitlines())) <= 105
    assert "..." not in good("--help").partition("Commands:")[2]


def test_the_version_is_the_package_s(good):
    assert good("--version") == f"latentscope, version {latentscope.__version__}\n"


def test_without_a_command_it_helps(run):
    done = run()
    assert done.exit_code == 2
    assert "Commands:" in done.output


def test_an_unknown_command_is_wrong_usage(run):
    done = run("radus", "latents.h5")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "No such command 'radus'" in done.stderr


def test_a_refusal_is_one_line_on_stderr(run):
    done = run("radius", "latents.h5", "--bin-width", "0")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "error: --bin-width must be a finite number above 0; got 0.0.\n"


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), MemoryError("not enough memory")]
)
def test_failures_of_the_machine_are_told_the_same_way(run, monkeypatch, error):
    fail_with(monkeypatch, error)
    done = run("radius", "latents.h5")
    assert (done.exit_code, done.stderr) == (1, f"error: {error}\n")


def test_debug_shows_the_traceback(run):
    done = run("--debug", "radius", "nothing.h5")
    assert isinstance(done.exception, FileNotFoundError)


def test_a_bug_is_no_refusal(run, monkeypatch):
    fail_with(monkeypatch, ZeroDivisionError("a bug"))
    assert isinstance(run("radius", "latents.h5").exception, ZeroDivisionError)


def test_interrupted_says_what_is_kept(run, monkeypatch):
    fail_with(monkeypatch, KeyboardInterrupt())
    done = run("radius", "latents.h5")
    assert (done.exit_code, done.stdout) == (130, "")
    assert done.stderr == "interrupted; finished work is kept\n"


def test_a_pipe_that_nobody_reads_is_no_error(run, monkeypatch):
    fail_with(monkeypatch, BrokenPipeError(errno.EPIPE, "Broken pipe"))
    done = run("radius", "latents.h5")
    assert (done.exit_code, done.output) == (1, "")


def test_a_warning_is_one_line_on_stderr(run):
    done = run("radius", "latents.h5", "--bin-width", "20")
    assert done.exit_code == 0
    assert done.stderr.startswith("warning: the shell (std of the radii")
    assert done.stderr.count("\n") == 1
    assert done.stdout.startswith("<RadiusDensity of 400 rows")


def test_warnings_are_as_they_were_afterwards(run):
    before = warnings.showwarning
    run("radius", "latents.h5", "--bin-width", "20")
    assert warnings.showwarning is before
    with pytest.raises(LatentscopeWarning, match="again"):
        warnings.warn("again", LatentscopeWarning, stacklevel=1)


def test_errors_of_the_library_keep_their_text(monkeypatch, run):
    fail_with(monkeypatch, DataError("z must be √2"))
    assert run("radius", "latents.h5").stderr == "error: z must be √2\n"
