"""ONNX files as a model: the same numbers as the runtime, either layout, any batch or one."""

import io
import warnings
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
from latentscope_onnx import load
from numpy.testing import assert_allclose, assert_array_equal
from onnx import TensorProto, helper

import latentscope
from latentscope.errors import BackendError, DataError, DataTypeError


@pytest.fixture(scope="session")
def model(files):
    return load(files)


def test_files_keep_the_contract(model, kind, pixels):
    assert repr(model) == f"<OnnxModel: {kind.upper()} of 8×8×3 images, z_dim 4>"
    assert isinstance(model, latentscope.backend.Model)
    latentscope.backend.check(model)
    latentscope.backend.check(model, images=pixels)


def test_numbers_are_those_of_the_runtime(model, files, pixels):
    x = pixels.transpose(0, 3, 1, 2).astype(np.float32) / 255
    sure, *_ = onnxruntime.InferenceSession(files / "encoder.onnx").run(None, {"image": x})
    latents = model.encode(pixels)
    assert_allclose(latents.z if model.kind == "ae" else latents.mu, sure, rtol=1e-5, atol=1e-6)
    z = latents.z[:5]
    (images,) = onnxruntime.InferenceSession(files / "decoder.onnx").run(None, {"z": z})
    assert_allclose(model.decode(z), images.transpose(0, 2, 3, 1), rtol=1e-5)


def test_a_seed_repeats_the_draw(model, pixels):
    one = model.encode(pixels, rng=3)
    assert_array_equal(one.z, model.encode(pixels, rng=3).z)
    if model.kind == "vae":
        noise = np.random.default_rng(3).standard_normal((20, 4), np.float32)
        assert_allclose(one.z, one.mu + np.exp(one.logvar / 2) * noise, rtol=1e-5)
        assert_array_equal(replace(model, factor=0.0).encode(pixels).z, one.mu)


def test_encode_writes_a_file(model, pixels, tmp_path):
    with latentscope.encode(model, pixels, tmp_path / "z.h5", block_size=8) as latents:
        assert (len(latents), latents.kind, latents.z_dim) == (20, model.kind, 4)
        assert latents.meta["model"]["backend"] == "onnx"


def test_the_backend_is_found_by_its_name(files):
    backend = latentscope.backend.get("onnx")
    assert backend.can == ("load",)
    assert backend.load(files).z_dim == 4


@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize("batch", ["n", 1])
def test_layouts_and_batches_make_no_difference(make, tmp_path, pixels, is_first, batch):
    made = {"is_first": is_first, "batch": batch}
    encoder = make.saved(make.encoder("z", **made), tmp_path / "e.onnx")
    decoder = make.saved(make.decoder(**made), tmp_path / "d.onnx")
    model = load(encoder=encoder, decoder=str(decoder))
    latentscope.backend.check(model)
    plain = [make.encoder("z"), make.decoder()]
    sessions = [onnxruntime.InferenceSession(part.SerializeToString()) for part in plain]
    expected = load(encoder=sessions[0], decoder=sessions[1])
    assert_allclose(model.encode(pixels).z, expected.encode(pixels).z, rtol=1e-4, atol=1e-5)
    assert_allclose(model.decode(np.ones((3, 4))), expected.decode(np.ones((3, 4))), rtol=1e-4)


def test_encoders_of_bytes_say_their_range(make, tmp_path, pixels):
    made = make.encoder("z", dtype=TensorProto.UINT8)
    encoder = make.saved(made, tmp_path / "e.onnx")
    decoder = make.saved(make.decoder(), tmp_path / "d.onnx")
    with pytest.raises(BackendError, match=r"takes uint8, .* pixel_range=\(0, 255\)"):
        load(encoder=encoder, decoder=decoder)
    model = load(encoder=encoder, decoder=decoder, pixel_range=(0, 255))
    assert_allclose(model.encode(pixels[:1]).z, model.encode(pixels).z[:1], rtol=1e-5, atol=1e-3)


def test_batches_bound_the_memory(files, pixels, monkeypatch):
    """No more rows at once than a batch has, and the same numbers."""
    model, sizes = load(files), []
    whole, run = model.encode(pixels), model.encoder.run

    def noted(names, given):
        sizes.append(len(given["image"]))
        return run(names, given)

    monkeypatch.setattr("latentscope.backend.pair._BATCH", 7)
    monkeypatch.setattr(model.encoder, "run", noted)
    assert_allclose(model.encode(pixels).z, whole.z, rtol=1e-4, atol=1e-5)
    assert sizes == [7, 7, 6]


