"""Models of other people: recognised, or told, checked, and never run code."""

import pickle
import zipfile

import keras
import numpy as np
import pytest
from keras import layers
from latentscope_tensorflow import load

import latentscope
from latentscope.errors import (
    BackendError,
    DataError,
    FileFormatError,
    IncompleteFileError,
    MissingFileError,
    UnsafeFileError,
)


def encoder(*names, shape=(8, 8, 3), width=4):
    image = keras.Input(shape)
    x = layers.Flatten()(image)
    return keras.Model(image, [layers.Dense(width, name=name)(x) for name in names])


def decoder(*, shape=(8, 8, 3), width=4, activation="sigmoid"):
    z = keras.Input((width,))
    x = layers.Dense(int(np.prod(shape)), activation=activation)(z)
    return keras.Model(z, layers.Reshape(shape)(x))


@pytest.mark.parametrize(
    ("names", "outputs"),
    [
        (["bottleneck"], ("z",)),
        (["anything"], ("z",)),
        (["mu", "logvar"], ("mu", "logvar")),
        (["z_mean", "z_log_var"], ("mu", "logvar")),
        (["Log_Var_1", "mean_1"], ("logvar", "mu")),
        (["z_mean", "z_log_var", "z"], ("mu", "logvar", "z")),
        (["mu", "features", "logvar"], ("mu", "", "logvar")),
    ],
)
def test_outputs_are_recognised_by_their_names(names, outputs):
    model = load(encoder=encoder(*names), decoder=decoder())
    assert model.outputs == outputs
    latentscope.backend.check(model)


@pytest.mark.parametrize(
    ("names", "outputs"),
    [
        (["a", "b"], ("mu", "logvar")),
        (["a", "b"], ("logvar", "mu")),
        (["a", "b", "c"], ("", "z", "")),
        (["a"], "mu"),
    ],
)
def test_outputs_can_be_told(names, outputs):
    latentscope.backend.check(load(encoder=encoder(*names), decoder=decoder(), outputs=outputs))


def test_files_of_other_people(tmp_path):
    encoder("z_mean", "z_log_var").save(tmp_path / "enc.keras")
    decoder().save(tmp_path / "dec.keras")
    model = load(encoder=tmp_path / "enc.keras", decoder=str(tmp_path / "dec.keras"))
    images = np.random.default_rng(0).integers(256, size=(20, 8, 8, 3), dtype=np.uint8)
    with latentscope.encode(model, images, tmp_path / "z.h5") as latents:
        assert latentscope.radius_density(latents).n_used == 20
        assert latents.kind == "vae"


def test_tanh_models_say_their_range():
    pair = {"encoder": encoder("z"), "decoder": decoder(activation="tanh")}
    latentscope.backend.check(load(**pair, pixel_range=(-1, 1)))


def test_the_backend_is_found_by_its_name(tmp_path):
    backend = latentscope.backend.get("tensorflow")
    assert backend.can == ("load", "train")
    assert backend.load(encoder=encoder("z"), decoder=decoder()).kind == "ae"


def nan_weights():
    model = encoder("z")
    model.layers[-1].kernel.assign(np.full((192, 4), np.nan))
    return model


def any_size():
    image = keras.Input((None, None, 3))
    return keras.Model(image, layers.Dense(4)(layers.GlobalAveragePooling2D()(image)))


def two_inputs():
    a, b = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    return keras.Model([a, b], layers.Dense(4)(layers.Flatten()(a + b)))


def biased():
    z = keras.Input((4,))
    x = layers.Dense(192, bias_initializer="ones")(z)
    return keras.Model(z, layers.Reshape((8, 8, 3))(x * 3))


@pytest.mark.parametrize(
    ("parts", "error", "match"),
    [
        ({"encoder": nan_weights}, BackendError, "encoder's weights must be finite; z/kernel are"),
        ({"encoder": two_inputs}, BackendError, "must take one input"),
        (
            {"encoder": any_size},
            BackendError,
            "of fixed size with 1 or 3 channels",
        ),
        (
            {"encoder": lambda: encoder("z", shape=(8, 8, 5))},
            BackendError,
            r"1 or 3 channels; it takes \(None, 8, 8, 5\)",
        ),
        ({"encoder": lambda: encoder("z", width=5)}, BackendError, r"returns \(None, 5\).*takes"),
        (
            {"decoder": lambda: decoder(shape=(4, 4, 3))},
            BackendError,
            r"images of shape \(None, 8, 8, 3\); it returns \(None, 4, 4, 3\)",
        ),
        ({"decoder": biased}, BackendError, r"in \[0, 1\]; got .*lacks a final sigmoid"),
        (
            {"encoder": lambda: encoder("a", "b")},
            BackendError,
            r"recognisable as mu, logvar and z; got a \(None, 4\), b \(None, 4\)\. Specify",
        ),
        ({"outputs": ("z", "mu")}, DataError, "each of the encoder's 1 outputs once"),
        ({"outputs": ("logvar",)}, DataError, "with z, or mu and logvar, among them"),
        ({"outputs": ("sigma",)}, DataError, "each of outputs must be one of .*; got 'sigma'"),
        ({"encoder": lambda: encoder("z_log_var")}, BackendError, "recognisable as mu, logvar"),
        ({"outputs": ("z",), "pixel_range": "tanh"}, DataError, "must be two numbers, such as"),
        ({"pixel_range": 5}, DataError, "pixel_range must be two numbers, such as .*; got 5"),
        ({"pixel_range": (1, 0)}, DataError, "pixel_range must be .*rising; got"),
        (
            {"decoder": lambda: None},
            DataError,
            "either only a folder, or both encoder= and decoder=",
        ),
        ({"folder": "run"}, DataError, "either only a folder, or both"),
        (
            {"encoder": lambda: 3},
            DataError,
            "must be a .keras file or a keras.Model; got 3",
        ),
    ],
)
def test_pairs_that_do_not_fit(parts, error, match):
    made = {name: part() if callable(part) else part for name, part in parts.items()}
    with pytest.raises(error, match=match):
        load(**{"encoder": encoder("z"), "decoder": decoder(), **made})


