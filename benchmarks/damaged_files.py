"""What happens when damaged files of each format are read.

Run ``python benchmarks/damaged_files.py --write docs/damaged_files.md`` to make the page; about a
minute. A test does the same and checks every outcome against what docs/formats.md promises.
"""

import argparse
import runpy
import tempfile
import warnings
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

import latentscope

FUZZ = Path(__file__).parents[1] / "tests" / "formats" / "fuzz.py"
COUNT = 300
ENDINGS = ("h5", "safetensors", "npz", "npy", "zarr", "parquet", "h5ad", "csv", "tsv")
KINDS = ("refused", "same", "left out", "changed", "ended")
LIBRARIES = ("h5py", "zarr", "pyarrow", "anndata", "safetensors", "torch", "numpy")


def written(folder: Path) -> dict[str, Path]:
    """Write one small file of each format."""
    z = np.random.default_rng(0).standard_normal((60, 4), dtype=np.float32)
    latents = latentscope.Latents(
        z,
        mu=z + 0.5,
        logvar=z - 4,
        ids=[f"{i:06d}.jpg" for i in range(len(z))],
        labels={"smiling": z[:, 0] > 0, "age": np.arange(len(z)), "name": ["a", "b"] * 30},
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what a format cannot hold
        for ending in ENDINGS:
            latentscope.save(folder / f"latents.{ending}", latents)
    torch.save({"z": torch.from_numpy(z), "age": torch.arange(60)}, folder / "latents.pt")
    return {ending: folder / f"latents.{ending}" for ending in (*ENDINGS, "pt")}


def page() -> str:
    """Damage the files and return the page."""
    fuzz = SimpleNamespace(**runpy.run_path(str(FUZZ)))
    rows = []
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as scratch:
        for ending, path in written(Path(folder)).items():
            found = fuzz.outcomes(path, Path(scratch), COUNT)
            kinds = Counter(what.partition(":")[0] for what in found.values())
            others = kinds.keys() - set(KINDS)
            if others:
                raise RuntimeError(f"{ending}: {others}")
            rows.append(f"| .{ending} | {' | '.join(str(kinds[kind]) for kind in KINDS)} |")
    head = ["| format |" + "|".join(f" {kind} " for kind in KINDS) + "|", "|---" * 6 + "|"]
    versions = ", ".join(f"{library} {version(library)}" for library in LIBRARIES)
    return "\n".join([INTRODUCTION, *head, *rows, "", f"Read with {versions}.", ""])


INTRODUCTION = f"""# What happens when damaged files are read

Of a small file in each format, {COUNT} copies were damaged (seeds 0 to {COUNT - 1}: a few bytes
changed, the end cut off, a stretch set to zero, bytes inserted or removed). Each copy was read in a
process with limited memory and time. The tests do the same with the installed versions of the
libraries and fail on any other outcome. This page was made by
`python benchmarks/damaged_files.py --write docs/damaged_files.md`.

- *refused*: latentscope raised an error.
- *same*: all data are unchanged, because the damage hit nothing that is read.
- *left out*: z is unchanged, but a label could not be read, and a warning says so.
- *changed*: the format has no checksum at that place, so the numbers are those now in the file.
- *ended*: the HDF5 library did not return in time; [`isolated=True`](formats.md) turns this into an
  error.
"""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", metavar="PATH", help="write the page here")
    arguments = parser.parse_args()
    text = page()
    print(text)
    if arguments.write:
        Path(arguments.write).write_text(text)