def test_a_model_that_pytorch_exported(tmp_path, pixels, torch):
    nn = torch.nn
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.Flatten())
    encoder = nn.Sequential(encoder, nn.Linear(128, 4)).eval()
    decoder = nn.Sequential(nn.Linear(4, 192), nn.Sigmoid(), nn.Unflatten(1, (3, 8, 8)))
    paths = []
    for module, x in ((encoder, torch.rand(2, 3, 8, 8)), (decoder, torch.rand(2, 4))):
        buffer, axes = io.BytesIO(), {"x": {0: "n"}, "y": {0: "n"}}
        names = {"input_names": ["x"], "output_names": ["y"], "dynamic_axes": axes}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of this exporter, which needs no further package
            torch.onnx.export(module, (x,), buffer, dynamo=False, **names)
        paths.append(tmp_path / f"{len(paths)}.onnx")
        paths[-1].write_bytes(buffer.getvalue())
    model = load(encoder=paths[0], decoder=paths[1])
    latentscope.backend.check(model)
    x = torch.from_numpy(pixels.transpose(0, 3, 1, 2).astype(np.float32) / 255)
    with torch.no_grad():
        assert_allclose(model.encode(pixels).z, encoder(x), rtol=1e-4, atol=1e-5)


def test_an_encoder_that_normalises_by_its_batch_is_caught(make, tmp_path):
    """As batch normalisation does that was exported in training mode."""
    part = make.encoder("k")
    part.graph.node.append(helper.make_node("ReduceMean", ["k"], ["mean"], axes=[0]))
    part.graph.node.append(helper.make_node("Sub", ["k", "mean"], ["z"]))
    part.graph.output[0].name = "z"
    encoder = make.saved(part, tmp_path / "e.onnx")
    model = load(encoder=encoder, decoder=make.saved(make.decoder(), tmp_path / "d.onnx"))
    with pytest.raises(BackendError, match=r"alone and in a batch differ.*training mode"):
        latentscope.backend.check(model)


@pytest.mark.parametrize(
    ("names", "outputs", "expected"),
    [
        (["anything"], None, ("z",)),
        (["z_mean", "z_log_var", "z"], None, ("mu", "logvar", "z")),
        (["a", "b"], ("mu", "logvar"), ("mu", "logvar")),
        (["a", "b"], ("", "z"), ("", "z")),
    ],
)
def test_outputs_are_recognised_or_told(make, tmp_path, names, outputs, expected):
    encoder = make.saved(make.encoder(*names), tmp_path / "e.onnx")
    decoder = make.saved(make.decoder(), tmp_path / "d.onnx")
    model = load(encoder=encoder, decoder=decoder, outputs=outputs)
    assert model.outputs == expected
    latentscope.backend.check(model)


def two_inputs(make):
    part = make.encoder("z")
    part.graph.input.append(helper.make_tensor_value_info("other", 1, ["n", 4]))
    return part


def both_layouts(make):
    return make.model([("Flatten", ["x"], ["z"], {})], {"x": [3, 8, 3]}, {"z": [72]}, {})


@pytest.mark.parametrize(
    ("parts", "error", "match"),
    [
        ({"encoder": lambda _: None}, DataError, "either only a folder, or both"),
        ({"encoder": lambda _: 3}, DataTypeError, "ONNX file or an onnxruntime.*; got 3"),
        ({"encoder": lambda make: make.decoder()}, BackendError, "of fixed size with 1 or 3"),
        ({"encoder": two_inputs}, BackendError, r"encoder must take one array; it takes \["),
        ({"encoder": both_layouts}, BackendError, "of either layout. Pass channels_first=True"),
        (
            {"encoder": lambda make: make.encoder("z", batch=8)},
            BackendError,
            r"any number of rows, or one; it takes \(8, 3, 8, 8\).*dynamic",
        ),
        (
            {"encoder": lambda make: make.encoder("a", "b")},
            BackendError,
            "recognisable as mu.*Specify them",
        ),
        ({"decoder": lambda make: make.decoder(last="Exp")}, BackendError, "lacks a final sigmoid"),
        (
            {"decoder": lambda make: make.decoder(is_first=False)},
            BackendError,
            "decoder must return images",
        ),
        (
            {"decoder": lambda make: make.encoder("z")},
            BackendError,
            "must take the same shape .n, z_dim.",
        ),
        ({"outputs": ("z", "mu")}, DataError, "each of the encoder's 1 outputs once"),
        ({"pixel_range": (0, 0)}, DataError, "rising"),
        ({"providers": ["GPU"]}, DataError, "each of providers must be one of .*; got 'GPU'"),
    ],
)
def test_pairs_that_do_not_fit(make, tmp_path, parts, error, match):
    def given(name, part):
        made = part(make) if callable(part) else part
        return make.saved(made, tmp_path / f"{name}.onnx") if hasattr(made, "graph") else made

    whole = {"encoder": lambda make: make.encoder("z"), "decoder": lambda make: make.decoder()}
    with pytest.raises(error, match=match):
        load(**{name: given(name, part) for name, part in {**whole, **parts}.items()})


@pytest.mark.parametrize(
    ("verb", "value", "error", "match"),
    [
        ("encode", np.zeros((2, 8, 9, 3)), DataError, r"\(8, 8, 3\); got \(8, 9, 3\)"),
        ("decode", np.zeros((2, 5)), DataError, "z must have 4 columns, the model's z_dim; got 5"),
        ("decode", np.full((2, 4), np.inf), DataError, "z must be finite; got NaN, inf"),
    ],
)
def test_refusals(model, verb, value, error, match):
    with pytest.raises(error, match=match):
        getattr(model, verb)(value)
