"""The figure of a round trip shows the score over the distance."""

import numpy as np
import pytest


def test_round_trip_shows_score_over_distance(results):
    ax, result = results["round_trip"].plot(), results["round_trip"]
    (dots,) = ax.collections
    np.testing.assert_allclose(
        dots.get_offsets(), np.column_stack([result.start.distance, result.score])
    )
    (shell,) = ax.patches
    assert shell.get_x() == pytest.approx(result.start.shell[0])
    assert ax.get_ylim() == (0, 1)
