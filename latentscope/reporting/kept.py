"""Slow results, kept next to the report, so that an interrupted report continues.

Each is a JSON file that ``Result.load`` opens. Its name contains a hash of what it was made from:
the overview of the rows (which changes with any row), every option of the analysis, and the
version.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from latentscope._version import __version__
from latentscope.analysis.overview import Overview
from latentscope.errors import FileFormatError
from latentscope.results import Result
from latentscope.rows.source import Rows

AnyResult = TypeVar("AnyResult", bound=Result)


class Kept:
    """Results of one set of latents, in a folder.

    Parameters
    ----------
    folder : Path
        Created when the first result is kept.
    name : str
        Name of the set; the file names start with it.
    overview : Overview
        Overview of the rows, which identifies them.
    """

    def __init__(self, folder: Path, name: str, overview: Overview) -> None:
        self.folder, self.name = folder, name
        self.source = _digest([__version__, overview])

    def get(
        self,
        what: str,
        kind: type[AnyResult],
        analysis: Callable[..., AnyResult],
        rows: Rows,
        **options: Any,
    ) -> AnyResult:
        """Return ``analysis(rows, **options)`` from its file, or compute and keep it.

        Everything that the result depends on, except the rows, must be an option: the options
        name the file.
        """
        path = self.path(what, options)
        if path.exists():
            try:
                return kind.load(path)
            except FileFormatError:
                pass  # damaged: computed again
        result = analysis(rows, **options)
        self.folder.mkdir(exist_ok=True)
        result.save(path)
        return result

    def path(self, what: str, options: dict[str, Any]) -> Path:
        """Return the file of a result with these options."""
        safe = "".join(c if c.isalnum() else "-" for c in f"{self.name[:40]}-{what}")
        return self.folder / f"{safe}-{_digest([self.source, what, options])}.json"


def _digest(what: Any) -> str:
    """Return a short hash of JSON values, results and iterables."""
    text = json.dumps(what, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _plain(value: Any) -> Any:
    return value.to_dict() if isinstance(value, Result) else list(value)
