"""Models as an argument: a folder, and the name of the backend that loads it."""

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
    """Import a backend without its log messages."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow reads this when imported
    return public("backend").get(name)


def model_in(folder: str, backend: str) -> "Model":
    """Load the model from a folder."""
    model: Model = backend_named(backend).load(folder)
    return model
