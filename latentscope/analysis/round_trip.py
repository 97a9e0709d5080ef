"""Is a decoded image meaningful? It is decoded, encoded and decoded again, and must come back.

A decoder is trained where the data are. What it makes of a point far away is no image that the
encoder knows: encoded again it lands elsewhere, and what is decoded from there looks different. An
image like those of the data comes back almost unchanged, and lands among the data. A flat grey
image comes back unchanged as well, so it must also show as much contrast as the data's images. All
three are measured beside what the data's own points do, so the score stands in for the eye.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from tqdm import tqdm

from latentscope._types import Array, FloatArray
from latentscope._validate import generator, integer
from latentscope.analysis.support import SHARES, Shell, Support
from latentscope.backend.asking import decode, encode_mean, latents_of
from latentscope.backend.protocols import Model
from latentscope.results import OnePanel
from latentscope.rows.reduction import row_numbers, sample_rows, take
from latentscope.rows.source import Points, Rows, as_rows

_REFERENCE, _PER_AXIS = 2000, 4  # points of the data that make the standard, and at least per axis
_TYPICAL = 0.95  # share of the data's images whose round trip counts as good
_SAME_PICTURE = 1 / 255  # root mean square change that no image of bytes shows
_BATCH = 256


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class RoundTrip(OnePanel):
    """How far decoded images change on a round trip, and where they land.

    Attributes
    ----------
    start : Support
        Where the candidates lie, before any decoding, beside the data.
    landing : Support
        Where their images are encoded to, beside where images of the data's points are.
    change : float64 array of shape (n_candidates,)
        Root mean square difference of the decoded image and what its round trip makes of it;
        pixels are in [0, 1].
    contrast : float64 array of shape (n_candidates,)
        Standard deviation of the pixels of the decoded image.
    data_change, data_contrast : float64 array of shape (1001,)
        Quantiles 0, 0.001 … 1 of the same for points of the data.
    n_used : int
        Points of the data that made the standard for `landing`, `change` and `contrast`.
    """

    start: Support
    landing: Support
    change: FloatArray
    contrast: FloatArray
    data_change: FloatArray
    data_contrast: FloatArray

    _plot: ClassVar[str] = "plot_round_trip"

    @property
    def return_score(self) -> FloatArray:
        """Change that 95 % of the data's images stay below, over the change; at most 1.

        At least one grey level: a model that returns every image exactly allows no less.
        """
        typical = float(np.interp(_TYPICAL, SHARES, self.data_change))
        return _at_most_one(max(typical, _SAME_PICTURE), self.change)

    @property
    def landing_score(self) -> FloatArray:
        """Distance that 95 % of the data's landings stay below, over the distance; at most 1.

        Times the root of the share of the squared distance along the leading directions, over the
        root of that which 95 % of the data exceed; at most 1. Noise may land as far out as the
        data, but not along the directions in which they differ.
        """
        (typical,) = self.landing.data_quantile(_TYPICAL)
        least = np.interp(1 - _TYPICAL, SHARES, self.landing.data_leading)
        share = self.landing.leading / least if least else np.ones_like(self.landing.leading)
        return _at_most_one(typical, self.landing.distance) * np.sqrt(np.minimum(share, 1.0))

    @property
    def contrast_score(self) -> FloatArray:
        """Contrast over that which 95 % of the data's images exceed; at most 1."""
        typical = float(np.interp(1 - _TYPICAL, SHARES, self.data_contrast))
        return np.minimum(self.contrast / typical, 1.0) if typical else np.ones_like(self.contrast)

    @property
    def score(self) -> FloatArray:
        """Meaningful-image score of each candidate: 1 like the data's images, towards 0 nonsense.

        The product of `return_score`, `landing_score` and `contrast_score`: 0.5 is an image that
        changes, or lands, twice as far as 95 % of the data's do, or has half their contrast.
        """
        return self.return_score * self.landing_score * self.contrast_score

    def headline(self) -> dict[str, Any]:
        """Return how meaningful the images are."""
        return {
            "candidates": len(self.change),
            "score, mean": float(self.score.mean()),
            "least": float(self.score.min()),
            "greatest": float(self.score.max()),
            "share inside the data's shell": self.start.share_inside,
        }


