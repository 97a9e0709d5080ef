"""Parameters are checked at the door; messages name the parameter, the value and the remedy."""

import numpy as np
import pytest

from latentscope._validate import generator, integer, numbers, one_of, positive, real
from latentscope.errors import DataError, DataTypeError


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int64(2), np.array(2.0)])
def test_numbers_become_floats(value):
    for check in (positive, real):
        number = check("width", value)
        assert number == 2.0
        assert type(number) is float


@pytest.mark.parametrize("value", [0, -1, -0.0, np.nan, np.inf, -np.inf])
def test_positive_refuses(value):
    with pytest.raises(DataError, match=f"width must be a finite number above 0; got {value!r}"):
        positive("width", value)


@pytest.mark.parametrize("value", [True, np.True_, "3", b"3", None, 1j, [1.0], np.ones(2)])
@pytest.mark.parametrize("check", [positive, real])
def test_no_number(check, value):
    with pytest.raises(DataTypeError, match="width must be a number; got "):
        check("width", value)


def test_number_beyond_float64():
    with pytest.raises(DataError, match="width must fit in float64"):
        positive("width", 10**400)


@pytest.mark.parametrize("value", [1, 5, np.int8(5), np.uint64(8), np.array(3)])
def test_integers_become_ints(value):
    number = integer("k", value, low=1, high=8)
    assert number == value
    assert type(number) is int


@pytest.mark.parametrize(
    ("value", "high", "why", "match"),
    [
        (0, None, "", r"k must be an integer at least 1; got 0\."),
        (9, 8, "", r"k must be an integer from 1 to 8; got 9\."),
        (9, 8, "the axes of z", r"k must be an integer from 1 to 8 \(the axes of z\); got 9\."),
        (10**30, 8, "", "k must be an integer from 1 to 8; got 10000"),
    ],
)
def test_integer_refuses_what_is_out_of_range(value, high, why, match):
    with pytest.raises(DataError, match=match):
        integer("k", value, low=1, high=high, why=why)


@pytest.mark.parametrize("value", [2.0, np.float64(2), True, np.True_, "2", None, [2], np.ones(2)])
def test_integer_refuses_what_is_no_integer(value):
    with pytest.raises(DataTypeError, match="k must be an integer at least 1; got "):
        integer("k", value, low=1)


def test_one_of():
    assert one_of("space", "pca", ("pca", "latent")) == "pca"


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ("latnet", r"must be one of 'pca', 'latent'; got 'latnet'\. Did you mean 'latent'\?$"),
        ("xyz", r"must be one of 'pca', 'latent'; got 'xyz'\.$"),
        (None, r"must be one of 'pca', 'latent'; got None\.$"),
        (3, r"must be one of 'pca', 'latent'; got 3\.$"),
    ],
)
def test_one_of_refuses(value, match):
    with pytest.raises(DataError, match=f"space {match}"):
        one_of("space", value, ("pca", "latent"))


@pytest.mark.parametrize(
    ("refused", "parameter"),
    [
        (lambda: positive("width", 0), "width"),
        (lambda: positive("width", 10**400), "width"),
        (lambda: real("width", "3"), "width"),
        (lambda: real("width", None), "width"),
        (lambda: numbers("widths", 3), "widths"),
        (lambda: numbers("widths", [1, "a"]), "widths"),
        (lambda: integer("k", True, low=1), "k"),
        (lambda: integer("k", 1.5, low=1), "k"),
        (lambda: integer("axes[1]", -1, low=0), "axes"),
        (lambda: one_of("null", "flat", ["smooth"]), "null"),
        (lambda: one_of("null, for three axes,", "flat", ["smooth"]), "null"),
        (lambda: one_of("names of factors", "nose", ["skin"]), None),
        (lambda: generator(-1), "rng"),
    ],
)
def test_errors_carry_the_parameter(refused, parameter):
    with pytest.raises(DataError, match="must") as caught:
        refused()
    assert caught.value.parameter == parameter


@pytest.mark.parametrize("seed", [0, 7, np.int64(7), 2**70])
def test_generator_of_a_seed_repeats(seed):
    assert generator(seed).integers(2**60) == generator(seed).integers(2**60)


def test_generator_of_a_generator_is_itself():
    rng = np.random.default_rng(0)
    assert generator(rng) is rng


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (-1, DataError),
        (1.5, DataTypeError),
        (True, DataTypeError),
        (None, DataTypeError),
        ("seed", DataTypeError),
        (np.random.RandomState(0), DataTypeError),
    ],
)
def test_generator_refuses(value, error):
    with pytest.raises(error, match=r"rng .* \(a seed or a numpy Generator\); got "):
        generator(value)
