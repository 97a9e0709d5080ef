"""The outputs of encoders: recognised by their names, and widths in four forms."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from latentscope.backend.outputs import LOGVAR, NAMES, as_logvar, recognised, role_of
from latentscope.errors import BackendError

SHAPE = (None, 4)
FROM_STD = {
    "logvar": lambda std: 2 * np.log(std),
    "variance": lambda std: std**2,
    "std": lambda std: std,
    "log_std": np.log,
}


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("mu_1", "mu"),
        ("mu2", "mu"),
        ("encoder/z_mean", "mu"),
        ("Z_Log-Var", "logvar"),
        ("z_log_var_3", "logvar"),
        ("log_std", "log_std"),
        ("logstd", "log_std"),
        ("ln_sigma", "log_std"),
        ("log_scale", "log_std"),
        ("z_log_sigma", "log_std"),
        ("log_sigma_1", "log_std"),
        ("log_sigma2", "logvar"),
        ("logsigma_sq", "logvar"),
        ("sigma2", "variance"),
        ("z_var", "variance"),
        ("sigma", "std"),
        ("z_std", "std"),
        ("features", ""),
        ("z_mean_of_something", ""),
    ],
)
def test_names_of_outputs(name, role):
    assert role_of(name) == role


@pytest.mark.parametrize("name", ["log_sigma_2", "sigma_2", "log_std2", "z_std_2"])
def test_a_second_sigma_may_be_a_square_and_is_not_guessed(name):
    assert role_of(name) == ""
    with pytest.raises(BackendError, match=f"got mu .*{name}.*Specify"):
        recognised([("mu", SHAPE), (name, SHAPE)])


def test_no_name_has_two_roles():
    names = [name for known in NAMES.values() for name in known]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        (("mu", "log_sigma"), ("mu", "log_std")),
        (("sigma", "mu"), ("std", "mu")),
        (("z_mean", "z_var", "z"), ("mu", "variance", "z")),
        (("mu", "logvar", "std", "z"), ("mu", "logvar", "", "z")),
        (("mu", "sigma", "log_sigma"), ("mu", "", "log_std")),
        (("output",), ("z",)),
    ],
)
def test_widths_in_every_form_are_recognised(names, roles):
    assert recognised([(name, SHAPE) for name in names]) == roles


@pytest.mark.parametrize(
    "names", [("log_sigma",), ("std",), ("mu", "z"), ("mu", "std", "std_1"), ("mu", "features")]
)
def test_outputs_without_a_posterior_are_refused(names):
    with pytest.raises(BackendError, match="must be recognisable as mu, logvar and z"):
        recognised([(name, SHAPE) for name in names])


@pytest.mark.parametrize("role", LOGVAR)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_every_width_becomes_the_same_logvar(role, dtype):
    std = np.array([[0.25, 0.5], [2.0, 8.0]])
    found = as_logvar(role, FROM_STD[role](std).astype(dtype))
    assert found.dtype == np.result_type(dtype, "float32")
    assert_allclose(found, 2 * np.log(std), rtol=2e-3 if dtype == "float16" else 1e-6)


def test_whole_numbers_do_not_overflow():
    assert_allclose(as_logvar("log_std", np.array([100], np.int8)), 200)
    assert_allclose(as_logvar("std", np.array([200], np.uint8)), 2 * np.log(200), rtol=1e-6)


def test_what_is_not_above_0_has_no_finite_logarithm():
    found = as_logvar("variance", np.array([0.0, -1.0]))
    assert found[0] == -np.inf
    assert np.isnan(found[1])
