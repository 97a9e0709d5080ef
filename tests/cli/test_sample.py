"""`sample` draws what the functions draw, saves it, and decodes it."""

import numpy as np
import pytest

import latentscope
from latentscope import sample

DRAWS = {
    "normal latents.h5 --seed 1": lambda z: sample.normal(5, 6, rng=1),
    "normal --model vae": lambda z: sample.normal(5, 6),
    "normal latents.h5 --model vae --plot prior.png": lambda z: sample.normal(5, 6),
    "uniform latents.h5 --half-width 1.5": lambda z: sample.uniform(5, 6, half_width=1.5),
    "axis_gaussian latents.h5": lambda z: sample.axis_gaussian(z, 5),
    "gaussian latents.h5 --seed 2": lambda z: sample.gaussian(z, 5, rng=2),
    "core latents.h5 --radius 3": lambda z: sample.core(z, 5, radius=3),
    "mixture latents.h5 --n-components 2 --n-fit 200": lambda z: sample.mixture(
        z, 5, n_components=2, n_fit=200
    ),
    "gaussian latents.h5 --key mu": lambda z: sample.gaussian(latentscope.load("vae.h5").mu, 5),
    "gaussian nan.h5 --finite": lambda z: sample.gaussian(
        latentscope.finite_rows(latentscope.load("nan.h5")), 5
    ),
}


@pytest.mark.parametrize("draw", DRAWS)
def test_draws_are_those_of_python(run, pictures, draw):
    done = run("sample", *draw.split(), "-n", "5", "--out", "drawn.npy")
    assert (done.exit_code, done.stdout, done.stderr.splitlines()[0]) == (0, "", "wrote drawn.npy")
    with latentscope.load("latents.h5") as latents:
        np.testing.assert_array_equal(np.load("drawn.npy"), DRAWS[draw](latents))


def test_a_file_says_how_it_was_drawn(good):
    good("sample", "core", "latents.h5", "-n", "5", "--radius", "3", "--out", "drawn.h5")
    with latentscope.load("drawn.h5") as drawn:
        assert (drawn.n_points, drawn.meta) == (5, {"sample": "core", "radius": 3.0})


def test_pictures_are_decoded_beside_the_cloud(good, pictures, place):
    options = ["--finite", "-n", "5", "--model", "vae", "--plot", "faces.png"]
    good("sample", "gaussian", "nan.h5", *options)
    assert (place / "faces.png").stat().st_size > 1_000
    assert (pictures.model.kind, pictures.rows.n_total, pictures.name) == ("vae", 400, "gaussian")
    assert pictures.points.shape == (5, 6)


@pytest.mark.parametrize(
    ("arguments", "code", "match"),
    [
        ("normal -n 5 --out z.npy", 2, "normal needs FILE or --model."),
        ("gaussian -n 5 --model vae --plot a.png", 2, "gaussian needs FILE."),
        ("gaussian latents.h5 -n 5", 2, "Give --out PATH, or --model FOLDER and --plot PATH"),
        ("gaussian latents.h5 -n 5 --plot a.png", 2, "Give --out PATH, or --model FOLDER"),
        ("gaussian latents.h5 -n 5 --model vae", 2, "Give --out PATH, or --model"),
        ("gaussian latents.h5 -n 5 --plot a.png --out z.h5", 2, "give FILE and --model FOLDER"),
        ("normal -n 5 --model vae --plot a.png", 2, "give FILE and --model FOLDER"),
        ("gaussian latents.h5 --out z.npy", 2, "Missing option '-n'"),
        ("gaussian latents.h5 -n 5 --out z.csv", 2, "must end in .npy or .h5 or .hdf5"),
        ("uniform latents.h5 -n 5 --out z.npy", 2, "uniform needs --half-width."),
        ("core latents.h5 -n 5 --half-width 1 --out z.npy", 2, "--half-width does not apply to"),
        ("normal ae.h5 -n 5 --n-components 1 --out z.npy", 2, "--n-components does not apply to"),
        ("gaussian latents.h5 -n 0 --out z.npy", 1, "-n must be an integer at least 1"),
        ("guassian latents.h5 -n 5 --out z.npy", 2, "'guassian' is not one of"),
    ],
)
def test_refusals(run, arguments, code, match):
    done = run("sample", *arguments.split())
    assert (done.exit_code, done.stdout) == (code, "")
    assert match in done.stderr
