"""Modules of PyTorch as a model: what they return, their mode, their gradients; files refused."""

import contextlib
import io
import pathlib
import pickle
import zipfile
from collections import namedtuple
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest
import torch
from latentscope_torch import load
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

import latentscope
from latentscope.errors import BackendError, DataError, DataTypeError, UnsafeFileError

SHAPE = (8, 8, 3)


@pytest.fixture
def modules(make, kind):
    return {"encoder": make.encoder(kind), "decoder": make.decoder(), "image_shape": SHAPE}


@pytest.fixture
def model(modules):
    return load(**modules)


def by_hand(module, images):
    """What PyTorch itself gives for images of bytes."""
    x = torch.from_numpy(images.transpose(0, 3, 1, 2).astype(np.float32) / 255)
    with torch.no_grad():
        return module.eval()(x)


def test_modules_keep_the_contract(model, pixels):
    assert isinstance(model, latentscope.backend.Model)
    latentscope.backend.check(model)
    latentscope.backend.check(model, images=pixels)


def test_latents_are_those_of_pytorch(model, modules, pixels):
    found, latents = by_hand(modules["encoder"], pixels), model.encode(pixels)
    if model.kind == "ae":
        assert_allclose(latents.z, found, rtol=1e-5, atol=1e-6)
    else:
        assert_allclose(latents.mu, found["mu"], rtol=1e-5, atol=1e-6)
        assert_allclose(latents.logvar, found["logvar"], rtol=1e-5, atol=1e-6)


def test_images_are_those_of_pytorch(model, modules):
    z = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    with torch.no_grad():
        expected = modules["decoder"](torch.from_numpy(z)).numpy().transpose(0, 2, 3, 1)
    assert_allclose(model.decode(z), expected, rtol=1e-5)


def test_a_seed_repeats_the_draw(model, pixels):
    one, other = model.encode(pixels, rng=3), model.encode(pixels, rng=3)
    assert_array_equal(one.z, other.z)
    if model.kind == "vae":
        noise = np.random.default_rng(3).standard_normal((20, 4), np.float32)
        assert_allclose(one.z, one.mu + np.exp(one.logvar / 2) * noise, rtol=1e-5)
        assert_array_equal(replace(model, factor=0.0).encode(pixels).z, one.mu)


def test_encode_writes_a_file(model, pixels, tmp_path):
    with latentscope.encode(model, pixels, tmp_path / "z.h5", block_size=8) as latents:
        assert (len(latents), latents.kind, latents.z_dim) == (20, model.kind, 4)
        assert latents.meta["model"]["backend"] == "torch"


def test_batches_bound_the_memory(model, pixels, monkeypatch):
    """No more rows at once than a batch has, and the same numbers."""
    whole, sizes = model.encode(pixels).z, []
    monkeypatch.setattr("latentscope.backend.pair._BATCH", 7)
    model.encoder[0].register_forward_hook(lambda _, given, __: sizes.append(len(given[0])))
    assert_allclose(model.encode(pixels).z, whole, rtol=1e-4, atol=1e-5)
    assert sizes == [7, 7, 6]


def test_the_mode_of_a_module_is_left_as_it_was(make, pixels):
    encoder = make.encoder("ae").train()
    encoder[2].eval()
    before = {name: x.clone() for name, x in encoder.state_dict().items()}
    model = load(encoder=encoder, decoder=make.decoder(), image_shape=SHAPE)
    model.encode(pixels)
    assert [part.training for part in encoder] == [True, True, False, True, True]
    for name, x in encoder.state_dict().items():
        assert torch.equal(x, before[name]), name


def test_no_gradients_are_kept(modules, pixels):
    seen = []
    modules["encoder"][0].register_forward_hook(lambda *x: seen.append(x[2].requires_grad))
    load(**modules).encode(pixels)
    assert set(seen) == {False}
    assert all(x.grad is None for x in modules["encoder"].parameters())


def test_a_batch_norm_that_stays_in_training_mode_is_caught(make):
    class Stubborn(nn.BatchNorm2d):
        def forward(self, x):
            return nn.functional.batch_norm(x, None, None, training=True)

    encoder = make.encoder("ae")
    encoder[1] = Stubborn(8)
    model = load(encoder=encoder, decoder=make.decoder(), image_shape=SHAPE)
    with pytest.raises(BackendError, match=r"alone and in a batch differ.*training mode"):
        latentscope.backend.check(model)


@dataclass
class Posterior:
    """As libraries of diffusion models return them."""

    features: torch.Tensor | None
    mean: torch.Tensor
    log_var: torch.Tensor


Named = namedtuple("Named", ["log_var", "mean"])
WAYS = {  # what an encoder may return: how, and what its tensors are taken for
    "dict": (lambda x: {"mu": x["mu"], "log_var": x["logvar"]}, ("mu", "logvar")),
    "fields": (lambda x: Posterior(None, x["mu"], x["logvar"]), ("mu", "logvar")),
    "named": (lambda x: Named(x["logvar"], x["mu"]), ("logvar", "mu")),
    "nested": (lambda x: {"a": x["mu"].sum(1), "b": x}, ("", "mu", "logvar")),
    "one": (lambda x: (x["mu"],), ("z",)),
}