def round_trip(
    model: Model,
    z: Points,
    candidates: Points,
    *,
    n_reference: int | None = None,
    rng: int | np.random.Generator = 0,
) -> RoundTrip:
    """Decode candidates, encode the images again, and measure what comes back.

    Parameters
    ----------
    model : backend.Model
        With `encode` and `decode`.
    z : array-like of shape (n_points, z_dim), or Latents
        The data's latents under this model.
    candidates : array-like of shape (n_candidates, z_dim), or Latents
        Points whose images are to be judged.
    n_reference : int, optional
        Points of the data that go the same way to set the standard; by default 2,000, or four per
        axis if that is more, or all there are.
    rng : int or numpy.random.Generator
        Seed of their choice.

    Returns
    -------
    RoundTrip
        With `score`, one per candidate.

    Raises
    ------
    DataError
        If z or the candidates have another width than the model's z_dim, or as `support` does: if
        there are fewer reference points than axes, or if all their images are encoded to one point.
    BackendError
        If the model gives images or latents of a wrong shape, or NaN.

    Notes
    -----
    With x = D(z), the image changes by ρ = rms(x − D(E(x))) and lands at Mahalanobis distance λ of
    E(x) from the landings of the data's images; E is the mean mu for a VAE. With κ, the standard
    deviation of its pixels, and s, the share of λ² along the leading directions of the landings,
    the score is min(1, ρ₉₅ / ρ) · min(1, λ₉₅ / λ) · √min(1, s / s₅) · min(1, κ / κ₅), where 95 % of
    the data's images stay below ρ₉₅ and λ₉₅ and above s₅ and κ₅; ρ₉₅ counts as one grey level at
    least.

    Near the centre of the data an image may come back unchanged and be no image at all: decoders of
    autoencoders make flat grey there. That is what the contrast is for.

    ``docs/round_trip.md`` shows how well it orders decoded images of drawn faces by their distance
    from the nearest face that can be drawn, where that distance is known.

    The score knows what the model knows. A model that maps everything to one blurred image, or the
    data to nonsense, gives all of them a high score: look at reconstructions first.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from latentscope.latents import Latents
    >>> axes = np.linalg.qr(np.random.default_rng(0).standard_normal((48, 3)))[0].astype("f4")
    >>> model = SimpleNamespace(kind="ae", z_dim=3, image_shape=(4, 4, 3), meta={})
    >>> model.decode = lambda z: (0.5 + 0.1 * z @ axes.T).clip(0, 1).reshape(-1, 4, 4, 3)
    >>> model.encode = lambda x, rng=0: Latents((x.reshape(-1, 48) - 0.5) @ axes / 0.1)
    >>> z = np.random.default_rng(1).standard_normal((500, 3)).astype("f4")
    >>> result = round_trip(model, z, np.vstack([z[0], [90, -80, 70]]))
    >>> result.score.round(1).tolist()  # pixels saturate far from the data
    [1.0, 0.0]
    """
    wanted = None if n_reference is None else integer("n_reference", n_reference, low=2)
    rows = latents_of(model, z)
    return Standard.of(model, rows, n_reference=wanted, rng=generator(rng)).judge(candidates)


@dataclass(frozen=True)
class Standard:
    """What the data's own points do on a round trip, by which candidates are judged.

    Attributes
    ----------
    model : backend.Model
    data : Shell
        Of all points.
    landing : Shell
        Of where images of the reference points are encoded to.
    change, contrast : float64 array of shape (1001,)
        Quantiles of how much their images change, and of the contrast that they have.
    n_reference, n_total : int
        Reference points, of how many.
    """

    model: Model
    data: Shell
    landing: Shell
    change: FloatArray
    contrast: FloatArray
    n_reference: int
    n_total: int

    @classmethod
    def of(
        cls, model: Model, rows: Rows, *, n_reference: int | None = None, rng: np.random.Generator
    ) -> Self:
        """Send reference points of the data on a round trip."""
        wanted = n_reference or max(_REFERENCE, _PER_AXIS * rows.z_dim)
        indices, _ = sample_rows(rows, wanted, rng)
        data = Shell.of(rows)
        landing, change, contrast = _trips(model, take(rows, indices), "round trips of the data")
        return cls(
            model=model,
            data=data,
            landing=Shell.of(as_rows(landing, name="what images are encoded to")),
            change=np.quantile(change, SHARES),
            contrast=np.quantile(contrast, SHARES),
            n_reference=len(indices),
            n_total=rows.n_total,
        )

    def judge(self, candidates: Points) -> RoundTrip:
        """Send candidates on the same way."""
        start = self.data.judge(candidates)
        proposed = as_rows(candidates, least=1, name="candidates")
        points = take(proposed, row_numbers(proposed))
        landing, change, contrast = _trips(self.model, points, "round trips of the candidates")
        return RoundTrip(
            n_used=self.n_reference,
            n_total=self.n_total,
            start=start,
            landing=self.landing.judge(landing),
            change=change,
            contrast=contrast,
            data_change=self.change,
            data_contrast=self.contrast,
        )


def _trips(model: Model, points: Array, title: str) -> tuple[Array, FloatArray, FloatArray]:
    """Return where images of the points are encoded to, how they change, and their contrast."""
    landings, changes, contrasts = zip(*_batches(model, points, title), strict=True)
    return np.concatenate(landings), np.concatenate(changes), np.concatenate(contrasts)


def _batches(
    model: Model, points: Array, title: str
) -> Iterator[tuple[Array, FloatArray, FloatArray]]:
    with tqdm(total=len(points), desc=title, unit="image", delay=2) as bar:
        for start in range(0, len(points), _BATCH):
            images = decode(model, points[start : start + _BATCH])
            landing = encode_mean(model, images)
            flat = images.reshape(len(images), -1).astype(np.float64)
            difference = flat - decode(model, landing).reshape(flat.shape)
            yield landing, np.sqrt((difference**2).mean(axis=1)), flat.std(axis=1)
            bar.update(len(images))


def _at_most_one(typical: float, values: FloatArray) -> FloatArray:
    """Return typical / values where that is below 1, else 1."""
    return typical / np.maximum(values, typical)
