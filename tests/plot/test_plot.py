"""Figures: the artists show the result's numbers, on the Axes given and no others."""

from types import MappingProxyType

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.patches import Rectangle

import latentscope
from latentscope.errors import DataError
from latentscope.plot.pictures import plot_pictures
from latentscope.plot.planes import plot_planes
from latentscope.plot.tsne import plot_tsne

plt.switch_backend("Agg")


class Columns:
    """A model whose images are columns as bright as the axes of z, up to white and black."""

    kind, z_dim, image_shape, meta = "ae", 5, (2, 5, 1), MappingProxyType({})

    def decode(self, z):
        return np.repeat((0.5 + z / 40).clip(0, 1)[:, None], 2, axis=1)[..., None]

    def encode(self, images, *, rng=0):
        return latentscope.Latents(40 * (images[:, 0, :, 0] - 0.5))


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def z():
    rng = np.random.default_rng(0)
    return rng.standard_normal((600, 5)) * [4, 1, 1, 1, 0.5] + [0, 5, 0, 0, 0]


@pytest.fixture(scope="module")
def vae(z):
    logvar = np.full_like(z, -2.0)
    noise = np.random.default_rng(1).standard_normal(z.shape)
    return latentscope.Latents(z + np.exp(-1) * noise, z, logvar)


@pytest.fixture(scope="module")
def results(z, vae):
    return {
        "radius": latentscope.radius_density(z),
        "axes": latentscope.axis_density(z),
        "pca": latentscope.pca(z),
        "planes": latentscope.plane_zoom(z, half_widths=[np.inf, 1.0]),
        "clusters": latentscope.inertia_curve(z, n_clusters=range(2, 9)),
        "gap": latentscope.cluster_gap(z, n_clusters=(1, 2, 3), n_null=19, n_points=300),
        "dimension": latentscope.intrinsic_dimension(z),
        "tsne": latentscope.tsne(z, n_iter=20, perplexity=5),
        "posterior": latentscope.posterior(vae),
        "overview": latentscope.overview(z),
        "overview_vae": latentscope.overview(vae),
        "compare": latentscope.compare(ae=z, vae=vae),
        "correlation": latentscope.correlation(z),
        "ellipsoid": latentscope.ellipsoid(z, shares=[0.5, 0.9], n_points=200),
        "ridges": latentscope.ridges(z, n_null=19, n_boot=2),
        "plane_structure": latentscope.plane_structure(z, n_null=39),
        "scan": latentscope.scan_planes(z, n_axes=3, n_null=39),
        "beside_nulls": latentscope.beside_nulls(latentscope.radius_density, z, n_null=2),
        "support": latentscope.support(z, 2 * z[:50]),
        "direction": latentscope.direction(
            latentscope.Latents(z, labels={"odd": np.arange(600) % 2}), "odd"
        ),
        "normality": latentscope.normality(z, n_null=0),
        "henze_zirkler": latentscope.henze_zirkler(z),
        "round_trip": latentscope.round_trip(Columns(), z, 3 * z[:50]),
    }


PANELS = {
    "radius": 1, "axes": 1, "pca": 1, "planes": 2, "clusters": 1, "tsne": 1, "posterior": 2,
    "overview": 3, "overview_vae": 4, "compare": 4, "support": 1, "direction": 1, "round_trip": 1,
    "correlation": 1, "ellipsoid": 1, "ridges": 1, "dimension": 1, "plane_structure": 6, "scan": 1,
    "beside_nulls": 3,
    "normality": 3, "henze_zirkler": 1, "gap": 2,
}  # fmt: skip


@pytest.mark.parametrize("name", PANELS)
class TestEveryFigure:
    def test_draws_on_the_axes_given_and_no_others(self, results, name):
        n = PANELS[name]
        figure, grid = plt.subplots(1, n, squeeze=False)
        given = grid[0] if n > 1 else grid[0, 0]
        returned = results[name].plot(ax=given)
        assert list(np.ravel(returned)) == list(grid[0])
        assert plt.get_fignums() == [figure.number]

    def test_makes_one_new_figure_that_can_be_saved(self, results, name, tmp_path):
        returned = results[name].plot()
        assert len(plt.get_fignums()) == 1
        np.ravel(returned)[0].figure.savefig(tmp_path / "figure.png", dpi=40)

    def test_panels_are_labelled(self, results, name):
        for panel in np.ravel(results[name].plot()):
            if name != "tsne":  # whose axes have no meaning
                assert panel.get_xlabel()
                assert panel.get_ylabel()

    def test_wrong_axes_are_refused(self, results, name):
        with pytest.raises(DataError, match="ax must"):
            results[name].plot(ax=["no axes"])


