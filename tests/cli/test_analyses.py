"""Every analysis: what people read, JSON that is the result, a figure that is one."""

import json

import numpy as np
import pytest

import latentscope

CALLS = {  # command and options: the same in Python
    "overview": lambda z: latentscope.overview(z),
    "radius --bin-width 0.25": lambda z: latentscope.radius_density(z, bin_width=0.25),
    "axes": lambda z: latentscope.axis_density(z),
    "pca --n-components 3": lambda z: latentscope.pca(z, n_components=3),
    "planes --axes 1,2 --half-widths 2,inf --space latent --center 0,-0.5": lambda z: (
        latentscope.plane_zoom(
            z, axes=(1, 2), half_widths=(2, np.inf), space="latent", center=(0, -0.5)
        )
    ),
    "structure --axes 1,0 --half-width inf --null smooth --n-null 39 --seed 4": lambda z: (
        latentscope.plane_structure(
            z, axes=(1, 0), half_width=np.inf, null="smooth", n_null=39, rng=4
        )
    ),
    "scan --n-axes 3 --window-points 60,100 --n-null 39 --space latent": lambda z: (
        latentscope.scan_planes(z, n_axes=3, window_points=(60, 100), n_null=39, space="latent")
    ),
    "clusters --n-clusters 2:7:2 --seed 3": lambda z: latentscope.inertia_curve(
        z, n_clusters=(2, 4, 6), rng=3
    ),
    "gap --n-clusters 2,3 --n-null 19 --n-points 150 --seed 2": lambda z: latentscope.cluster_gap(
        z, n_clusters=(2, 3), n_null=19, n_points=150, rng=2
    ),
    "dimension --method mle --n-points 200 --seed 2": lambda z: latentscope.intrinsic_dimension(
        z, method="mle", n_points=200, rng=2
    ),
    "tsne --n-points 90 --n-pca 2 --perplexity 9 --early-exaggeration 8 --n-iter 40 --seed 1": (
        lambda z: latentscope.tsne(
            z, n_points=90, n_pca=2, perplexity=9, early_exaggeration=8, n_iter=40, rng=1
        )
    ),
    "posterior": lambda z: latentscope.posterior(z),
    "ridges --half-width 3 --null uniform --n-null 19 --n-boot 3 --seed 4": lambda z: (
        latentscope.ridges(z, half_width=3, null="uniform", n_null=19, n_boot=3, rng=4)
    ),
    "correlation": lambda z: latentscope.correlation(z),
    "ellipsoid --axes 1,0,2 --radii 1,2.5 --space latent --n-points 50 --seed 2": lambda z: (
        latentscope.ellipsoid(z, axes=(1, 0, 2), radii=(1, 2.5), space="latent", n_points=50, rng=2)
    ),
    "normality --n-null 19 --n-points 300 --seed 2": lambda z: latentscope.normality(
        z, n_null=19, n_points=300, rng=2
    ),
}
each_call = pytest.mark.parametrize("call", CALLS)


def expected(call, file="latents.h5"):
    with latentscope.load(file) as latents:
        return CALLS[call](latents)


