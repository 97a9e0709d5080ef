"""round_trip: is a decoded image meaningful?"""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import spearmanr

import latentscope as ls
from latentscope import datasets
from latentscope.errors import BackendError, DataError, DataTypeError, LatentscopeWarning


@pytest.fixture(scope="module")
def z(linear_model, blobs):
    return linear_model.encode(blobs).z


@pytest.fixture
def candidates(rng):
    """Points from among the data to far beyond, where pixels saturate."""
    return (rng.standard_normal((30, 3)) * np.geomspace(0.5, 60, 30)[:, None]).astype(np.float32)


def changed(model, **methods):
    """Return a model with other methods."""
    parts = ("kind", "z_dim", "image_shape", "meta", "encode", "decode")
    return SimpleNamespace(**{name: getattr(model, name) for name in parts} | methods)


def way(model, points):
    """Return landing and change of points, step by step."""
    images = model.decode(np.asarray(points, np.float32))
    landing = model.encode(images).mu
    again = model.decode(landing)
    pixels = np.prod(model.image_shape)
    return landing, np.sqrt(((images - again).astype(float) ** 2).reshape(-1, pixels).mean(axis=1))


def test_every_step_by_hand(linear_model, z, candidates):
    """All rows make the standard here, so each number can be taken from the steps themselves."""
    found = ls.round_trip(linear_model, z, candidates)
    own_landing, own_change = way(linear_model, z)
    landing, change = way(linear_model, candidates)
    assert_allclose(found.change, change, rtol=1e-6)
    there = ls.support(own_landing, landing)
    assert_allclose(found.landing.distance, there.distance, rtol=1e-6)
    assert_allclose(found.start.distance, ls.support(z, candidates).distance)
    typical = max(np.quantile(own_change, 0.95), 1 / 255)
    assert_allclose(found.return_score, np.minimum(1, typical / change), rtol=1e-6)
    farthest = there.data_quantile(0.95)[0]
    expected = np.minimum(1, farthest / there.distance)
    expected *= np.sqrt(np.minimum(1, there.leading / there.data_leading[50]))
    assert_allclose(found.landing_score, expected, rtol=1e-6)
    images = (
        linear_model.decode(z).reshape(200, -1),
        linear_model.decode(candidates).reshape(30, -1),
    )
    least = np.quantile(images[0].std(axis=1), 0.05)
    assert_allclose(found.contrast_score, np.minimum(1, images[1].std(axis=1) / least), rtol=1e-5)
    parts = found.return_score * found.landing_score * found.contrast_score
    assert_allclose(found.score, parts)
    assert (found.n_used, found.n_total) == (200, 200)
    assert found.headline()["least"] == found.score.min()


def test_the_datas_own_points_score_high_and_far_points_low(linear_model, z):
    own = ls.round_trip(linear_model, z, z)
    assert np.mean(own.score > 0.99) > 0.8  # four standards, each kept by 95 % of the points
    far = ls.round_trip(linear_model, z, 60 * z[:20])
    assert far.score.max() < 0.2


def test_flat_images_are_not_meaningful_though_they_come_back(linear_model, z):
    """At the origin this model makes plain grey, which is encoded to the origin again."""
    found = ls.round_trip(linear_model, z, np.zeros((1, 3)))
    assert found.return_score[0] == 1
    assert found.contrast_score[0] < 0.4


def test_an_exact_model_is_not_scored_by_its_rounding():
    """Images that come back to the grey level have returned, however exact the data's do."""
    noise = np.random.default_rng(0).uniform(-1, 1, (50, 4)).astype(np.float32)
    z = np.random.default_rng(1).uniform(0.2, 0.8, (400, 4)).astype(np.float32)
    model = SimpleNamespace(kind="ae", z_dim=4, image_shape=(2, 2, 1), meta={})
    model.decode = lambda z: z.reshape(-1, 2, 2, 1).clip(0, 1)
    model.encode = lambda x, rng=0: ls.Latents(x.reshape(-1, 4) + (x.reshape(-1, 4) > 0.9) * 1e-3)
    exact = ls.round_trip(model, z, 0.5 + 0.1 * noise)
    assert exact.data_change[950] == 0
    assert_array_equal(exact.return_score, 1.0)
    nearly = ls.round_trip(model, z, np.full((1, 4), 0.95, np.float32))
    assert 0 < nearly.change[0] < 1 / 255
    assert nearly.return_score[0] == 1


def drawn_model(linear, n=600):
    """Return faces of 24×24 pixels and a linear model of them, which draws nonsense far out."""
    faces = datasets.drawn_faces(n, size=24, rng=5)
    return faces, linear(faces.take(slice(None)), 12)


def from_nearest_face(images):
    """Return the distance of images from the nearest of many drawn faces, root mean square."""
    faces = datasets.drawn_faces(3000, size=24, rng=6).take(slice(None)).reshape(3000, -1) / 255
    squares = (faces**2).sum(axis=1) - 2 * images.reshape(len(images), -1) @ faces.T
    squares += (images.reshape(len(images), -1) ** 2).sum(axis=1, keepdims=True)
    return np.sqrt(squares.min(axis=1) / faces.shape[1])


