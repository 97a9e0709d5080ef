"""What the README, the pages and the examples say is run as it stands."""

import re
import runpy
import sys
from pathlib import Path

import latentscope_onnx
import latentscope_tensorflow
import latentscope_torch
import matplotlib.pyplot as plt
import pytest

import latentscope
from latentscope import backend, datasets, pictures, plot, rows, sample
from latentscope.backend import arguments, files

TOP = Path(__file__).parent.parent
DOCS = TOP / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", re.DOTALL | re.MULTILINE)
NUMBER = re.compile(r"-?\d[\d,]*\.?\d*(?:e[+-]?\d+)?")
SHOWN = [  # pages whose every printed line is shown
    *(DOCS / f"{name}.md" for name in ("index", "tutorial", "latents", "hdf5", "dask", "report")),
    *sorted(DOCS.glob("methods/*.md")),
]
TRAINING = {"celeba_ae_vs_vae"}  # takes minutes, and has a test of its own
SCRIPTS = [path for path in sorted(TOP.glob("examples/*.py")) if path.stem not in TRAINING]
TOOLS = [path for path in SCRIPTS if "argparse" in path.read_text(encoding="utf-8")]
FIGURES = [path for path in SCRIPTS if path not in TOOLS]
HOME = "latentscope.analysis."
PAGES = [TOP / "README.md", *sorted(DOCS.glob("*.md")), *sorted(DOCS.glob("methods/*.md"))]


@pytest.fixture(autouse=True)
def drawing(monkeypatch):
    """Draw without a screen, and forget the figures."""
    plt.switch_backend("Agg")
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


def by_name(path):
    return str(path.relative_to(TOP))


@pytest.mark.needs("tensorflow")
def test_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (TOP / "README.md").read_text(), re.DOTALL)
    assert len(blocks) == 4
    exec("\n".join(blocks), {})
    files = {"radius.png", "latents.h5", "vae", "faces.h5"}
    assert {path.name for path in tmp_path.iterdir()} == files


@pytest.mark.needs("tensorflow")
@pytest.mark.needs("torch")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # PyTorch's exporter that needs no more
def test_the_page_on_models_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (DOCS / "backends.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 6
    exec("\n".join(blocks), {})
    assert {path.name for path in tmp_path.iterdir()} == {"vae", "faces.h5", "published"}


def numbers(text):
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


def assert_alike(printed, shown):
    """The words are the same, and the numbers to 5 %: processors differ in the last digits."""
    assert NUMBER.sub("#", printed).split() == NUMBER.sub("#", shown).split()
    assert numbers(printed) == pytest.approx(numbers(shown), rel=0.05, abs=0.01)


@pytest.mark.parametrize("page", SHOWN, ids=by_name)
def test_a_page_prints_what_it_shows(page, needed, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    for module in re.findall(r"from (latentscope_\w+) import", text):
        needed(module)
    blocks = BLOCK.findall(text)
    assert len(blocks) == text.count("```python")
    space = {}
    for code, shown in blocks:
        exec(code, space)
        assert_alike(capsys.readouterr().out, shown)


@pytest.mark.parametrize("script", TOOLS, ids=by_name)
def test_an_example_runs(script, tmp_path, monkeypatch):
    out = tmp_path / "figure.png"
    monkeypatch.setattr(sys, "argv", [str(script), "--points", "3000", "--out", str(out)])
    runpy.run_path(str(script), run_name="__main__")
    assert out.stat().st_size > 10_000


@pytest.mark.slow
@pytest.mark.parametrize("script", FIGURES, ids=by_name)
def test_a_script_of_the_gallery_draws_one_figure(script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 45
    runpy.run_path(str(script), run_name="__main__")
    assert len(plt.get_fignums()) == 1
    assert all(panel.has_data() for panel in plt.gcf().axes)
    assert list(tmp_path.iterdir()) == []


IN_THE_TEXT = {"HALF_WIDTHS", "LOGVAR_RANGE", "Role", "Shape"}  # constants and aliases of types


def public_names():
    """Yield what a reader may call, as the reference lists it."""
    yield from latentscope._HOME
    for module in (backend, arguments, files, datasets, pictures, plot, rows, sample):
        name = module.__name__.partition(".")[2]
        listed = set(module.__all__) - {*latentscope._HOME, *IN_THE_TEXT}
        yield from (f"{name}.{member}" for member in sorted(listed))
    for package in (latentscope_onnx, latentscope_tensorflow, latentscope_torch):
        yield from sorted(set(package._HOME) - {"PRESETS"})


@pytest.mark.parametrize("name", list(public_names()))
def test_the_reference_lists_everything_public(name):
    assert f"\n   {name}\n" in (DOCS / "api.md").read_text(encoding="utf-8")


def is_method(name):
    return name[0].islower() and latentscope._HOME[name].startswith(HOME)


@pytest.mark.parametrize("name", list(filter(is_method, latentscope._HOME)))
def test_every_method_has_a_page(name):
    pages = [page.read_text(encoding="utf-8") for page in DOCS.glob("methods/*.md")]
    assert any(f"{{func}}`latentscope.{name}`" in page for page in pages)
    assert all("## When it misleads" in page for page in pages if "{func}" in page)


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_every_link_exists(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        if "gallery/" not in target:  # made while building, which checks these links
            assert (page.parent / target).exists(), target
