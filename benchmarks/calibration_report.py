"""How often does a whole report claim what is not there, and does it say what is there?

``python benchmarks/calibration_report.py --kept runs/report.jsonl`` makes the reports, about twenty
seconds each on one core, and prints the section. Finished reports are kept, so that an interrupted
run continues; ``--only`` prints what there is. The t-SNE maps and the pictures are left out: no
claim rests on them.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from calibration_report_clouds import KNOWN, N_LABELS, N_POINTS, PLAIN, Z_DIM, Cloud
from scipy.stats import beta

from latentscope import Latents
from latentscope.analysis._dimension_words import meaning
from latentscope.reporting.answers import corrected
from latentscope.reporting.asking import studied
from latentscope.reporting.questions import QUESTIONS
from latentscope.reporting.questions.clusters import CURVE, GAP
from latentscope.reporting.questions.dimension import DIMENSION
from latentscope.reporting.questions.labels import labels_of
from latentscope.reporting.questions.normality import NORMALITY
from latentscope.reporting.questions.random_points import RANDOM_POINTS
from latentscope.reporting.questions.scan import SCAN
from latentscope.reporting.study import Study
from latentscope.statistics import ALPHA

N_REPORTS, N_KNOWN = 75, 5  # of each cloud without structure, and of each with known structure
FIRST_SEED = 5000  # nothing was adjusted on these
OTHER_SEEDS = 1_000_000  # of the methods, which must not draw what the clouds drew
ASKED = tuple(one for one in QUESTIONS if one.key not in ("tsne", "pictures"))
TESTED = {  # questions whose claims rest on a p-value, by what the claims are about
    "structure": "scan", "clusters": "clusters", "normality": "normality", "labels": "labels",
}  # fmt: skip
SHAPES = ("constant", "few values", "repeated value", "several humps", "flat", "skewed")

TEXT = """## The whole report

A report asks many questions, and each may be answered wrongly. Whole reports (all but the t-SNE
maps and the pictures) were made of {n_points:,} points in {z_dim} axes, with {n_labels} labels that
are assigned at random. The clouds of the first table have no structure. *Reports with a claim*
counts those that say anything that is not so, with the 95 % interval of their share by binomial
error; then what the claims are about. That a cloud is not Gaussian is true of t10, and not counted
there. {n_made} of {n_planned} such reports have been made.

{plain}

The clouds of the second table have a known structure. *Says it* counts the reports that say what
the second column says, *and more* those that also claim something that is not so.

