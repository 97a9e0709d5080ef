"""Does a whole report of the same points say the same with another seed of its random draws?

``python benchmarks/calibration_repeats.py --kept runs/repeats.jsonl`` makes the reports, about
twenty seconds each on one core, and prints the section. Finished reports are kept, so that an
interrupted run continues.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from calibration_report import OTHER_SEEDS, TESTED, keep, made, read
from calibration_report_clouds import KNOWN, PLAIN

from latentscope.statistics import ALPHA

N_REPEATS = 20
DRAWN_WITH = 7000  # seed of the points
CLOUDS = {
    name: (PLAIN | KNOWN)[name]
    for name in ("N(0, I)", "t10", "banana", "two crescents", "filament")
}
ABOUT = (  # what rests on random draws
    "structure", "dimension", "clusters", "elbow", "normality", "labels", "directions",
)  # fmt: skip
NEAR = 2  # factor between a p-value and 5 %, within which a verdict may change

TEXT = """## The same points, other seeds

{n} whole reports were made of the same points of each cloud, with other seeds of all that is drawn
at random: halves, null sets, starts. Of all statements in them, {share} are the one that most of
the {n} make. Left out are those whose p-value, corrected, is between 0.025 and 0.1 in this report.
What does not repeat in all:

| cloud | about | what it says, and how often |
|---|---|---|
{changed}
"""


def measure(kept: Path) -> str:
    """Return the section, from the kept reports and as many more as are missing."""
    done = {(one["cloud"], one["seed"]) for one in read(kept)}
    for seed in range(N_REPEATS):
        for name, cloud in CLOUDS.items():
            if (name, seed) not in done:
                latents = cloud.draw(np.random.default_rng(DRAWN_WITH))
                claims, p_values = made(latents, OTHER_SEEDS + seed)
                keep(kept, {"cloud": name, "seed": seed, "claims": claims, "p": p_values})
    return section(read(kept))


def section(reports: list[dict[str, Any]]) -> str:
    """Return the share of statements that repeat, and those that do not."""
    n_same, n_all, changed = 0, 0, []
    for name, about, said in statements(reports):
        counts = Counter(said).most_common()
        n_same += counts[0][1] if counts else 0
        n_all += len(said)
        if len(counts) > 1:
            listed = "; ".join(f"{claim or 'nothing'}: {n}" for claim, n in counts)
            changed.append(f"| {name} | {about} | {listed} |")
    share = f"{n_same / n_all:.1%}" if n_all else "none"
    return TEXT.format(n=N_REPEATS, share=share, changed="\n".join(changed))


def statements(reports: list[dict[str, Any]]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield cloud, subject, and what its reports say, but where the p-value is near 5 %."""
    for name in CLOUDS:
        of_cloud = [one for one in reports if one["cloud"] == name]
        for about in ABOUT:
            key = TESTED.get(about)
            yield (
                name,
                about,
                [one["claims"].get(about, "") for one in of_cloud if not near(one["p"].get(key))],
            )


def near(p: float | None) -> bool:
    """Return True if a p-value is so near 5 % that a verdict may change."""
    return p is not None and ALPHA / NEAR < p < ALPHA * NEAR


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kept", type=Path, default=Path("runs/repeats.jsonl"))
    print(measure(parser.parse_args().kept))
