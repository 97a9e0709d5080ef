"""The content of report.json: every result of every set, without numbers of single points."""

import json
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from latentscope._version import __version__
from latentscope.reporting.answers import Answered
from latentscope.reporting.questions import analyses
from latentscope.reporting.questions.question import numbers
from latentscope.reporting.study import Study

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "openTSNE", "matplotlib", "h5py", "tensorflow")


def all_numbers(
    studies: Sequence[Study], found: Sequence[Answered], settings: dict[str, Any]
) -> dict[str, Any]:
    """Return the numbers of the report, JSON-ready."""
    return {
        "about": {
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "settings": settings,
            "versions": _versions(),
        },
        "answers": [_of_answers(one) for one in found],
        "sets": {study.name: _of_set(study) for study in studies},
    }


def _of_answers(answered: Answered) -> dict[str, Any]:
    lines = [
        {"set": name, "verdict": answer.verdict, "text": answer.text}
        for name, answer in answered.sets.items()
    ]
    return {"question": answered.question, "sets": lines}


def _of_set(study: Study) -> dict[str, Any]:
    return {
        "n_used": study.overview.n_used,
        "n_total": study.overview.n_total,
        "overview": numbers(study.overview),
        **{one.key: one.numbers(one.of(study)) for one in analyses()},
        "left out": dict(study.left_out),
        "remarks": list(study.remarks),
        "meta": plain(study.meta),
    }


def plain(meta: dict[str, Any]) -> Any:
    """Return the meta if JSON can hold it, or else its `repr`."""
    try:
        return json.loads(json.dumps(meta, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return repr(meta)


def _versions() -> dict[str, str]:
    found = {"latentscope": __version__, "python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return found
