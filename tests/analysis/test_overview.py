"""overview: the one-pass analyses in one reading."""

import numpy as np
import pytest

import latentscope as ls
from latentscope.errors import DataError, LatentscopeWarning


@pytest.fixture
def latents(cloud):
    rng = np.random.default_rng(1)
    mu = cloud.z - 0.1 * rng.standard_normal(cloud.z.shape)
    return ls.Latents(cloud.z, mu, np.full_like(mu, 2 * np.log(0.1)))


def test_is_the_single_analyses(latents, assert_same):
    result = ls.overview(latents, radius_bin_width=0.4, axis_bin_width=0.3)
    assert_same(result.radius, ls.radius_density(latents, bin_width=0.4), rtol=1e-9)
    assert_same(result.axes, ls.axis_density(latents, bin_width=0.3))
    assert_same(result.pca, ls.pca(latents))
    assert_same(result.posterior, ls.posterior(latents))


def test_reads_the_rows_once(latents, monkeypatch):
    """Every row of z, mu and logvar is read exactly once."""
    rows = ls.rows.as_rows(latents)
    read = []
    monkeypatch.setattr(type(rows), "read", _counted(type(rows).read, read))
    ls.overview(rows)
    assert read == [(("z", "mu", "logvar"), 0, 3000)]


def _counted(method, read):
    def counted(self, names, start, stop):
        read.append((names, start, stop))
        return method(self, names, start, stop)

    return counted


def test_gaussian_curve_rests_on_all_rows():
    z = np.random.default_rng(0).standard_normal((6000, 3))
    assert ls.overview(z).radius.n_gaussian == 6000
    assert ls.radius_density(z).n_gaussian < 4200


def test_an_autoencoder_has_no_posterior(cloud, latents):
    plain, vae = ls.overview(cloud.z), ls.overview(latents)
    assert plain.posterior is None
    assert vae.headline().keys() - plain.headline().keys() == {
        "mean logvar", "KL (nats)", "active axes", "collapsed axes", "max |z − mu|",
    }  # fmt: skip


def test_headline_numbers(latents):
    result = ls.overview(latents)
    numbers = dict(result.table().rows)
    assert numbers["mean radius"] == result.radius.mean
    assert numbers["√dimensions"] == 6**0.5
    assert numbers["share of PC 1"] == result.pca.variance_ratio[0]
    assert numbers["KL (nats)"] == result.posterior.total_kl
    np.testing.assert_allclose(
        numbers["distance of the mean from 0"], np.linalg.norm(latents.z.mean(axis=0))
    )


def test_narrow_axes_are_warned_of_at_the_caller(cloud):
    with pytest.warns(LatentscopeWarning, match="6 of 6 .* narrower than half") as caught:
        ls.overview(cloud.z, axis_bin_width=100)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("name", ["radius_bin_width", "axis_bin_width"])
def test_wrong_bins_are_refused(name, cloud):
    with pytest.raises(DataError, match=f"{name} must be a finite number above 0; got 0"):
        ls.overview(cloud.z, **{name: 0})


def notes(z):
    return {note.kind: note for note in ls.overview(z).notes}


@pytest.fixture
def plain(rng):
    return rng.standard_normal((1000, 8))


def test_a_gaussian_has_no_notes(plain):
    for z in (plain, plain.astype("f4"), 1e30 * plain, plain + 1e6, plain[:2], plain[:, :1]):
        assert ls.overview(z).notes == ()


@pytest.mark.filterwarnings("ignore::latentscope.errors.LatentscopeWarning")
@pytest.mark.parametrize(
    ("change", "kind", "share", "axes", "match"),
    [
        (lambda z: np.repeat(z, 2, axis=0), "copies", 0.5, [], "1,000 of 2,000 rows .50.0%"),
        (lambda z: np.vstack([z, z * 1.000001]), "near-copies", 0.5, [], "in about three digits"),
        (lambda z: np.vstack([z, [[1e4] * 8]]), "one row", 1, [], "Row 1,000 alone makes 100%"),
        (lambda z: np.c_[np.arange(1000), z], "index", 1 / 9, [0], "from row to row"),
        (lambda z: np.c_[z, (7 * np.arange(1000)) % 1009], "index", 1 / 9, [8], "whole number"),
        (lambda z: z / np.linalg.norm(z, axis=1)[:, None], "unit norm", 1, [], "1 to within"),
        (lambda z: z * [0, 1, 1, 1, 1, 1, 1, 0], "constant axes", 1 / 4, [0, 7], "axes 0, 7"),
        (lambda z: z * [1, 1e-3, 1, 1, 1, 1, 1, 1], "near-dead axes", 1 / 8, [1], "1 of 8 axes is"),
        (lambda z: np.c_[np.maximum(z[:, :1], 0), z], "repeated values", 1 / 9, [0], "hold 0"),
        (lambda z: np.outer(z[:, 0], np.ones(20)), "few directions", 1 / 20, [], "1 directions"),
        (lambda z: np.ones((9, 3)), "copies", 1, [], "All rows are the same point"),
    ],
)
def test_what_is_noteworthy_about_the_rows(change, kind, share, axes, match, plain):
    note = notes(change(plain))[kind]
    assert note.share == pytest.approx(share, abs=0.02)
    assert note.axes.tolist() == axes
    assert match.replace(".", "") in note.text.replace(".", "").replace("(", "")


def test_notes_come_first_and_back_from_a_file(plain, tmp_path):
    result = ls.overview(np.repeat(plain, 2, axis=0))
    assert next(iter(result.headline().items())) == ("notes on the rows", 1)
    result.save(tmp_path / "overview.json")
    assert ls.Overview.load(tmp_path / "overview.json").verdict == result.verdict != ""
