"""The figure that compares sets shows each of them."""

import latentscope


def test_compare_shows_every_set(results):
    panels = results["compare"].plot()
    for panel in panels[:3]:
        assert [text.get_text() for text in panel.get_legend().get_texts()] == ["ae", "vae"]
    assert [line.get_label() for line in panels[3].lines] == ["vae"]


def test_sets_of_very_different_scale_are_both_seen(z):
    big = latentscope.overview(100 * z, radius_bin_width=50, axis_bin_width=25)
    panels = latentscope.compare(small=z, big=big).plot()
    assert panels[0].get_xscale() == "log"
    assert [patch.get_data().values.max() for patch in panels[0].patches] == [1, 1]