@each_call
def test_json_is_the_result_and_nothing_else(run, call, assert_same):
    command, *options = call.split()
    done = run(command, "latents.h5", *options, "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    ours, theirs = json.loads(done.stdout), json.loads(json.dumps(expected(call).to_dict()))
    if command == "tsne":  # openTSNE sums in threads
        for one in (ours, theirs):
            assert np.shape(one.pop("xy")) == (90, 2)
            del one["neighbour_preservation"], one["kl_divergence"]
    assert ours == theirs


@each_call
def test_text_begins_with_the_result_s_own_line(good, call):
    command, *options = call.split()
    first, *table = good(command, "latents.h5", *options).splitlines()
    if command != "tsne":
        assert first == repr(expected(call))
    assert first.startswith(f"<{type(expected(call)).__name__} of ")
    assert len(table) == {"tsne": 0}.get(command, len(table)) <= 45


@each_call
def test_a_figure_is_saved_beside_the_json(run, place, call):
    command, *options = call.split()
    done = run(command, "latents.h5", *options, "--plot", "figure.png", "--json")
    assert (done.exit_code, done.stderr) == (0, "wrote figure.png\n")
    json.loads(done.stdout)
    assert (place / "figure.png").stat().st_size > 5_000


@pytest.mark.parametrize(
    ("suffix", "sign"), [("PNG", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<svg")]
)
def test_a_figure_is_what_its_suffix_says(good, place, suffix, sign):
    good("radius", "latents.h5", "--plot", f"figure.{suffix}")
    assert sign in (place / f"figure.{suffix}").read_bytes()


def test_no_figure_stays_open(good):
    from matplotlib import pyplot as plt

    before = plt.get_fignums()
    good("overview", "latents.h5", "--plot", "overview.png")
    assert plt.get_fignums() == before


@pytest.mark.parametrize(
    ("path", "match"),
    [("figure.jpg", "must end in .png or .pdf or .svg"), ("no/figure.png", "does not exist")],
)
def test_a_wrong_figure_is_told_before_the_computing(run, monkeypatch, path, match):
    monkeypatch.setattr(latentscope, "radius_density", None)
    done = run("radius", "latents.h5", "--plot", path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert match in done.stderr


def test_long_tables_end_with_what_is_left_out(good, place):
    z = np.random.default_rng(0).standard_normal((200, 50))
    latentscope.save(place / "wide.h5", z)
    *table, verdict = good("pca", "wide.h5").splitlines()
    assert verdict.startswith("None of 50 components was found to stand out from noise")
    assert table[-1] == "… 30 more rows; --json shows all"
    assert len(table) == 1 + 1 + 20 + 1
    assert good("axes", "wide.h5").splitlines()[-1] == "… 38 more rows; --json shows all"


def test_the_radii_are_quantiles(good):
    lines = good("radius", "latents.h5").splitlines()[2:]
    radius = np.linalg.norm(latentscope.load("latents.h5").z[:], axis=1)
    shares, ours = np.array([line.split() for line in lines], float).T
    assert shares.tolist() == [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1]
    np.testing.assert_allclose(ours, np.quantile(radius, shares), atol=0.5)  # a bin


def test_finite_leaves_rows_out(good):
    found = json.loads(good("radius", "nan.h5", "--finite", "--json"))
    assert (found["n_used"], found["n_total"]) == (399, 400)


def test_a_key_chooses_the_array(good):
    with latentscope.load("latents.h5") as latents:
        expected = latentscope.radius_density(latents.mu)
    assert json.loads(good("radius", "latents.h5", "--key", "mu", "--json")) == json.loads(
        json.dumps(expected.to_dict())
    )


@pytest.mark.parametrize(
    ("arguments", "code", "match"),
    [
        ("radius nothing.h5", 1, "error: no such file: nothing.h5"),
        ("radius photos", 1, "is a folder"),
        ("radius photos/00.png", 1, "is not a file of latents"),
        ("radius latents.h5 --key w", 1, "--key must name a dataset"),
        ("radius latents.h5 --bin-width wide", 2, "'wide' is not a valid float"),
        ("posterior ae.h5", 1, "latents must hold mu and logvar"),
        ("clusters latents.h5 --n-clusters 2:x", 2, "must be START:STOP:STEP"),
        ("clusters latents.h5 --n-clusters 0,4", 1, "--n-clusters must be an integer from 1"),
        ("clusters latents.h5 --n-clusters 1:999999999999", 1, "got 401"),
        ("planes latents.h5 --axes 0", 1, "--axes must be two axis numbers"),
        ("planes latents.h5 --space pcs", 2, "not one of 'pca', 'latent'"),
        ("gap latents.h5 --n-null 9", 1, "--n-null must be an integer at least 19"),
        ("dimension latents.h5 --method two", 2, "not one of 'two-nn', 'mle'"),
        ("dimension latents.h5 --n-points 9", 1, "--n-points must be an integer at least 128"),
        ("tsne latents.h5 --perplexity 1", 1, "--perplexity must be at least 2"),
        ("tsne latents.h5 --seed -1", 1, "--seed must be an integer at least 0"),
        ("pca", 2, "Missing argument 'FILE'"),
    ],
)
def test_refusals(run, arguments, code, match):
    done = run(*arguments.split())
    assert (done.exit_code, done.stdout) == (code, "")
    assert match in done.stderr
