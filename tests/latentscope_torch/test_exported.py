"""Files of torch.export: the same numbers as PyTorch, and nothing in them is run as code."""

import contextlib
import io
import json
import pathlib
import pickle
import warnings
import zipfile

import numpy as np
import pytest
import torch
from latentscope_torch import load
from latentscope_torch.exported import opened
from latentscope_torch.torch_model import run
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn
from torch.nn import functional

import latentscope
from latentscope.errors import (
    BackendError,
    DataError,
    FileFormatError,
    LatentscopeError,
    MissingFileError,
    TooLargeError,
    UnsafeFileError,
)

MODEL = "models/model.json"
WEIGHTS = "data/weights/model_weights_config.json"
SAMPLES = "data/sample_inputs/model.pt"
COMPILED = {"data/aotinductor/model/model.so": b"\x7fELF"}


def test_files_keep_the_contract(files, kind, pixels):
    model = load(files)
    assert repr(model) == f"<TorchModel: {kind.upper()} of 8×8×3 images, z_dim 4>"
    latentscope.backend.check(model, images=pixels)


def test_numbers_are_those_of_the_modules(files, make, kind, pixels):
    model = load(encoder=files / "encoder.pt2", decoder=str(files / "decoder.pt2"))
    modules = load(encoder=make.encoder(kind), decoder=make.decoder(), image_shape=(8, 8, 3))
    assert model.outputs == modules.outputs
    assert_allclose(model.encode(pixels).z, modules.encode(pixels).z, rtol=1e-5, atol=1e-6)
    z = np.ones((3, 4))
    assert_allclose(model.decode(z), modules.decode(z), rtol=1e-5)
    copy = pickle.loads(pickle.dumps(model))
    assert_array_equal(copy.decode(z), model.decode(z))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.maps = nn.Linear(8, 24)

    def forward(self, x):
        n, channels, height, width = x.shape
        parts = self.maps(x.flatten(2).transpose(1, 2)).chunk(3, -1)
        found = functional.scaled_dot_product_attention(*parts)
        return found.transpose(1, 2).reshape(n, channels, height, width)


