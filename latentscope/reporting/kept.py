"""Results that take long, kept beside the report, so that a stopped report continues.

Each is a JSON file that ``Result.load`` opens. Its name holds a hash of what it was made from: the
overview of the rows (which changes with any of them), the settings, and the version.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from latentscope._version import __version__
from latentscope.errors import FileFormatError
from latentscope.results import Result

AnyResult = TypeVar("AnyResult", bound=Result)


class Kept:
    """Results of one set of latents, in a folder.

    Parameters
    ----------
    folder : Path
        Made when the first result is kept.
    name : str
        Of the set; the files start with it.
    source : dict
        What the results follow from.
    """

    def __init__(self, folder: Path, name: str, source: dict[str, Any]) -> None:
        self.folder, self.name = folder, name
        text = json.dumps([__version__, source], sort_keys=True)
        self.key = hashlib.sha256(text.encode()).hexdigest()[:12]

    def get(self, what: str, kind: type[AnyResult], make: Callable[[], AnyResult]) -> AnyResult:
        """Return a result from its file, or make it and keep it."""
        safe = "".join(c if c.isalnum() else "-" for c in f"{self.name[:40]}-{what}")
        path = self.folder / f"{safe}-{self.key}.json"
        if path.exists():
            try:
                return kind.load(path)
            except FileFormatError:
                pass  # damaged: it is made anew
        result = make()
        self.folder.mkdir(exist_ok=True)
        result.save(path)
        return result
