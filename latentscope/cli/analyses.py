"""One command for each analysis of a single file, with the options of its function."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from latentscope._table import Table
from latentscope.cli._files import How, opened, reading
from latentscope.cli._help import examples
from latentscope.cli._options import FromFunctions, chosen, public
from latentscope.cli._output import first_rows, show, writing

_QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


def _analysis(
    function: str,
    question: str,
    *commands: str,
    table: Callable[[Any], Table] | None = lambda result: result.table(),
    n_rows: int = 40,
) -> click.Command:
    """Return the command that calls a public function on a file and shows its result."""

    def text(result: Any) -> str:
        rows = first_rows(table(result), n_rows) if table else ""
        return "\n".join(filter(None, [repr(result), rows, getattr(result, "verdict", "")]))

    @reading
    @writing
    @click.argument("file", type=click.Path())
    def run(
        file: str,
        how: How,
        as_json: bool,
        plot: Path | None,
        **options: Any,
    ) -> None:
        with opened(file, how) as latents:
            result = public(function)(latents, **chosen(options))
        show(result, as_json=as_json, plot=plot, text=text)

    return click.command(
        cls=FromFunctions, functions=[function], help=question, epilog=examples(*commands)
    )(run)


def _shells(radius: Any) -> Table:
    """Return the radii below which given shares of the points lie."""
    return Table(
        share=list(_QUANTILES), radius_below=[radius.quantile(share) for share in _QUANTILES]
    )


overview = _analysis(
    "overview",
    "All that a single pass over the file can answer.",
    "latentscope overview latents.h5 --plot overview.png",
)
radius = _analysis(
    "radius_density",
    "How far from the origin do the points lie?",
    "latentscope radius latents.h5",
    "latentscope radius latents.h5 --bin-width 0.1 --plot radius.pdf",
    table=_shells,
)
axes = _analysis(
    "axis_density",
    "Which axes are broad or off-centre?",
    "latentscope axes latents.h5 --finite",
    n_rows=12,
)
pca = _analysis(
    "pca",
    "Which directions carry the variance, and which are noise?",
    "latentscope pca latents.h5 --key mu --n-components 4",
    "latentscope pca latents.h5 --json > pca.json",
    n_rows=20,
)
planes = _analysis(
    "plane_zoom",
    "What does a plane look like as you zoom in?",
    "latentscope planes latents.h5 --axes 0,1 --half-widths inf,1,0.25 --plot planes.png",
    "latentscope planes latents.h5 --space latent --center 0,0",
)
structure = _analysis(
    "plane_structure",
    "Does a plane hold filaments or voids, beyond chance?",
    "latentscope structure latents.h5",
    "latentscope structure latents.h5 --axes 0,1 --half-width 1 --null smooth --plot plane.png",
)
scan = _analysis(
    "scan_planes",
    "Which of many planes hold filaments or voids?\n\nCorrected for the number of windows tested.",
    "latentscope scan latents.h5 --n-axes 3 --n-null 99",
    "latentscope scan latents.h5 --n-axes 3 --window-points 100 --null smooth --plot scan.png",
    n_rows=20,
)
clusters = _analysis(
    "inertia_curve",
    "Are there clusters? (The inertia of k-means for every k)\n\nCompares it with a Gaussian's.",
    "latentscope clusters latents.h5 --n-clusters 2:11:2",
    "latentscope clusters latents.h5 --n-clusters 2,4,8 --seed 1",
)
gap = _analysis(
    "cluster_gap",
    "Are there clusters, or none?\n\nGroups with few points between them; k-means beside it.",
    "latentscope gap latents.h5 --n-null 19 --plot gap.png",
    "latentscope gap latents.h5 --n-clusters 2:7:1 --n-null 19 --n-points 200",
)
dimension = _analysis(
    "intrinsic_dimension",
    "How many dimensions do the points fill?",
    "latentscope dimension latents.h5 --plot dimension.png",
    "latentscope dimension latents.h5 --method mle --n-points 300",
)
tsne = _analysis(
    "tsne",
    "Which points are neighbours?",
    "latentscope tsne latents.h5 --n-points 300 --n-pca 4 --n-iter 250 --plot tsne.png",
    table=None,
)
posterior = _analysis(
    "posterior",
    "Does z differ from mu? Which axes has the VAE collapsed?",
    "latentscope posterior latents.h5",
)
correlation = _analysis(
    "correlation",
    "Which axes are correlated by more than chance?",
    "latentscope correlation latents.h5 --plot correlation.png",
)
ellipsoid = _analysis(
    "ellipsoid",
    "Which ellipse holds 95 % of the points in a plane?",
    "latentscope ellipsoid latents.h5 --axes 0,1 --plot ellipses.png",
    "latentscope ellipsoid latents.h5 --axes 0,1,2 --radii 1,2,3",
)
ridges = _analysis(
    "ridges",
    "Where do filaments run, and would they arise by chance?",
    "latentscope ridges latents.h5 --half-width 1 --n-boot 20 --plot ridges.png",
)
normality = _analysis(
    "normality",
    "Is the cloud Gaussian, and if not, how far from it?",
    "latentscope normality latents.h5",
    "latentscope normality latents.h5 --n-null 19 --n-points 300 --plot normality.png",
)
