"""Open the three trained models with their latents; keep slow results next to them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import latentscope
from latentscope.results import Result

HEAD = ("", "published", "ours", "verdict")
NAMES = {"ae": "AE", "vae_tiny_kl": "tiny-KL VAE", "vae": "VAE"}


@dataclass(frozen=True)
class Run:
    """A trained model, ``folder/name/``, and the latents of all images, ``folder/name.h5``."""

    folder: Path
    name: str

    @property
    def title(self) -> str:
        """Name for people."""
        return NAMES[self.name]

    @cached_property
    def model(self) -> Any:
        """The encoder and the decoder."""
        from latentscope_tensorflow import load  # takes seconds to import

        return load(self.folder / self.name)

    @cached_property
    def latents(self) -> Any:
        """The latents, in the file."""
        return latentscope.load(self.folder / f"{self.name}.h5")

    @cached_property
    def gaussian(self) -> np.ndarray:
        """As many draws of a Gaussian with the mean and covariance of z."""
        return latentscope.sample.gaussian(self.latents, self.latents.n_points)

    @property
    def history(self) -> dict[str, list[float]]:
        """Losses of every epoch."""
        return self.model.meta["history"]

    def kept(self, key: str, cls: type[Result], compute: Callable[[], Result]) -> Any:
        """Return a result as an earlier call computed it, unless the latents are newer."""
        path = self.folder / "kept" / f"{self.name}-{key}.json"
        path.parent.mkdir(exist_ok=True)
        latents = self.folder / f"{self.name}.h5"
        if not path.exists() or path.stat().st_mtime < latents.stat().st_mtime:
            compute().save(path)
        return cls.load(path)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    head = tuple(head)
    lines = [head, ("---",) * len(head), *rows]
    escaped = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)


def verdict(is_so: bool, otherwise: str) -> str:
    """Return the last cell of a row."""
    return "agrees" if is_so else f"differs: {otherwise}"
