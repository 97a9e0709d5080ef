"""`report` opens files, models and images, and hands them on."""

import h5py
import numpy as np
import pytest


def test_files_models_and_images_are_handed_on(good, page, place):
    options = ["--model", "VAE=vae", "--images", "drawn:20", "--seed", "4", "--out", "all.html"]
    text = good("report", "ae.h5", "VAE=vae.h5", *options)
    assert text == "wrote all.html\n"
    assert (place / "all.html").exists()
    assert page.shapes == {"ae": (400, 6), "VAE": (400, 6)}
    assert list(page.models) == ["VAE"]
    assert page.models["VAE"].kind == "vae"
    assert page.images.image_shape == page.models["VAE"].image_shape
    assert page.rng == 4


def test_what_is_not_given_is_left_to_the_function(good, page):
    good("report", "ae.h5", "--key", "z")
    assert str(page.path) == "report.html"
    assert (page.models, page.images, page.rng) == (None, None, 0)


def test_finite_leaves_rows_out_with_their_labels(good, page, place):
    with h5py.File(place / "vae.h5", "r+") as file:
        file["mu"][7] = np.nan
    good("report", "nan.h5", "vae.h5", "--finite")
    assert page.shapes == {"nan": (399, 6), "vae": (399, 6)}


def test_the_page_is_the_library_s(good, place):
    options = ["--model", "VAE=vae", "--images", "drawn:20", "--finite", "--out", "all.html"]
    good("report", "VAE=vae.h5", *options)
    assert "How far from the origin do the points lie?" in (place / "all.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ("ae.h5 --out page.pdf", "must end in .html"),
        ("ae.h5 --out no/page.html", "does not exist"),
        ("ae.h5 --model vae", "--model must be NAME=FOLDER, where NAME is one of ae;"),
        ("ae.h5 --model vae=vae", "--model must be NAME=FOLDER, where NAME is one of ae;"),
        ("ae.h5 --images photos", "--images needs a --model that"),
        ("ae.h5 ae.h5", "2 files have the name 'ae'"),
        ("models=ae.h5", "'models' cannot be used as a name"),
        ("path=ae.h5", "'path' cannot be used as a name"),
    ],
)
def test_refusals(run, page, arguments, match):
    done = run("report", *arguments.split())
    assert (done.exit_code, done.stdout) == (2, "")
    assert match in done.stderr
    assert vars(page) == {}
