"""Is a decoded image meaningful? If it is encoded and decoded again, it must come back.

A decoder is trained where the data are. The image that it decodes from a point far away is unlike
those that the encoder was trained on: encoded again, it lands elsewhere, and what is decoded from
there looks different. An image like those of the data comes back almost unchanged, and lands among
the data. A flat grey image comes back unchanged as well, so the image must also have as much
contrast as those of the data. All three are measured relative to the data's own points, and
together make a score that replaces judgement by eye.
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

_REFERENCE, _PER_AXIS = 2000, 4  # points of the data that set the standard, and at least per axis
_TYPICAL = 0.95  # share of the data's images whose round trip counts as good
_SAME_PICTURE = 1 / 255  # root mean square change that is invisible in images of bytes
_BATCH = 256


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class RoundTrip(OnePanel):
    """How far decoded images change on a round trip, and where they land.

    Attributes
    ----------
    start : Support
        Where the candidates lie before decoding, compared with the data.
    landing : Support
        Where their images are encoded to, compared with the images of the data's points.
    change : float64 array of shape (n_candidates,)
        Root mean square difference between the decoded image and the image after its round trip;
        pixels are in [0, 1].
    contrast : float64 array of shape (n_candidates,)
        Standard deviation of the pixels of the decoded image.
    data_change, data_contrast : float64 array of shape (1001,)
        Quantiles 0, 0.001 … 1 of the same for points of the data.
    n_used : int
        Number of points of the data that set the standard for `landing`, `change` and `contrast`.
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
        """Change that 95 % of the data's images stay below, divided by the change; at most 1.

        The former counts as at least one grey level, for models that return every image exactly.
        """
        typical = float(np.interp(_TYPICAL, SHARES, self.data_change))
        return _at_most_one(max(typical, _SAME_PICTURE), self.change)

    @property
    def landing_score(self) -> FloatArray:
        """Distance that 95 % of the data's landings stay below, over the distance; at most 1.

        It is multiplied by the root of the share of the squared distance along the leading
        directions, divided by the root of the share that 95 % of the data exceed; at most 1. Noise
        may land as far out as the data, but not along the directions in which they differ.
        """
        (typical,) = self.landing.data_quantile(_TYPICAL)
        least = np.interp(1 - _TYPICAL, SHARES, self.landing.data_leading)
        share = self.landing.leading / least if least else np.ones_like(self.landing.leading)
        return _at_most_one(typical, self.landing.distance) * np.sqrt(np.minimum(share, 1.0))

    @property
    def contrast_score(self) -> FloatArray:
        """Contrast divided by the contrast that 95 % of the data's images exceed; at most 1."""
        typical = float(np.interp(1 - _TYPICAL, SHARES, self.data_contrast))
        return np.minimum(self.contrast / typical, 1.0) if typical else np.ones_like(self.contrast)

    @property
    def score(self) -> FloatArray:
        """Meaningful-image score of each candidate: 1 if like the data's images, near 0 if not.

        It is the product of `return_score`, `landing_score` and `contrast_score`: a score of 0.5 is
        that of an image that changes twice as much, or lands twice as far out, as 95 % of the
        data's images, or has half the contrast that 95 % of them exceed.
        """
        return self.return_score * self.landing_score * self.contrast_score

    def headline(self) -> dict[str, Any]:
        """Return the scores of the images, and how many candidates are inside the data's shell."""
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
        Points of the data that make the same round trip to set the standard; by default 2,000, or
        four per axis if that is more, or all points if there are fewer.
    rng : int or numpy.random.Generator
        Seed for choosing them.

    Returns
    -------
    RoundTrip
        With `score`, one per candidate.

    Raises
    ------
    DataError
        If the number of columns of z or the candidates is not the model's z_dim, if there are fewer
        reference points than axes, or if all their images are encoded to one point; see also
        `support`.
    BackendError
        If the model returns images or latents of the wrong shape, or NaN.

    Notes
    -----
    With x = D(z), the image changes by ρ = rms(x − D(E(x))) and lands at Mahalanobis distance λ of
    E(x) from the landings of the data's images; E is the mean mu for a VAE. With κ, the standard
    deviation of its pixels, and s, the share of λ² along the leading directions of the landings,
    the score is min(1, ρ₉₅ / ρ) · min(1, λ₉₅ / λ) · √min(1, s / s₅) · min(1, κ / κ₅), where 95 % of
    the data's images stay below ρ₉₅ and λ₉₅ and above s₅ and κ₅; ρ₉₅ counts as one grey level at
    least.

    Near the centre of the data an image may come back unchanged without showing anything: decoders
    of autoencoders produce flat grey there. The contrast score excludes such images.

    ``docs/round_trip.md`` shows how well it orders decoded images of drawn faces by their distance
    from the nearest face that can be drawn, where that distance is known.

    The score relies on the model. A model that maps everything to one blurred image, or the data
    to nonsense, gives all images a high score: look at reconstructions first.

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
    """Round trips of the data's own points, by which candidates are judged.

    Attributes
    ----------
    model : backend.Model
    data : Shell
        Shell of all points.
    landing : Shell
        Shell of the latents to which images of the reference points are encoded.
    change, contrast : float64 array of shape (1001,)
        Quantiles of how much their images change, and of their contrast.
    n_reference, n_total : int
        Numbers of reference points and of all points.
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
        """Send candidates on the same round trip."""
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
    """Return typical / values, but at most 1."""
    return typical / np.maximum(values, typical)
