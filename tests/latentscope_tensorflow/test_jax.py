"""The same model trains where Keras runs on JAX, and gives the same losses."""

import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.needs("jax")]

STEPS = """
    import json, sys
    import keras
    import numpy as np
    from latentscope_tensorflow import models
    from latentscope_tensorflow.config import preset

    config = preset(
        "celeba-vae", image_shape=(32, 32, 3), z_dim=8, filters=(8, 16), kernels=(3, 3),
        strides=(2, 2),
    )
    rng = np.random.default_rng(0)
    images = rng.random((16, 32, 32, 3), dtype=np.float32)
    noise = rng.standard_normal((16, 8), dtype=np.float32)
    model = models.Autoencoder(config)
    rng = np.random.default_rng(1)  # from one seed the two draw different initial weights
    model.set_weights([
        0.05 * rng.standard_normal(x.shape, np.float32) if x.ndim > 1 else x
        for x in model.get_weights()
    ])
    model.compile(optimizer=keras.optimizers.Adam(config.learning_rate), jit_compile=False)
    found = [model.evaluate((images, noise), images, verbose=0, return_dict=True)]
    for _ in range(3):
        model.reset_metrics()
        found.append(model.train_on_batch((images, noise), images, return_dict=True))
    found = [{name: float(value) for name, value in step.items()} for step in found]
    print(json.dumps([found, keras.backend.backend(), "tensorflow" in sys.modules]))
"""


def run(backend):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(STEPS)],
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_jax_trains_as_tensorflow_does_and_does_without_it():
    ours, backend, is_tensorflow_loaded = run("jax")
    theirs, *_ = run("tensorflow")
    assert (backend, is_tensorflow_loaded) == ("jax", False)
    for step, expected in zip(ours, theirs, strict=True):
        for name, value in expected.items():
            np.testing.assert_allclose(step[name], value, rtol=1e-3, err_msg=name)
    assert ours[3]["total_loss"] < ours[1]["total_loss"]
