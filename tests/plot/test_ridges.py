"""The figure of ridges tells those beyond chance from the others."""

import numpy as np

import latentscope


def test_ridges_beyond_chance_are_coloured():
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 300)
    ring = 0.6 * np.column_stack([np.cos(angle), np.sin(angle)]) + 0.02 * rng.normal(size=(300, 2))
    z = np.vstack([ring, rng.uniform(-1, 1, (300, 2))])
    options = {"half_width": 1, "null": "uniform", "space": "latent", "n_null": 19, "n_boot": 5}
    result = latentscope.ridges(z, center=(0, 0), **options)
    ax = result.plot()
    band, dots, pale, found = ax.collections
    np.testing.assert_array_equal(dots.get_offsets(), result.points)
    np.testing.assert_array_equal(band.get_offsets(), result.ridge[result.is_significant])
    drawn = result.significant_links
    assert (len(found.get_segments()), len(pale.get_segments())) == (
        len(drawn), len(result.links) - len(drawn),
    )  # fmt: skip
    np.testing.assert_array_equal(found.get_segments(), result.ridge[drawn])
    assert ax.get_xlim() == (-1, 1)
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["600 points", "within chance", "beyond chance", "its uncertainty"]


def test_ridges_in_space():
    z = np.random.default_rng(0).standard_normal((400, 3))
    result = latentscope.ridges(z, axes=(0, 1, 2), half_width=np.inf, n_null=19, n_boot=2)
    ax = result.plot()
    assert (ax.name, ax.get_zlabel()) == ("3d", "PC 3")
    assert result.plot(ax=ax) is ax
