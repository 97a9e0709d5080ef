"""Several devices and several workers learn what one device learns."""

import json
import os
import socket
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import numpy as np
import pytest
from latentscope_tensorflow import distributed

from latentscope.errors import DataError

START = """
    import json, sys
    import numpy as np
    import tensorflow as tf
    from latentscope.datasets import drawn_faces
    from latentscope_tensorflow import preset, train

    def run(folder, epochs, strategy=None, batch_norm=False):
        config = preset(
            "celeba-vae", image_shape=(32, 32, 3), z_dim=8, filters=(8, 16), kernels=(3, 3),
            strides=(2, 2), batch_size=64, batch_norm=batch_norm,
        )
        faces = drawn_faces(210, size=32)  # of which 21 validate: an odd batch for two devices
        model = train(faces, config, folder=folder, epochs=epochs, strategy=strategy)
        parts = [*model.encoder.get_weights(), *model.decoder.get_weights()]
        return np.concatenate([np.ravel(part) for part in parts]), model.meta["history"]

    def end(weights, history):
        print(json.dumps({"weights": weights.tolist(), "history": history}))
"""
ONE = "end(*run(sys.argv[1], 2))"
TWO_DEVICES = """
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    end(*run(sys.argv[1], 2, strategy, len(sys.argv) > 2))
"""
WORKER = """
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    end(*run(sys.argv[1], int(sys.argv[2]), strategy))
"""


def start(code, *arguments, **environment):
    command = [sys.executable, "-c", textwrap.dedent(START) + textwrap.dedent(code)]
    return subprocess.Popen(
        [*command, *map(str, arguments)],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process):
    out, error = process.communicate(timeout=240)
    assert process.returncode == 0, error[-3000:]
    found = json.loads(out.splitlines()[-1])
    return np.array(found["weights"]), found["history"]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return end(start(ONE, tmp_path_factory.mktemp("alone") / "run"))


def assert_same_training(found, expected):
    """Sums are taken in another order: as far apart as rounding takes two epochs of Adam."""
    assert np.abs(found[0] - expected[0]).max() < 1e-5
    assert found[1].keys() == expected[1].keys()
    for name, values in expected[1].items():
        np.testing.assert_allclose(found[1][name], values, rtol=1e-4, err_msg=name)


@pytest.mark.slow
def test_two_devices_equal_one(alone, tmp_path):
    assert_same_training(end(start(TWO_DEVICES, tmp_path / "run")), alone)


@pytest.mark.slow
def test_two_devices_with_batch_norm_train(alone, tmp_path):
    """Each device normalises by its own part of the batch, so this is another training."""
    weights, history = end(start(TWO_DEVICES, tmp_path / "run", "batch_norm"))
    assert np.isfinite(weights).all()
    assert len(weights) > len(alone[0])  # scales, offsets and moving averages
    assert history["total_loss"][1] < history["total_loss"][0]


@pytest.mark.parametrize(
    ("cluster", "task", "is_chief"),
    [
        (("worker", "worker"), ("worker", 0), True),
        (("worker", "worker"), ("worker", 1), False),
        (("chief", "worker"), ("chief", 0), True),
        (("chief", "worker"), ("worker", 0), False),
        ((), ("", None), True),
    ],
)
def test_one_process_writes(cluster, task, is_chief):
    spec = SimpleNamespace(as_dict=lambda: {kind: [] for kind in cluster})
    resolver = SimpleNamespace(task_type=task[0], task_id=task[1], cluster_spec=lambda: spec)
    assert distributed.is_chief(SimpleNamespace(cluster_resolver=resolver)) == is_chief
    assert distributed.is_chief(SimpleNamespace(cluster_resolver=None))


def test_batches_that_devices_cannot_share_are_refused():
    two = SimpleNamespace(num_replicas_in_sync=2)
    distributed.check_batch_size(64, two)
    with pytest.raises(
        DataError, match="batch_size must be a multiple of 2, the number of devices; got 63"
    ):
        distributed.check_batch_size(63, two)


def cluster(task, ports):
    workers = [f"localhost:{port}" for port in ports]
    task = {"type": "worker", "index": task}
    return {"TF_CONFIG": json.dumps({"cluster": {"worker": workers}, "task": task})}


def free_ports():
    with socket.socket() as one, socket.socket() as two:
        one.bind(("localhost", 0))
        two.bind(("localhost", 0))
        return [one.getsockname()[1], two.getsockname()[1]]


@pytest.mark.slow
def test_two_workers_that_stop_and_continue_equal_one(alone, tmp_path):
    folder = tmp_path / "run"
    for epochs in (1, 2):
        ports = free_ports()
        workers = [start(WORKER, folder, epochs, **cluster(task, ports)) for task in (0, 1)]
        found = [end(worker) for worker in workers]
    for one in found:
        assert_same_training(one, alone)
    assert {"encoder.keras", "decoder.keras", "model.json"} <= set(os.listdir(folder))
