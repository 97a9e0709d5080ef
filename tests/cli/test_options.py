"""Commands have the options of their functions, no more and no less."""

import inspect
from typing import Literal

import click
import latentscope_tensorflow
import pytest

from latentscope import load
from latentscope.cli import main
from latentscope.cli._help import parameters
from latentscope.cli._options import chosen, options_of, public

ANALYSES = {  # command: public function
    "overview": "overview",
    "radius": "radius_density",
    "axes": "axis_density",
    "pca": "pca",
    "planes": "plane_zoom",
    "structure": "plane_structure",
    "scan": "scan_planes",
    "ridges": "ridges",
    "dimension": "intrinsic_dimension",
    "correlation": "correlation",
    "ellipsoid": "ellipsoid",
    "clusters": "inertia_curve",
    "gap": "cluster_gap",
    "tsne": "tsne",
    "posterior": "posterior",
    "normality": "normality",
    "compare": "overview",
    "encode": "encode",
}
OF_FILES = {"is_finite", "as_json", "plot", *inspect.signature(load).parameters} - {"path"}
OF_MODELS = {"attributes", "backend"}
NOT_TEXT = {"frame", "planes"}  # a PCA, pairs of axes


def options(command):
    context = click.Context(main.get_command(None, command))
    found = context.command.get_params(context)
    ours = [option for option in found if isinstance(option, click.Option)]
    return {option.name: option for option in ours if "--help" not in option.opts}


def keywords(name):
    parameters = inspect.signature(public(name)).parameters.values()
    return {x.name: x for x in parameters if x.kind is x.KEYWORD_ONLY}


@pytest.mark.parametrize(("command", "function"), ANALYSES.items())
def test_a_command_has_the_options_of_its_function(command, function):
    ours = options(command).keys() - (OF_MODELS if command == "encode" else OF_FILES)
    assert ours == keywords(function).keys() - NOT_TEXT


def test_sample_has_the_options_of_all_kinds():
    (kind, *_) = main.get_command(None, "sample").params
    theirs = {name for one in kind.type.choices for name in keywords(f"sample.{one}")}
    assert theirs == {"half_width", "radius", "n_components", "n_fit", "rng"}
    others = {"n_points", "out", "model", "backend"} | OF_FILES - {"as_json"}
    assert options("sample").keys() - others == theirs


@pytest.mark.needs("tensorflow")
def test_report_and_train_have_the_options_of_their_functions():
    train = inspect.signature(latentscope_tensorflow.train).parameters
    assert {"images", "folder", "epochs", "rng"} <= train.keys() & options("train").keys()
    assert {"models", "images", "rng"} <= options("report").keys()


@pytest.mark.parametrize(("command", "function"), ANALYSES.items())
def test_names_are_those_of_python_with_hyphens(command, function):
    for name in keywords(function).keys() - NOT_TEXT:
        expected = "--seed" if name == "rng" else f"--{name.replace('_', '-')}"
        assert options(command)[name].opts == [expected]


@pytest.mark.parametrize(("command", "function"), ANALYSES.items())
def test_what_is_not_given_is_left_to_the_function(command, function):
    files = ["vae", "photos", "out.h5"] if command == "encode" else ["latents.h5"]
    read = main.get_command(None, command).make_context(command, files).params
    assert {name: read[name] for name in keywords(function).keys() - NOT_TEXT if read[name]} == {}


def test_help_shows_defaults_as_they_are_written():
    assert (
        options("clusters")["n_clusters"].help
        == "The k for which k-means is run. [default: 2:81:2]"
    )
    assert options("planes")["axes"].help.endswith("[default: 0,1]")
    assert "default:" not in options("planes")["half_widths"].help
    assert options("planes")["space"].type.choices == ("pca", "latent")


def test_options_follow_the_signature():
    def question(
        z,
        *,
        width: float = 0.5,
        names: dict,
        n_points: int | None = None,
        how: Literal["one", "other"] | None = None,
    ):
        """Ask.

        Parameters
        ----------
        width, height : float
            Of the `bins`,
            in ``z``.
        names : dict
            Not text.
        n_points : int, optional
            How many.
        how : str, optional
            Like "that".

        Returns
        -------
        int
        """

    first, second, third = options_of(question)
    assert (first.name, first.type, first.help) == (
        "width",
        click.FLOAT,
        "Of the bins, in z. [default: 0.5]",
    )
    assert (second.opts, second.type, second.help) == (["--n-points"], click.INT, "How many.")
    assert (third.opts, third.type.choices) == (["--how"], ("one", "other"))
    assert parameters(question)["n_points"] == "How many."


def test_only_what_was_given_is_passed_on():
    assert chosen({"rng": 0, "n_points": None, "axes": ()}) == {"rng": 0, "axes": ()}
