"""Training: it learns, stops and continues with the same bits, and says when it goes wrong."""

import io
import json
import re
import shutil
from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest
from latentscope_tensorflow import load, preset, train
from latentscope_tensorflow.entropy import bce_floor
from latentscope_tensorflow.models import METRICS
from numpy.testing import assert_allclose, assert_array_equal
from tqdm import tqdm

import latentscope
from latentscope.errors import (
    BackendError,
    DataError,
    DataTypeError,
    FileFormatError,
    LatentscopeWarning,
)


def weights(model):
    return [*model.encoder.get_weights(), *model.decoder.get_weights()]


def assert_equal_weights(one, other):
    for a, b in zip(weights(one), weights(other), strict=True):
        assert_array_equal(a, b)


SMALL = {"image_shape": (32, 32, 3), "filters": (8,), "kernels": (3,), "strides": (2,)}


class Interrupt(keras.callbacks.Callback):
    """Press Ctrl-C in the middle of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch, self.now = epoch, -1

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.now, batch) == (self.epoch, 1):
            raise KeyboardInterrupt("Ctrl-C")


@pytest.fixture(scope="module")
def folders(faces, small, tmp_path_factory):
    """The model after one epoch and after two, and the folders, which nobody changes."""
    top = tmp_path_factory.mktemp("runs")
    return {n: (train(faces, small, folder=top / str(n), epochs=n), top / str(n)) for n in (1, 2)}


@pytest.fixture
def begun(folders, tmp_path):
    """The model after one epoch; tmp_path holds a copy of its run."""
    model, folder = folders[1]
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return model


@pytest.fixture
def finished(folders, tmp_path):
    """The model after two epochs; tmp_path holds a copy of its run."""
    model, folder = folders[2]
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return model


def test_it_learns(faces, small, tmp_path):
    config = replace(small, learning_rate=5e-3)
    model = train(faces, config, folder=tmp_path, epochs=4)
    history = model.meta["history"]
    assert list(history) == [*METRICS, *(f"val_{name}" for name in METRICS)]
    assert history["val_total_loss"][-1] < history["val_total_loss"][0] - 10
    floor = model.meta["val_reco_floor"]
    assert floor == bce_floor(faces.split(0.1, rng=0)[1])
    assert floor < history["val_reco_loss"][-1] < floor + 300
    assert_allclose(
        history["total_loss"], np.add(history["reco_loss"], history["kl_loss"]), rtol=1e-5
    )
    latentscope.backend.check(model, images=faces)


@pytest.mark.parametrize("changes", [{}, {"dropout": 0.3}, {"task": "denoise"}])
def test_stopped_and_continued_equals_at_once(faces, small, tmp_path, changes):
    config = replace(small, **changes)
    at_once = train(faces, config, folder=tmp_path / "once", epochs=4)
    train(faces, config, folder=tmp_path / "parts", epochs=3)
    continued = train(faces, config, folder=tmp_path / "parts", epochs=4)
    assert_equal_weights(at_once, continued)
    assert continued.meta["history"] == at_once.meta["history"]


def test_interrupted_in_the_middle_of_an_epoch(faces, small, folders, tmp_path):
    at_once, _ = folders[2]
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        train(faces, small, folder=tmp_path / "parts", epochs=2, callbacks=[Interrupt(1)])
    assert [path.name for path in (tmp_path / "parts").glob("*.h5")] == [
        "checkpoint-0001.weights.h5"
    ]
    continued = train(faces, small, folder=tmp_path / "parts", epochs=2)
    assert_equal_weights(at_once, continued)


@pytest.mark.slow
def test_progress_tells_losses_and_where_it_continues(faces, small, tmp_path, monkeypatch):
    written = io.StringIO()
    shown = partial(tqdm, disable=False, file=written)
    monkeypatch.setattr("latentscope_tensorflow.callbacks.tqdm", shown)
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        train(faces, small, folder=tmp_path, epochs=3, callbacks=[Interrupt(1)])
    train(faces, small, folder=tmp_path, epochs=3)
    text = written.getvalue()
    number = r"[\d.e+-]+"
    line = rf"loss {number}, reco {number} \(floor {number}\), kl {number}, radius {number}, val"
    for epoch in (1, 2, 3):
        assert re.search(rf"epoch {epoch}/3: {line}", text)
    assert "stopped after 1 of 3 epochs; call again to continue" in text
    assert "continuing after 1 of 3 epochs" in text
    assert "step/s" in text


def test_a_finished_run_is_not_repeated(faces, small, finished, tmp_path):
    again = train(faces, small, folder=tmp_path, epochs=2, callbacks=[Interrupt(0)])
    assert_equal_weights(finished, again)
    with pytest.raises(DataError, match=r"epochs must be an integer at least 2.*got 1"):
        train(faces, small, folder=tmp_path, epochs=1)


def test_what_is_saved_is_what_was_trained(faces, folders):
    model, folder = folders[1]
    copy = load(folder)
    assert_equal_weights(model, copy)
    assert copy.meta == json.loads(json.dumps(model.meta))
    assert_array_equal(copy.encode(faces).z, model.encode(faces).z)


def test_the_seed_sets_everything(faces, small, tmp_path):
    one, two, other = (
        train(faces, small, folder=tmp_path / str(i), epochs=1, rng=seed)
        for i, seed in enumerate((5, 5, 6))
    )
    assert_equal_weights(one, two)
    assert not np.array_equal(weights(one)[0], weights(other)[0])


def test_a_validation_set_of_ones_own(faces, small, tmp_path):
    model = train(faces[:150], small, folder=tmp_path, epochs=1, validation=faces[150:])
    assert (model.meta["n_images"], model.meta["n_validation"]) == (150, 50)


def test_without_validation(faces, small, tmp_path):
    model = train(faces, small, folder=tmp_path, epochs=1, validation=0)
    assert set(model.meta["history"]) == set(METRICS)
    assert model.meta["val_reco_floor"] is None


@pytest.mark.slow
def test_mixed_precision_gives_a_model_in_single_precision(faces, small, tmp_path):
    model = train(faces, small, folder=tmp_path, epochs=1, mixed_precision=True)
    assert {weight.dtype.name for weight in weights(model)} == {"float32"}
    assert {layer.dtype_policy.name for layer in model.encoder.layers} == {"float32"}
    latentscope.backend.check(model, images=faces)


@pytest.mark.slow
def test_squared_error(faces, small, tmp_path):
    model = train(faces, replace(small, reconstruction="mse"), folder=tmp_path, epochs=1)
    assert 0 < model.meta["history"]["reco_loss"][0] < 300
    assert model.meta["reco_floor"] == 0


def test_digits(tmp_path):
    digits = np.random.default_rng(0).integers(256, size=(80, 28, 28, 1), dtype=np.uint8)
    model = train(digits, "digits-vae", folder=tmp_path, epochs=1)
    assert (model.z_dim, model.image_shape) == (12, (28, 28, 1))


def test_divergence_stops_and_says_where(faces, small, tmp_path):
    config = replace(small, learning_rate=1e30)
    match = r"training diverged in epoch 1: .*(nan|NaN|inf).*learning_rate below 1e\+30"
    with pytest.raises(BackendError, match=match):
        train(faces, config, folder=tmp_path, epochs=3)


@pytest.mark.slow
def test_a_radius_that_runs_away_is_reported(faces, tmp_path, small):
    config = replace(small, learning_rate=3.0, batch_norm=False)
    with pytest.warns(LatentscopeWarning, match=r"the latent radius diverges: .* above 282.8"):
        train(faces, config, folder=tmp_path, epochs=2)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"rng": 1}, r"rng \(0 there, 1 here\)"),
        ({"validation": 0.5}, "differs in n_images"),
        (
            {"config": preset("celeba-ae", **{**SMALL, "z_dim": 9})},
            r"differs in .*z_dim \(8 there, 9 here\)",
        ),
    ],
)
def test_a_run_of_other_settings_is_not_continued(faces, small, begun, tmp_path, changes, match):
    options = {"config": small, "folder": tmp_path, "epochs": 2, **changes}
    with pytest.raises(DataError, match=match):
        train(faces, **options)


def test_a_damaged_checkpoint_is_named(faces, small, begun, tmp_path):
    (path,) = tmp_path.glob("checkpoint-*")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(FileFormatError, match=r"checkpoint-0001.weights.h5 cannot be read"):
        train(faces, small, folder=tmp_path, epochs=2)


@pytest.mark.parametrize("text", ["{", "null", "5", "[1]", "[" * 100_000])
def test_a_damaged_note_is_named(faces, small, begun, tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(FileFormatError, match=r"run.json is damaged, not valid JSON"):
        train(faces, small, folder=tmp_path, epochs=2)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"epochs": 0}, DataError, "epochs must be an integer at least 1"),
        ({"validation": 1.5}, DataError, "validation must be a share between 0 and 1"),
        ({"rng": -1}, DataError, "rng must be an integer at least 0"),
        ({"rng": 0.5}, DataTypeError, "rng must be an integer at least 0"),
        (
            {"config": preset("celeba-ae")},
            DataError,
            r"image_shape, \(96, 96, 3\), .*; got <Images",
        ),
        ({"config": "celeba"}, DataError, "name must be one of"),
        ({"config": None}, DataTypeError, "config must be a Config or the name of a preset"),
        ({"validation": True}, DataTypeError, "validation must be a number; got True"),
    ],
)
def test_refusals(faces, small, tmp_path, options, error, match):
    with pytest.raises(error, match=match):
        train(faces, **{"config": small, "folder": tmp_path, **options})


@pytest.mark.slow
def test_refused_calls_leave_the_folder_free(faces, small, tmp_path):
    with pytest.raises(DataError, match="epochs must be"):
        train(faces, small, folder=tmp_path, epochs=0)
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        train(faces, small, folder=tmp_path, rng=3, callbacks=[Interrupt(0)])
    train(faces, small, folder=tmp_path, epochs=1)


def test_other_images_of_the_same_names_do_not_continue(faces, small, begun, tmp_path):
    with pytest.raises(DataError, match="differs in images"):
        train(255 - faces.pixels, small, folder=tmp_path, epochs=2)
    with pytest.raises(DataError, match=r"differs in precision .'float32' there, 'mixed_bfloat16'"):
        train(faces, small, folder=tmp_path, epochs=2, mixed_precision=True)


@pytest.mark.slow
def test_the_history_is_of_the_epochs_that_were(faces, small, tmp_path):
    """Other callbacks may end it early, and add what they like."""

    class Early(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["mine"] = np.float32(1)
            self.model.stop_training = epoch == 1

    model = train(faces, small, folder=tmp_path, epochs=np.int64(5), callbacks=[Early()])
    assert {len(values) for values in model.meta["history"].values()} == {2}
    assert "mine" not in model.meta["history"]


def test_a_folder_of_something_else_is_left_alone(faces, small, begun, tmp_path):
    (tmp_path / "run.json").unlink()
    with pytest.raises(DataError, match=r"holds a model or checkpoints, but no run.json"):
        train(faces, small, folder=tmp_path, epochs=2)
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="folder must be one that can be created"):
        train(faces, small, folder=tmp_path / "file")


def test_one_training_per_folder(faces, small, tmp_path):
    class Second(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            train(faces, small, folder=tmp_path, epochs=9)

    with pytest.raises(DataError, match="is being written by another run"):
        train(faces, small, folder=tmp_path, epochs=1, callbacks=[Second()])


def test_a_refused_second_training_leaves_the_settings_of_the_first(faces, small, tmp_path):
    class Other(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            train(faces, small, folder=tmp_path, epochs=1, rng=7)

    with pytest.raises(DataError, match="is being written by another run"):
        train(faces, small, folder=tmp_path, epochs=1, callbacks=[Other()])
    assert json.loads((tmp_path / "run.json").read_text())["rng"] == 0


PIXELS = np.random.default_rng(0).integers(2, size=(64, 32, 32, 3))


@pytest.fixture(scope="module")
def native(small, tmp_path_factory):
    """The model of those pixels as floats of this machine."""
    folder = tmp_path_factory.mktemp("native") / "run"
    return train(PIXELS.astype("f4"), small, folder=folder, epochs=1, validation=0)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [">f4", ">f8", "f2", np.longdouble])
def test_floats_of_any_kind_train_alike(small, native, tmp_path, dtype):
    other = train(PIXELS.astype(dtype), small, folder=tmp_path, epochs=1, validation=0)
    assert_equal_weights(native, other)


def test_weights_that_are_no_numbers_are_not_kept(faces, small, tmp_path):
    """The last step of an epoch can break what no loss has seen yet."""

    class Break(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2:
                kernel = self.model.encoder.layers[1].kernel
                kernel.assign(np.full(kernel.shape, np.nan))

    with pytest.raises(BackendError, match="training diverged"):
        train(faces, small, folder=tmp_path, validation=0, callbacks=[Break()])
    assert list(tmp_path.glob("checkpoint-*")) == []


def test_keras_on_another_backend_is_refused(faces, small, tmp_path, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(BackendError, match=r"must run on TensorFlow here; it runs on 'jax'\. Set"):
        train(faces, small, folder=tmp_path)
