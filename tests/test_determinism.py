"""The same seed gives the same bits, however many threads there are."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

PROGRAM = textwrap.dedent(
    """
    import json, os
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(os.environ["N_THREADS"])])
    import numpy as np, latentscope
    rng = np.random.default_rng(0)
    z = (rng.standard_normal((20_000, 64)) * np.geomspace(3, 0.3, 64) + 1).astype(np.float32)
    results = [
        latentscope.overview(z),
        latentscope.inertia_curve(z, n_clusters=range(2, 12), rng=3),
        latentscope.plane_zoom(z),
    ]
    results += [
        latentscope.intrinsic_dimension(z, n_points=4000),
        latentscope.cluster_gap(z, n_clusters=(1, 2, 3), n_null=19, n_points=400),
    ]
    labels = {"high": z[:, 3] > 1}
    results += [
        latentscope.support(z, z[:50]),
        latentscope.direction(latentscope.Latents(z, labels=labels), "high"),
    ]
    results += [latentscope.normality(z, n_null=19, n_points=500, rng=2)]
    draws = [latentscope.sample.gaussian(z, 5, rng=1), latentscope.sample.core(z, 5, rng=1)]
    print(json.dumps([result.to_dict() for result in results] + [x.tolist() for x in draws]))
    """
)


def run(n_threads):
    names = ("N_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
    settings = {name: str(n_threads) for name in names}
    command = [sys.executable, "-c", PROGRAM]
    environment = os.environ | settings
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be chosen")
def test_one_thread_and_two():
    assert run(1) == run(2)
