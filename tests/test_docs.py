"""What the README and the examples say is run as it stands."""

import re
import runpy
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

TOP = Path(__file__).parent.parent
EXAMPLES = sorted((TOP / "examples").glob("*.py"))


def test_the_readme_runs(tmp_path, monkeypatch):
    plt.switch_backend("Agg")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (TOP / "README.md").read_text(), re.DOTALL)
    assert len(blocks) == 3
    exec("\n".join(blocks), {})
    plt.close("all")
    files = {"radius.png", "latents.h5", "vae", "faces.h5"}
    assert {path.name for path in tmp_path.iterdir()} == files


def test_the_page_on_models_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (TOP / "docs" / "backends.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 4
    exec("\n".join(blocks), {})
    assert {path.name for path in tmp_path.iterdir()} == {"vae", "faces.h5", "published"}


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(script, tmp_path, monkeypatch):
    plt.switch_backend("Agg")
    out = tmp_path / "figure.png"
    monkeypatch.setattr(sys, "argv", [str(script), "--points", "3000", "--out", str(out)])
    runpy.run_path(str(script), run_name="__main__")
    plt.close("all")
    assert out.stat().st_size > 10_000


@pytest.mark.parametrize("page", [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))], ids=str)
def test_every_link_exists(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target