def test_the_score_orders_drawn_faces_by_truth(linear_model):
    """docs/round_trip.md shows it for trained models; this one holds it in a second."""
    faces, model = drawn_model(type(linear_model))
    z = model.encode(faces).z
    rng = np.random.default_rng(0)
    scale = np.repeat([0.0, 0.5, 1, 2, 4, 8], 20)[:, None]
    points = z.mean(axis=0) + scale * (ls.sample.gaussian(z, 120, rng=rng) - z.mean(axis=0))
    truth = from_nearest_face(model.decode(points))
    found = ls.round_trip(model, z, points)
    assert spearmanr(found.score, -truth)[0] > 0.85
    assert spearmanr(found.score, -truth)[0] > spearmanr(found.start.distance, truth)[0] + 0.03
    like_faces, nonsense = found.score[truth < 0.09], found.score[truth > 0.18]
    assert min(len(like_faces), len(nonsense)) > 30
    assert np.mean(like_faces[:, None] > nonsense) > 0.99
    assert np.median(like_faces) > 0.9
    assert np.median(nonsense) < 0.1


# --- laws ---


def test_order_of_candidates(linear_model, z, candidates, rng):
    """Permuting the candidates permutes the scores."""
    order = rng.permutation(len(candidates))
    one, other = (ls.round_trip(linear_model, z, x) for x in (candidates, candidates[order]))
    assert_allclose(other.score, one.score[order], rtol=1e-5)


def test_order_of_rows(linear_model, z, candidates, rng):
    """Where all rows make the standard, their order does not matter."""
    one, other = (ls.round_trip(linear_model, x, candidates) for x in (z, rng.permutation(z)))
    assert_allclose(other.score, one.score, rtol=1e-4)


def test_batches(linear_model, z, candidates, monkeypatch):
    """Images go in batches; each is judged by itself."""
    whole = ls.round_trip(linear_model, z, candidates)
    monkeypatch.setattr("latentscope.analysis.round_trip._BATCH", 7)
    assert_allclose(ls.round_trip(linear_model, z, candidates).score, whole.score, rtol=1e-4)


def test_the_score_is_blind_to_what_the_encoder_undoes(linear_model, z, candidates):
    """Pixels in disorder are nonsense to the eye; an encoder that knows them scores them alike."""
    order = np.random.default_rng(0).permutation(8)
    scrambled = changed(
        linear_model,
        decode=lambda z: linear_model.decode(z)[:, order],
        encode=lambda x, rng=0: linear_model.encode(x[:, np.argsort(order)], rng=rng),
    )
    one, other = (ls.round_trip(m, z, candidates) for m in (linear_model, scrambled))
    assert_allclose(other.score, one.score, rtol=1e-4)


def test_the_noise_of_a_vae_plays_no_part(linear_model, z, candidates, assert_same):
    """Landings are means: a VAE whose z is all noise is judged like one without."""

    def noisy(x, rng=0):
        mu, logvar = linear_model.encode(x).mu, np.zeros((len(x), 3), np.float32)
        return ls.Latents(mu + np.random.default_rng(7).standard_normal(mu.shape), mu, logvar)

    one = ls.round_trip(linear_model, z, candidates)
    assert_same(ls.round_trip(changed(linear_model, encode=noisy), z, candidates), one)


def test_seeds(linear_model, z, candidates, assert_same):
    """The same seed chooses the same standard, another seed another."""
    one, again, other = (
        ls.round_trip(linear_model, z, candidates, n_reference=60, rng=seed) for seed in (1, 1, 2)
    )
    assert_same(one, again)
    assert (one.n_used, one.n_total) == (60, 200)
    assert not np.array_equal(one.data_change, other.data_change)
    assert_array_equal(one.change, other.change)


def test_sources(linear_model, z, candidates, tmp_path, assert_same):
    """Latents in a file and rows without the bad ones, for data and candidates."""
    expected = ls.round_trip(linear_model, z, candidates)
    ls.save(tmp_path / "z.h5", ls.Latents(z))
    with ls.load(tmp_path / "z.h5") as stored:
        assert_same(ls.round_trip(linear_model, stored, ls.Latents(candidates)), expected)
    holed = ls.finite_rows(np.insert(z, [3, 9], np.nan, axis=0))
    some = ls.finite_rows(np.insert(candidates, [0, 5], np.nan, axis=0))
    found = ls.round_trip(linear_model, holed, some)
    assert_allclose(found.score, expected.score, rtol=1e-4)
    assert (found.n_used, found.n_total) == (200, 202)


