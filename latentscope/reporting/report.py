"""Writing the report: an HTML page, its numbers as JSON, and the slow results."""

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Self

from tqdm import tqdm

from latentscope._disk.atomic import replacing
from latentscope._disk.paths import writable
from latentscope._disk.printable import printable
from latentscope._validate import integer
from latentscope.backend.asking import checked
from latentscope.backend.protocols import Model
from latentscope.errors import DataError, DataTypeError
from latentscope.images import Images, Pixels, as_images
from latentscope.reporting.answers import answers
from latentscope.reporting.asking import studied
from latentscope.reporting.numbers import all_numbers
from latentscope.reporting.page import page
from latentscope.reporting.questions import analyses
from latentscope.rows.source import Points

_SUFFIXES = (".html", ".htm")
_BAR = "{desc}: {n_fmt}/{total_fmt} steps, {elapsed}"  # steps are unequal: the time left is unknown


def report(
    path: str | PathLike[str],
    *,
    models: Mapping[str, Model] | None = None,
    images: Pixels | None = None,
    rng: int = 0,
    **named_latents: Points,
) -> Path:
    """Write one page that answers all questions about one or more sets of latents.

    The page needs no network and no other file. Next to it, under the same name, are ``NAME.json``
    with the numbers of the page and the folder ``NAME.results`` with the slow results, which
    ``Result.load`` opens. If interrupted, the same call continues with those.

    Parameters
    ----------
    path : str or path-like
        File to write, ending in .html; its folder must exist.
    models : mapping of str to backend.Model, optional
        Models by the names of their latents. With them, the page shows what random points, lines
        between points and directions of labels decode to.
    images : Images, or array of shape (n, height, width, channels), optional
        Images; the page shows some of them with their reconstructions. Needs `models`.
    rng : int
        Seed.
    **named_latents : array-like of shape (n_points, z_dim), or Latents
        Sets of latents, by the names that the page gives them; any source that
        `latentscope.rows.as_rows` accepts. Pass sets with NaN through `latentscope.finite_rows`.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    BackendError
        If a model lacks a required attribute or method.
    DataTypeError
        If `path` is not a path or `models` is not a mapping.
    DataError
        If there are no latents, a model's name is not among them, or a set cannot be read at all;
        if images are given without models, or of another shape than theirs; if the folder does not
        exist, or the file ``NAME.json`` was not written by a report. An analysis that a set does
        not allow (ten rows, two axes, no mu) is left out, and the page says why.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> z = np.random.default_rng(0).standard_normal((40, 3))
    >>> path = report(tempfile.mkdtemp() + "/report.html", mine=z)
    >>> "How far from the origin do the points lie?" in path.read_text()
    True
    """
    target = _target(path)
    seed = integer("rng", rng, low=0, why="a seed, with which an interrupted report can continue")
    shown = None if images is None else as_images(images)
    brought = _checked_models(models, named_latents, shown)
    folder = target.with_name(f"{target.stem}.results")
    with _Bar(len(named_latents) * (1 + len(analyses())) + 1) as bar:
        studies = [
            studied(name, x, folder, seed, bar.next, model=brought.get(name), images=shown)
            for name, x in named_latents.items()
        ]
        bar.next("page")
        found = answers(studies)
        numbers = all_numbers(studies, found, {"rng": seed})
        html = page(studies, found, numbers)
    _write(target.with_suffix(".json"), json.dumps(numbers, allow_nan=False))
    _write(target, html)
    return target


class _Bar:
    """A progress bar that names the current step and counts the finished ones."""

    def __init__(self, n_steps: int) -> None:
        self.bar = tqdm(total=n_steps, unit="step", delay=2, bar_format=_BAR)
        self.started = False

    def next(self, step: str) -> None:
        """Count the previous step and name the next one."""
        self.bar.update(int(self.started))
        self.started = True
        self.bar.set_description(f"report, {printable(step)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.close()


def _target(path: str | PathLike[str]) -> Path:
    target = writable(path)
    if target.suffix.lower() not in _SUFFIXES:
        raise DataError(f"path must end in .html; got {str(path)!r}.", parameter="path")
    beside, folder = target.with_suffix(".json"), target.with_name(f"{target.stem}.results")
    if beside.exists() and not _is_ours(beside):
        raise DataError(f"{beside} exists and was not written by a report. Choose another name.")
    if folder.exists() and not folder.is_dir():
        raise DataError(
            f"{folder} must be a folder or not exist; it is a file. Choose another name."
        )
    return target


def _is_ours(path: Path) -> bool:
    """Return True if a JSON file was written by a report."""
    try:
        return {"about", "answers", "sets"} <= set(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def _checked_models(
    models: Mapping[str, Model] | None, named_latents: Mapping[str, Points], images: Images | None
) -> dict[str, Any]:
    if not isinstance(models, Mapping | None):
        raise DataTypeError(
            f"models must be a mapping of names to models; got {type(models).__name__}. A set of "
            "latents needs a name other than models.",
            parameter="models",
        )
    if not named_latents:
        raise DataError(
            "report needs named sets, for example report('report.html', vae=z); got none."
        )
    brought = dict(models or {})
    unknown = sorted(set(brought) - set(named_latents))
    if unknown:
        raise DataError(
            f"models must have the names of their latents, {', '.join(named_latents)}; got "
            f"{', '.join(unknown)}.",
            parameter="models",
        )
    if images is not None and not brought:
        raise DataError("images need models to reconstruct them; got none.", parameter="images")
    for name, model in brought.items():
        shape = tuple(checked(model).image_shape)
        if images is not None and images.image_shape != shape:
            raise DataError(
                f"images must have the shape that {name} decodes to, {shape}; got "
                f"{images.image_shape}.",
                parameter="images",
            )
    return brought


def _write(path: Path, text: str) -> None:
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")
