"""What is too large, too small or too far off is refused, or warned of, with the remedy."""

import copy
import pickle

import h5py
import numpy as np
import pytest

import latentscope
from latentscope.errors import DataError, LatentscopeWarning

Z = np.random.default_rng(0).standard_normal((400, 4))


def analyses_without_bins():
    return {
        "pca": latentscope.pca,
        "planes": latentscope.plane_zoom,
        "correlation": latentscope.correlation,
        "ellipsoid": latentscope.ellipsoid,
        "support": lambda z: latentscope.support(z, z[:9]),
        "direction": lambda z: latentscope.direction(
            latentscope.Latents(z, labels={"odd": np.arange(len(z)) % 2}), "odd"
        ),
        "tsne": lambda z: latentscope.tsne(z, n_iter=20, perplexity=5),
        "normality": lambda z: latentscope.normality(z, n_null=19),
        "henze_zirkler": latentscope.henze_zirkler,
        "radius": lambda z: latentscope.radius_density(z, bin_width=np.abs(z).max() / 10),
        "axes": lambda z: latentscope.axis_density(z, bin_width=np.abs(z).max() / 10),
    }


@pytest.mark.parametrize("scale", [1e80, 1e30, 1e-90])
@pytest.mark.parametrize("name", analyses_without_bins())
def test_any_scale_gives_finite_numbers(name, scale):
    result = analyses_without_bins()[name](scale * Z)
    fields = [np.asarray(value) for value in result.to_dict().values()]
    assert all(np.isfinite(value).all() for value in fields if value.dtype.kind in "iuf")


def test_little_variation_about_a_large_offset_is_no_rounding():
    """A hundred float64 steps at 1e4 are variance, and keep its digits."""
    steps = np.random.default_rng(0).integers(-100, 100, size=(5000, 2))
    z = 1e4 + steps * np.spacing(1e4)
    expected = steps.var(axis=0, ddof=1) * np.spacing(1e4) ** 2
    np.testing.assert_allclose(latentscope.pca(z).axis_variance, expected, rtol=1e-3)


@pytest.mark.parametrize("value", [0.1, -1e4 / 3, 0.0])
def test_equal_points_are_seen_as_equal(value):
    """Also where their mean is no float: rounding is no variance."""
    z = np.full((300_001, 3), value)
    result = latentscope.pca(z)
    assert result.total_variance == 0
    assert result.n_above_noise == 0
    assert latentscope.axis_density(z).is_constant.all()
    assert latentscope.inertia_curve(z, n_clusters=range(1, 9)).elbow is None
    with pytest.raises(DataError, match="all of them coincide"):
        latentscope.sample.core(z, 3)


@pytest.mark.parametrize("scale", [1e-30, 1e25])
def test_clusters_of_float32_out_of_range(scale):
    z = (scale * Z).astype(np.float32)
    with pytest.raises(DataError, match="neither too large nor too small to square in float32"):
        latentscope.inertia_curve(z, n_clusters=[2, 3])
    curve = latentscope.inertia_curve(z.astype(float), n_clusters=[2, 3])
    assert curve.inertia[1] < 0.95 * curve.inertia[0]


def test_whole_numbers_beyond_float64():
    with pytest.raises(DataError, match=r"at most 2\*\*53.*identifiers"):
        latentscope.pca(2**60 + np.arange(10).reshape(5, 2))
    assert latentscope.pca(2**50 + np.arange(10).reshape(5, 2)).n_used == 5


def test_too_many_axes_for_a_covariance():
    with pytest.raises(DataError, match="at most 16,384 axes for a covariance matrix; got 20,000"):
        latentscope.pca(np.zeros((3, 20_000), dtype=np.float32))


def test_bins_far_from_zero():
    with pytest.raises(DataError, match="too far from 0 to number the bins: subtract the offset"):
        latentscope.axis_density(Z + 1e9, bin_width=0.25)
    assert latentscope.axis_density(Z + 1e9).bin_width.max() < 1  # those that suit are numbered


@pytest.mark.parametrize("bin_width", [1e3, 1e-3])
def test_bins_that_hide_the_shell_are_warned_of(bin_width):
    with pytest.warns(LatentscopeWarning, match="the shell .* bin_width"):
        radius = latentscope.radius_density(Z, bin_width=bin_width)
    assert radius.minimum <= radius.peak <= radius.maximum
    assert radius.minimum <= radius.quantile(0.5) <= radius.maximum
    assert radius.share(0, radius.maximum + 1) == 1


def test_compressed_chunks_that_are_read_again_and_again(tmp_path, monkeypatch):
    monkeypatch.setattr("latentscope.rows.matrix.READ_BYTES", 1000)
    monkeypatch.setattr("latentscope.rows.matrix._BAND_BYTES", 2000)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        z = file.create_dataset("z", data=Z, chunks=(400, 4), compression="gzip")
        with pytest.warns(LatentscopeWarning, match="chunks of 400 rows, .* about 12 times"):
            result = latentscope.pca(z)
    assert result.n_used == 400


def test_one_point_can_be_transformed_and_comes_back():
    frame = latentscope.pca(Z)
    one = frame.transform(Z[:1])
    np.testing.assert_allclose(frame.inverse_transform(one), Z[:1], atol=1e-12)
    with pytest.raises(DataError, match="coordinates must have shape"):
        frame.inverse_transform(one[0])


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))])
def test_copies_of_results_are_locked_too(copied):
    result = copied(latentscope.radius_density(Z))
    assert not result.counts.flags.writeable
    assert result.to_dict() == latentscope.radius_density(Z).to_dict()


def test_latents_in_memory_can_be_copied():
    latents = latentscope.Latents(Z, labels={"a": list(range(400))}, meta={"b": 1})
    again = pickle.loads(pickle.dumps(copy.deepcopy(latents)))
    assert again.labels == latents.labels
    np.testing.assert_array_equal(again.z, Z)
