"""The report holds what the analyses say, leaves out with a reason, and continues."""

import json
import re

import numpy as np
import pytest

import latentscope
from latentscope.analysis.tsne import Embedding
from latentscope.errors import BackendError, DataError, DataTypeError
from latentscope.reporting.questions import clusters, dimension, normality, planes, scan, tsne


def test_the_numbers_are_those_of_the_analyses(made):
    radius = latentscope.radius_density(made.plain, bin_width=0.5)
    found = made.numbers["sets"]["plain"]["overview"]["radius"]
    assert found["bin_width"] == 0.5  # by Scott, 3.5 · 0.71 / n^(1/3), to a power of two
    assert found["counts"] == radius.counts.tolist()
    assert found["mean"] == pytest.approx(radius.mean)
    curve = latentscope.inertia_curve(made.plain, n_clusters=[*range(2, 13), *range(14, 81, 2)])
    assert made.numbers["sets"]["plain"]["clusters"]["inertia"] == curve.inertia.tolist()
    kl = latentscope.posterior(made.vae).kl
    assert made.numbers["sets"]["vae"]["overview"]["posterior"]["kl"] == kl.tolist()


def test_the_numbers_within_the_page_are_those_beside_it(made):
    (inside,) = re.findall(r'<script [^>]*id="numbers">(.*?)</script>', made.html)
    assert json.loads(inside) == made.numbers


def test_the_settings_of_these_tests_are_in_force(made):
    """`small_maps` patches constants by name, where the analyses read them."""
    found = made.numbers["sets"]["plain"]
    assert found["tsne"]["n_used"] == found["tsne of a Gaussian"]["n_used"] == 200
    assert (found["gap"]["n_used"], found["gap"]["n_null"]) == (300, 19)
    assert len(found["normality"]["null"]) == 19
    assert found["scan"]["n_null"] == 39
    assert np.max(found["scan"]["axes"]) == 1


def test_every_set_says_its_rows(made):
    assert "600 points in 8 dimensions" in made.html
    assert made.numbers["sets"]["plain"]["n_used"] == 600
    assert "plain 600 rows" in made.html


def test_what_is_left_out_has_a_reason(made):
    left_out = made.numbers["sets"]["plain"]["left out"]
    assert set(left_out) == {"posterior", "pictures"}
    assert "no mu and logvar" in made.html
    assert made.numbers["sets"]["vae"]["left out"] == {}


def test_pictures_come_with_their_scores(made):
    pictures = made.numbers["sets"]["vae"]["pictures"]
    titles = [one["title"] for one in pictures]
    assert titles[:4] == ["N(0, I)", "uniform ±1.5", "Gaussian per axis", "full Gaussian"]
    assert titles[-1] == "reconstructions, of mu"
    assert all(0 <= one["score"] <= 1 for one in pictures)
    assert made.html.count("data:image/png;base64,") > 10
    assert made.numbers["sets"]["plain"]["pictures"] is None


@pytest.mark.slow
def test_rows_with_nan_can_be_left_out(tmp_path):
    z = np.random.default_rng(0).standard_normal((60, 3))
    z[5] = np.nan
    path = latentscope.report(tmp_path / "r.html", it=latentscope.finite_rows(z))
    assert "59 of 60 points in 3 dimensions" in path.read_text()


GAP = "clusters beside Gaussians"
FEW = {"structure", "normality", "clusters", GAP, "t-SNE", "random points"}
AWKWARD = {
    "ten rows": (lambda rng: rng.standard_normal((10, 5)), {"structure", GAP}),
    "two rows": (lambda rng: rng.standard_normal((2, 3)), FEW - {"normality"}),
    "two axes": (lambda rng: rng.standard_normal((60, 2)), set()),
    "one axis": (lambda rng: rng.standard_normal((60, 1)), {"planes", "structure"}),
    "constant axes": (lambda rng: rng.standard_normal((60, 4)) * [1, 1, 0, 0] + 7, set()),
    "coinciding rows": (lambda rng: np.ones((60, 3)), FEW - {"clusters"}),
    "fewer rows than axes": (
        lambda rng: rng.standard_normal((30, 50)),
        {"random points", "structure"},
    ),
    "tiny": (lambda rng: 1e-9 * rng.standard_normal((60, 3)), set()),
    "an outlier": (
        lambda rng: np.vstack([rng.standard_normal((60, 3)), [[1e20] * 3]]),
        {"t-SNE", "structure"},
    ),
}


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        pytest.param(*case, id=name, marks=() if name == "tiny" else pytest.mark.slow)
        for name, case in AWKWARD.items()
    ],
)
def test_awkward_sets_give_a_report_that_says_what_it_left_out(make, expected, tmp_path):
    path = latentscope.report(tmp_path / "r.html", it=make(np.random.default_rng(0)))
    left_out = json.loads(path.with_suffix(".json").read_text())["sets"]["it"]["left out"]
    assert set(left_out) - {"posterior", "pictures"} == expected
    page = path.read_text()
    assert all(f"<b>{what}</b> left out: " in page for what in left_out)
    assert "How far from the origin do the points lie?" in page


@pytest.mark.slow
def test_nothing_of_a_name_or_label_gets_into_the_page_as_html(tmp_path):
    z = np.random.default_rng(0).standard_normal((60, 3))
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    labels = {evil: z[:, 0] > 0}
    latents = latentscope.Latents(z, ids=[evil] * 60, labels=labels, meta={evil: evil})
    page = latentscope.report(tmp_path / "r.html", **{evil: latents}).read_text()
    assert page.count("<script") == 1  # the numbers
    assert page.count("</script>") == 1
    assert "<img src=x" not in page


