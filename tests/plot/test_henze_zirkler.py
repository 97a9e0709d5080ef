"""The figure of the Henze-Zirkler test shows the statistic beside its law."""


def test_henze_zirkler_shows_the_statistic_beside_its_law(results):
    found = results["henze_zirkler"]
    ax = found.plot()
    assert ax.lines[0].get_xdata()[0] == found.statistic
    assert "600 points, p = " in ax.get_legend().get_texts()[1].get_text()
