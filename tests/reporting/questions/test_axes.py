"""Which axes dominate, if others are dead?"""

import numpy as np

from latentscope.reporting.asking import studied
from latentscope.reporting.questions import axes


def test_dead_axes_do_not_make_the_others_dominant(tmp_path):
    """12 axes of nearly equal width beside 20 dead ones: none of the 12 stands out."""
    std = np.r_[np.linspace(1.05, 0.95, 12), np.full(20, 0.005)]
    z = np.random.default_rng(0).standard_normal((1000, 32)) * std
    study = studied("mu", z, tmp_path, 0, lambda step: None, questions=())
    answer = axes.QUESTION.answer(study)
    assert answer.verdict == "None stands out"
    assert "radius among the 12 that vary." in answer.text
    study = studied("mu", z * np.r_[4, np.ones(31)], tmp_path, 0, lambda step: None, questions=())
    verdict = axes.QUESTION.answer(study).verdict
    assert verdict.startswith("Axis 0 (6")
    assert "." in verdict
