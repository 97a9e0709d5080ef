"""compare: sets of latents side by side."""

import numpy as np
import pytest

import latentscope as ls
from latentscope.errors import DataError, LatentscopeWarning


@pytest.fixture
def sets(cloud):
    """An AE of 6 axes and a VAE of 4, with different numbers of points."""
    mu = cloud.z[:500, :4]
    noise = np.random.default_rng(0).standard_normal(mu.shape)
    return {"ae": cloud.z, "vae": ls.Latents(mu + noise, mu, np.zeros_like(mu))}


def test_holds_the_overviews(sets, assert_same):
    both = ls.compare(**sets)
    assert both.names == ("ae", "vae")
    assert (both.n_used, both.n_total) == (3500, 3500)
    for name, given in sets.items():
        assert_same(both[name], ls.overview(given))


def test_table_has_a_column_per_set(sets):
    both = ls.compare(**sets)
    table = both.table()
    assert list(table) == ["", "ae", "vae"]
    rows = {quantity: values for quantity, *values in table.rows}
    assert rows["points"] == [3000, 500]
    assert rows["dimensions"] == [6, 4]
    assert rows["mean radius"] == [both[name].radius.mean for name in both.names]
    assert rows["KL (nats)"] == [None, both["vae"].posterior.total_kl]
    assert "–" in repr(table)


@pytest.mark.parametrize("name", ["quantity", "z", "self", "<script>"])
def test_any_name_will_do(name, cloud):
    """Names are the caller's: none clashes with ours, and HTML is escaped."""
    both = ls.compare(**{name: cloud.z, "other": cloud.z})
    assert len(both.table().rows[0]) == 3
    assert "<script>" not in both._repr_html_()


def test_rows_left_out_are_counted(cloud):
    holed = cloud.z.copy()
    holed[:10] = np.nan
    both = ls.compare(a=ls.finite_rows(holed), b=cloud.z)
    assert (both.n_used, both.n_total) == (5990, 6000)
    assert "5,990 of 6,000 rows" in repr(both)


def test_narrow_axes_are_warned_of_at_the_caller(cloud):
    with pytest.warns(LatentscopeWarning, match="narrower than half a bin") as caught:
        ls.compare(a=cloud.z, b=ls.overview(1e-3 * cloud.z, axis_bin_width=0.25))
    assert caught[0].filename == __file__


@pytest.mark.parametrize("given", [{}, {"ae": [[1.0], [2.0]]}])
def test_fewer_than_two_sets_are_refused(given):
    with pytest.raises(DataError, match=f"two or more named sets.*got {len(given)}"):
        ls.compare(**given)


def test_an_unknown_name_is_refused(sets):
    with pytest.raises(DataError, match="name must be one of ae, vae; got 'gan'"):
        ls.compare(**sets)["gan"]
