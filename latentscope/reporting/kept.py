"""Results that take long, kept beside the report, so that a stopped report continues.

Each is a JSON file that ``Result.load`` opens. Its name holds a hash of what it was made from: the
overview of the rows (which changes with any of them), every option of the analysis, the version.
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
        Made when the first result is kept.
    name : str
        Of the set; the files start with it.
    overview : Overview
        Of the rows, which it stands for.
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
        """Return ``analysis(rows, **options)`` from its file, or make it and keep it.

        Whatever it depends on besides the rows must be among the options: they name the file.
        """
        path = self.path(what, options)
        if path.exists():
            try:
                return kind.load(path)
            except FileFormatError:
                pass  # damaged: it is made anew
        result = analysis(rows, **options)
        self.folder.mkdir(exist_ok=True)
        result.save(path)
        return result

    def path(self, what: str, options: dict[str, Any]) -> Path:
        """Return where a result of these options is kept."""
        safe = "".join(c if c.isalnum() else "-" for c in f"{self.name[:40]}-{what}")
        return self.folder / f"{safe}-{_digest([self.source, what, options])}.json"


def _digest(what: Any) -> str:
    """Return a short hash of what JSON can hold, of results, and of iterables."""
    text = json.dumps(what, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _plain(value: Any) -> Any:
    return value.to_dict() if isinstance(value, Result) else list(value)
