"""`convert` writes the same latents as a file of another kind."""

import numpy as np

import latentscope


def test_with_ids_and_labels(good, place):
    assert good("convert", "vae.h5", "vae.safetensors").startswith(
        "wrote vae.safetensors: 400 points, 6 axes"
    )
    with latentscope.load("vae.h5") as given, latentscope.load("vae.safetensors") as found:
        for name, array in given.arrays.items():
            np.testing.assert_array_equal(found.arrays[name][:], array[:])
        assert list(found.ids) == list(given.ids[:])
        assert {name: list(column) for name, column in found.labels.items()} == {
            name: list(column[:]) for name, column in given.labels.items()
        }
        assert found.meta == given.meta


def test_a_key(good, place):
    good("convert", "cells.h5ad", "cells.npy", "--key", "X_scVI")
    assert np.load("cells.npy").shape == (400, 6)


def test_what_a_format_cannot_hold_is_said(run, place):
    done = run("convert", "vae.h5", "vae.npy")
    assert "warning: vae.npy cannot hold mu, logvar, ids" in done.stderr


def test_an_unknown_kind_is_refused(run, place):
    done = run("convert", "vae.h5", "vae.pt")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "error: path must end with one of .h5, .hdf5, .safetensors" in done.stderr
    assert not (place / "vae.pt").exists()
