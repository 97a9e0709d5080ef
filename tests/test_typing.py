"""Type checkers see the public names: they pass what is right and refuse what is misspelt."""

import inspect
import os
import re
import site
import subprocess
import sys
from pathlib import Path
from typing import Literal, get_args, get_origin

import latentscope_onnx
import latentscope_tensorflow
import latentscope_torch
import pytest

import latentscope
from latentscope import datasets, pictures, plot, rows, sample
from latentscope.analysis import nulls
from latentscope.backend.outputs import LOGVAR, Role
from latentscope.results import Result
from latentscope.statistics.patterns import nulls as window_nulls

FOLDERS = {str(Path(one.__file__).parents[1]) for one in (latentscope, latentscope_onnx)}
SOURCES = sorted(FOLDERS - set(site.getsitepackages()))  # mypy finds what is installed by itself

RIGHT = """
from pathlib import Path

import latentscope_onnx
import latentscope_tensorflow
import numpy as np
import numpy.typing as npt
import polars as pl
import zarr
from matplotlib.axes import Axes

import latentscope
from latentscope import backend, datasets, pictures, plot, sample
from latentscope.rows import finite_rows

z = np.random.default_rng(0).standard_normal((500, 8))


def any_source(
    mapped: np.memmap[tuple[int, int], np.dtype[np.float32]],
    frame: pl.DataFrame,
    latents: latentscope.Latents,
) -> None:
    latentscope.radius_density(mapped)
    latentscope.radius_density(zarr.open_array("z.zarr", mode="r"))
    latentscope.radius_density(frame)
    latentscope.radius_density(latents)
    latentscope.radius_density([[0.0, 1.0], [2, 3]])
    latentscope.radius_density([z[0], z[1]])
    latentscope.radius_density(finite_rows(z))
    latentscope.compare(first=z, second=latents)


def options() -> None:
    latentscope.plane_structure(z, null="smooth", space="latent", axes=[0, 1])
    latentscope.intrinsic_dimension(z, method="mle", rng=np.random.default_rng(0))
    latentscope.null_model(z, "copula").draw(rng=1)
    datasets.folder(Path("faces"), on_error="skip")
    datasets.drawn_faces(9, factors={"tilt": np.linspace(-2, 2, 9), "skin": 0.5})
    datasets.drawn_faces(9, factors="curve")


def figures() -> npt.NDArray[np.object_]:
    ax: Axes = latentscope.radius_density(z).plot()
    ax.set_title(str(latentscope.pca(z).plot(ax=ax).get_title()))
    plot.plot_radius(latentscope.radius_density(z), ax=ax)
    panels = latentscope.overview(z).plot()
    panels[0].set_title("radius")
    return panels


class Mine:
    kind = "ae"

    def __init__(self) -> None:
        self.z_dim, self.image_shape = 8, (4, 4, 1)
        self.meta = {"name": "mine"}

    def encode(self, images: object, *, rng: int | np.random.Generator = 0) -> latentscope.Latents:
        return latentscope.Latents(z)

    def decode(self, z: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.zeros((len(z), 4, 4, 1), np.float32)


def models(pair: backend.Pair, parts: backend.Parts) -> None:
    images = datasets.drawn_faces(8)
    keras = latentscope_tensorflow.train(images, "celeba-vae", folder="run")
    keras.save("model")
    config = latentscope_tensorflow.preset("digits-ae", z_dim=8)
    loaded = backend.get("torch").load("run")
    everybody: list[backend.Model] = [Mine(), pair, parts, keras, loaded]
    for model in everybody:
        latentscope.encode(model, images, "latents.h5").close()
        latentscope.round_trip(model, z, sample.normal(4, 8))
        latentscope.report("page.html", models={"z": model}, images=images, z=z)
    onnx = latentscope_onnx.load(encoder="e.onnx", decoder=Path("d.onnx"), outputs=("mu", "std"))
    album = pictures.Album(onnx, z)
    album.between(z[0], z[1]).plot()[0].set_title(config.kind)
    backend.check(onnx)


reveal_type(latentscope.radius_density(z))
reveal_type(latentscope.load("latents.h5"))
reveal_type(latentscope.tsne(z).plot())
"""

WRONG = """
import numpy as np

import latentscope
import latentscope_tensorflow
from latentscope import datasets, no_such_name  # [attr-defined] "no_such_name"

z = np.zeros((500, 8))
result = latentscope.radius_density(z)
latentscope.radius_density(z, bin_with=0.5)  # [call-arg] "bin_with"
latentscope.radius_densities(z)  # [attr-defined] "radius_densities"
latentscope.radius_density("latents.h5")  # [arg-type] "radius_density"
latentscope.radius_density(result)  # [arg-type] "radius_density"
latentscope.plane_zoom(z, space="pcs")  # [arg-type] "space"
latentscope.ridges(z, null="gausian")  # [arg-type] "null"
latentscope.null_model(z, "smooth")  # [arg-type] "null_model"
latentscope.intrinsic_dimension(z, method="twonn")  # [arg-type] "method"
datasets.folder("faces", on_error="ignore")  # [arg-type] "on_error"
datasets.drawn_face(9)  # [attr-defined] "drawn_face"
result.peek  # [attr-defined] "peek"
result.plot().set_titel("radius")  # [attr-defined] "set_titel"
latentscope.plot.plot_radii(result)  # [attr-defined] "plot_radii"
latentscope.rows.as_row(z)  # [attr-defined] "as_row"
latentscope.encode("model.keras", z, "z.h5")  # [arg-type] "encode"
latentscope_tensorflow.preset("celeba")  # [arg-type] "preset"
latentscope_tensorflow.Config(kind="gan")  # [arg-type] "kind"
latentscope_tensorflow.trained(z)  # [attr-defined] "trained"
"""


