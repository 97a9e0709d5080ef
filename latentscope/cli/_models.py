"""MODEL as commands take it: a folder that its backend loads, and the backend's name."""

import os
from typing import TYPE_CHECKING, Any

import click

from latentscope.cli._options import public

if TYPE_CHECKING:
    from latentscope.backend.protocols import Model

BACKEND = click.option(
    "--backend",
    default="tensorflow",
    show_default=True,
    help="Name of the backend; `latentscope backends` lists them.",
)


def backend_named(name: str) -> Any:
    """Import a backend, quietly."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow reads it on import
    return public("backend").get(name)


def model_in(folder: str, backend: str) -> "Model":
    """Load the model of a folder."""
    model: Model = backend_named(backend).load(folder)
    return model
