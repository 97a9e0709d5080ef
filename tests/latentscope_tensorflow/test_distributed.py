"""Several devices and several workers learn what one device learns."""

import json
import os
import socket
import subprocess
import sys
import textwrap

import numpy as np
import pytest

START = """
    import json, sys
    import numpy as np
    import tensorflow as tf
    from latentscope.datasets import drawn_faces
    from latentscope_tensorflow import preset, train

    def run(folder, epochs, strategy=None):
        config = preset(
            "celeba-vae", image_shape=(32, 32, 3), z_dim=8, filters=(8, 16), kernels=(3, 3),
            strides=(2, 2), batch_size=64, batch_norm=False,
        )
        faces = drawn_faces(200, size=32)
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
    end(*run(sys.argv[1], 2, strategy))
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


def test_two_devices_equal_one(alone, tmp_path):
    assert_same_training(end(start(TWO_DEVICES, tmp_path / "run")), alone)


def cluster(task, ports):
    workers = [f"localhost:{port}" for port in ports]
    task = {"type": "worker", "index": task}
    return {"TF_CONFIG": json.dumps({"cluster": {"worker": workers}, "task": task})}


def free_ports():
    with socket.socket() as one, socket.socket() as two:
        one.bind(("localhost", 0))
        two.bind(("localhost", 0))
        return [one.getsockname()[1], two.getsockname()[1]]


def test_two_workers_that_stop_and_continue_equal_one(alone, tmp_path):
    folder = tmp_path / "run"
    for epochs in (1, 2):
        ports = free_ports()
        workers = [start(WORKER, folder, epochs, **cluster(task, ports)) for task in (0, 1)]
        found = [end(worker) for worker in workers]
    for one in found:
        assert_same_training(one, alone)
    assert {"encoder.keras", "decoder.keras", "model.json"} <= set(os.listdir(folder))