def checked(test):
    """Mark what runs mypy, once for all, on scripts that use every backend."""
    for mark in (pytest.mark.slow, pytest.mark.needs("mypy"), pytest.mark.needs("tensorflow")):
        test = mark(test)
    return test


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What `mypy --strict` says of both scripts, by script: its lines, without their folder."""
    folder = tmp_path_factory.mktemp("typing")
    for name, text in (("right", RIGHT), ("wrong", WRONG)):
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    options = ["--strict", "--follow-imports=silent", "--no-pretty", "--no-error-summary"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--config-file=", "right.py", "wrong.py"],
        cwd=folder,
        env=os.environ | {"MYPYPATH": os.pathsep.join(SOURCES), "MYPY_CACHE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    lines = done.stdout.splitlines()
    return {name: [x for x in lines if x.startswith(name)] for name in ("right", "wrong")}


@checked
def test_what_is_right_passes(said):
    assert [line for line in said["right"] if ": note: Revealed type is" not in line] == []


@checked
def test_results_are_known(said):
    shown = [re.search(r'Revealed type is "([\w.]+)"', line)[1] for line in said["right"]]
    assert shown == [
        "latentscope.analysis.radius.RadiusDensity",
        "latentscope.latents.Latents",
        "matplotlib.axes._axes.Axes",
    ]


EXPECTED = {
    (number, *re.search(r'# \[(.*)\] "(.*)"', line).groups())
    for number, line in enumerate(WRONG.splitlines(), start=1)
    if "# [" in line
}


@checked
def test_what_is_misspelt_is_refused(said):
    pattern = re.compile(r"wrong\.py:(\d+): error: (.*)  \[(.*)\]$")
    errors = [pattern.match(line) for line in said["wrong"]]
    found = {(int(error[1]), error[3]): error[2] for error in errors if error}
    assert found.keys() == {(number, code) for number, code, _ in EXPECTED}
    unnamed = [
        (number, name) for number, code, name in EXPECTED if f'"{name}"' not in found[number, code]
    ]
    assert unnamed == []


PACKAGES = (
    latentscope, datasets, pictures, plot, rows, sample, latentscope.backend,
    latentscope_onnx, latentscope_tensorflow, latentscope_torch,
)  # fmt: skip


def public_functions(package):
    """Yield the functions and classes that a user calls, by name."""
    for name in getattr(package, "__all__", dir(package)):
        thing = getattr(package, name)
        is_result = inspect.isclass(thing) and issubclass(thing, Result)
        is_alias = get_origin(thing) is not None  # of types
        if name[0] != "_" and callable(thing) and not (is_result or is_alias):
            yield name, thing


def options_of(annotation):
    """Return the options of a Literal, alone or in a union, else nothing."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return next(filter(None, map(options_of, get_args(annotation))), [])


def described(function, name):
    """Return type and description of a parameter, as the docstring has them."""
    entry = rf"^(?:\w+, )*{name}(?:, \w+)* : (.*)\n((?:    .*\n|\n)*)"
    found = re.search(entry, (inspect.getdoc(function) or "") + "\n", re.MULTILINE)
    return found.groups() if found else ("", "")


def closed_options(package):
    """Yield function, parameter and options where the annotation or the docstring is closed."""
    for place, function in public_functions(package):
        for name, parameter in inspect.signature(function).parameters.items():
            is_closed = get_origin(parameter.annotation) is Literal
            if is_closed or described(function, name)[0].startswith("{"):
                yield (
                    f"{place}: {name}",
                    described(function, name),
                    options_of(parameter.annotation),
                )


def agree(description, options):
    """Return True if the docstring names just these options, or a text names all of them."""
    kind, text = description
    if kind.startswith("{"):
        return re.findall(r'"(.*?)"', kind.partition("}")[0]) == options
    return set(options) <= set(re.findall(r'"(.*?)"', text))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_docstrings_name_the_options_of_the_annotation(package, needed):
    needed(package.__name__)
    found = list(closed_options(package))
    assert [place for place, description, options in found if not agree(description, options)] == []


def test_closed_options_are_found():
    assert {"plane_structure: null", "plane_zoom: space"} <= {
        place for place, _, _ in closed_options(latentscope)
    }


def test_each_option_has_what_it_names():
    assert tuple(nulls._MODELS) == get_args(nulls.Null)
    assert tuple(window_nulls._NULLS) == get_args(window_nulls.NullName)
    assert {*LOGVAR, "z", "mu", ""} == set(get_args(Role))


@pytest.mark.needs("tensorflow")
def test_each_preset_is_an_option():
    assert tuple(latentscope_tensorflow.PRESETS) == get_args(latentscope_tensorflow.config.Preset)
