"""Any analysis beside nulls: ranks of its numbers, its pictures, and the line-up."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import latentscope
from latentscope import plot
from latentscope.errors import DataError, DataTypeError
from latentscope.results import Result


def heavy():
    return np.random.default_rng(0).standard_t(3, size=(800, 4))


@pytest.fixture(autouse=True)
def no_figures():
    yield
    plt.close("all")


def test_numbers_of_the_data_stand_beside_those_of_the_draws():
    beside = latentscope.beside_nulls(latentscope.radius_density, heavy(), n_null=19)
    table = beside.table()
    row = dict(zip(table["quantity"], table.rows, strict=True))["maximum"]
    largest = [null.maximum for null in beside.nulls]
    assert row[1:5] == (beside.data.maximum, min(largest), np.median(largest), max(largest))
    assert row[5] == pytest.approx(2 * 1 / 20)  # beyond all, two-sided


def test_a_structureless_number_has_a_middling_rank():
    z = np.random.default_rng(5).standard_normal((800, 4))
    beside = latentscope.beside_nulls(latentscope.radius_density, z, n_null=39)
    p_values = dict(zip(beside.table()["quantity"], beside.table()["p"], strict=True))
    assert p_values["mean"] > 0.05


@pytest.mark.parametrize("null", ["elliptical", "copula", "independent"])
def test_every_null_and_every_option_is_passed_on(null):
    beside = latentscope.beside_nulls(
        latentscope.pca, heavy(), null=null, n_null=2, rng=1, n_components=2
    )
    assert beside.null == null
    assert all(one.n_components == 2 for one in (beside.data, *beside.nulls))
    assert beside.nulls[0].variance[0] != beside.nulls[1].variance[0]


def test_the_result_repeats_and_survives_json(tmp_path):
    beside = latentscope.beside_nulls(latentscope.radius_density, heavy(), n_null=3, rng=2)
    again = latentscope.beside_nulls(latentscope.radius_density, heavy(), n_null=3, rng=2)
    assert beside.to_dict() == again.to_dict()
    beside.save(tmp_path / "beside.json")
    loaded = Result.load(tmp_path / "beside.json")
    assert loaded.nulls[2].counts.tolist() == beside.nulls[2].counts.tolist()


def test_the_line_up_hides_the_data_in_its_place():
    beside = latentscope.beside_nulls(
        latentscope.plane_zoom, heavy(), half_widths=[3.0], n_null=19, rng=3
    )
    panels = plot.plot_line_up(beside)
    drawn = [len(panel.collections[0].get_offsets()) for panel in panels]
    assert len(drawn) == 20
    assert drawn[beside.place] == len(beside.data.xy)
    assert drawn[: beside.place] == [len(one.xy) for one in beside.nulls[: beside.place]]
    assert [panel.get_title() for panel in panels] == [str(k) for k in range(20)]
    assert len({panel.get_xlim() for panel in panels}) == 1
    assert all(panel.get_xlabel() == "" and not panel.texts for panel in panels)
    assert str(beside.place) not in repr(beside).replace("19", "").replace("800", "")


def test_the_figure_shows_the_data_first():
    beside = latentscope.beside_nulls(latentscope.radius_density, heavy(), n_null=5)
    panels = beside.plot()
    assert [panel.get_title() for panel in panels] == ["data", *["null model 'gaussian'"] * 3]
    _, given = plt.subplots(1, 2)
    assert list(beside.plot(given)) == list(given)


def test_an_analysis_of_several_panels_is_refused_by_the_figures():
    beside = latentscope.beside_nulls(latentscope.plane_zoom, heavy(), n_null=2)
    with pytest.raises(DataError, match=r"ax must hold 4 Axes, one per panel; got 1"):
        plot.plot_line_up(beside)


def test_more_panels_than_draws_are_refused():
    beside = latentscope.beside_nulls(latentscope.radius_density, heavy(), n_null=1)
    _, given = plt.subplots(1, 3)
    with pytest.raises(DataError, match="each panel but one; got 3 panels, null sets: 1"):
        beside.plot(given)
    many = latentscope.beside_nulls(latentscope.radius_density, heavy(), n_null=40)
    with pytest.raises(DataError, match=r"at most 40 panels; got 41"):
        plot.plot_line_up(many)


@pytest.mark.parametrize(
    ("analysis", "match"),
    [
        ("pca", r"analysis must be a function, like latentscope.pca; got 'pca'"),
        (np.mean, r"analysis must return a result of this package.* it returned float64"),
    ],
)
def test_other_functions_are_refused(analysis, match):
    with pytest.raises(DataTypeError, match=match):
        latentscope.beside_nulls(analysis, heavy())


def test_more_rows_than_wanted_are_sampled_for_data_and_nulls_alike():
    z = heavy()
    beside = latentscope.beside_nulls(latentscope.radius_density, z, n_null=3, n_rows=500, rng=4)
    assert (beside.n_used, beside.n_total) == (500, len(z))
    assert all(one.n_used == 500 for one in (beside.data, *beside.nulls))
    again = latentscope.beside_nulls(latentscope.radius_density, z, n_null=3, n_rows=500, rng=4)
    assert beside.to_dict() == again.to_dict()
    other = latentscope.beside_nulls(latentscope.radius_density, z, n_null=3, n_rows=500, rng=5)
    assert beside.data.counts.tolist() != other.data.counts.tolist()


def test_options_named_n_points_belong_to_the_analysis():
    beside = latentscope.beside_nulls(
        latentscope.intrinsic_dimension, heavy(), n_null=2, n_points=300
    )
    assert (beside.n_used, beside.nulls[0].n_used, beside.n_total) == (300, 300, 800)