class Returning(nn.Module):
    def __init__(self, encoder, change):
        super().__init__()
        self.encoder, self.change = encoder, change

    def forward(self, x):
        return self.change(self.encoder(x))


@pytest.mark.parametrize("name", WAYS)
def test_outputs_are_recognised(make, name):
    change, outputs = WAYS[name]
    encoder = Returning(make.encoder("vae"), change)
    model = load(encoder=encoder, decoder=make.decoder(), image_shape=SHAPE)
    assert model.outputs == outputs
    latentscope.backend.check(model)


@pytest.mark.parametrize("role", ["variance", "std", "log_std"])
def test_the_width_of_a_posterior_may_be_told(make, pixels, role):
    """scvi-tools and others give a variance; its logarithm is what is analysed."""
    changed = {
        "variance": lambda logvar: logvar.exp(),
        "std": lambda logvar: (logvar / 2).exp(),
        "log_std": lambda logvar: logvar / 2,
    }[role]
    encoder = Returning(make.encoder("vae"), lambda x: (x["mu"], changed(x["logvar"])))
    model = load(encoder=encoder, decoder=make.decoder(), image_shape=SHAPE, outputs=("mu", role))
    latentscope.backend.check(model)
    expected = load(encoder=make.encoder("vae"), decoder=make.decoder(), image_shape=SHAPE)
    assert_allclose(
        model.encode(pixels).logvar, expected.encode(pixels).logvar, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("role", ["variance", "std"])
def test_a_width_below_zero_is_a_mistake(make, pixels, role):
    """What is below zero may be a logarithm, of a variance or of a standard deviation."""
    encoder = Returning(make.encoder("vae"), lambda x: (x["mu"], -x["logvar"].exp()))
    model = load(encoder=encoder, decoder=make.decoder(), image_shape=SHAPE, outputs=("mu", role))
    with pytest.raises(
        BackendError, match=f"{role} must be above 0; the smallest is -.*'logvar'.*sigma.*'log_std'"
    ):
        model.encode(pixels)


def test_outputs_that_are_not_recognised_lead_to_the_word_for_a_log_sigma(make):
    encoder = Returning(make.encoder("vae"), lambda x: {"mu": x["mu"], "log_sigma_2": x["logvar"]})
    with pytest.raises(
        BackendError, match=r"log_sigma_2 .*\(log sigma, half of logvar\).*'log_std'"
    ):
        load(encoder=encoder, decoder=make.decoder(), image_shape=SHAPE)


def test_images_with_channels_last_and_another_range(make, pixels):
    class Last(nn.Module):
        def forward(self, x):
            return x.permute(0, 3, 1, 2) / 2 + 0.5

    class First(nn.Module):
        def forward(self, x):
            return x.permute(0, 2, 3, 1) * 2 - 1

    parts = {
        "encoder": nn.Sequential(Last(), make.encoder("ae")),
        "decoder": nn.Sequential(make.decoder(), First()),
    }
    model = load(**parts, image_shape=SHAPE, channels_first=False, pixel_range=(-1, 1))
    latentscope.backend.check(model)
    plain = load(encoder=make.encoder("ae"), decoder=make.decoder(), image_shape=SHAPE)
    assert_allclose(model.encode(pixels).z, plain.encode(pixels).z, rtol=1e-4, atol=1e-5)
    assert_allclose(model.decode(np.zeros((2, 4))), plain.decode(np.zeros((2, 4))), atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_modules_of_another_precision(make, pixels, dtype):
    encoder, decoder = make.encoder("ae").to(dtype), make.decoder().to(dtype)
    model = load(encoder=encoder, decoder=decoder, image_shape=SHAPE)
    plain = load(encoder=make.encoder("ae"), decoder=make.decoder(), image_shape=SHAPE)
    assert model.encode(pixels).z.dtype == np.float32
    assert_allclose(model.encode(pixels).z, plain.encode(pixels).z, atol=0.05)


def test_models_can_be_pickled(model, pixels):
    copy = pickle.loads(pickle.dumps(model))
    assert_array_equal(copy.encode(pixels).z, model.encode(pixels).z)
    assert (
        repr(copy) == repr(model) == f"<TorchModel: {model.kind.upper()} of 8×8×3 images, z_dim 4>"
    )


class Payload:
    """Harmless code in a pickle: makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return pathlib.Path.touch, (self.path,)


def exported(module):
    sizes = ({0: torch.export.Dim("n")},)
    return torch.export.export(module.eval(), (torch.zeros(2, 3, 8, 8),), dynamic_shapes=sizes)


def write_code(path, make, ran):
    """Write a file that makes the file `ran` when PyTorch loads it."""
    code = io.BytesIO()
    torch.save(Payload(ran), code)
    if path.suffix != ".pt2":
        path.write_bytes(code.getvalue())
        return
    whole = io.BytesIO()
    torch.export.save(exported(make.encoder("ae")), whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for member in old.namelist():
            is_sample = member.endswith("data/sample_inputs/model.pt")
            new.writestr(member, code.getvalue() if is_sample else old.read(member))


@pytest.mark.parametrize(
    ("name", "by_pytorch"),
    [
        ("encoder.pt2", torch.export.load),
        ("encoder.pt", partial(torch.load, weights_only=False)),
        ("encoder.pth", partial(torch.load, weights_only=False)),
    ],
)
def test_files_are_refused_and_nothing_in_them_is_run(make, tmp_path, name, by_pytorch):
    """If PyTorch no longer runs their code, it has become safer, and the docs must say so."""
    path, ran = tmp_path / name, tmp_path / "ran"
    write_code(path, make, ran)
    match = r"opens no file.* can run code .*torch\.onnx\.export.*latentscope_onnx\.load.*modules"
    for given in (path, str(path)):
        with pytest.raises(UnsafeFileError, match=match):
            load(encoder=given, decoder=make.decoder(), image_shape=SHAPE)
        with pytest.raises(UnsafeFileError, match=r"decoder must be .*; got the path"):
            load(encoder=make.encoder("ae"), decoder=given, image_shape=SHAPE)
    assert not ran.exists()
    with contextlib.suppress(Exception):  # it may stumble after it has run the code
        by_pytorch(path)
    assert ran.exists()


def test_folders_are_refused(tmp_path):
    with pytest.raises(UnsafeFileError, match=r"got the path .*opens no file and no folder"):
        load(tmp_path)


def nan_weights(make):
    module = make.encoder("ae")
    module[0].weight.data[0] = torch.nan
    return module


def returning_text(make):
    return Returning(make.encoder("vae"), lambda x: "z")


def two(make):
    return Returning(make.decoder(), lambda x: (x, x))


@pytest.mark.parametrize(
    ("parts", "error", "match"),
    [
        ({"image_shape": None}, DataError, "image_shape must be .*read from a module; got None"),
        ({"image_shape": (8, 8)}, DataError, r"image_shape must be .*; got \(8, 8\)"),
        ({"image_shape": (16, 16, 3)}, BackendError, r"encoder cannot take .*\(None, 3, 16, 16\)"),
        ({"encoder": lambda _: None}, DataTypeError, "encoder must be a torch.nn.Module; got None"),
        ({"decoder": lambda _: None}, DataTypeError, "decoder must be a torch.nn.Module; got None"),
        ({"encoder": lambda _: 3}, DataTypeError, "encoder must be a torch.nn.Module; got 3"),
        ({"encoder": nan_weights}, BackendError, "encoder's weights must be finite; 0.weight are"),
        ({"encoder": returning_text}, BackendError, "tuple, dict or dataclass of them; got str"),
        ({"decoder": two}, BackendError, "decoder must return one array; it returns 2"),
        ({"decoder": lambda _: nn.Linear(5, 2)}, BackendError, "decoder cannot take .*None, 4"),
        (
            {"decoder": lambda _: nn.Unflatten(1, (1, 2, 2))},
            BackendError,
            r"images of shape \(None, 3, 8, 8\); it returns \(None, 1, 2, 2\)",
        ),
        ({"decoder": lambda make: make.decoder()[:-1]}, BackendError, "lacks a final sigmoid"),
        ({"encoder": lambda _: nn.Conv2d(3, 4, 1)}, BackendError, r"returns \(None, 4, 8, 8\)"),
        (
            {"encoder": lambda make: Returning(make.encoder("vae"), lambda x: tuple(x.values()))},
            BackendError,
            "recognisable as mu, logvar and z; got output_0 .*, output_1 .*Specify",
        ),
        ({"outputs": ("mu", "logvar")}, DataError, "each of the encoder's 1 outputs once"),
        ({"pixel_range": (1, 0)}, DataError, "rising"),
    ],
)
def test_pairs_that_do_not_fit(make, parts, error, match):
    made = {name: part(make) if callable(part) else part for name, part in parts.items()}
    given = {"encoder": make.encoder("ae"), "decoder": make.decoder(), "image_shape": SHAPE}
    with pytest.raises(error, match=match):
        load(**given | made)


def test_exported_programs_are_passed_as_modules(make):
    program = exported(make.encoder("ae"))
    with pytest.raises(DataTypeError, match=r"got an ExportedProgram. Pass its .module\(\)"):
        load(encoder=program, decoder=make.decoder(), image_shape=SHAPE)
    latentscope.backend.check(
        load(encoder=program.module(), decoder=make.decoder(), image_shape=SHAPE)
    )


@pytest.mark.parametrize(
    ("verb", "value", "error", "match"),
    [
        ("encode", np.zeros((2, 8, 9, 3)), DataError, r"\(8, 8, 3\); got \(8, 9, 3\)"),
        ("encode", np.full((2, 8, 8, 3), 7), DataTypeError, "got int64"),
        ("decode", np.zeros((2, 5)), DataError, "z must have 4 columns, the model's z_dim; got 5"),
        ("decode", np.full((2, 4), np.nan), DataError, "z must be finite; got NaN"),
    ],
)
def test_refusals(model, verb, value, error, match):
    with pytest.raises(error, match=match):
        getattr(model, verb)(value)
