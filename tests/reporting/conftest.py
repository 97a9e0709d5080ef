"""One report of two sets, made once, and single questions asked of sets whose truth is known."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import latentscope
from latentscope.reporting.asking import studied
from latentscope.reporting.questions import QUESTIONS
from latentscope.reporting.study import Study


@pytest.fixture(autouse=True)
def quick_reports(small_maps):
    """All reports of these tests map few points."""


class Made(NamedTuple):
    """A report of a Gaussian off the origin and a VAE in closed form, and what it was made of."""

    path: Path
    html: str
    numbers: dict[str, Any]
    plain: np.ndarray
    vae: latentscope.Latents


@pytest.fixture(scope="session")
def made(tmp_path_factory, linear_model, blobs, small_maps):
    encoded = linear_model.encode(blobs)
    vae = latentscope.Latents(encoded.z, encoded.mu, encoded.logvar, blobs.ids, blobs.labels)
    plain = 5 + np.random.default_rng(0).standard_normal((600, 8))
    path = tmp_path_factory.mktemp("report") / "both.html"
    given = {"plain": plain, "vae": vae}
    latentscope.report(path, models={"vae": linear_model}, images=blobs, **given)
    numbers = json.loads(path.with_suffix(".json").read_text())
    return Made(path, path.read_text(), numbers, plain, vae)


@pytest.fixture(scope="session")
def studies(made, linear_model, blobs):
    """The two sets of that report, whose results were kept."""
    folder = made.path.with_name("both.results")
    return [
        studied("plain", made.plain, folder, 0, lambda step: None),
        studied("vae", made.vae, folder, 0, lambda step: None, model=linear_model, images=blobs),
    ]


@pytest.fixture(scope="session")
def sets():
    """Sets of latents whose truth is known."""
    rng = np.random.default_rng(2)
    noise = rng.standard_normal((3000, 8))
    corners = 12 * np.eye(8)[rng.integers(4, size=3000)]
    angle = rng.uniform(0, 2 * np.pi, 3000)
    ring = 3 * np.column_stack(
        [np.cos(angle), np.sin(angle), np.cos(3 * angle), *np.zeros((5, 3000))]
    )
    unit = np.random.default_rng(3).standard_normal((3000, 64))
    radii = np.abs(np.linspace(-0.2, 16.2, 3000))[:, None]
    mu = noise * [1, 1, 1, 1, 0, 0, 0, 0]
    dim = noise * [1, 1, 1, 1, 1, 1, 1, 0.15]
    dim_logvar = np.full_like(mu, -2.0) * [1, 1, 1, 1, 1, 1, 1, 0.01]
    diverged = np.full_like(mu, -2.0)
    diverged[7, 3] = 30
    half = np.full_like(mu, -6.0) * [1, 1, 1, 1, 0, 0, 0, 0]
    return {
        "prior": noise,
        "off_centre": noise + 5,
        "stretched": noise * [9, 1, 1, 1, 1, 1, 1, 1],
        "clustered": noise + corners,
        "heavy": rng.standard_t(3, size=(3000, 8)),
        "ring": ring + 1e-3 * noise,
        "wide": rng.standard_normal((900, 300)),
        "shells": radii * unit / np.linalg.norm(unit, axis=1, keepdims=True),
        "unit": unit,
        "flat": noise * [1, 1, 1, 1, 1, 1, 1, 0],
        "kinds": latentscope.Latents(noise, labels={
            "kind": np.array(["cat", "dog", "eel"])[(noise[:, 1] > 1) + 0],
            "animal": np.array(["cat", "dog", "eel"])[np.arange(3000) % 3],
            "name": np.arange(3000).astype(str), "rare": np.arange(3000) == 7}),
        "rare": latentscope.Latents(noise, labels={"rare": np.arange(3000) == 7}),
        "few": rng.standard_normal((40, 8)),
        "same": np.ones((400, 3)),
        "variance": latentscope.Latents(mu + 0.1 * rng.standard_normal(mu.shape), mu,
                                        np.full_like(mu, 0.01)),
        "just_mu": latentscope.Latents(noise + 1e-3 * rng.standard_normal(mu.shape), noise,
                                       np.full_like(mu, 2 * np.log(1e-3))),
        "half_used": latentscope.Latents(mu + np.exp(half / 2) * rng.standard_normal(mu.shape), mu,
                                         half),
        "mu_as_z": latentscope.Latents(mu, mu, half),
        "diverged": latentscope.Latents(noise + np.exp(-1) * rng.standard_normal(mu.shape), noise,
                                        diverged),
        "at_zero": latentscope.Latents(noise, 0 * mu, 0 * mu),
        "dim": latentscope.Latents(dim + np.exp(dim_logvar / 2) * rng.standard_normal(mu.shape),
                                   dim, dim_logvar),
        "labelled": latentscope.Latents(noise, labels={"first": noise[:, 0] > 0,
                                                       "coin": rng.integers(2, size=3000)}),
    }  # fmt: skip


@pytest.fixture(scope="session")
def asked(sets, tmp_path_factory, small_maps):
    """Ask questions of one set, by their keys, each once."""
    folder = tmp_path_factory.mktemp("asked") / "results"

    @cache
    def ask(name: str, *keys: str) -> Study:
        questions = tuple(one for one in QUESTIONS if one.key in keys)
        assert len(questions) == len(keys)
        return studied(name, sets[name], folder, 0, lambda step: None, questions=questions)

    return ask
