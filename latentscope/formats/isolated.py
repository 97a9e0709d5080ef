"""Reading a file in another process, which may crash or run out of memory instead of this one.

The HDF5 library is written in C, and not every malicious file can be detected from outside: the
library loops forever on 4 of 300 damaged .h5ad files (docs/damaged_files.md), and no thread of the
same process can stop it. The cost is the start of a process and one copy of the file. The other
process reads the file and writes its contents as an .npz, which this process opens with NumPy's
code alone.
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
PATIENCE = 60  # seconds; HDF5 may take up to twice as long without writing anything


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
            report = _report(path, code, said.read())
        for text in report["warnings"]:
            warn(text)
        latents = latents_of(npz.contents(target(folder.name)), None, False)
        for rows in latents.arrays.values():
            rows.owner = folder  # keeps the folder as long as the rows are in use
        return replace(latents, file=folder, origin=report["origin"])
    except BaseException:
        folder.close()
        raise


class _Folder:
    """A temporary folder that is removed by `close`, or once nothing refers to it any more."""

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
                            f"{path} kept the HDF5 library busy for {patience} s without returning "
                            "a row: it is damaged or malicious."
                        ) from None
        finally:
            process.kill()


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):  # renamed after it was listed
        return sum(entry.stat().st_size for entry in path.parent.iterdir())
    return -2


def _report(path: Path, code: int, said: bytes) -> dict[str, Any]:
    """Return the report of the other process; raise the error that it reports."""
    try:
        report: dict[str, Any] = json.loads(said)
        if code == 0:
            return report
        kind = getattr(errors, report["error"])
    except (KeyError, ValueError, AttributeError):
        how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        raise FileFormatError(
            f"{path} crashed the process that read it ({how}): it is damaged or malicious."
        ) from None
    parameter, remedy = report.get("parameter"), report.get("remedy", "")
    raise kind(report["message"], parameter=parameter, remedy=remedy)
