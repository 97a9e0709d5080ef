"""One call writes the report: an HTML page, its numbers as JSON, and the results it rests on."""

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from tqdm import tqdm

from latentscope._atomic import replacing
from latentscope._models import checked
from latentscope._validate import integer
from latentscope.analysis.compare import compare
from latentscope.errors import DataError, DataTypeError
from latentscope.images import as_images
from latentscope.reporting.albums import tried_gallery
from latentscope.reporting.answers import answers
from latentscope.reporting.page import numbers, page
from latentscope.reporting.study import N_STEPS, studied

_SUFFIXES = (".html", ".htm")


def report(
    path: str | PathLike[str],
    *,
    models: Mapping[str, Any] | None = None,
    images: Any = None,
    rng: int = 0,
    **named_latents: Any,
) -> Path:
    """Write one page that answers all questions about one or more sets of latents.

    The page needs no network and no other file. Beside it, under the same name, lie ``NAME.json``
    with every number, and the folder ``NAME.results`` with the results that take long, which
    ``Result.load`` opens; stopped and called again, it continues with those.

    Parameters
    ----------
    path : str or path-like
        File to write, ending in .html; its folder must exist.
    models : mapping of str to backend.Model, optional
        Models by the names of their latents. With them, the page shows what random points, lines
        between points and directions of labels decode to.
    images : Images, or array of shape (n, height, width, channels), optional
        Images of which the page shows some, with their reconstructions. Needs `models`.
    rng : int
        Seed.
    **named_latents : array-like of shape (n_points, z_dim), or Latents
        Sets, by the names that the page gives them; any source that `latentscope.rows.as_rows`
        takes. Those with NaN go through `latentscope.finite_rows`, which keeps no labels.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    DataError
        If there are no latents, a model's name is not among them, the folder does not exist, or a
        set cannot be read at all. An analysis that a set does not allow (ten rows, two axes, no
        mu) is left out, and the page says why.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> z = np.random.default_rng(0).standard_normal((40, 3))
    >>> path = report(tempfile.mkdtemp() + "/report.html", mine=z)
    >>> "Where do the points live?" in path.read_text()
    True
    """
    target = _target(path)
    seed = integer("rng", rng, low=0, why="a seed, with which a stopped report can continue")
    brought = _checked_models(models, named_latents)
    shown = None if images is None else as_images(images)
    folder = target.with_name(f"{target.stem}.results")
    n_steps = len(named_latents) * N_STEPS + len(brought) + 1
    with tqdm(total=n_steps, desc="report", unit="step", delay=2) as bar:

        def announce(step: str) -> None:
            bar.set_description(f"report, {step}")
            bar.update()

        studies = [
            studied(name, one, folder, seed, announce) for name, one in named_latents.items()
        ]
        galleries = {}
        for study in studies:
            if study.name not in brought:
                study.left_out["pictures"] = "no model was given that decodes these latents."
                continue
            announce(f"{study.name}: pictures")
            galleries[study.name] = tried_gallery(study, brought[study.name], shown, seed)
        announce("page")
        compared = None
        if len(studies) > 1:
            compared = compare(**{study.name: study.overview for study in studies})
        found = answers(studies, galleries)
        all_numbers = numbers(studies, galleries, found, {"rng": seed})
        html = page(studies, galleries, found, compared, all_numbers)
    _write(target.with_suffix(".json"), json.dumps(all_numbers, allow_nan=False))
    _write(target, html)
    return target


def _target(path: str | PathLike[str]) -> Path:
    try:
        target = Path(path)
    except TypeError as error:
        raise DataTypeError(f"path must name a file; got {path!r}.") from error
    if target.suffix.lower() not in _SUFFIXES:
        raise DataError(f"path must end in .html; got {str(path)!r}.")
    if not target.parent.is_dir() or target.is_dir():
        raise DataError(f"path must name a file in an existing folder; got {target}.")
    return target


def _checked_models(
    models: Mapping[str, Any] | None, named_latents: Mapping[str, Any]
) -> dict[str, Any]:
    if not named_latents:
        raise DataError("report needs named sets, like report('report.html', vae=z); got none.")
    brought = dict(models or {})
    unknown = sorted(set(brought) - set(named_latents))
    if unknown:
        raise DataError(
            f"models must be named like their latents, {', '.join(named_latents)}; got "
            f"{', '.join(unknown)}."
        )
    return {name: checked(model) for name, model in brought.items()}


def _write(path: Path, text: str) -> None:
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")
