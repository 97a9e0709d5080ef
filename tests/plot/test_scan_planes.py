"""The figure of a scan shows every window and the limit of chance."""

import numpy as np


def test_a_scan_shows_every_window_and_the_limit_of_chance(results):
    result = results["scan"]
    ax = result.plot()
    drawn = np.concatenate([line.get_xdata() for line in ax.lines if line.get_marker() != "None"])
    np.testing.assert_array_equal(np.sort(drawn), np.sort(result.departure))
    assert any(np.all(np.asarray(line.get_xdata()) == result.critical) for line in ax.lines)
