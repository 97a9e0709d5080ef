"""Save the README's picture of hidden curves: the figure of examples/hidden_curves.py.

Run ``python benchmarks/hidden_curves_picture.py --write docs/images/hidden-curves.png``.
"""

import argparse
import io
import runpy
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from PIL import Image

EXAMPLE = Path(__file__).parent.parent / "examples" / "hidden_curves.py"

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", metavar="PATH", required=True)
    arguments = parser.parse_args()
    mpl.rcParams["figure.dpi"] = 110
    runpy.run_path(str(EXAMPLE))
    file = io.BytesIO()
    plt.gcf().savefig(file)
    Image.open(file).convert("RGB").quantize(64).save(arguments.write, optimize=True)
