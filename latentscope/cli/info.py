"""``latentscope info``: what a file holds, without reading its rows."""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import click

from latentscope._table import Table
from latentscope.cli._errors import in_options
from latentscope.cli._files import How, loading, opened
from latentscope.cli._help import SETTINGS, examples
from latentscope.cli._options import public
from latentscope.cli._output import JSON, echo, show_json
from latentscope.errors import DataError, LatentscopeWarning

_MAX_ENTRIES = 8  # entries of a list that are shown
_MAX_ARRAYS = 40  # arrays shown


@click.command(
    context_settings=SETTINGS,
    help="What does the file contain?\n\nReads no rows, where the format allows.",
    epilog=examples("latentscope info latents.h5", "latentscope info cells.h5ad --json"),
)
@click.argument("file", type=click.Path())
@loading
@JSON
def info(file: str, how: How, as_json: bool) -> None:
    """Open the file and describe it: what is used as z, or all arrays if that is not clear."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LatentscopeWarning)  # they are among the notes
            with opened(file, how) as latents:
                found = _described(file, latents)
    except DataError as error:
        if how.loading["isolated"]:
            raise  # this process must not open the file
        found = _listed(file, how, error)
    if as_json:
        show_json(found)
    else:
        echo(_text(found) if "kind" in found else _text_of_listed(found))


def _described(file: str, latents: Any) -> dict[str, Any]:
    return {
        "file": file,
        "kind": latents.kind,
        "n_points": latents.n_points,
        "z_dim": latents.z_dim,
        "arrays": {
            name: {"dtype": str(array.dtype), "shape": list(array.shape)}
            for name, array in latents.arrays.items()
        },
        "has_ids": latents.ids is not None,
        "labels": {name: _kind(column) for name, column in latents.labels.items()},
        "meta": dict(latents.meta),
        "origin": dict(latents.origin),
    }


def _listed(file: str, how: How, error: DataError) -> dict[str, Any]:
    """Return all arrays of a file in which z is not clear."""
    checks = {name: how.loading[name] for name in ("allow_incomplete", "trust_links")}
    contents = public("contents")(file.rpartition("::")[0] or file, **checks)
    contents.close()
    return {
        "file": file,
        "format": contents.format,
        "contents": {
            path: {"dtype": item.dtype, "shape": list(item.shape)}
            for path, item in contents.items.items()
        },
        "z": f"not clear: {in_options(error, info)}",
    }


def _text_of_listed(found: dict[str, Any]) -> str:
    shown = dict(list(found["contents"].items())[:_MAX_ARRAYS])
    table = Table(
        array=list(shown),
        dtype=[item["dtype"] for item in shown.values()],
        shape=[" × ".join(f"{n:,}" for n in item["shape"]) for item in shown.values()],
    )
    n_all = len(found["contents"])
    more = f"\n… ({n_all:,} in all)" if len(shown) < n_all else ""
    return f"{found['file']}: {found['format']}\n{table!r}{more}\nz is {found['z']}"


def _kind(column: Any) -> str:
    return "text" if column.dtype.kind in "OUT" else str(column.dtype)


def _text(found: dict[str, Any]) -> str:
    points, dimensions = found["n_points"], found["z_dim"]
    places = found["origin"]["read_from"]
    arrays = {
        name: f"{x['dtype']}, {' × '.join(f'{n:,}' for n in x['shape'])}{_place(places, name)}"
        for name, x in found["arrays"].items()
    }
    labels = {
        name: f"{kind}{_place(places, f'labels/{name}')}" for name, kind in found["labels"].items()
    }
    facts = {
        "format": found["origin"]["format"],
        **arrays,
        "ids": f"yes{_place(places, 'ids')}" if found["has_ids"] else "no",
        **{f"label {name}": text for name, text in labels.items()},
        **dict(_flat(found["meta"], "meta")),
    }
    title = f"{found['file']}: {found['kind'].upper()}, {points:,} points, {dimensions:,} axes"
    notes = "".join(f"\nNote: {note}" for note in found["origin"]["notes"])
    return f"{title}\n{Table(what=list(facts), value=list(facts.values()))!r}{notes}"


def _place(places: Mapping[str, str], part: str) -> str:
    """Return where a part was read from, unless its own name says so."""
    place = places.get(part, part)
    return "" if place == part else f", from {place}"


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield the entries of nested mappings under dotted names; of a long list, length and end."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}")
    elif isinstance(value, list) and len(value) > _MAX_ENTRIES:
        yield name, f"{len(value):,} entries, the last {value[-1]}"
    else:
        yield name, str(value)
