"""Do the tests of structure keep their level, what do they detect, and what do they miss?

``python benchmarks/calibration.py --kept runs/calibration --write docs/calibration.md`` runs all
parts and writes the page; each part also runs alone. Finished parts are kept, so that an
interrupted run continues. About an hour on two cores, and three more for the whole reports.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import calibration_celeba
import calibration_clusters
import calibration_dimension
import calibration_labels
import calibration_models
import calibration_normality
import calibration_planes
import calibration_repeats
import calibration_report
import calibration_ridges

HEAD = """# Calibration: how often the tests are right

A p-value can be trusted only if its test has been checked on data whose truth is known. Here every
test of structure is run on simulated points. Points without structure show whether it rejects as
often as it claims (its level); points with known structure show what it detects (its power) and
what it cannot detect. This page was made by
`python benchmarks/calibration.py --celeba RUNS --write docs/calibration.md`, where RUNS is the
folder with the runs of `benchmarks/celeba_training.py`.
"""


def parts(folder: Path, celeba: Path | None) -> dict[str, Callable[[], str]]:
    """Return what makes each section."""
    made = {
        "planes": lambda: calibration_planes.measure(folder),
        "ridges": calibration_ridges.measure,
        "dimension": calibration_dimension.measure,
        "normality": calibration_normality.measure,
        "clusters": calibration_clusters.measure,
        "labels": calibration_labels.measure,
        "report": lambda: calibration_report.measure(folder / "report.jsonl"),
        "repeats": lambda: calibration_repeats.measure(folder / "repeats.jsonl"),
        "models": lambda: calibration_models.measure(folder),
    }
    if celeba:
        made["celeba"] = lambda: calibration_celeba.measure(celeba)
    return made


def page(folder: Path, celeba: Path | None) -> str:
    """Return the page; sections that were made before are not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = [HEAD]
    for name, make in parts(folder, celeba).items():
        path = folder / f"section-{name}.md"
        if not path.exists():
            path.write_text(make(), encoding="utf-8")
        sections.append(path.read_text(encoding="utf-8"))
    return "\n".join(section.strip() + "\n" for section in sections)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kept", type=Path, default=Path("runs/calibration"))
    parser.add_argument("--celeba", type=Path, metavar="RUNS", help="runs of celeba_training.py")
    parser.add_argument("--write", type=Path, metavar="PATH", help="write the page here")
    arguments = parser.parse_args()
    text = page(arguments.kept, arguments.celeba)
    print(text)
    if arguments.write:
        arguments.write.write_text(text, encoding="utf-8")
