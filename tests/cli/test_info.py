"""`info` tells what a file holds, and reads no rows."""

import json

import h5py
import numpy as np


def test_text(good):
    assert good("info", "vae.h5") == (
        "vae.h5: VAE, 400 points, 6 axes\n"
        "what                           value\n"
        "format                         HDF5, latentscope schema 1\n"
        "z                              float64, 400 × 6\n"
        "mu                             float64, 400 × 6\n"
        "logvar                         float64, 400 × 6\n"
        "ids                            yes\n"
        "label name                     text\n"
        "label tilt                     float64\n"
        "meta.model.fact                5.0\n"
        "meta.model.history.total_loss  24 entries, the last 23\n"
    )


def test_json(good):
    found = json.loads(good("info", "vae.h5", "--json"))
    array = {"dtype": "float64", "shape": [400, 6]}
    assert found == {
        "file": "vae.h5",
        "kind": "vae",
        "n_points": 400,
        "z_dim": 6,
        "arrays": {"z": array, "mu": array, "logvar": array},
        "has_ids": True,
        "labels": {"name": "text", "tilt": "float64"},
        "meta": {"model": {"fact": 5.0, "history": {"total_loss": list(range(24))}}},
        "origin": {
            "format": "HDF5, latentscope schema 1",
            "read_from": {
                "z": "z", "mu": "mu", "logvar": "logvar", "ids": "ids",
                "labels/name": "labels/name", "labels/tilt": "labels/tilt",
            },
            "notes": [],
        },
    }  # fmt: skip


def test_a_file_of_somebody_else(good, place):
    with h5py.File(place / "theirs.h5", "w") as file:
        file["codes"] = [[0, 1], [2, 3], [4, 5]]
    lines = good("info", "theirs.h5").splitlines()
    assert lines[0] == "theirs.h5: AE, 3 points, 2 axes"
    assert [line.split() for line in lines[2:]] == [
        ["format", "HDF5"],
        ["z", "int64,", "3", "×", "2,", "from", "codes"],
        ["ids", "no"],
    ]
    assert good("info", "theirs.h5", "--key", "codes").splitlines()[0] == lines[0]


def test_what_is_left_out_is_said_once(run, place):
    np.savez(place / "a.npz", z=np.eye(4), age=np.arange(3))
    done = run("info", "a.npz")
    assert done.stdout.endswith("Note: left out: age (3, int64); z has 4 rows.\n")
    assert done.stderr == ""


def test_no_rows_are_read(good, monkeypatch):
    monkeypatch.setattr(h5py.Dataset, "__getitem__", None)
    assert good("info", "vae.h5").startswith("vae.h5: VAE")


def test_an_unfinished_file_is_refused(run, place):
    with h5py.File(place / "vae.h5", "r+") as file:
        file.attrs["complete"] = False
    done = run("info", "vae.h5")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "was not finished" in done.stderr


def test_an_empty_file_is_told_as_such(run, place):
    (place / "empty.h5").touch()
    assert "it is empty" in run("info", "empty.h5").stderr


def test_all_arrays_where_z_is_not_clear(good, place):
    assert good("info", "cells.h5ad").splitlines()[:5] == [
        "cells.h5ad: AnnData",
        "array        dtype    shape",
        "obsm/X_pca   float64  400 × 2",
        "obsm/X_scVI  float64  400 × 6",
        "obs_names    text     400",
    ]
    found = json.loads(good("info", "cells.h5ad", "--json"))
    assert found["contents"]["obsm/X_scVI"] == {"dtype": "float64", "shape": [400, 6]}
    assert found["z"].startswith("not clear")
    assert "--key" in good("info", "cells.h5ad")
    assert good("info", "cells.h5ad::X_scVI").startswith("cells.h5ad::X_scVI: AE, 400 points, 6")
