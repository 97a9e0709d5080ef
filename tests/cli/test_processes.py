"""Real processes: exit codes, streams apart, Ctrl-C, and pipes that nobody reads on."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import latentscope

PYTHON = [sys.executable, "-m", "latentscope"]
PATIENCE = 120  # seconds for a process to begin its work, on a machine with much else to do


def test_json_is_alone_on_stdout(process, environment):
    done = process("radius", "latents.h5", "--bin-width", "20", "--json", env=environment)
    assert done.returncode == 0
    assert json.loads(done.stdout)["result"] == "RadiusDensity"
    assert done.stderr.startswith("warning: the shell")


@pytest.mark.parametrize(
    ("arguments", "code", "start"),
    [
        ("radius nothing.h5", 1, "error: no such file: nothing.h5\n"),
        ("radius latents.h5 --bin-width wide", 2, "Usage: python -m latentscope radius "),
        ("--debug radius nothing.h5", 1, "Traceback (most recent call last)"),
    ],
)
def test_exit_codes(process, arguments, code, start):
    done = process(*arguments.split())
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(start)


def test_the_installed_command_is_this_one(place):
    script = Path(sys.executable).parent / "latentscope"
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"latentscope, version {latentscope.__version__}\n"


@pytest.fixture
def interrupted(place, environment, monkeypatch):
    """Start a command, interrupt it once its work shows on stderr, and return what it left."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # else it may be ignored

    def start(*args, sign):
        with (
            (place / "stderr").open("w") as stderr,
            subprocess.Popen(
                [*PYTHON, *args], stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment
            ) as child,
        ):
            end = time.monotonic() + PATIENCE
            while sign not in (place / "stderr").read_text():
                if child.poll() is not None or time.monotonic() > end:
                    child.kill()
                    pytest.fail((place / "stderr").read_text())
                time.sleep(0.05)
            child.send_signal(signal.SIGINT)
            stdout = child.communicate(timeout=PATIENCE)[0]
        return child.returncode, stdout, (place / "stderr").read_text()

    yield start
    signal.signal(signal.SIGINT, handler)


def assert_interrupted(code, stdout, stderr):
    assert (code, stdout) == (130, "")
    assert stderr.splitlines()[-1].endswith("interrupted; finished work is kept")
    assert "Traceback" not in stderr


@pytest.mark.slow
def test_clusters_can_be_interrupted(interrupted, place):
    z = np.random.default_rng(0).standard_normal((200_000, 64), dtype=np.float32)
    latentscope.save(place / "large.h5", z)
    command = "clusters", "large.h5", "--n-clusters", "2:302:4"
    assert_interrupted(*interrupted(*command, sign="row/s"))


@pytest.mark.slow
@pytest.mark.needs("tensorflow")
def test_training_can_be_interrupted_and_keeps_its_epochs(interrupted, place):
    options = ["--size", "16", "--set", "filters=[4,8,8,8]", "--set", "batch_size=8"]
    train = ["train", "--preset", "celeba-vae", "--images", "drawn:40", *options, "--out", "run"]
    assert_interrupted(*interrupted(*train, "--epochs", "100000", sign="epoch 2"))
    history = json.loads((place / "run" / "history.json").read_text())
    (checkpoint,) = (place / "run").glob("checkpoint-*.weights.h5")
    assert 1 <= int(checkpoint.name[11:15]) <= len(history["total_loss"])


def test_a_reader_that_goes_is_no_error(place, environment):
    """The JSON of a wide PCA is larger than a pipe, so that the writer meets the closed end."""
    z = np.random.default_rng(0).standard_normal((300, 100))
    latentscope.save(place / "wide.h5", z)
    command = [*PYTHON, "pca", "wide.h5", "--json"]
    environment["TQDM_DISABLE"] = "1"  # on a busy machine its bar would show
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as child:
        assert child.stdout.read(10) == b'{"result":'
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 1


def test_a_full_disk_is_told(place):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*PYTHON, "info", "latents.h5"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: [Errno 28] No space left")


def test_a_terminal_without_the_sign_gets_a_question_mark(process, environment):
    done = process("overview", "latents.h5", env=environment | {"PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 0
    assert "?dimensions" in done.stdout
