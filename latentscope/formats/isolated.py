"""Reading a file in another process, which may crash or run out of memory instead of this one.

The library of HDF5 is written in C, and files made to harm it are beyond what can be checked from
outside. The other process reads the file and writes what it holds as an .npz, which this one opens
with NumPy's own code alone.
"""

import json
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import latentscope.errors as errors
from latentscope._warn import warn
from latentscope.errors import FileFormatError
from latentscope.formats import npz
from latentscope.formats._choice import latents_of
from latentscope.latents import Latents

_CHILD = "latentscope.formats._child"


def load_isolated(path: Path, options: dict[str, Any]) -> Latents:
    """Return the latents of a file that another process has read.

    Parameters
    ----------
    path : Path
    options : dict
        Of `latentscope.load`.
    """
    folder = _Folder(prefix="latentscope-")
    try:
        command = [sys.executable, "-m", _CHILD, str(path.resolve()), str(target(folder.name))]
        done = subprocess.run(
            [*command, json.dumps(options)], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
        )
        _raise_what_it_met(path, done)
        for text in json.loads(done.stdout.splitlines()[-1])["warnings"]:
            warn(text)
        found = npz.contents(target(folder.name))
        return replace(latents_of(found, None, False), file=folder)
    except BaseException:
        folder.close()
        raise


class _Folder(tempfile.TemporaryDirectory[str]):
    """A temporary folder that is closed like a file."""

    def close(self) -> None:
        """Remove the folder."""
        self.cleanup()


def target(folder: str) -> Path:
    """Return the file that the other process writes."""
    return Path(folder) / "latents.npz"


def _raise_what_it_met(path: Path, done: "subprocess.CompletedProcess[bytes]") -> None:
    if done.returncode == 0:
        return
    try:
        met = json.loads(done.stdout.splitlines()[-1])
        kind = getattr(errors, met["error"])
    except (IndexError, KeyError, ValueError, AttributeError):
        how = f"exit code {done.returncode}"
        if done.returncode < 0:
            how = signal.Signals(-done.returncode).name
        raise FileFormatError(
            f"{path} ended the process that read it ({how}): it is damaged, or made to do harm."
        ) from None
    raise kind(met["message"])
