"""The clouds of `calibration_report`: what draws them, and which claims about them are right."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from latentscope import Latents

N_POINTS, Z_DIM, N_LABELS, N_COLLAPSED = 2000, 16, 40, 11
WIDTHS = np.r_[5, 2, 1.5, 1.2, np.ones(8), 0.8, 0.6, 0.4, 0.3]
LIKE, UNLIKE = "like N(0, I)", "unlike N(0, I)"
COLLAPSED = f"Yes: noise is part of z; {N_COLLAPSED} of {Z_DIM} axes collapsed"

Draw = Callable[[np.random.Generator], Latents]
IsRight = Callable[[str], bool]


class Cloud(NamedTuple):
    """Points whose structure is known.

    Attributes
    ----------
    draw : callable
        Draws the latents.
    right : mapping of str to callable
        Tells by what a claim is about whether it is right; a claim about anything else is wrong.
    truth : str
        What the report should say, in words.
    says : sequence of str
        What claims must be about.
    """

    draw: Draw
    right: Mapping[str, IsRight]
    truth: str = "nothing"
    says: Sequence[str] = ()

    def wrong(self, claims: Mapping[str, str]) -> dict[str, str]:
        """Return the claims that are wrong."""
        return {
            about: claim
            for about, claim in claims.items()
            if not self.right.get(about, lambda _: False)(claim)
        }

    def is_said(self, claims: Mapping[str, str]) -> bool:
        """Return True if all that must be claimed is claimed, and rightly."""
        return all(about in claims and self.right[about](claims[about]) for about in self.says)


def one_of(*values: object) -> IsRight:
    """Return what accepts these claims."""
    return lambda claim: claim in map(str, values)


def anything(_claim: str) -> bool:
    """Accept any claim."""
    return True


def is_no_thinner(claim: str) -> bool:
    """Accept what is said of a cloud like its Gaussian."""
    return claim == "The dimension is like that of the Gaussian."


def is_not_thin(claim: str) -> bool:
    """Accept a lower dimension, as in a cloud that is bent or denser in places."""
    return "not lie on a thin" in claim or "thin" not in claim


def is_thin(claim: str) -> bool:
    """Accept only a thin structure."""
    return "lie on a thin structure, such" in claim


BASIS: Mapping[str, IsRight] = {"dimension": is_no_thinner, "directions": one_of(Z_DIM)}
STRETCHED = {**BASIS, "radius": one_of(UNLIKE), "noise": anything}
# of a cloud that is not Gaussian
OTHER = {**STRETCHED, "dimension": is_not_thin, "normality": anything}


def latents(z: np.ndarray, rng: np.random.Generator, **more: np.ndarray) -> Latents:
    """Return points with labels that are assigned at random."""
    labels = {f"coin {i}": rng.integers(0, 2, len(z)) for i in range(N_LABELS)}
    return Latents(z, labels={**labels, **more})


def turned(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return points in a random orientation."""
    return z @ np.linalg.qr(rng.standard_normal((z.shape[1], z.shape[1])))[0]


def noise(rng: np.random.Generator, width: float = 1.0) -> np.ndarray:
    """Return a round Gaussian."""
    return width * rng.standard_normal((N_POINTS, Z_DIM))


def gaussian(rng: np.random.Generator) -> Latents:
    """Draw N(0, I)."""
    return latents(noise(rng), rng)


def correlated(rng: np.random.Generator) -> Latents:
    """Draw a Gaussian of unequal widths, in a random orientation."""
    return latents(turned(noise(rng) * WIDTHS, rng), rng)


def vae(rng: np.random.Generator) -> Latents:
    """Draw from a VAE that uses five of its axes: z is Gaussian."""
    mu = np.r_[np.full(Z_DIM - N_COLLAPSED, 0.95), np.full(N_COLLAPSED, 0.02)] * noise(rng)
    spread = np.maximum(1 - mu.var(axis=0), 0.01)  # a sample may vary more than 1
    logvar = np.tile(np.log(spread), (N_POINTS, 1))
    z = mu + np.exp(logvar / 2) * noise(rng)
    labels = latents(z, rng).labels
    return Latents(z, mu=mu, logvar=logvar, labels=labels)


def heavy(rng: np.random.Generator) -> Latents:
    """Draw from Student's t with 10 degrees of freedom."""
    return latents(noise(rng) / np.sqrt(rng.chisquare(10, (N_POINTS, 1)) / 10), rng)


def groups(n: int, apart: float) -> Draw:
    """Return what draws round Gaussians, so many standard deviations apart."""

    def draw(rng: np.random.Generator) -> Latents:
        centers = apart / np.sqrt(2) * np.linalg.qr(rng.standard_normal((Z_DIM, Z_DIM)))[0]
        return latents(centers[rng.integers(0, n, N_POINTS)] + noise(rng), rng)

    return draw


def moons(rng: np.random.Generator) -> Latents:
    """Draw two half circles that reach into each other, in a plane of wider noise."""
    one, angle = rng.integers(0, 2, N_POINTS), rng.uniform(0, np.pi, N_POINTS)
    z = noise(rng, 0.5)
    z[:, 0] += 5 * np.where(one, 1 - np.cos(angle), np.cos(angle))
    z[:, 1] += 5 * np.where(one, 0.5 - np.sin(angle), np.sin(angle))
    return latents(turned(z, rng), rng)


def banana(rng: np.random.Generator) -> Latents:
    """Draw a Gaussian that is bent in the plane of two axes."""
    z = noise(rng)
    z[:, 1] += z[:, 0] ** 2
    return latents(z, rng)


