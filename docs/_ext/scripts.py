"""With which arguments does the gallery run a script?"""

from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent.parent / "_build"


def arguments(_: dict[str, Any], variables: dict[str, Any]) -> list[str]:
    """Let scripts that save a figure save it among what was built."""
    script = Path(variables["src_file"])
    if "argparse" not in script.read_text(encoding="utf-8"):
        return []
    _FOLDER.mkdir(exist_ok=True)
    return ["--points", "20000", "--out", str(_FOLDER / f"{script.stem}.png")]
