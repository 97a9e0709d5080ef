"""Reads mutated files, one after the other, and tells on stdout what came of each.

    python fuzz.py FILE FOLDER SEED COUNT

Each file is FILE with a few bytes changed, or cut off, or with a stretch of zeros, or with bytes
put in or taken out. The process has a memory limit, and a time limit for each file.
"""

import hashlib
import json
import resource
import shutil
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np

import latentscope
from latentscope.errors import LatentscopeError
from latentscope.rows import as_rows

MEMORY = 12 * 2**30  # bytes of address space: libraries take some without using it
SECONDS = 3  # for one file


def mutated(whole, random):
    """Return the bytes of a file, damaged in one of the ways in which files are."""
    raw = bytearray(whole)
    at, width = int(random.integers(len(raw))), int(random.integers(1, 64))
    match random.integers(6):
        case 0 | 1 | 2:
            for place in random.integers(len(raw), size=random.integers(1, 5)):
                raw[place] ^= int(random.integers(1, 256))
        case 3:
            del raw[at:]
        case 4:
            raw[at : at + width] = bytes(len(raw[at : at + width]))
        case _ if random.integers(2):
            raw[at:at] = random.bytes(width)
        case _:
            del raw[at : at + width]
    return bytes(raw)


def digest(path):
    """Return hashes of all that a file of latents holds."""
    with latentscope.load(path) as found:
        rows = as_rows(found)
        parts = {name: matrix.read(0, rows.n_total) for name, matrix in rows.matrices.items()}
        known = {f"label {name}": np.asarray(column[:]) for name, column in found.labels.items()}
        if found.ids is not None:
            known["ids"] = np.asarray(found.ids[:])
        if not all(np.isfinite(array).all() for array in parts.values()):
            raise LatentscopeError("every analysis refuses these")
    text = {name: json.dumps(column.tolist()) for name, column in known.items()}
    raw = {name: array.astype(float).tobytes() for name, array in parts.items()}
    return {
        name: hashlib.sha256(value if isinstance(value, bytes) else value.encode()).hexdigest()
        for name, value in (raw | text).items()
    }


def outcome(path, whole):
    """Return "refused", "same", "left out", what differs, or an error that is not one of ours."""
    try:
        found = digest(path)
    except LatentscopeError:
        return "refused"
    except MemoryError:
        return "MemoryError"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    differing = sorted(name for name in found if whole.get(name) != found[name])
    if differing:
        return f"changed: {', '.join(differing)}"
    return "same" if found.keys() == whole.keys() else "left out"  # with a warning


def damage(path, target, random):
    """Write a damaged copy: of a file, or of a folder with one file in it damaged."""
    if path.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(path, target)
        files = sorted(one for one in target.rglob("*") if one.is_file())
        target = files[random.integers(len(files))]
        path = target
    target.write_bytes(mutated(path.read_bytes(), random))


def outcomes(path, folder, count):
    """Return what came of each seed; the process that reads starts again after one that ends it."""
    found = {}
    while len(found) < count:
        first = len(found)
        command = [sys.executable, __file__, path, folder, first, count - first]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        found |= dict(map(json.loads, done.stdout.splitlines()))
        if done.returncode not in (0, -signal.SIGALRM):
            raise RuntimeError(f"{done.returncode}: {done.stderr}")
        if done.returncode:
            found[len(found)] = "ended"
    return found


def main(path, folder, seed, count):
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    target = folder / f"mutated{path.suffix}"
    shutil.copytree(path, target) if path.is_dir() else shutil.copy(path, target)
    whole = digest(target)
    for number in range(seed, seed + count):
        damage(path, target, np.random.default_rng(number))
        signal.alarm(SECONDS)
        found = outcome(target, whole)
        signal.alarm(0)
        sys.stdout.write(json.dumps([number, found]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