def curve(ax: Axes, label: str) -> np.ndarray:
    (line,) = [line for line in ax.lines if line.get_label().startswith(label)]
    return line.get_ydata()


def test_radius_shows_counts_and_curves(results):
    ax = results["radius"].plot()
    (steps,) = ax.patches
    np.testing.assert_array_equal(steps.get_data().values, results["radius"].density)
    np.testing.assert_array_equal(steps.get_data().edges, results["radius"].edges)
    assert curve(ax, "Gaussian").max() == pytest.approx(
        results["radius"].gaussian_density.max(), rel=0.2
    )
    mode_of_chi = np.exp(-2) * 2**4 / (2**1.5 * 0.75 * np.sqrt(np.pi))  # at radius 2 = √(5 − 1)
    assert curve(ax, "N(0, I) in 5 dimensions").max() == pytest.approx(mode_of_chi, rel=1e-3)


def test_axes_name_the_dominant_ones(results):
    ax = results["axes"].plot()
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts[0].startswith("1: 4.89, 2.43")
    assert texts[1].startswith("0: ")
    densities = [patch.get_data().values for patch in ax.patches]
    first = results["axes"].density[1]
    np.testing.assert_allclose(densities[0], first / first.max())


def test_pca_shows_spectrum_and_noise(results):
    ax = results["pca"].plot()
    np.testing.assert_allclose(curve(ax, "components"), results["pca"].variance_ratio)
    noise = results["pca"].noise_variance / results["pca"].total_variance
    np.testing.assert_allclose(curve(ax, "noise"), noise)


def test_clusters_show_both_curves(results):
    ax, result = results["clusters"].plot(), results["clusters"]
    np.testing.assert_allclose(curve(ax, "600 rows"), result.inertia / 600)
    np.testing.assert_allclose(curve(ax, "Gaussian"), result.gaussian_inertia / 600)
    assert ax.get_title().startswith("no elbow, ")


def test_an_elbow_is_marked():
    rng = np.random.default_rng(0)
    centers = 20 * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    z = rng.standard_normal((800, 2)) + centers[rng.integers(4, size=800)]
    ax = latentscope.inertia_curve(z, n_clusters=range(2, 9)).plot()
    assert list(curve(ax, "elbow at k = 4")) == [0, 1]


def test_tsne_colours_rows_by_number(z):
    result = latentscope.tsne(z, n_points=100, n_iter=20, perplexity=5)
    ax = plot_tsne(result, color=np.arange(600))
    np.testing.assert_array_equal(ax.collections[0].get_array(), result.indices)
    with pytest.raises(DataError, match=r"one entry per row of z, 600; got \(100,\)"):
        plot_tsne(result, color=np.arange(100))


def test_posterior_shows_sorted_kl_and_counts(results):
    kl, deviations = results["posterior"].plot()
    heights = np.concatenate([dots.get_offsets()[:, 1] for dots in kl.collections])
    np.testing.assert_allclose(heights, np.sort(results["posterior"].kl)[::-1])
    bars = [bar.get_height() for bar in deviations.patches]
    np.testing.assert_array_equal(bars, results["posterior"].deviation_counts)


def test_compare_shows_every_set(results):
    panels = results["compare"].plot()
    for panel in panels[:3]:
        assert [text.get_text() for text in panel.get_legend().get_texts()] == ["ae", "vae"]
    assert [line.get_label() for line in panels[3].lines] == ["vae"]


def test_support_shows_data_law_and_candidates(results):
    ax, result = results["support"].plot(), results["support"]
    mode = np.exp(-2) * 2**4 / (2**1.5 * 0.75 * np.sqrt(np.pi))  # of chi with 5, at 2 = √(5 − 1)
    assert curve(ax, "Gaussian").max() == pytest.approx(mode, rel=1e-2)
    data, candidates = ax.containers
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert sum(bar.get_height() * bar.get_width() for bar in candidates) == pytest.approx(1)
    edges = [bar.get_x() for bar in data]
    assert min(edges) == pytest.approx(result.shell[0])
    assert max(edges) < result.shell[2]
    low, high = ax.get_xlim()
    assert low < result.distance.min()
    assert high > result.distance.max()
    assert f"50 candidates, {result.share_inside:.0%} inside" in texts


def test_support_of_data_all_at_one_distance():
    """Two points, many times: the data's distances are one number."""
    found = latentscope.support(np.tile([[1.0], [-1.0]], (20, 1)), [[0.5]])
    assert len(found.plot().containers) == 2