class Unknown(layers.Layer):
    def call(self, x):
        return x


def custom():
    image = keras.Input((8, 8, 3))
    return keras.Model(image, layers.Dense(4)(Unknown()(layers.Flatten()(image))))


def with_lambda():
    image = keras.Input((8, 8, 3))
    x = layers.Lambda(lambda x: x * 2)(layers.Flatten()(image))
    return keras.Model(image, layers.Dense(4)(x))


def write(path, name):
    path = path / name
    if name == "lambda.keras":
        with_lambda().save(path)
    elif name == "custom.keras":
        custom().save(path)
    elif name == "cut.keras":
        encoder("z").save(path)
        path.write_bytes(path.read_bytes()[:4000])
    elif name == "other.keras":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", "{}")
    elif name == "page.keras":
        path.write_text("<html>404</html>")
    elif name != "missing.keras":
        path.write_bytes(b"\x89HDF\r\n\x1a\n")
    return path


@pytest.mark.parametrize(
    ("name", "error", "match"),
    [
        ("missing.keras", MissingFileError, "no such file: .*missing.keras"),
        ("lambda.keras", UnsafeFileError, "holds code .a Lambda layer.*pass the keras.Model"),
        ("custom.keras", BackendError, "layers that Keras does not know: .*Unknown"),
        (
            "cut.keras",
            FileFormatError,
            "must be a .keras file, which is a zip archive; .*cut.keras is not",
        ),
        ("other.keras", FileFormatError, "cannot be read as a Keras model"),
        ("page.keras", FileFormatError, "must be a .keras file, which is a zip archive"),
        ("whole.h5", UnsafeFileError, "SavedModel or whole-model HDF5, which can run code"),
        ("", UnsafeFileError, "SavedModel or whole-model HDF5"),
    ],
)
def test_files_that_are_refused(tmp_path, name, error, match):
    path = write(tmp_path, name) if name else tmp_path
    with pytest.raises(error, match=match):
        load(encoder=path, decoder=decoder())


def test_files_of_different_savings_do_not_load(tmp_path):
    model = load(encoder=encoder("z"), decoder=decoder())
    model.save(tmp_path)
    encoder("z").save(tmp_path / "encoder.keras")
    with pytest.raises(IncompleteFileError, match=r"not those for which model.json was written"):
        load(tmp_path)


def test_a_training_that_was_stopped_says_so(tmp_path):
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(IncompleteFileError, match=r"the training in .* is not finished"):
        load(tmp_path)


def test_sequential_models():
    image = keras.Input((8, 8, 3))
    stack = [layers.Flatten(), layers.Dense(4)]
    model = load(encoder=keras.Sequential([image, *stack]), decoder=decoder())
    latentscope.backend.check(model)
    with pytest.raises(BackendError, match=r"must have known inputs and outputs.*Wrap it"):
        load(encoder=keras.Sequential([layers.Flatten(), layers.Dense(4)]), decoder=decoder())


def test_outputs_in_a_dict_are_recognised_by_their_keys():
    image = keras.Input((8, 8, 3))
    x = layers.Flatten()(image)
    both = {"z_mean": layers.Dense(4)(x), "z_log_var": layers.Dense(4)(x)}
    model = load(encoder=keras.Model(image, both), decoder=decoder())
    assert model.outputs == ("logvar", "mu")  # in the order of the keys
    latentscope.backend.check(model)


def test_encoders_of_bytes_need_their_range():
    image = keras.Input((8, 8, 3), dtype="uint8")
    x = layers.Flatten()(layers.Rescaling(1 / 255)(image))
    bytes_encoder = keras.Model(image, layers.Dense(4, name="z")(x))
    with pytest.raises(BackendError, match=r"takes uint8, .* pixel_range=\(0, 255\)"):
        load(encoder=bytes_encoder, decoder=decoder())


def test_models_can_be_pickled():
    model = load(encoder=encoder("z"), decoder=decoder())
    z = np.zeros((1, 4))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).decode(z), model.decode(z))


def test_models_loaded_by_their_owner_may_have_custom_layers(tmp_path):
    custom().save(tmp_path / "custom.keras")
    own = keras.saving.load_model(tmp_path / "custom.keras", custom_objects={"Unknown": Unknown})
    latentscope.backend.check(load(encoder=own, decoder=decoder()))


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        (None, MissingFileError, "model.json is missing"),
        ("{", FileFormatError, "model.json is damaged, or was not written by `save`"),
        ('{"outputs": ["z"]}', FileFormatError, "damaged, or was not written by `save`: KeyError"),
        ("[" * 100_000, FileFormatError, "damaged, or was not written by `save`: RecursionError"),
    ],
)
def test_folders_that_are_none(tmp_path, text, error, match):
    load(encoder=encoder("z"), decoder=decoder()).save(tmp_path)
    (tmp_path / "model.json").unlink()
    if text:
        (tmp_path / "model.json").write_text(text)
    with pytest.raises(error, match=match):
        load(tmp_path)
