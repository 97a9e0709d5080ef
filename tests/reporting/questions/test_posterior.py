"""What the report says of axes that carry little: collapsed ones are noise, active ones are not."""

import numpy as np
import pytest

import latentscope
from latentscope.reporting.questions.posterior import _text


@pytest.mark.filterwarnings("ignore::latentscope.errors.LatentscopeWarning")
def test_only_collapsed_axes_are_called_noise():
    """Of four axes two carry under 0.1 nats, and along one of those mu varies (variance 0.04)."""
    rng = np.random.default_rng(0)
    mu = rng.standard_normal((4000, 4)) * [1, 1, 0.2, 0]
    logvar = np.broadcast_to([-3.0, -3.0, -0.04, 0.0], mu.shape)
    z = mu + np.exp(logvar / 2) * rng.standard_normal(mu.shape)
    found = latentscope.posterior(latentscope.Latents(z, mu, logvar))
    assert found.active.tolist() == [True, True, True, False]
    text = " ".join(_text(found))
    assert "Along 1 of 4 axes, mu hardly varies" in text
    assert "Along 1 of 4 axes, mu varies a little more" in text
    assert text.count("only noise") == 1