def test_ellipsoid_shows_levels_and_points(results):
    ax, result = results["ellipsoid"].plot(), results["ellipsoid"]
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), result.points)
    for level, radius in enumerate(result.radius):
        (line,) = [line for line in ax.lines if line.get_label().startswith(f"{radius:.3g}σ")]
        np.testing.assert_array_equal(line.get_xydata(), result.boundary(level))
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts[:2] == ["200 of the points", "mean"]
    assert texts[3] == f"2.15σ: {result.share[1]:.1%} (90.0%)"


def test_ellipsoids_are_wires_in_space(z):
    result = latentscope.ellipsoid(z, axes=(0, 1, 4), space="latent")
    ax = result.plot()
    assert (ax.name, ax.get_zlabel()) == ("3d", "axis 4")
    assert len(ax.collections) == 1 + len(result.radius)
    assert result.plot(ax=ax) is ax
    with pytest.raises(DataError, match="with projection='3d'; got Axes"):
        result.plot(ax=plt.subplots()[1])


def test_correlation_marks_the_strongest(results):
    ax, result = results["correlation"].plot(), results["correlation"]
    shown = ax.images[0].get_array()
    assert np.ma.getmaskarray(shown)[0, 0]
    np.testing.assert_array_equal(shown.filled(1), result.matrix)
    assert not ax.collections  # independent axes: nothing is beyond chance
    assert "0 of 10 pairs" in ax.get_title()
    z = np.random.default_rng(0).standard_normal((600, 50))
    z[:, 7] -= z[:, 3]
    ax = latentscope.correlation(z).plot()
    assert ax.collections[0].get_offsets().tolist() == [[3, 7], [7, 3]]
    (bar,) = [panel for panel in ax.figure.axes if panel is not ax]
    assert bar.get_legend().get_texts()[0].get_text().startswith("3–7: -0.7")


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


def test_direction_shows_the_axes_sorted_and_chance(results):
    ax, result = results["direction"].plot(), results["direction"]
    heights = [bar.get_height() for bar in ax.patches]
    np.testing.assert_allclose(heights, np.sort(np.abs(result.vector))[::-1])
    np.testing.assert_allclose(curve(ax, "random groups"), result.chance_length / np.sqrt(5))
    assert ax.get_title().startswith(f"odd: {result.times_chance:.3g} times as long")


def test_round_trip_shows_score_over_distance(results):
    ax, result = results["round_trip"].plot(), results["round_trip"]
    (dots,) = ax.collections
    np.testing.assert_allclose(
        dots.get_offsets(), np.column_stack([result.start.distance, result.score])
    )
    (shell,) = ax.patches
    assert shell.get_x() == pytest.approx(result.start.shell[0])
    assert ax.get_ylim() == (0, 1)


@pytest.fixture(scope="module")
def rows(z):
    """Two rows of three images."""
    album = latentscope.pictures.Album(Columns(), z)
    return [album.decode(z[:3], "three"), album.decode(9 * z[:3], "three far out")]


class TestPictures:
    def test_each_image_is_shown_with_its_numbers(self, rows):
        panels = plot_pictures(rows)
        assert [panel.get_title(loc="left") for panel in panels][::3] == ["three", "three far out"]
        for panel, row, k in zip(panels, np.repeat([0, 1], 3), [0, 1, 2] * 2, strict=True):
            (image,) = panel.images
            np.testing.assert_array_equal(image.get_array(), rows[row].images[k, :, :, 0])
            assert image.get_clim() == (0, 1)
            text = panel.get_xlabel()
            assert text.startswith(f"d {rows[row].distance[k]:.3g} · r {rows[row].radius[k]:.3g}")
            assert text.endswith(f"score {rows[row].score[k]:.2f}")

    def test_a_row_draws_itself_on_the_axes_given(self, rows, tmp_path):
        figure, grid = plt.subplots(1, 3)
        assert list(rows[0].plot(ax=grid)) == list(grid)
        figure.savefig(tmp_path / "figure.png", dpi=40)
        assert plt.get_fignums() == [figure.number]

    @pytest.mark.parametrize(
        ("chosen", "match"),
        [
            (lambda rows: [], r"of equal length; got lengths \[\]"),
            (lambda rows: [rows[0], rows[1].sharpened(1), None], "rows must be Pictures"),
            (lambda rows: rows * 100, "at most 400 images; got 600. Pass ax"),
        ],
    )
    def test_refusals(self, rows, chosen, match):
        with pytest.raises(DataError, match=match):
            plot_pictures(chosen(rows))

    def test_rows_of_unequal_length_are_refused(self, rows, z):
        other = latentscope.pictures.Album(Columns(), z).decode(z[:2])
        with pytest.raises(DataError, match=r"equal length; got lengths \[2, 3\]"):
            plot_pictures([rows[0], other])


