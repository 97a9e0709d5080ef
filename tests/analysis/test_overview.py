"""overview: the one-pass analyses in one reading."""

import re

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
        (lambda z: np.repeat(z, 2, axis=0), "copies", 0.5, [], "1,000 of 2,000 rows (50.0%) are"),
        (lambda z: np.vstack([z, z * 1.000001]), "near-copies", 0.5, [], "At least 9"),
        (
            lambda z: np.vstack([z, [[1e4] * 8]]),
            "one row",
            1,
            [],
            "Row 1,000 alone accounts for over",
        ),
        (lambda z: np.c_[np.arange(1000), z], "index", 1 / 9, [0], "from row to row"),
        (lambda z: np.c_[z, (7 * np.arange(1000)) % 1009], "index", 1 / 9, [8], "whole number"),
        (lambda z: z / np.linalg.norm(z, axis=1)[:, None], "unit norm", 1, [], "1 to within"),
        (lambda z: z * [0, 1, 1, 1, 1, 1, 1, 0], "constant axes", 1 / 4, [0, 7], "axes 0, 7"),
        (lambda z: z * [1, 1e-3, 1, 1, 1, 1, 1, 1], "nearly constant axes", 1 / 8, [1], "1 of"),
        (lambda z: np.c_[np.maximum(z[:, :1], 0), z], "repeated values", 1 / 9, [0], "hold 0"),
        (lambda z: np.outer(z[:, 0], np.ones(20)), "few directions", 1 / 20, [], "1 of 20"),
        (lambda z: np.ones((9, 3)), "copies", 1, [], "All rows are the same point"),
    ],
)
def test_what_is_noteworthy_about_the_rows(change, kind, share, axes, match, plain):
    note = notes(change(plain))[kind]
    assert note.share == pytest.approx(share, abs=0.02)
    assert note.axes.tolist() == axes
    assert match in note.text


def test_near_copies_are_a_lower_bound(rng):
    """Of half of the rows, copied with relative noise 2e-5 along 64 axes, only some are seen."""
    z = rng.standard_normal((1000, 64))
    twice = np.concatenate([z, z * (1 + 2e-5 * rng.standard_normal(z.shape))])
    note = notes(twice)["near-copies"]
    assert 0 < note.share < 0.5
    assert note.text.startswith("At least ")


@pytest.mark.parametrize(("share", "is_most"), [(0.25, False), (0.45, False), (0.6, True)])
def test_one_row_is_said_to_outweigh_the_others_where_it_does(share, is_most, plain):
    z = plain - plain.mean(axis=0)
    far = np.zeros((1, 8))
    far[0, 3] = np.sqrt(share / (1 - share) * (z**2).sum())
    note = notes(np.vstack([z, far]))["one row"]
    assert note.share == pytest.approx(share, abs=0.02)
    assert ("more than all others together" in note.text) == is_most
    assert ("compare with it left out" in note.text) == (not is_most)


def test_what_some_rows_show_is_not_said_of_every_row(rng):
    """Of 20,000 rows some are examined, among which each number occurs at most once."""
    number = np.arange(20_000)
    z = np.c_[rng.standard_normal((20_000, 2)), number // 3, rng.permutation(number)]
    rises, differs = [note.text for note in ls.overview(z).notes if note.kind == "index"]
    assert re.match(r"Axis 2 changes in one direction through the 4,\d{3} rows examined, ", rises)
    assert re.match(r"Axis 3 holds a different whole number in each of the 4,\d{3} r", differs)


def test_equal_numbers_of_an_axis_are_no_index(rng):
    """All rows are examined: two of three steps of arange // 3 are 0, so that it never changes."""
    z = np.c_[rng.standard_normal((900, 4)), np.arange(900) // 3]
    assert "index" not in notes(z)


def test_notes_come_first_and_back_from_a_file(plain, tmp_path):
    result = ls.overview(np.repeat(plain, 2, axis=0))
    assert next(iter(result.headline().items())) == ("notes on the rows", 1)
    result.save(tmp_path / "overview.json")
    assert ls.Overview.load(tmp_path / "overview.json").verdict == result.verdict != ""


def kinds_of(z):
    return [note.kind for note in ls.overview(z).notes]


@pytest.mark.filterwarnings("ignore::latentscope.errors.LatentscopeWarning")  # of the axes' fits
def test_rows_that_follow_each_other_in_time_or_kind_are_said_to_be_alike(rng):
    noise = rng.standard_normal((1500, 4))
    walk = np.cumsum(noise, axis=0)
    assert "order" in kinds_of(walk)
    assert "order" not in kinds_of(rng.permutation(walk))
    assert "order" not in kinds_of(noise)
    (note,) = ls.overview(noise + 3 * (np.arange(1500)[:, None] > 700)).notes
    assert note.kind == "order"
    assert note.share == pytest.approx(1 / (1 + 9 / 4), abs=0.03)


def test_few_independent_rows_are_not_said_to_be_alike(rng):
    for n in (20, 100, 150):
        assert not any("order" in kinds_of(rng.standard_normal((n, 3))) for _ in range(20))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_rounding_of_a_standardised_table_is_no_offset(dtype):
    z = np.random.default_rng(0).normal(6, 2, (40, 12))  # too few rows for fits
    z = ((z - z.mean(axis=0)) / z.std(axis=0)).astype(dtype)
    assert (ls.overview(z).axes.mean != 0).any()
    numbers = ls.overview(z).headline()
    assert numbers["distance of the mean from 0"] == 0
    assert numbers["centre of the axis farthest from 0"] == 0
    numbers = ls.overview(z - [3] + 0 * z).headline()
    assert numbers["centre of the axis farthest from 0"] == pytest.approx(-3, abs=1e-5)