class Constants(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("ramp", torch.arange(8.0)[:, None, None], persistent=False)

    def forward(self, x):
        return x * self.ramp + torch.tensor([0.5]) + torch.arange(x.shape[-1])


def conv(*, stride=1):
    return nn.Conv2d(3, 8, 3, stride, padding=1)


ZOO = {
    "attention": lambda: nn.Sequential(conv(stride=2), nn.GroupNorm(4, 8), nn.SiLU(), Attention()),
    "constants": lambda: nn.Sequential(conv(), Constants(), nn.Dropout(0.5)),
    "pooling": lambda: nn.Sequential(
        conv(), nn.LeakyReLU(0.2, inplace=True), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.LayerNorm(8), nn.GELU("tanh"), nn.Softplus(),
    ),
    "upsampling": lambda: nn.Sequential(
        conv(), nn.Upsample(scale_factor=2), nn.PixelShuffle(2), nn.InstanceNorm2d(2), nn.Hardtanh()
    ),
    "bilinear": lambda: nn.Sequential(nn.Upsample(size=(16, 16), mode="bilinear"), nn.PReLU()),
    "transformer": lambda: nn.Sequential(
        nn.Flatten(2), nn.Linear(64, 16), nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    ),
    "weight norm": lambda: nn.utils.parametrizations.weight_norm(conv()),
}  # fmt: skip


@pytest.mark.parametrize("is_decomposed", [False, True])
@pytest.mark.parametrize("name", ZOO)
def test_layers_of_many_kinds(make, tmp_path, name, is_decomposed):
    torch.manual_seed(0)
    module = ZOO[name]().eval()
    program = make.export(module, torch.rand(2, 3, 8, 8), tmp_path / "e.pt2")
    if is_decomposed:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's own
            torch.export.save(program.run_decompositions(), tmp_path / "e.pt2")
    x = np.random.default_rng(0).random((5, 3, 8, 8), np.float32)
    ((_, found),) = run(opened("encoder", tmp_path / "e.pt2"), x)
    with torch.no_grad():
        assert_allclose(found, module(torch.from_numpy(x)), rtol=1e-4, atol=1e-5)


def test_intermediate_arrays_are_let_go(files):
    program = opened("encoder", files / "encoder.pt2")
    assert {"conv2d", "input"} <= set().union(*(step.last for step in program.steps))


@pytest.fixture(scope="session")
def whole(files):
    """The members of encoder.pt2 by their path below the root."""
    with zipfile.ZipFile(files / "encoder.pt2") as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def packed(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"encoder/{name}", content)
    return path


class Payload:
    """Harmless code in a pickle: makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return pathlib.Path.touch, (self.path,)


def pickled(path):
    buffer = io.BytesIO()
    torch.save(Payload(path), buffer)
    return buffer.getvalue()


def edited(members, name, change):
    described = json.loads(members[name])
    change(described)
    return {**members, name: json.dumps(described).encode()}


def nodes(described):
    return described["graph_module"]["graph"]["nodes"]


def in_samples(members, path):
    return {**members, SAMPLES: pickled(path)}


def in_weights(members, path):
    def change(described):
        described["config"]["0.weight"]["use_pickle"] = True

    return edited({**members, "data/weights/weight_0": pickled(path)}, WEIGHTS, change)


def in_old_weights(members, path):
    return {**members, "data/weights/model.pt": pickled(path)}


def in_constants(members, path):
    payload = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True}
    config = json.dumps({"config": {"0.weight": {**payload, "tensor_meta": None}}})
    others = {"data/constants/opaque_obj_0": pickle.dumps(Payload(path))}
    hidden = edited(members, WEIGHTS, lambda described: described["config"].pop("0.weight"))
    return {**hidden, "data/constants/model_constants_config.json": config, **others}


def in_a_size(members, path):
    def change(described):
        sizes = described["graph_module"]["graph"]["tensor_values"]["input"]["sizes"]
        code = f"__import__('pathlib').Path({str(path)!r}).touch() or 2"
        sizes[0]["as_expr"]["expr_str"] = code

    return edited(members, MODEL, change)


def in_a_node(members, path):
    def change(described):
        mode = {"name": "", "arg": {"as_string": str(path)}, "kind": 1}
        outputs = nodes(described)[0]["outputs"]
        node = {"target": "torch.os.mkdir", "inputs": [mode], "outputs": [], "metadata": {}}
        nodes(described).insert(0, {**node, "outputs": outputs})

    return edited(members, MODEL, change)


IGNORED = {"samples": in_samples, "size": in_a_size}
REFUSED = {
    "weights": (in_weights, "holds 0.weight as a pickle.*load it with your own code"),
    "old weights": (in_old_weights, "holds its weights as a pickle"),
    "constants": (in_constants, "holds 0.weight as a pickle"),
    "node": (in_a_node, "names 'torch.os.mkdir', which is none of the operators.*ONNX"),
}


@pytest.mark.parametrize("name", ["samples", "size", "weights", "old weights", "constants"])
def test_pytorch_itself_runs_code_from_such_files(whole, tmp_path, name):
    """If this fails, PyTorch has become safer, and the docs must say so."""
    change = IGNORED[name] if name in IGNORED else REFUSED[name][0]
    path = packed(tmp_path / "e.pt2", change(whole, tmp_path / "ran"))
    with contextlib.suppress(Exception):  # it may stumble after it has run the code
        torch.export.load(path)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", IGNORED)
def test_code_in_what_is_not_read_is_left_alone(whole, files, tmp_path, name):
    path = packed(tmp_path / "e.pt2", IGNORED[name](whole, tmp_path / "ran"))
    latentscope.backend.check(load(encoder=path, decoder=files / "decoder.pt2"))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", REFUSED)
def test_code_in_what_is_read_is_refused(whole, files, tmp_path, name):
    change, match = REFUSED[name]
    path = packed(tmp_path / "e.pt2", change(whole, tmp_path / "ran"))
    with pytest.raises(UnsafeFileError, match=match):
        load(encoder=path, decoder=files / "decoder.pt2")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "target",
    [
        "torch.ops.prim.relu.default",
        "torch.ops.aten.from_file.default", "torch.ops.aten.save.default", "torch.load",
        "torch.hub.load", "math.sqrt", "_operator.attrgetter", "torch.ops.prim.device.default",
        "torch.ops.higher_order.cond", "torch.ops.aten.conv2d.__class__", "torch.ops.aten", "x",
        "torch.ops.aten.relu.default.default", "#symm_mem.x", "",
    ],
)  # fmt: skip
def test_operators_that_are_none_of_layers(whole, tmp_path, target):
    def change(described):
        nodes(described)[1]["target"] = target

    path = packed(tmp_path / "e.pt2", edited(whole, MODEL, change))
    with pytest.raises(UnsafeFileError, match="which is none of the operators of layers"):
        opened("encoder", path)


def torchscript(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated by PyTorch
        torch.jit.save(torch.jit.script(nn.Linear(2, 2)), path)


def older(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("serialized_exported_program.json", "{}")


@pytest.mark.parametrize(
    ("name", "write", "error", "match"),
    [
        ("no.pt2", None, MissingFileError, "no such file: .*no.pt2"),
        ("a.pt", lambda path: path.write_bytes(b""), UnsafeFileError, "weights_only=True"),
        ("a.pth", lambda path: torch.save({}, path), UnsafeFileError, "is a pickle, which can run"),
        ("a.pt2", lambda path: torch.save({}, path), UnsafeFileError, "torch.save or TorchScript"),
        ("b.pt2", torchscript, UnsafeFileError, "torch.save or TorchScript.*pass the module"),
        ("c.pt2", lambda path: packed(path, COMPILED), UnsafeFileError, "holds compiled code"),
        ("old.pt2", older, UnsafeFileError, "of an older PyTorch, which kept weights as pickles"),
        ("d.pt2", lambda path: path.write_bytes(b""), FileFormatError, "is empty"),
        ("e.pt2", lambda path: path.write_text("<html>"), FileFormatError, "HTML"),
        ("f.pt2", lambda path: path.write_bytes(pickle.dumps(1)), FileFormatError, "is a pickle"),
        ("g.pt2", lambda path: path.mkdir(), FileFormatError, "is a folder"),
        ("h.pt2", lambda path: packed(path, {"a": b""}), FileFormatError, "no model.json in it"),
    ],
)
def test_files_that_are_none(make, tmp_path, name, write, error, match):
    if write:
        write(tmp_path / name)
    with pytest.raises(error, match=match):
        load(encoder=tmp_path / name, decoder=make.decoder())


def without_bytes(described):
    described["config"]["0.weight"]["tensor_meta"]["sizes"] = [{"as_int": 10**6}] * 4


def sized(described):
    described["graph_module"]["graph"]["tensor_values"]["input"]["sizes"][2] = {"as_int": "8"}


def beyond(described):
    described["config"]["0.weight"]["tensor_meta"]["storage_offset"]["as_int"] = 1


@pytest.mark.parametrize(
    ("name", "change", "error", "match"),
    [
        (WEIGHTS, without_bytes, TooLargeError, "declares 0.weight of shape .*stores 864 bytes"),
        (WEIGHTS, beyond, FileFormatError, "declares 0.weight beyond its bytes"),
        (WEIGHTS, lambda x: x.clear(), FileFormatError, "cannot be read as .*KeyError"),
        (MODEL, lambda x: x["schema_version"].update(major=7), FileFormatError, "got schema 7"),
        (MODEL, lambda x: x["graph_module"].pop("graph"), FileFormatError, "KeyError"),
        (MODEL, sized, FileFormatError, "cannot be interpreted as an integer"),
        (
            MODEL,
            lambda x: x["graph_module"]["signature"]["input_specs"].pop(),
            BackendError,
            "must take one tensor; it takes 0 inputs",
        ),
        (
            MODEL,
            lambda x: nodes(x)[0].update(outputs=[]),
            BackendError,
            "encoder cannot take an array",
        ),
    ],
)
def test_descriptions_that_lie(whole, files, tmp_path, name, change, error, match):
    path = packed(tmp_path / "e.pt2", edited(whole, name, change))
    with pytest.raises(error, match=match):
        load(encoder=path, decoder=files / "decoder.pt2")


def places(described):
    """Yield (container, key) of everything in a JSON document."""
    for key, inner in described.items() if isinstance(described, dict) else enumerate(described):
        yield described, key
        if isinstance(inner, dict | list):
            yield from places(inner)


@pytest.mark.parametrize("name", [MODEL, WEIGHTS])
def test_other_values_anywhere_are_our_errors_or_a_model(whole, files, tmp_path, name):
    """Sixty files with three entries of their description changed, beside intact checksums."""
    rng = np.random.default_rng(0)
    values = [None, 0, -1, 10**18, "x", [], {}, True, 1.5, [1, 2], {"as_int": 7}]

    def change(described):
        for _ in range(3):
            found = list(places(described))
            container, key = found[rng.integers(len(found))]
            container[key] = values[rng.integers(len(values))]

    refused = 0
    for _ in range(60):
        path = packed(tmp_path / "e.pt2", edited(whole, name, change))
        try:
            load(encoder=path, decoder=files / "decoder.pt2")
        except LatentscopeError:
            refused += 1
    assert refused > 30


def test_archives_that_unpack_to_much_more(whole, tmp_path, monkeypatch):
    monkeypatch.setattr("latentscope._disk.limits.SUSPECT_BYTES", 10_000)
    with zipfile.ZipFile(tmp_path / "e.pt2", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("encoder/zeros", bytes(10**7))
    with pytest.raises(TooLargeError, match=r"the archive of .* declares .* GiB and stores"):
        opened("encoder", tmp_path / "e.pt2")


def test_a_truncated_file(files, tmp_path):
    content = (files / "encoder.pt2").read_bytes()
    (tmp_path / "e.pt2").write_bytes(content[: len(content) // 2])
    with pytest.raises(FileFormatError, match="is a damaged or truncated archive: get it again"):
        opened("encoder", tmp_path / "e.pt2")


@pytest.mark.parametrize("is_training", [False, True])
def test_files_for_one_batch_or_in_training_mode(make, tmp_path, is_training):
    x = torch.rand(2, 3, 8, 8)
    sizes = ({0: torch.export.Dim("n")},) if is_training else None
    module = make.encoder("ae").train(is_training)
    torch.export.save(torch.export.export(module, (x,), dynamic_shapes=sizes), tmp_path / "e.pt2")
    match = r"in training mode.*Call model.eval\(\)" if is_training else "batches of 2 alone.*Dim"
    with pytest.raises(BackendError, match=match):
        opened("encoder", tmp_path / "e.pt2")


def test_weights_that_are_nan(make, files, tmp_path):
    module = make.encoder("ae")
    module[0].weight.data[0] = torch.nan
    make.export(module, torch.zeros(2, 3, 8, 8), tmp_path / "e.pt2")
    with pytest.raises(BackendError, match=r"encoder's weights must be finite; .*weight are not"):
        load(encoder=tmp_path / "e.pt2", decoder=files / "decoder.pt2")


def test_the_shape_that_a_file_knows_may_be_said(files):
    with pytest.raises(DataError, match=r"image_shape=\(4, 4, 3\) must be that of the file"):
        load(files, image_shape=(4, 4, 3))
    assert load(files, image_shape=(8, 8, 3)).image_shape == (8, 8, 3)