class TestPlanes:
    def test_few_points_are_dots_with_a_verdict(self, results):
        whole, inner = results["planes"].plot()
        assert len(whole.collections[0].get_offsets()) == 600
        assert len(inner.collections[0].get_offsets()) == results["planes"].n_points[1]
        assert "too few to show structure" in inner.get_title()
        assert inner.get_xlim() == (-1.0, 1.0)
        assert inner.get_xlabel() == "PC 1"
        square = next(patch for patch in whole.patches if isinstance(patch, Rectangle))
        assert square.get_width() == 2.0

    def test_many_points_are_a_density_that_loses_none(self):
        z = np.random.default_rng(0).standard_normal((40_000, 2))
        zoom = latentscope.plane_zoom(z, half_widths=[np.inf], space="latent", axes=(1, 0))
        (panel,) = zoom.plot()
        (mesh,) = [item for item in panel.collections if isinstance(item, QuadMesh)]
        assert mesh.get_array().sum() == 40_000
        assert panel.get_xlabel() == "axis 1"

    def test_too_many_windows_are_refused(self, z):
        zoom = latentscope.plane_zoom(z, half_widths=np.arange(1, 15))
        with pytest.raises(DataError, match="at most 12 windows; got 14"):
            plot_planes(zoom)


def test_a_far_shell_is_named_and_does_not_squeeze_the_data():
    """Points at 100 times the scale of N(0, I): its curve is not drawn, the data fill the panel."""
    z = 100 * np.random.default_rng(0).standard_normal((5000, 16))
    ax = latentscope.radius_density(z, bin_width=20).plot()
    assert np.isnan(curve(ax, "N(0, I) in 16 dimensions: peak at 3.87")).all()
    assert ax.get_ylim()[1] < 2 * ax.patches[0].get_data().values.max()


def test_tsne_shows_classes_by_name(z):
    result = latentscope.tsne(z, n_points=100, n_iter=20, perplexity=5)
    ax = result.plot(color=np.where(z[:, 0] > 0, "right", "left"))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["left", "right"]
    shown = [len(dots.get_offsets()) for dots in ax.collections]
    assert shown == [(z[result.indices, 0] <= 0).sum(), (z[result.indices, 0] > 0).sum()]
    with pytest.raises(DataError, match="at most 10 classes; got 100"):
        result.plot(color=[f"row {i}" for i in range(600)])


def test_sets_of_very_different_scale_are_both_seen(z):
    big = latentscope.overview(100 * z, radius_bin_width=50, axis_bin_width=25)
    panels = latentscope.compare(small=z, big=big).plot()
    assert panels[0].get_xscale() == "log"
    assert [patch.get_data().values.max() for patch in panels[0].patches] == [1, 1]


def test_a_plane_s_structure_shows_curves_within_their_envelopes(results):
    result = results["plane_structure"]
    panels = result.plot()
    np.testing.assert_array_equal(panels[0].collections[0].get_offsets(), result.xy)
    np.testing.assert_array_equal(panels[1].collections[0].get_offsets(), result.null_xy)
    np.testing.assert_array_equal(curve(panels[2], "data"), result.data[0])
    np.testing.assert_array_equal(curve(panels[3], "data"), result.data[1] - result.null_mean[1])
    outside = np.isfinite(curve(panels[5], "outside")).mean()
    assert outside == pytest.approx(result.above("alignment") + result.below("alignment"))


def test_a_scan_shows_every_window_and_the_limit_of_chance(results):
    result = results["scan"]
    ax = result.plot()
    drawn = np.concatenate([line.get_xdata() for line in ax.lines if line.get_marker() != "None"])
    np.testing.assert_array_equal(np.sort(drawn), np.sort(result.departure))
    assert any(np.all(np.asarray(line.get_xdata()) == result.critical) for line in ax.lines)


def test_normality_shows_quantiles_gaps_and_moments(results):
    found = results["normality"]
    distances, gaps, moments = found.plot()
    np.testing.assert_allclose(curve(distances, "data, 600 rows") ** 2, found.quantiles)
    drawn = np.concatenate([line.get_ydata() for line in gaps.lines[:3]])
    np.testing.assert_array_equal(np.sort(drawn), np.sort(found.gaps))
    assert curve(gaps, "chance, largest of all")[0] == found.chance["gap"]
    (box,) = moments.patches
    assert box.get_width() == pytest.approx(2 * found.chance["skewness"])
    axes, components, projections = (len(line.get_xdata()) for line in moments.lines)
    assert (axes, components, projections) == (5, 5, 64)


def test_henze_zirkler_shows_the_statistic_beside_its_law(results):
    found = results["henze_zirkler"]
    ax = found.plot()
    assert ax.lines[0].get_xdata()[0] == found.statistic
    assert "600 points, p = " in ax.get_legend().get_texts()[1].get_text()
