"""pictures: what points look like, each with where it lies and how meaningful its image is."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image, ImageEnhance

import latentscope as ls
from latentscope.errors import BackendError, DataError, DataTypeError
from latentscope.pictures import HALF_WIDTHS, Album, sharpened


@pytest.fixture(scope="module")
def z(linear_model, blobs):
    return linear_model.encode(blobs).z


@pytest.fixture(scope="module")
def album(linear_model, z):
    return Album(linear_model, z)


def test_decoded_points_come_with_all_that_is_known(album, linear_model, z):
    points = np.array([[2, 1, 0], [3, -2, 40]])
    found = album.decode(points, "two points")
    assert (found.name, len(found)) == ("two points", 2)
    assert_array_equal(found.images, linear_model.decode(points.astype("f4")))
    assert_allclose(found.radius, np.linalg.norm(points, axis=1))
    assert_allclose(found.distance, ls.support(z, points).distance)
    assert_array_equal(found.score, found.trip.score)
    assert found.score[1] < 0.5 < found.score[0]
    assert repr(found).startswith("<Pictures of two points: 2, distance ")


def test_random_points_of_every_kind(album):
    rows = album.random(3)
    assert [row.name for row in rows] == [
        "N(0, I)", "uniform ±1.5", "Gaussian per axis", "full Gaussian", "core of the Gaussian",
        "mixture of 10",
    ]  # fmt: skip
    assert {row.images.shape for row in rows} == {(3, 8, 8, 3)}
    assert np.abs(rows[1].trip.start.radius).max() <= 1.5 * np.sqrt(3)


@pytest.mark.parametrize(("n_rows", "n_components"), [(12, 1), (24, 2), (119, 9)])
def test_the_mixture_has_as_many_gaussians_as_the_rows_allow(linear_model, z, n_rows, n_components):
    mixture = Album(linear_model, z[:n_rows]).random(2)[-1]
    assert mixture.name == f"mixture of {n_components}"


def test_a_mixture_of_the_finite_rows(linear_model, z):
    """Rows that are left out do not count."""
    holed = np.concatenate([z[:24], np.full((200, 3), np.nan, np.float32)])
    assert Album(linear_model, ls.finite_rows(holed)).random(2)[-1].name == "mixture of 2"


def test_cubes(album):
    rows = album.uniform(4)
    assert [row.name for row in rows][:2] == ["uniform ±0.5", "uniform ±1"]
    assert len(rows) == len(HALF_WIDTHS)
    scores = [row.score.mean() for row in rows]
    assert scores[-1] < scores[0]
    (one,) = album.uniform(4, half_widths=[20])
    assert one.radius.max() <= 20 * np.sqrt(3)


@pytest.mark.parametrize("form", ["Images", "bytes", "floats"])
def test_reconstructions(album, linear_model, blobs, form):
    given = {
        "Images": blobs[:5],
        "bytes": blobs.pixels[:5],
        "floats": blobs.pixels[:5] / 255,
    }[form]
    found = album.reconstruct(given)
    assert_allclose(found.images, linear_model.decode(linear_model.encode(blobs[:5]).mu), atol=1e-6)
    assert np.abs(found.images - blobs.pixels[:5] / 255).mean() < 0.02


def test_the_way_from_one_to_another(album, linear_model, z):
    found = album.between(z[0], z[1], 5)
    assert_allclose(found.images[[0, -1]], linear_model.decode(z[:2]), atol=1e-6)
    middle = album.decode([(z[0].astype(float) + z[1]) / 2])
    assert_allclose(found.distance[2], middle.distance[0], rtol=1e-6)


def test_along_a_direction(linear_model, z):
    labels = {"bright": z[:, 0] > 0}
    bright = ls.direction(ls.Latents(z, labels=labels), "bright")
    found = Album(linear_model, z).along(bright, z[0], factors=[-1, 0, 2.5])
    assert found.name == "bright, added −1, 0, +2.5 times"
    expected = linear_model.decode((z[0] + np.outer([-1, 0, 2.5], bright.vector)).astype("f4"))
    assert_allclose(found.images, expected, atol=1e-6)


def test_grey_images(tmp_path):
    model = SimpleNamespace(kind="ae", z_dim=4, image_shape=(2, 2, 1), meta={})
    model.decode = lambda z: (0.5 + z / 20).clip(0, 1).reshape(-1, 2, 2, 1)
    model.encode = lambda x, rng=0: ls.Latents(20 * (x.reshape(-1, 4) - 0.5))
    album = Album(model, ls.sample.normal(500, 4))
    found = album.reconstruct(np.full((1, 2, 2, 1), 51, np.uint8))
    assert_allclose(found.images, 0.2, atol=1e-6)
    assert found.sharpened(3).images.shape == (1, 2, 2, 1)


# --- seeds, copies ---


def test_the_same_seed_gives_the_same_pictures(linear_model, z):
    one, again, other = (Album(linear_model, z, rng=seed).random(2) for seed in (1, 1, 2))
    for a, b, c in zip(one, again, other, strict=True):
        assert_array_equal(a.images, b.images)
        assert_array_equal(a.score, b.score)
        assert not np.array_equal(a.images, c.images)


def test_the_standard_does_not_depend_on_what_was_asked_first(linear_model, z, monkeypatch):
    monkeypatch.setattr("latentscope.analysis.round_trip._REFERENCE", 60)
    one, other = Album(linear_model, z), Album(linear_model, z)
    other.random(2)
    assert_array_equal(one.decode(9 * z[:3]).score, other.decode(9 * z[:3]).score)
    assert_array_equal(one.random(2)[0].images, Album(linear_model, z).random(2)[0].images)


def test_the_standard_is_made_once(linear_model, z):
    calls = []
    model = SimpleNamespace(
        kind="vae", z_dim=3, image_shape=(8, 8, 3), meta={}, encode=linear_model.encode,
        decode=lambda z: calls.append(len(z)) or linear_model.decode(z),
    )  # fmt: skip
    album = Album(model, z)
    assert calls == []
    album.decode(z[:2])
    album.decode(z[:2])
    assert calls == [200, 200, 2, 2, 2, 2, 2, 2]


def test_pictures_can_be_pickled(album, z):
    found = album.decode(z[:2], "two")
    again = pickle.loads(pickle.dumps(found))
    assert again.name == "two"
    assert_array_equal(again.images, found.images)
    assert_array_equal(again.score, found.score)


# --- sharpening ---


@pytest.mark.parametrize("factor", [0, 1, 3, 6, 7.0])
@pytest.mark.parametrize("channels", [1, 3])
def test_sharpening_is_that_of_pillow(factor, channels):
    pixels = np.random.default_rng(0).integers(256, size=(3, 9, 7, channels), dtype=np.uint8)
    found = sharpened(pixels, factor)
    for one, image in zip(found, pixels, strict=True):
        pillow = Image.fromarray(image[..., 0] if channels == 1 else image)
        expected = np.asarray(ImageEnhance.Sharpness(pillow).enhance(factor)) / 255
        assert_allclose(one, expected.reshape(9, 7, channels), atol=1e-6)
    assert found.dtype == np.float32


def test_sharpened_pictures_keep_what_is_known_of_them(album, z):
    found = album.decode(z[:2])
    sharp = found.sharpened(3)
    assert_array_equal(sharp.images, sharpened(found.images, 3))
    assert sharp.trip is found.trip


# --- refusals ---


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (lambda album, z: album.random(0), "n must be an integer at least 1; got 0"),
        (lambda album, z: album.random(2.5), "n must be an integer at least 1; got 2.5"),
        (lambda album, z: album.uniform(0), "n must be an integer at least 1; got 0"),
        (lambda album, z: album.uniform(2, half_widths=[1, 0]), "half_width must be .* got 0"),
        (lambda album, z: album.uniform(2, half_widths=[-1]), "half_width must be .* got -1"),
        (lambda album, z: album.between(z[0], z[1], 1), "n must be an integer at least 2; got 1"),
        (lambda album, z: album.between(z[0], z[1, :2]), r"end must be one point of shape \(3,\)"),
        (lambda album, z: album.between(z[:2], z[1]), r"start must be one point .* \(2, 3\)"),
        (lambda album, z: album.between(["a"] * 3, z[1]), "start must be one point .* got <U1"),
        (lambda album, z: album.between(z[0] * np.nan, z[1]), "candidates|points"),
        (lambda album, z: album.decode(z[:, :2]), "candidates must have 3 columns"),
        (lambda album, z: album.decode(z[0]), r"points must have shape .*; got \(3,\)"),
        (lambda album, z: album.reconstruct(np.zeros((1, 4, 4, 3))), "must have shape|shape"),
        (lambda album, z: album.reconstruct(np.full((1, 8, 8, 3), 2.0)), r"must lie in \[0, 1\]"),
        (
            lambda album, z: sharpened(np.zeros((1, 8, 8, 3)), -1),
            "finite number of at least 0; got -1",
        ),
        (lambda album, z: sharpened(np.zeros((1, 8, 8, 3)), np.inf), "of at least 0; got inf"),
        (lambda album, z: sharpened(np.zeros((1, 8, 8, 3)), np.nan), "of at least 0; got nan"),
        (lambda album, z: sharpened(np.zeros((8, 8, 3)), 1), "pixels must have shape"),
    ],
)
def test_refusals(album, z, given, match):
    with pytest.raises(DataError, match=match):
        given(album, z)


def test_directions_of_other_latents_are_refused(album, z):
    wide = np.random.default_rng(0).standard_normal((20, 5))
    other = ls.direction(ls.Latents(wide, labels={"odd": np.arange(20) % 2}), "odd")
    with pytest.raises(DataError, match=r"direction.vector must be one point of shape \(3,\)"):
        album.along(other, z[0])
    with pytest.raises(DataTypeError, match="each factor must be a number; got 'x'"):
        album.along(other, z[0], factors=["x"])


def test_latents_of_another_model_are_refused(linear_model, z):
    with pytest.raises(DataError, match="3 columns, the model's z_dim; got 2"):
        Album(linear_model, z[:, :2])
    with pytest.raises(BackendError, match="is not a model: kind must be"):
        Album("vae.keras", z)
