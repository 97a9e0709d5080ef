"""One report of two sets, made once: a Gaussian off the origin, and a VAE in closed form."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import latentscope


class Made(NamedTuple):
    """A report, and what it was made of."""

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
def verdict():
    """Look up the verdict on a set in the numbers of a report."""

    def look_up(numbers, question, name):
        (answer,) = [one for one in numbers["answers"] if question in one["question"]]
        (line,) = [one for one in answer["sets"] if one["set"] == name]
        return line["verdict"], line["text"]

    return look_up