def test_grey_images_and_one_axis():
    model = SimpleNamespace(kind="ae", z_dim=1, image_shape=(4, 4, 1), meta={})
    model.decode = lambda z: np.repeat((0.5 + z / 10).clip(0, 1), 16, 1).reshape(-1, 4, 4, 1)
    model.encode = lambda x, rng=0: ls.Latents(10 * (x.reshape(-1, 16)[:, :1] - 0.5))
    z = np.random.default_rng(0).standard_normal((300, 1)).astype(np.float32)
    found = ls.round_trip(model, z, np.array([[0.0], [4.0]], np.float32))
    assert_allclose(found.score, [1, found.landing.data_quantile(0.95)[0] / 4 / z.std()], rtol=0.1)


def test_input_is_left_alone(linear_model, z, candidates):
    before = z.copy(), candidates.copy()
    ls.round_trip(linear_model, z, candidates)
    assert_array_equal(z, before[0])
    assert_array_equal(candidates, before[1])


def test_result_describes_itself_and_comes_back(linear_model, z, candidates, tmp_path, assert_same):
    found = ls.round_trip(linear_model, z, candidates)
    assert repr(found).startswith("<RoundTrip of 200 rows: candidates 30, score, mean ")
    found.save(tmp_path / "trip.json")
    loaded = ls.RoundTrip.load(tmp_path / "trip.json")
    assert_same(loaded, found)
    assert_array_equal(loaded.score, found.score)
    assert not found.landing.distance.flags.writeable


# --- refusals ---

HUGE = np.full((1, 3), 1e39)
REFUSED_VALUES = {
    "z of another model": (lambda z: (z[:, :2], z), {}, r"3 columns, the model's z_dim; got 2"),
    "candidates too wide": (lambda z: (z, np.zeros((2, 4))), {}, "candidates must have 3 columns"),
    "candidates with NaN": (lambda z: (z, [[0, np.nan, 0]]), {}, "every value of candidates must"),
    "beyond float32": (lambda z: (z, HUGE), {}, r"must fit in float32; the largest is 1e\+39"),
    "few rows": (lambda z: (z[:4], z), {}, "z must have at least two rows more than directions"),
    "few references": (
        lambda z: (z, z), {"n_reference": 4},
        "what images are encoded to must have at least two rows more than directions",
    ),
    "no references": (lambda z: (z, z), {"n_reference": 0}, "n_reference must be .* got 0"),
    "half a reference": (lambda z: (z, z), {"n_reference": 9.5}, "n_reference must be .* got 9.5"),
    "a flag": (lambda z: (z, z), {"n_reference": False}, "n_reference must be .* got False"),
    "a seed below 0": (lambda z: (z, z), {"rng": -1}, "rng must be an integer at least 0"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::latentscope.errors.LatentscopeWarning")
@pytest.mark.parametrize(("given", "options", "match"), REFUSED_VALUES.values(), ids=REFUSED_VALUES)
def test_refused_values(linear_model, z, given, options, match):
    with pytest.raises(DataError, match=match):
        ls.round_trip(linear_model, *given(z), **options)


def broken(model):
    """Return what breaks a promise of models, and what is said of it."""
    decode, encode = model.decode, model.encode
    return {
        "NaN": ({"decode": lambda z: decode(z) * np.float32(np.nan)}, r"lie in \[0, 1\]; got nan"),
        "above 1": ({"decode": lambda z: decode(z) + 1}, r"lie in \[0, 1\]; got 1"),
        "one image less": ({"decode": lambda z: decode(z)[1:]}, r"shape \(200, 8, 8, 3\); got"),
        "float64": ({"decode": lambda z: decode(z).astype(float)}, "float32 .* got float64"),
        "no Latents": ({"encode": lambda x, rng: encode(x).z}, "must return Latents; got ndarray"),
        "latents NaN": (
            {"encode": lambda x, rng: ls.Latents(*(np.nan * a for a in encode(x).arrays.values()))},
            "z must be finite",
        ),
        "no posterior": ({"encode": lambda x, rng: ls.Latents(encode(x).z)}, "must return .*'mu'"),
        "no decoder": ({"decode": None}, "is not a model: decode must be a method; got None"),
    }


@pytest.mark.parametrize("name", broken(SimpleNamespace(decode=None, encode=None)))
def test_broken_models(linear_model, z, name):
    methods, match = broken(linear_model)[name]
    with pytest.raises(BackendError, match=match):
        ls.round_trip(changed(linear_model, **methods), z, z[:5])


def test_a_collapsed_model_has_no_score(linear_model, z):
    """One image for every point lands on one point; there is no shell to compare with."""
    mean = changed(linear_model, decode=lambda z: linear_model.decode(0 * z))
    with pytest.raises(DataError, match="what images are encoded to must hold points that differ"):
        ls.round_trip(mean, z, z[:5])


def test_few_references_are_warned_of(linear_model, z):
    with pytest.warns(LatentscopeWarning, match="8 rows of what images are encoded to are few"):
        ls.round_trip(linear_model, z, z[:5], n_reference=8)


def test_text_is_refused(linear_model, z):
    with pytest.raises(DataTypeError, match="candidates must hold real numbers"):
        ls.round_trip(linear_model, z, [["a", "b", "c"]])
