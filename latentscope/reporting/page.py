"""The page: a template filled with answers, figures and tables, everything escaped."""

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup

from latentscope._table import Table, show
from latentscope._version import __version__
from latentscope.analysis.compare import Comparison
from latentscope.reporting.albums import N_HEADLINE, Gallery
from latentscope.reporting.answers import Answer
from latentscope.reporting.captions import TOPICS
from latentscope.reporting.figures import Drawer
from latentscope.reporting.study import Study

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "openTSNE", "matplotlib", "h5py", "tensorflow")
_N_ROWS = 12  # of a table
_BULKY = ("components", "xy", "indices")  # one number per point, or z_dim² of them


def page(
    studies: list[Study],
    galleries: dict[str, Gallery | None],
    found: list[Answer],
    compared: Comparison | None,
    numbers: dict[str, Any],
) -> str:
    """Return the HTML."""
    drawer = Drawer()
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("latentscope.reporting", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["show"] = show
    return environment.get_template("page.html").render(
        studies=studies,
        answers=found,
        galleries={name: one for name, one in galleries.items() if one},
        n_headline=N_HEADLINE,
        topics=TOPICS,
        figures={study.name: _markup(drawer.of(study)) for study in studies},
        comparison=[Markup(svg) for svg in drawer.comparison(compared)] if compared else [],
        tables={study.name: _tables(study) for study in studies},
        compared=compared and compared.table(),
        about=numbers["about"],
        plain=_plain,
        numbers=Markup(json.dumps(numbers, allow_nan=False).replace("<", "\\u003c")),
    )


def numbers(
    studies: list[Study],
    galleries: dict[str, Gallery | None],
    found: list[Answer],
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Return the numbers of the report, JSON-ready, without those of single points."""
    return {
        "about": {
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "settings": settings,
            "versions": _versions(),
        },
        "answers": [
            {"question": one.question, "sets": [dict(zip(("set", "verdict", "text"), line,
             strict=True)) for line in one.lines]} for one in found
        ],
        "sets": {study.name: _of_set(study, galleries.get(study.name)) for study in studies},
    }  # fmt: skip


def _of_set(study: Study, gallery: Gallery | None) -> dict[str, Any]:
    results = {
        "overview": study.overview,
        "planes": study.planes,
        "clusters": study.clusters,
        "tsne": study.map,
        "tsne of a Gaussian": study.null_map,
    }
    return {
        "n_used": study.overview.n_used,
        "n_total": study.overview.n_total,
        **{name: one and _without_bulk(one.to_dict()) for name, one in results.items()},
        "random points": {kind: one.to_dict() for kind, one in study.supports.items()},
        "labels": [one.to_dict() for one in study.directions],
        "pictures": _of_gallery(gallery) if gallery else None,
        "left out": study.left_out,
        "remarks": study.remarks,
        "meta": _plain(study.meta),
    }


def _of_gallery(gallery: Gallery) -> list[dict[str, Any]]:
    sheets = [*gallery.random, *gallery.uniform, *gallery.between, *gallery.along]
    sheets += gallery.reconstructions
    return [
        {"title": one.title, "distance": one.distance, "radius": one.radius, "score": one.score}
        for one in sheets
    ]


def _without_bulk(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out what grows with the points; the kept results beside the report have it."""
    return {
        name: _without_bulk(value) if isinstance(value, dict) else value
        for name, value in fields.items()
        if name not in _BULKY
    }


def _tables(study: Study) -> list[tuple[str, Table]]:
    """Return the tables of one set, with their titles."""
    found = study.overview
    tables = [
        ("Headline numbers", found.table()),
        (f"Dominant axes, the first {_N_ROWS} of {found.axes.z_dim}", found.axes.dominant(_N_ROWS)),
        (f"Principal components, the first {_N_ROWS}", _head(found.pca.table())),
    ]
    if study.planes is not None:
        tables.append(("Windows of the plane of the first two components", study.planes.table()))
    if study.clusters is not None:
        tables.append(("K-means", study.clusters.table()))
    if found.posterior is not None:
        tables.append(("Posterior", found.posterior.table()))
    if study.supports:
        tables.append(("Random points", _support_table(study)))
    if study.directions:
        tables.append(("Directions of the labels", _label_table(study)))
    return tables


def _head(table: Table) -> Table:
    return Table(**{name: column[:_N_ROWS] for name, column in table.items()})


def _support_table(study: Study) -> Table:
    found = list(study.supports.values())
    columns: dict[str, list[Any]] = {
        "points of": list(study.supports),
        "distance, median": [float(np.median(one.distance)) for one in found],
        "share where 99.8 % of the data lie": [one.share_on_shell for one in found],
        "data, 0.1 %": [one.shell[0] for one in found],
        "data, median": [one.shell[1] for one in found],
        "data, 99.9 %": [one.shell[2] for one in found],
    }
    return Table(**columns)


def _label_table(study: Study) -> Table:
    found = study.directions
    columns: dict[str, list[Any]] = {
        "label": [one.label for one in found],
        "with": [one.n_with for one in found],
        "without": [one.n_without for one in found],
        "length": [one.length for one in found],
        "by chance": [one.chance_length for one in found],
        "separation in σ": [one.separation for one in found],
    }
    return Table(**columns)


def _plain(meta: dict[str, Any]) -> Any:
    """Return what JSON holds: the meta itself, or else how Python writes it."""
    try:
        return json.loads(json.dumps(meta, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return repr(meta)


def _markup(figures: dict[str, list[str]]) -> dict[str, list[Markup]]:
    return {topic: [Markup(svg) for svg in drawn] for topic, drawn in figures.items()}


def _versions() -> dict[str, str]:
    found = {"latentscope": __version__, "python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return found
