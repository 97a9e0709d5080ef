"""The main job: one command trains three models and writes the report; stopped, it continues."""

import json
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

import latentscope

SCRIPT = Path(__file__).parent.parent / "examples" / "celeba_ae_vs_vae.py"
SMALL = ["--n-images", "240", "--epochs", "2", "--z-dim", "4"]
NAMES = ("ae", "vae_tiny_kl", "vae")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """The folder of a run that was stopped in its training, and started again."""
    out = tmp_path_factory.mktemp("job") / "out"
    command = [sys.executable, str(SCRIPT), *SMALL, "--out", str(out)]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while not list(out.glob("ae/checkpoint-*.weights.h5")) and started.poll() is None:
        time.sleep(0.1)
    started.send_signal(signal.SIGINT)
    said, _ = started.communicate(timeout=120)
    assert started.returncode == 130
    assert "the same command continues from here" in said
    assert not (out / "report.html").exists()
    subprocess.run(command, check=True, timeout=400)
    return out


@pytest.mark.slow
def test_everything_is_there(out):
    numbers = json.loads((out / "report.json").read_text())
    assert list(numbers["sets"]) == list(NAMES)
    for name in NAMES:
        with latentscope.load(out / f"{name}.h5") as latents:
            assert latents.z.shape == (240, 4)
            assert latents.kind == ("ae" if name == "ae" else "vae")
        titles = [one["title"] for one in numbers["sets"][name]["pictures"]]
        assert titles[0] == "N(0, I)"
        assert titles[-1] == ("reconstructions" if name == "ae" else "reconstructions, of mu")
    history = json.loads((out / "ae" / "history.json").read_text())
    assert len(history["val_total_loss"]) == 2  # one before the stop, one after
    assert "What random points decode to" in (out / "report.html").read_text()


@pytest.mark.slow
def test_the_weight_of_the_kl_loss_is_that_of_the_number_of_pixels(out):
    config = json.loads((out / "vae" / "run.json").read_text())["config"]
    assert config["fact"] == pytest.approx(5 / 4)  # 48 of 96 pixels across
    assert config["z_dim"] == 4


@pytest.mark.slow
def test_finished_steps_are_not_repeated(out):
    results = list(out.glob("report.results/*"))
    kept = [*out.glob("*/checkpoint-*"), *out.glob("*.h5"), *results]
    before = {path: path.stat().st_mtime_ns for path in kept}
    assert len(kept) - len(results) == 3 + 3
    for name in NAMES:
        for step in ("scan", "normality", "dimension", "clusters", "gap", "tsne"):
            start = f"{name}-{step}-".replace("_", "-")
            assert any(path.name.startswith(start) for path in results), start
    command = [sys.executable, str(SCRIPT), *SMALL, "--out", str(out)]
    done = subprocess.run(command, check=True, timeout=300, capture_output=True, text=True)
    assert "report.html in a browser" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in kept} == before
    assert sorted(out.glob("report.results/*")) == sorted(results)


def run(monkeypatch, *options):
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *map(str, options)])
    runpy.run_path(str(SCRIPT), run_name="__main__")


@pytest.fixture
def folder(tmp_path):
    """Five small images named like CelebA's."""
    top = tmp_path / "images"
    top.mkdir()
    for number in range(1, 6):
        Image.new("RGB", (20, 20), (40 * number, 90, 90)).save(top / f"{number:06}.jpg")
    return top


def test_a_wrong_path(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match=r"error: no such file: .*nowhere"):
        run(monkeypatch, "--images", tmp_path / "nowhere", "--out", tmp_path / "out")


def test_an_empty_folder(tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match=r"error: .*images"):
        run(monkeypatch, "--images", tmp_path / "empty", "--out", tmp_path / "out")


def test_attributes_that_do_not_match(folder, tmp_path, monkeypatch):
    listed = tmp_path / "list.txt"
    listed.write_text("1\nYoung\n000009.jpg 1\n")
    with pytest.raises(SystemExit, match=r"error: .*000001\.jpg"):
        run(monkeypatch, "--images", folder, "--attributes", listed, "--out", tmp_path / "out")


def test_attributes_without_images(monkeypatch, capsys):
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, "--attributes", "list.txt")
    assert "--attributes needs --images" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit, match=r"error: .*file"):
        run(monkeypatch, "--out", tmp_path / "file")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_ends_with_an_error(tmp_path):
    """A limit on the size of files stands for the disk; Python turns its signal into OSError."""
    code = (
        "import resource, signal, runpy, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        f"sys.argv = ['x', *{[*SMALL, '--out', str(tmp_path / 'out')]!r}]\n"
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"LATENTSCOPE_CACHE": str(tmp_path)},
    )
    assert found.returncode == 1
    assert "\nerror: " in found.stderr  # what HDF5 says of it takes several lines
    assert "Traceback" not in found.stderr


def test_it_is_short():
    assert len(SCRIPT.read_text().splitlines()) < 150
