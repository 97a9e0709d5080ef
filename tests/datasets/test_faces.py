"""datasets.drawn_faces: factors in, faces out."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kstest
from sklearn.linear_model import Ridge

from latentscope import datasets
from latentscope.datasets.faces import FACTORS, curve, drawn_faces
from latentscope.errors import DataError, DataTypeError

EXTREMES = np.where(np.random.default_rng(3).uniform(size=(60, len(FACTORS))) < 0.5, -3.0, 3.0)
each_factor = pytest.mark.parametrize("name", FACTORS)


def face(size=64, **factors):
    """One face: pixels in [0, 255] as float64, shape (size, size, 3)."""
    return drawn_faces(1, size=size, factors=factors).pixels[0].astype(float)


def halved(pixels):
    """Means over 2 × 2 pixels."""
    n, height, width, channels = pixels.shape
    return pixels.reshape(n, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4))


def test_what_comes_back():
    faces = drawn_faces(5, size=20, rng=np.int64(7))
    assert (faces.pixels.shape, faces.pixels.dtype) == ((5, 20, 20, 3), np.uint8)
    assert tuple(faces.labels) == FACTORS
    assert {column.dtype for column in faces.labels.values()} == {np.dtype("f8")}
    assert json.loads(json.dumps(dict(faces.meta))) == {
        "generator": "latentscope.datasets.drawn_faces",
        "factors": "gaussian",
        "size": 20,
        "seed": 7,
    }


def test_a_generator_has_no_seed_to_note():
    assert "seed" not in drawn_faces(1, size=16, rng=np.random.default_rng(0)).meta
    assert drawn_faces(1, size=16, factors={}).meta["factors"] == "given"
    assert "seed" not in drawn_faces(1, size=16, factors={}).meta


@pytest.mark.parametrize("law", ["gaussian", "curve"])
def test_same_seed(law):
    """The same seed gives the same bits, another seed other faces."""
    one, again, other = (drawn_faces(20, size=32, factors=law, rng=seed) for seed in (3, 3, 4))
    assert_array_equal(one.pixels, again.pixels)
    for name in one.labels:
        assert_array_equal(one.labels[name], again.labels[name])
        assert np.all(one.labels[name] != other.labels[name])
    assert np.all(np.any(one.pixels != other.pixels, axis=(1, 2, 3)))


@pytest.mark.parametrize("law", ["gaussian", "curve"])
def test_the_first_faces_are_those_of_a_smaller_set(law):
    few, many = drawn_faces(7, size=32, factors=law), drawn_faces(60, size=32, factors=law)
    assert_array_equal(many.pixels[:7], few.pixels)


@pytest.mark.parametrize("n_threads", [1, 2, 5])
@pytest.mark.parametrize("block", [1, 2**14, 2**16])
def test_threads_and_blocks(n_threads, block, monkeypatch):
    """One block or many, any number of threads: the same bits."""
    expected = drawn_faces(40, size=48).pixels
    monkeypatch.setattr("latentscope._compute.threads.n_cores", lambda: n_threads)
    monkeypatch.setattr("latentscope.datasets.faces._BLOCK_SAMPLES", block)
    assert_array_equal(drawn_faces(40, size=48).pixels, expected)


def test_labels_draw_the_same_faces_again():
    """The labels are the factors: as a mapping or a table they give the same images."""
    faces = drawn_faces(10, size=32)
    table = np.column_stack([faces.labels[name] for name in FACTORS])
    for factors in (dict(faces.labels), table, table.tolist()):
        assert_array_equal(drawn_faces(10, size=32, factors=factors).pixels, faces.pixels)


def test_given_factors_are_left_alone():
    table = np.random.default_rng(0).standard_normal((4, len(FACTORS)))
    before = table.copy()
    faces = drawn_faces(4, size=16, factors=table)
    faces.labels["skin"][:] = 0
    assert_array_equal(table, before)


def test_one_number_stands_for_all_images():
    faces = drawn_faces(3, size=16, factors={"skin": 1, "tilt": [0.0, 0.5, 1.0]})
    assert_array_equal(faces.labels["skin"], [1, 1, 1])
    assert_array_equal(faces.labels["hair_length"], [0, 0, 0])


def test_gaussian_factors():
    """Standard normal, each and every pair: means and correlations within 5 standard errors."""
    n = 3000
    faces = drawn_faces(n, size=16, rng=5)
    table = np.column_stack([faces.labels[name] for name in FACTORS])
    assert np.abs(table.mean(axis=0)).max() < 5 / np.sqrt(n)
    assert_allclose(np.cov(table.T), np.eye(len(FACTORS)), atol=5 * np.sqrt(2 / n))
    assert min(kstest(column, "norm").pvalue for column in table.T) > 1e-4


def test_curve_factors_follow_from_t():
    faces = drawn_faces(500, size=16, factors="curve", rng=2)
    t = faces.labels["t"]
    table = np.column_stack([faces.labels[name] for name in FACTORS])
    assert tuple(faces.labels) == (*FACTORS, "t")
    assert_allclose(table, curve(t))
    assert kstest(t, "uniform").pvalue > 1e-4


def test_curve_is_standardised_closed_and_simple():
    """Mean 0 and variance 1; points far apart in t stay far apart in space."""
    t = np.arange(600) / 600
    table = curve(t)
    assert_allclose(table.mean(axis=0), 0, atol=1e-12)
    assert_allclose(table.var(axis=0), 1)
    assert_allclose(curve(t + 1), table, atol=1e-12)
    apart = np.abs(t[:, None] - t)
    apart = np.minimum(apart, 1 - apart)
    distance = np.linalg.norm(table[:, None] - table, axis=2)
    assert distance[apart > 0.05].min() > 1


@each_factor
def test_each_factor_is_seen(name):
    """From −2 to 2 at least a hundredth of 64 × 64 pixels change by more than 20 of 255."""
    change = np.abs(face(**{name: -2}) - face(**{name: 2})).max(axis=2)
    assert (change > 20).mean() > 0.01


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("eye_size", (0.35, 0.6)),
        ("eye_spacing", (0.3, 0.6)),
        ("brow_height", (0.25, 0.5)),
        ("brow_tilt", (0.25, 0.5)),
        ("mouth_curve", (0.5, 0.75)),
        ("mouth_opening", (0.5, 0.75)),
    ],
)
def test_features_stay_in_their_place(name, rows):
    """Eyes, brows and mouth move no pixel above or below them, nor at the sides."""
    changed = np.any(face(96, **{name: -3}) != face(96, **{name: 3}), axis=2)
    where = np.argwhere(changed) / 96
    assert rows[0] < where[:, 0].min() < where[:, 0].max() < rows[1]
    assert 0.2 < where[:, 1].min() < where[:, 1].max() < 0.8


def test_background_leaves_the_face_alone():
    change = np.abs(face(96, background=-2) - face(96, background=2)).max(axis=2)
    assert change[24:60, 36:60].max() == 0  # the middle of the face
    assert change[:8].min() > 10


def test_faces_are_not_symmetric_but_nearly():
    """A tilt to the left is a tilt to the right in a mirror, but for parting and light."""
    left, right = face(64, tilt=-1), face(64, tilt=1)[:, ::-1]
    assert np.abs(left - right).mean() < 0.25 * np.abs(left - right[:, ::-1]).mean()


@each_factor
def test_continuity(name):
    """A tenth of the step changes the pixels a tenth as much, up to the rounding of bytes."""
    base = dict.fromkeys(FACTORS, 0.3)
    start = face(128, **base)
    changes = [
        np.abs(face(128, **base | {name: 0.3 + step}) - start) for step in (0.2, 0.02, 0.002)
    ]
    total = np.array([change.sum() for change in changes])
    assert_allclose(total[1:] / total[:-1], 0.1, atol=0.04)
    assert changes[2].max() < 10


@pytest.mark.parametrize("size", [16, 17, 33, 48, 96])
def test_sizes_agree(size):
    """Pixels of twice the size are the means of four: edges are covered in part, not stepped."""
    small = drawn_faces(40, size=size).pixels
    large = halved(drawn_faces(40, size=2 * size).pixels.astype(float))
    assert_allclose(small.mean(axis=0), large.mean(axis=0), atol=7)  # of 255, at a slanted edge
    assert np.abs(small - large).mean() < 0.5


def test_edges_take_values_in_between():
    """Along the edge of the shoulder against the backdrop, pixels lie between the two colours."""
    row = face(96, background=-1)[88]
    backdrop, shirt = row[2], row[30]
    share = (row[:30] - backdrop) @ (shirt - backdrop) / np.sum((shirt - backdrop) ** 2)
    between = (share > 0.1) & (share < 0.9)
    assert 1 <= between.sum() <= 3
    assert np.all(np.diff(share) > -0.1)


def test_extremes_have_no_stray_pixels():
    """Every corner of the cube ±3 draws: a head of one piece, and a backdrop without specks."""
    faces = drawn_faces(len(EXTREMES), size=64, factors=EXTREMES).pixels.astype(float)
    plain = drawn_faces(len(EXTREMES), size=64, factors={"background": EXTREMES[:, -1]})
    differs = np.abs(faces - plain.pixels).max(axis=3) > 2
    assert differs[:, :, :2].sum() == 0
    assert differs[:, :, -2:].sum() == 0
    assert differs[:, :2].sum() == 0


def test_far_factors_can_be_drawn():
    """Any real number is drawable; the parameters come to rest at their limits."""
    for name in FACTORS:
        assert_array_equal(face(32, **{name: 40.0}), face(32, **{name: 1e300}))


def test_linear_models_read_every_factor():
    """Ridge regression from 32 × 32 pixels to each factor, tested on other faces: R² > 0.6."""
    faces = drawn_faces(2500, size=32, rng=1)
    pixels = faces.pixels.reshape(len(faces), -1) / 255
    table = np.column_stack([faces.labels[name] for name in FACTORS])
    model = Ridge(3.0).fit(pixels[:2000], table[:2000])
    residual = table[2000:] - model.predict(pixels[2000:])
    score = 1 - residual.var(axis=0) / table[2000:].var(axis=0)
    assert dict(zip(FACTORS, score, strict=True)) == {
        name: pytest.approx(0.8, abs=0.2) for name in FACTORS
    }


def test_names_are_found_on_first_use():
    assert datasets.drawn_faces is drawn_faces
    assert dir(datasets) == sorted(datasets.__all__)
    with pytest.raises(AttributeError, match=r"'latentscope\.datasets' has no attribute 'faecs'"):
        _ = datasets.faecs


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: drawn_faces(0), DataError, "n_images must be an integer at least 1; got 0"),
        (lambda: drawn_faces(2.0), DataTypeError, "n_images must be an integer .*got 2.0"),
        (lambda: drawn_faces(2, size=15), DataError, "size must be .* from 16 to 4096 .*got 15"),
        (lambda: drawn_faces(2, size=9999), DataError, "size must be .* from 16 to 4096"),
        (lambda: drawn_faces(2, rng=-1), DataError, "rng must be .*; got -1"),
        (
            lambda: drawn_faces(2, factors="gausian"),
            DataError,
            "factors must be one of 'gaussian', 'curve'; got 'gausian'. Did you mean 'gaussian'",
        ),
        (
            lambda: drawn_faces(2, factors={"hair_colour": 0}),
            DataError,
            "each factor name must be one of 'face_width'.*'hair_colour'. Did you mean 'hair_color",
        ),
        (lambda: drawn_faces(2, factors={3: 0}), DataError, "each factor name .*; got 3"),
        (
            lambda: drawn_faces(2, factors={"skin": [1.0]}),
            DataError,
            r"factors\['skin'\] must have shape \(2,\); got \(1,\)",
        ),
        (
            lambda: drawn_faces(2, factors={"skin": [0.0, np.nan]}),
            DataError,
            r"factors\['skin'\] must be finite; 1 of 2 values are not",
        ),
        (lambda: drawn_faces(2, factors={"skin": "dark"}), DataTypeError, "must be real numbers"),
        (lambda: drawn_faces(2, factors={"skin": True}), DataTypeError, "numbers; got bool"),
        (
            lambda: drawn_faces(2, factors=np.zeros((2, 5))),
            DataError,
            r"factors must have shape \(2, 12\); got \(2, 5\). Give one column per name",
        ),
        (lambda: drawn_faces(2, factors=np.zeros(12)), DataError, r"shape \(2, 12\); got \(12,\)"),
        (lambda: drawn_faces(2, factors=None), DataError, r"shape \(2, 12\); got \(\)"),
        (lambda: drawn_faces(2, factors=[[0.0], [0.0, 1.0]]), DataError, "rows of unequal length"),
        (
            lambda: drawn_faces(2, factors=np.full((2, 12), np.inf)),
            DataError,
            "factors must be finite; 24 of 24 values are not",
        ),
        (lambda: drawn_faces(2, factors=np.zeros((2, 12), complex)), DataTypeError, "complex128"),
        (lambda: curve([[0.0]]), DataError, r"t must have shape \(1,\); got \(1, 1\)"),
        (lambda: curve(["a"]), DataTypeError, "t must be real numbers"),
    ],
)
def test_wrong_calls_are_refused(call, error, match):
    with pytest.raises(error, match=match):
        call()
