"""Rows of any source, in memory or not, and the single driver that reduces them to summaries.

:func:`reduce` also accepts a :class:`Summary` of your own. It updates the summary block by block,
merges partial summaries in the order of the rows, and computes where the rows are: in this process,
or in Dask's workers.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latentscope.rows.reduction import collect, reduce, row_numbers, sample_rows, take
    from latentscope.rows.source import Rows, as_rows, finite_rows
    from latentscope.rows.summaries import Block, Collected, Summary

__all__ = [
    "Block", "Collected", "Rows", "Summary", "as_rows", "collect", "finite_rows", "reduce",
    "row_numbers", "sample_rows", "take",
]  # fmt: skip

_HOME = {  # public name: the module that defines it, imported on first use
    "Block": "summaries",
    "Collected": "summaries",
    "Rows": "source",
    "Summary": "summaries",
    "as_rows": "source",
    "collect": "reduction",
    "finite_rows": "source",
    "reduce": "reduction",
    "row_numbers": "reduction",
    "sample_rows": "reduction",
    "take": "reduction",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in _HOME:
            return getattr(import_module(f"latentscope.rows.{_HOME[name]}"), name)
        raise AttributeError(f"module 'latentscope.rows' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
