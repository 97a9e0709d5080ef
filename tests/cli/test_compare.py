"""Several files side by side, and their names."""

import json

import pytest

import latentscope


def test_compare_is_the_comparison(good):
    with latentscope.load("ae.h5") as ae, latentscope.load("vae.h5") as vae:
        expected = latentscope.compare(ae=ae, β=vae)
    assert json.loads(good("compare", "ae.h5", "β=vae.h5", "--json")) == json.loads(
        json.dumps(expected.to_dict())
    )
    assert good("compare", "ae.h5", "β=vae.h5") == f"{expected!r}\n{expected.table()!r}\n"


def test_bins_are_those_of_the_overview(good):
    options = "--radius-bin-width", "0.1", "--axis-bin-width", "0.5"
    found = json.loads(good("compare", "ae.h5", "vae.h5", *options, "--json"))
    assert [one["radius"]["bin_width"] for one in found["overviews"]] == [0.1, 0.1]
    assert [set(one["axes"]["bin_width"]) for one in found["overviews"]] == [{0.5}, {0.5}]


def test_finite_holds_for_each_file(good):
    found = json.loads(good("compare", "ae.h5", "nan.h5", "--finite", "--json"))
    assert [one["n_used"] for one in found["overviews"]] == [400, 399]


def test_the_figure(good, place):
    good("compare", "ae.h5", "vae.h5", "--plot", "compare.png")
    assert (place / "compare.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("files", "match"),
    [
        ("ae.h5", "Give two or more files to compare; got 1."),
        (
            "ae.h5 other=vae.h5 ae=vae.h5",
            "2 files have the name 'ae'. Give them different names: NAME=FILE.",
        ),
        ("", "Missing argument"),
    ],
)
def test_refusals(run, files, match):
    done = run("compare", *files.split())
    assert (done.exit_code, done.stdout) == (2, "")
    assert match in done.stderr
