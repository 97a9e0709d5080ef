"""Reading a file in another process, which may crash or run out of memory instead of this one.

The library of HDF5 is written in C, and files made to harm it are beyond what can be checked from
outside: of 300 damaged .h5ad files it loops without end on 4 (docs/damaged_files.md), which no
thread of the same process can stop. The price is the start of a process, and one copy of the file.
The other process reads the file and writes what it holds as an .npz, which this one opens
with NumPy's own code alone.
"""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import weakref
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import latentscope.errors as errors
from latentscope._warn import warn
from latentscope.errors import FileFormatError
from latentscope.formats import hdf5, npz
from latentscope.formats._choice import latents_of
from latentscope.latents import Latents

_CHILD = "latentscope.formats._child"
PATIENCE = 60  # seconds, twice of which HDF5 may take without writing anything


def load_isolated(path: Path, options: dict[str, Any]) -> Latents:
    """Return the latents of a file that another process has read.

    Parameters
    ----------
    path : Path
    options : dict
        Of `latentscope.load`.
    """
    folder = _Folder()
    try:
        paths = str(path.resolve()), str(target(folder.name))
        command = [sys.executable, "-P", "-m", _CHILD, *paths]  # -P: no modules of this folder
        with tempfile.TemporaryFile() as said:
            code = _run([*command, json.dumps(options)], said, path, target(folder.name))
            said.seek(0)
            for text in _told(path, code, said.read())["warnings"]:
                warn(text)
        latents = latents_of(npz.contents(target(folder.name)), None, False)
        for rows in latents.arrays.values():
            rows.owner = folder  # which stays as long as the rows are in use
        return replace(latents, file=folder)
    except BaseException:
        folder.close()
        raise


class _Folder:
    """A temporary folder that is closed like a file, or when nobody needs it any more."""

    def __init__(self) -> None:
        self.name = tempfile.mkdtemp(prefix="latentscope-")
        self.close = weakref.finalize(self, shutil.rmtree, self.name, ignore_errors=True)


def target(folder: str) -> Path:
    """Return the file that the other process writes."""
    return Path(folder) / "latents.npz"


def _run(command: list[str], said: IO[bytes], path: Path, written: Path) -> int:
    """Run the other process until it ends, or writes nothing for too long; return its exit code."""
    patience = PATIENCE if hdf5.is_hdf5(path) else None
    with subprocess.Popen(command, stdout=said, stdin=subprocess.PIPE) as process:
        try:
            size = -1
            while True:
                try:
                    return process.wait(patience)
                except subprocess.TimeoutExpired:
                    if size == (size := _size(written)):
                        raise FileFormatError(
                            f"{path} kept the library of HDF5 busy for {patience} s without a row: "
                            "it is damaged, or made to do harm."
                        ) from None
        finally:
            process.kill()


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):  # renamed between the listing and the look
        return sum(entry.stat().st_size for entry in path.parent.iterdir())
    return -2


def _told(path: Path, code: int, said: bytes) -> dict[str, Any]:
    """Return what the other process told; raise what it met."""
    try:
        told: dict[str, Any] = json.loads(said)
        if code == 0:
            return told
        kind = getattr(errors, told["error"])
    except (KeyError, ValueError, AttributeError):
        how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        raise FileFormatError(
            f"{path} ended the process that read it ({how}): it is damaged, or made to do harm."
        ) from None
    raise kind(told["message"], parameter=told.get("parameter"), remedy=told.get("remedy", ""))