@pytest.mark.slow
def test_results_that_take_long_are_kept_and_used_again(tmp_path, monkeypatch):
    z = np.random.default_rng(0).standard_normal((60, 3))
    path = latentscope.report(tmp_path / "r.html", it=z)
    first = path.with_suffix(".json").read_text()
    kept = sorted((tmp_path / "r.results").iterdir())
    assert len(kept) == 7
    assert isinstance(Embedding.load(kept[-1]), Embedding)

    def never(*arguments, **options):
        raise AssertionError("it was there already")

    with monkeypatch.context() as patch:
        patch.setattr(tsne, "tsne", never)
        patch.setattr(clusters, "inertia_curve", never)
        patch.setattr(clusters, "cluster_gap", never)
        patch.setattr(scan, "scan_planes", never)
        patch.setattr(normality, "normality", never)
        patch.setattr(dimension, "intrinsic_dimension", never)
        latentscope.report(path, it=z)
    assert json.loads(path.with_suffix(".json").read_text())["sets"] == json.loads(first)["sets"]


@pytest.mark.slow
def test_kept_results_of_other_rows_or_damaged_ones_are_not_used(tmp_path):
    z = np.random.default_rng(0).standard_normal((60, 3))
    latentscope.report(tmp_path / "r.html", it=z)
    other = z.copy()
    other[7, 1] += 1e-3
    latentscope.report(tmp_path / "r.html", it=other)
    kept = sorted((tmp_path / "r.results").iterdir())
    assert len(kept) == 14
    kept[0].write_text("half of it")
    latentscope.report(tmp_path / "r.html", it=z)
    latentscope.report(tmp_path / "r.html", it=other)
    assert all(path.read_text().startswith("{") for path in kept)


def test_nothing_of_somebody_else_is_replaced(tmp_path):
    (tmp_path / "r.json").write_text('{"precious": 1}')
    with pytest.raises(DataError, match=r"r\.json exists and was not written by a report"):
        latentscope.report(tmp_path / "r.html", it=[[0.0], [1.0]])
    assert (tmp_path / "r.json").read_text() == '{"precious": 1}'


@pytest.mark.slow
def test_a_model_that_fails_costs_its_pictures_only(tmp_path, linear_model, blobs):
    class Broken(type(linear_model)):
        def decode(self, z):
            raise RuntimeError("out of memory")

    broken = Broken(blobs.pixels, 3)
    path = latentscope.report(
        tmp_path / "r.html", models={"it": broken}, it=linear_model.encode(blobs).mu
    )
    left_out = json.loads(path.with_suffix(".json").read_text())["sets"]["it"]["left out"]
    assert left_out["pictures"] == "decode raised RuntimeError: out of memory"


def test_images_of_another_shape_are_refused(tmp_path, linear_model, blobs):
    with pytest.raises(DataError, match=r"shape that it decodes to, \(8, 8, 3\); got \(2, 2, 1\)"):
        latentscope.report(
            tmp_path / "r.html",
            models={"it": linear_model},
            images=np.zeros((5, 2, 2, 1)),
            it=linear_model.encode(blobs).mu,
        )


@pytest.mark.slow
@pytest.mark.parametrize("meta", [{"x": np.nan}, {"x": np.zeros(2)}, {(1, 2): 3}])
def test_meta_that_json_cannot_hold_is_written_as_python_does(meta, tmp_path):
    latents = latentscope.Latents(np.random.default_rng(0).standard_normal((60, 3)), meta=meta)
    path = latentscope.report(tmp_path / "r.html", it=latents)
    assert json.loads(path.with_suffix(".json").read_text())["sets"]["it"]["meta"] == repr(meta)


@pytest.mark.slow
def test_a_stopped_report_leaves_the_old_one(tmp_path, monkeypatch):
    z = np.random.default_rng(0).standard_normal((60, 3))
    path = latentscope.report(tmp_path / "r.html", it=z)
    before = path.read_bytes()

    def stopped(rows):
        raise KeyboardInterrupt("by the user")

    monkeypatch.setattr(planes, "plane_zoom", stopped)
    with pytest.raises(KeyboardInterrupt, match="by the user"):
        latentscope.report(path, it=z)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("path", "options", "error", "match"),
    [
        ("r.html", {}, DataError, "needs named sets"),
        ("r.pdf", {"it": [[0.0, 1.0], [1.0, 0.0]]}, DataError, r"end in \.html; got"),
        ("no/such/r.html", {"it": [[0.0, 1.0], [1.0, 0.0]]}, DataError, "existing folder"),
        (None, {"it": [[0.0, 1.0], [1.0, 0.0]]}, DataTypeError, "path must name a file; got None"),
        ("r.html", {"it": [[0.0, np.nan], [1.0, 0.0]]}, DataError, "^it: .*1 of 2 rows"),
        ("r.html", {"it": [0.0, 1.0]}, DataError, "shape"),
        ("r.html", {"it": [[0.0], [1.0]], "rng": -1}, DataError, "rng must be an integer"),
        (
            "r.html",
            {"it": [[0.0], [1.0]], "models": {"its": 1}},
            DataError,
            "must have the names of .* got its",
        ),
        ("r.html", {"it": [[0.0], [1.0]], "models": {"it": 1}}, BackendError, "is not a model"),
        ("r.html", {"it": [[0.0], [1.0]], "models": [[1.0]]}, DataTypeError, "must be a mapping"),
        (
            "r.html",
            {"it": [[0.0], [1.0]], "images": np.zeros((1, 2, 2, 1))},
            DataError,
            "images need models",
        ),
        ("a\0.html", {"it": [[0.0], [1.0]]}, DataError, "path must name a file"),
    ],
)
def test_refusals(path, options, error, match, tmp_path):
    with pytest.raises(error, match=match):
        latentscope.report(path and tmp_path / path, **options)
    assert not (tmp_path / "r.html").exists()
