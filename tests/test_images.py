"""Images: pixels with names and labels; parts of them share the pixels."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latentscope.errors import DataError, DataTypeError
from latentscope.images import Images, as_images, as_unit

PIXELS = np.arange(6 * 4 * 4 * 3, dtype=np.uint8).reshape(6, 4, 4, 3)
IMAGES = Images(PIXELS, ids=list("abcdef"), labels={"n": range(6)}, meta={"source": "test"})


@pytest.mark.parametrize(
    ("key", "rows"),
    [
        (slice(1, 4), [1, 2, 3]),
        (slice(None, None, -2), [5, 3, 1]),
        ([4, 0, 4], [4, 0, 4]),
        (np.arange(6) % 2 == 1, [1, 3, 5]),
        (slice(6, None), []),
    ],
)
def test_parts_keep_pixels_ids_and_labels_together(key, rows):
    part = IMAGES[key]
    assert len(part) == len(rows)
    assert part.ids.tolist() == ["abcdef"[row] for row in rows]
    assert part.labels["n"].tolist() == rows
    assert part.meta == IMAGES.meta
    assert_array_equal(part.take(slice(None)), PIXELS[rows])
    assert part.pixels is IMAGES.pixels


def test_parts_of_parts():
    part = IMAGES[2:][[3, 0]]
    assert part.ids.tolist() == ["f", "c"]
    assert_array_equal(part.take([1]), PIXELS[[2]])


def test_split_is_a_partition_in_order_and_follows_the_seed():
    train, rest = IMAGES.split(0.3, rng=1)
    assert (len(train), len(rest)) == (4, 2)
    assert sorted([*train.ids, *rest.ids]) == list("abcdef")
    assert train.ids.tolist() == sorted(train.ids)
    assert_array_equal(IMAGES.split(0.3, rng=1)[1].ids, rest.ids)
    assert len({tuple(IMAGES.split(0.3, rng=seed)[1].ids) for seed in range(8)}) > 1


@pytest.mark.parametrize("share", [0, 1, -0.1, 0.01, 0.99, float("nan")])
def test_split_refuses_shares_that_leave_a_part_empty(share):
    with pytest.raises(
        DataError, match=r"validation must be a share between 0 and 1 .* of 6 images"
    ):
        IMAGES.split(share)


def test_a_memmap_is_not_read_until_taken(tmp_path):
    np.save(tmp_path / "x.npy", PIXELS)
    images = Images(np.load(tmp_path / "x.npy", mmap_mode="r"))
    assert isinstance(images[[1, 3]].pixels, np.memmap)
    assert images.ids.tolist() == list("012345")
    assert type(images.take([1])) is np.ndarray


def test_bytes_become_floats_by_255():
    unit = as_unit(np.array([0, 51, 255], np.uint8))
    assert unit.dtype == np.float32
    assert_array_equal(unit, np.array([0, 0.2, 1], np.float32))
    assert as_unit(np.array([0.25])).dtype == np.float32


def test_the_fingerprint_tells_sets_apart():
    same = Images(PIXELS.copy(), ids=list("abcdef"))
    assert IMAGES.fingerprint == same.fingerprint
    others = [IMAGES[:5], IMAGES[::-1], Images(PIXELS), Images(255 - PIXELS, ids=list("abcdef"))]
    assert len({IMAGES.fingerprint, *(other.fingerprint for other in others)}) == 5


def test_images_can_be_pickled_and_copied():
    copy = pickle.loads(pickle.dumps(IMAGES[1:3]))
    assert copy.fingerprint == IMAGES[1:3].fingerprint
    assert (copy.labels["n"].tolist(), copy.meta) == ([1, 2], IMAGES.meta)


@pytest.mark.parametrize("dtype", [">f4", ">f8", ">f2", np.longdouble])
def test_take_gives_floats_of_this_machine(dtype):
    taken = Images((PIXELS / 255).astype(dtype)).take([1])
    assert taken.dtype.isnative
    assert_allclose(taken[0], PIXELS[1] / 255, rtol=1e-3)


def test_take_of_one_number_is_a_batch_of_one():
    assert IMAGES.take(3).shape == (1, 4, 4, 3)
    with pytest.raises(DataError, match="positions must be among the 6 images"):
        IMAGES.take([99])


def test_as_images_keeps_images():
    assert as_images(IMAGES) is IMAGES
    assert as_images(PIXELS).image_shape == (4, 4, 3)


@pytest.mark.parametrize(
    ("pixels", "error", "match"),
    [
        (PIXELS[0], DataError, r"shape \(n, height, width, channels\).*got \(4, 4, 3\)\. Grey"),
        (PIXELS[..., :2], DataError, r"1 or 3 channels; got \(6, 4, 4, 2\)"),
        (PIXELS[:0], DataError, r"got \(0, 4, 4, 3\)"),
        (PIXELS.astype(int), DataTypeError, r"uint8 or floats in \[0, 1\]; got int64.*astype"),
        (PIXELS.astype(object), DataTypeError, "got object"),
        (PIXELS.astype(float), DataError, r"lie in \[0, 1\]; got 0 … 255.*pixels / 255"),
        (PIXELS * np.nan, DataError, "got nan … nan"),
        (np.ma.masked_array(PIXELS), DataTypeError, "pixels must have no mask; fill it first"),
        ([PIXELS[0], PIXELS[0, :2]], DataError, "pixels must have one shape"),
    ],
)
def test_pixels_that_are_none(pixels, error, match):
    with pytest.raises(error, match=match):
        Images(pixels)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"ids": ["a"]}, r"ids must have one entry per image, 6; got shape \(1,\)"),
        ({"labels": None}, "labels must be a mapping; got None"),
        ({"meta": 3}, "meta must be a mapping; got 3"),
        ({"labels": {"n": [1, 2]}}, r"labels\['n'\] must have one entry per image, 6"),
    ],
)
def test_descriptions_of_another_length(options, match):
    with pytest.raises(DataError, match=match):
        Images(PIXELS, **options)


@pytest.mark.parametrize("key", [3, "a", 1.5, [[0, 1], [2, 3]], [99]])
def test_keys_that_select_no_images(key):
    with pytest.raises(DataError, match="takes a slice, positions or a mask"):
        IMAGES[key]