{known}
"""


def measure(kept: Path, seed: int = FIRST_SEED, *, more: bool = True) -> str:
    """Return the section, from the kept reports and as many more as are missing."""
    if more:
        for cloud, name, one in missing(kept, seed):
            claimed, _ = made(cloud.draw(np.random.default_rng(one)), OTHER_SEEDS + one)
            keep(kept, {"cloud": name, "seed": one, "claims": claimed})
    found = [one for one in read(kept) if one["seed"] >= seed]
    return TEXT.format(
        n_points=N_POINTS, z_dim=Z_DIM, n_labels=N_LABELS,
        n_made=sum(one["cloud"] in PLAIN for one in found), n_planned=N_REPORTS * len(PLAIN),
        plain=plain(found), known=known(found),
    )  # fmt: skip


def missing(kept: Path, seed: int) -> Iterator[tuple[Cloud, str, int]]:
    """Yield what remains to be made: one report of each cloud, then the next of each.

    The clouds of known structure take part in every fourth round.
    """
    done = {(one["cloud"], one["seed"]) for one in read(kept)}
    for i in range(N_REPORTS):
        rounds = [(PLAIN, i)] + [(KNOWN, i // 4)] * (i % 4 == 3 and i // 4 < N_KNOWN)
        for clouds, k in rounds:
            for name, cloud in clouds.items():
                if (name, seed + k) not in done:
                    done.add((name, seed + k))
                    yield cloud, name, seed + k


def read(kept: Path) -> list[dict[str, Any]]:
    """Return the kept reports; a line that was cut off is left out."""
    if not kept.exists():
        return []
    lines = kept.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


def keep(kept: Path, one: dict[str, Any]) -> None:
    """Add a report."""
    with kept.open("a", encoding="utf-8") as file:
        file.write(json.dumps(one) + "\n")


def made(latents: Latents, seed: int) -> tuple[dict[str, str], dict[str, float]]:
    """Make a report; return what it claims, by what it is about, and its p-values."""
    with tempfile.TemporaryDirectory() as folder:
        study = studied("z", latents, Path(folder), seed, lambda _: None, questions=ASKED)
    tests = corrected(study, ASKED)
    unsure = {key for key, (_, p) in tests.items() if p > ALPHA}
    said = {
        about: claim for about, claim in claims(study) if claim and TESTED.get(about) not in unsure
    }
    return said, {key: p for key, (_, p) in tests.items()}


def claims(study: Study) -> Iterator[tuple[str, str]]:
    """Yield what a report claims, by what it is about; empty where it claims nothing."""
    yield from overview_claims(study)
    scan, gap, curve = SCAN.of(study), GAP.of(study), CURVE.of(study)
    normality, dimension = NORMALITY.of(study), DIMENSION.of(study)
    yield "structure", scan.sign[0] if scan and scan.is_structured[0] else ""
    yield "dimension", meaning(dimension) if dimension else ""
    yield "clusters", str(gap.best or "") if gap else ""
    yield "elbow", str(curve.elbow or "") if curve else ""
    yield "normality", normality.kind if normality and normality.p_value <= ALPHA else ""
    yield "posterior", verdict(study, "posterior")
    supports = RANDOM_POINTS.of(study)
    yield "directions", str(next(iter(supports.values())).n_directions) if supports else ""
    yield "labels", ", ".join(sorted(one.name for one in labels_of(study).clear))


def overview_claims(study: Study) -> Iterator[tuple[str, str]]:
    """Yield what the overview claims."""
    overview = study.overview
    yield "rows", ", ".join(note.kind for note in overview.notes)
    yield "radius", verdict(study, "radius").partition(", ")[2]
    counts = {shape: overview.axes.shape.count(shape) for shape in SHAPES}
    yield "axes", ", ".join(f"{n} {shape}" for shape, n in counts.items() if n)
    yield "noise", str(overview.pca.n_above_noise or "")


def verdict(study: Study, key: str) -> str:
    """Return the verdict on a question; empty if it is not answered."""
    (question,) = (one for one in QUESTIONS if one.key == key)
    answer = question.answer(study)
    return answer.verdict if answer else ""


def plain(found: list[dict[str, Any]]) -> str:
    """Return the table of the clouds without structure."""
    about: list[str] = []
    rows = []
    for name, cloud in PLAIN.items():
        wrong = [cloud.wrong(one["claims"]) for one in found if one["cloud"] == name]
        about += sorted({key for one in wrong for key in one} - set(about))
        rows.append((name, wrong))
    head = ["cloud", "reports", "reports with a claim", *about]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for name, wrong in rows:
        counts = [sum(key in one for one in wrong) for key in about]
        cells = [name, len(wrong), share(sum(map(bool, wrong)), len(wrong)), *counts]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def known(found: list[dict[str, Any]]) -> str:
    """Return the table of the clouds with a known structure."""
    lines = ["| cloud | says | reports | says it | and more |", "|---" * 5 + "|"]
    for name, cloud in KNOWN.items():
        made = [one["claims"] for one in found if one["cloud"] == name]
        n_right = sum(cloud.is_said(one) for one in made)
        wrong = sum(bool(cloud.wrong(one)) for one in made)
        lines.append(f"| {name} | {cloud.truth} | {len(made)} | {n_right} | {wrong} |")
    return "\n".join(lines)


def share(k: int, n: int) -> str:
    """Return k of n with the 95 % interval of Clopper and Pearson."""
    if not n:
        return "–"
    low = beta.ppf(0.025, k, n - k + 1) if k else 0.0
    high = beta.ppf(0.975, k + 1, n - k) if k < n else 1.0
    return f"{k}: {k / n:.1%} ({low:.1%} to {high:.1%})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kept", type=Path, default=Path("runs/report.jsonl"))
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="of the first report")
    parser.add_argument("--only", action="store_true", help="print what there is, make no more")
    arguments = parser.parse_args()
    print(measure(arguments.kept, arguments.seed, more=not arguments.only))
