"""The verdicts are right where the truth is known."""

import json

import numpy as np
import pytest

import latentscope

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def numbers(tmp_path_factory, small_maps):
    rng = np.random.default_rng(2)
    noise = rng.standard_normal((3000, 8))
    stretched = noise * [9, 1, 1, 1, 1, 1, 1, 1]
    corners = 12 * np.eye(8)[rng.integers(4, size=3000)]
    angle = rng.uniform(0, 2 * np.pi, 3000)
    ring = 3 * np.column_stack(
        [np.cos(angle), np.sin(angle), np.cos(3 * angle), *np.zeros((5, 3000))]
    )
    ring += 1e-3 * noise
    mu = noise * [1, 1, 1, 1, 0, 0, 0, 0]
    half = np.full_like(mu, -6.0) * [1, 1, 1, 1, 0, 0, 0, 0]
    sets = {
        "prior": noise,
        "off_centre": noise + 5,
        "stretched": stretched,
        "clustered": noise + corners,
        "heavy": rng.standard_t(3, size=(3000, 8)),
        "ring": ring,
        "wide": rng.standard_normal((900, 300)),
        "few": rng.standard_normal((40, 8)),
        "same": np.ones((400, 3)),
        "variance": latentscope.Latents(mu + 0.1 * rng.standard_normal(mu.shape), mu,
                                        np.full_like(mu, 0.01)),
        "just_mu": latentscope.Latents(noise + 1e-3 * rng.standard_normal(mu.shape), noise,
                                       np.full_like(mu, 2 * np.log(1e-3))),
        "half_used": latentscope.Latents(mu + np.exp(half / 2) * rng.standard_normal(mu.shape), mu,
                                         half),
        "labelled": latentscope.Latents(noise, labels={"first": noise[:, 0] > 0,
                                                       "coin": rng.integers(2, size=3000)}),
    }  # fmt: skip
    path = latentscope.report(tmp_path_factory.mktemp("answers") / "r.html", **sets)
    return json.loads(path.with_suffix(".json").read_text())


@pytest.mark.parametrize(
    ("question", "name", "expected"),
    [
        ("Where do", "prior", "On the shell of N(0, I)"),
        ("Where do", "off_centre", "At radius 14."),  # below √(8 · 25 + 8)
        ("Which axes", "prior", "None stands out"),
        ("Which axes", "stretched", "Axis 0 (92%)"),  # 81 / 88
        ("clusters", "prior", "No clusters"),
        ("clusters", "clustered", "4 clusters"),
        ("Gaussian cloud", "prior", "Like a Gaussian"),
        ("Gaussian cloud", "off_centre", "Like a Gaussian"),
        ("Gaussian cloud", "heavy", "Far from a Gaussian"),
        ("Gaussian cloud", "clustered", "Not a Gaussian"),
        ("Gaussian cloud", "wide", "Like a Gaussian"),  # three rows per direction
        ("Gaussian cloud", "few", "Cannot tell"),
        ("filaments", "prior", "None in planes of PC 1 to 2"),
        ("filaments", "stretched", "None in planes of PC 1 to 2"),
        ("filaments", "ring", "Filament-like in PC 1 and PC 2"),
        ("dimensions", "few", "Cannot tell"),
        ("dimensions", "ring", "1."),
        ("random points", "few", "Too few rows to tell"),
        ("Which axes", "same", "None: all points coincide"),
        ("just mu", "variance", "Cannot tell: logvar is no log-variance"),
        ("just mu", "just_mu", "Yes: z is just mu"),
        ("just mu", "half_used", "No: noise is part of z"),
        ("random points", "prior", "N(0, I) lies as far out as the data"),
        ("random points", "off_centre", "N(0, I) misses the data"),
        ("labels", "labelled", "1 of 2 do"),
    ],
)
def test_verdicts(numbers, verdict, question, name, expected):
    assert verdict(numbers, question, name)[0].startswith(expected)


def test_sentences_hold_the_numbers(numbers, verdict):
    _, text = verdict(numbers, "just mu", "half_used")
    assert "4 of 8 axes carry less than 0.1 nats" in text
    _, text = verdict(numbers, "labels", "labelled")
    assert text.startswith("Clearest: first (")
    _, text = verdict(numbers, "Which axes", "stretched")
    assert "axis 0 (centre" in text


def test_questions_that_a_set_does_not_allow_are_not_asked(numbers):
    (answer,) = [one for one in numbers["answers"] if "just mu" in one["question"]]
    assert [one["set"] for one in answer["sets"]] == ["variance", "just_mu", "half_used"]
