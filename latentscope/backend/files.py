"""File tools for backends: recognise files, open archives safely, write files completely."""

from latentscope._disk.atomic import replacing
from latentscope._disk.lock import only_writer
from latentscope._disk.paths import existing, first_bytes, looks_like
from latentscope._disk.zips import text_in, unzipped

__all__ = [
    "existing",
    "first_bytes",
    "looks_like",
    "only_writer",
    "replacing",
    "text_in",
    "unzipped",
]
