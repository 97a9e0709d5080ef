"""One set of latents, and the results on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from latentscope.analysis.overview import Overview
from latentscope.backend.protocols import Model
from latentscope.images import Images
from latentscope.reporting.kept import Kept
from latentscope.rows.source import Rows


@dataclass(frozen=True, kw_only=True)
class Study:
    """One set of latents with the results so far.

    Attributes
    ----------
    name : str
    source : Latents, array-like of shape (n_points, z_dim), or Rows
        As given.
    rows : Rows
    rng : int
        Seed.
    kept : Kept
        Results that an earlier report kept.
    model : Model or None
        Decodes these latents.
    images : Images or None
        The page shows some of them.
    overview : Overview
        The only result that every set has.
    results : mapping of str to Any
        The other results, by the key of their `Analysis`, whose `of` looks them up.
    left_out : mapping of str to str
        Reasons for what was left out, by title.
    remarks : tuple of str
        Warnings of the analyses.
    """

    name: str
    rows: Rows
    rng: int
    kept: Kept
    model: Model | None = None
    images: Images | None = None
    overview: Overview
    results: Mapping[str, Any] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def meta(self) -> dict[str, Any]:
        """Where the latents come from."""
        return dict(self.rows.meta)
