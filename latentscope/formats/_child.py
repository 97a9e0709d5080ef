"""The child process that reads a file: `python -m latentscope.formats._child FILE TARGET OPTIONS`.

It reports errors and warnings on stdout as JSON.
"""

import json
import os
import shutil
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from threading import Thread

from latentscope.errors import LatentscopeError, LatentscopeWarning
from latentscope.formats import npz
from latentscope.formats.loading import load

MEMORY = 8 * 2**30  # limit of the address space, in bytes


def main(path: str, target: str, options: str) -> int:
    """Read the file and write it as .npz; return the exit code."""
    _limit_memory()
    Thread(target=_end_with_parent, args=(Path(target).parent,), daemon=True).start()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", LatentscopeWarning)
        try:
            with load(path, **json.loads(options)) as latents:
                npz.write(Path(target), latents)
                origin = dict(latents.origin)
        except (LatentscopeError, MemoryError, OSError) as error:
            name = type(error).__name__
            if not isinstance(error, LatentscopeError):
                name = "AccessError" if isinstance(error, OSError) else "TooLargeError"
            sys.stdout.write(json.dumps({"error": name, **_said(path, error)}))
            return 1
    texts = [str(one.message) for one in caught if issubclass(one.category, LatentscopeWarning)]
    sys.stdout.write(json.dumps({"warnings": texts, "origin": origin}))
    return 0


def _said(path: str, error: BaseException) -> dict[str, str | None]:
    """Return the parts of a latentscope error, or the text of any other."""
    if isinstance(error, LatentscopeError):
        return {name: getattr(error, name) for name in ("message", "parameter", "remedy")}
    text = str(error) or f"{path} needs more than {MEMORY / 2**30:g} GiB."
    return {"message": text, "parameter": None, "remedy": ""}


def _end_with_parent(folder: Path) -> None:
    """Wait until stdin is closed, which means that the parent has ended; then clean up and exit."""
    while os.read(0, 1):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    with suppress(ValueError, OSError):  # if the limit is already lower, or cannot be set
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
