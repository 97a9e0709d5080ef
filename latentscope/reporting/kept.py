"""Slow results, kept next to the report, so that an interrupted report continues.

Each is a JSON file that ``Result.load`` opens. Its name contains a hash of what it was made from:
the overview of the rows (which changes with any row), every option of the analysis, and the
version. A checksum in it tells whether it is as it was written; if not, it is made anew.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from latentscope._disk.atomic import replacing
from latentscope._version import __version__
from latentscope.analysis.overview import Overview
from latentscope.errors import LatentscopeError
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
        kept = _read(path, kind)
        if kept is not None:
            return kept
        result = analysis(rows, **options)
        self.folder.mkdir(exist_ok=True)
        _write(path, result)
        return result

    def path(self, what: str, options: dict[str, Any]) -> Path:
        """Return the file of a result with these options."""
        safe = "".join(c if c.isalnum() else "-" for c in f"{self.name[:40]}-{what}")
        return self.folder / f"{safe}-{_digest([self.source, what, options])}.json"


def _read(path: Path, kind: type[AnyResult]) -> AnyResult | None:
    """Return the kept result, or None if there is none or it is not as it was written."""
    if path.is_symlink() or not path.is_file():
        return None
    try:
        fields = json.loads(path.read_bytes())
        if fields.pop("checksum") == _digest(fields):
            return kind.load(path)
    except (
        LatentscopeError, OSError, ValueError, TypeError, KeyError, AttributeError,
        RecursionError, OverflowError,
    ):  # fmt: skip
        pass  # damaged
    return None


def _write(path: Path, result: Result) -> None:
    """Write a result with its checksum; in place of a link or pipe, not where it leads."""
    if path.is_symlink() or not path.is_file():
        path.unlink(missing_ok=True)
    fields = result.to_dict()
    text = json.dumps({**fields, "checksum": _digest(fields)}, allow_nan=False)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def _digest(what: Any) -> str:
    """Return a short hash of JSON values, results and iterables."""
    text = json.dumps(what, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _plain(value: Any) -> Any:
    return value.to_dict() if isinstance(value, Result) else list(value)