def ring(rng: np.random.Generator) -> Latents:
    """Draw a ring in a plane."""
    angle, z = rng.uniform(0, 2 * np.pi, N_POINTS), noise(rng, 0.5)
    z[:, :2] = 5 * np.column_stack([np.cos(angle), np.sin(angle)])
    z[:, :2] += 0.1 * rng.standard_normal((N_POINTS, 2))
    return latents(turned(z, rng), rng)


def filament(rng: np.random.Generator) -> Latents:
    """Draw a Gaussian with a third of its points on a closed curve in its widest plane."""
    z = noise(rng) * WIDTHS * np.r_[1, 2.4, np.ones(Z_DIM - 2)]
    n, angle = N_POINTS // 3, rng.uniform(0, 2 * np.pi, N_POINTS // 3)
    radius = 2.5 * (1 + 0.4 * np.cos(5 * angle))
    z[:n, 0], z[:n, 1] = radius * np.cos(angle), radius * np.sin(angle)
    return latents(turned(z, rng), rng)


def labelled(rng: np.random.Generator) -> Latents:
    """Draw N(0, I), shifted along one axis for points with a label."""
    z, label = noise(rng), rng.integers(0, 2, N_POINTS)
    z[:, 7] += 0.5 * label
    return latents(z, rng, shifted=label)


def heavy_axis(rng: np.random.Generator) -> Latents:
    """Draw a Gaussian but for one axis, Student's t with 3 degrees of freedom."""
    z = noise(rng)
    z[:, 4] = rng.standard_t(3, N_POINTS) / np.sqrt(3)
    return latents(z, rng)


def bounded(rng: np.random.Generator) -> Latents:
    """Draw a Gaussian but for four axes that are evenly filled between two bounds."""
    z = noise(rng)
    z[:, :4] = rng.uniform(-2, 2, (N_POINTS, 4))
    return latents(z, rng)


def manifold(rng: np.random.Generator) -> Latents:
    """Draw a torus, bent through 32 axes."""
    angles = rng.uniform(0, 2 * np.pi, (N_POINTS, 2))
    waves = np.array([(1, 0), (0, 1), (1, 1), (1, -1), (2, 0), (0, 2), (2, 1), (1, 2)])
    phases = angles @ waves.T
    return latents(np.hstack([np.cos(phases), np.sin(phases)]) @ mixing(rng), rng)


def mixing(rng: np.random.Generator) -> np.ndarray:
    """Return 16 orthogonal directions in 32 axes."""
    return np.linalg.qr(rng.standard_normal((32, 16)))[0].T


def copies(rng: np.random.Generator) -> Latents:
    """Draw N(0, I), every tenth row of which repeats another."""
    z = noise(rng)
    z[::10] = z[5::10]
    return latents(z, rng)


PLAIN = {
    "N(0, I)": Cloud(gaussian, {**BASIS, "radius": one_of(LIKE)}),
    "Gaussian of unequal widths, rotated": Cloud(correlated, STRETCHED),
    f"VAE, {N_COLLAPSED} of {Z_DIM} axes collapsed": Cloud(
        vae, {**BASIS, "radius": one_of(LIKE), "posterior": one_of(COLLAPSED)}
    ),
    "t10": Cloud(heavy, OTHER),
}
BENT = {**OTHER, "structure": anything, "axes": anything}  # plain to see in many projections
KNOWN = {
    "two groups 6 sd apart": Cloud(
        groups(2, 6), {**BENT, "clusters": one_of(2), "elbow": one_of(2)},
        "2 clusters", ["clusters"],
    ),
    "ten groups 7 sd apart": Cloud(
        groups(10, 7), {**BENT, "clusters": one_of(10), "elbow": one_of(10)},
        "10 clusters", ["clusters"],
    ),
    "two crescents": Cloud(
        moons, {**BENT, "clusters": one_of(2), "elbow": one_of(2)}, "2 clusters", ["clusters"]
    ),
    "banana": Cloud(
        banana, {**OTHER, "radius": anything, "axes": one_of("1 skewed")},
        "not Gaussian", ["normality"],
    ),
    "ring in a plane": Cloud(
        ring, {**BENT, "dimension": anything, "elbow": anything},
        "structure in the plane", ["structure"],
    ),
    "filament": Cloud(
        filament, {**BENT, "dimension": anything, "structure": one_of("filament-like", "clumped")},
        "filament in the plane", ["structure"],
    ),
    "label that shifts one axis by 0.5 sd": Cloud(
        labelled, {**BASIS, "radius": anything, "labels": one_of("shifted")},
        "this label", ["labels"],
    ),
    "one axis with heavy tails": Cloud(
        heavy_axis, {**OTHER, "radius": anything}, "not Gaussian", ["normality"]
    ),
    "four bounded axes": Cloud(
        bounded, {**OTHER, "axes": one_of("4 flat")}, "4 axes flat, not Gaussian",
        ["axes", "normality"],
    ),
    "torus, bent through 32 axes": Cloud(
        manifold,
        {
            **BENT, "dimension": is_thin, "directions": one_of(16), "elbow": anything,
            "rows": one_of("unit norm"),
        },
        "thin structure", ["dimension"],
    ),
    "a tenth of the rows repeat others": Cloud(
        copies, {**BASIS, "radius": one_of(LIKE), "rows": one_of("copies")}, "copies", ["rows"]
    ),
    f"VAE, {N_COLLAPSED} of {Z_DIM} axes collapsed": Cloud(
        vae, {**BASIS, "radius": one_of(LIKE), "posterior": one_of(COLLAPSED)},
        f"{N_COLLAPSED} axes collapsed", ["posterior"],
    ),
}  # fmt: skip
