"""Small convolutional pairs, built with onnx.helper: in both layouts, for any batch or for one."""

from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

Z_DIM = 4
SHAPES = {True: [3, 8, 8], False: [8, 8, 3]}


def weights(**shapes):
    rng = np.random.default_rng(0)
    return {
        name: (rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
        for name, shape in shapes.items()
    }


def model(nodes, taken, given, constants, *, batch="n", dtype=TensorProto.FLOAT):
    """Return a checked model of one input, of nodes as tuples (operator, inputs, outputs, more)."""
    made = [helper.make_node(kind, ins, outs, **more) for kind, ins, outs, more in nodes]
    ((name, shape),) = taken.items()
    graph = helper.make_graph(
        made,
        "part",
        [helper.make_tensor_value_info(name, dtype, [batch, *shape])],
        [helper.make_tensor_value_info(key, 1, [batch, *one]) for key, one in given.items()],
        [numpy_helper.from_array(array, key) for key, array in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8)


def encoder(*names, is_first=True, batch="n", dtype=TensorProto.FLOAT):
    """Convolution, ReLU, and a linear map for each name."""
    start = [] if is_first else [("Transpose", ["image"], ["first"], {"perm": [0, 3, 1, 2]})]
    steps = [
        ("Cast", ["image" if is_first else "first"], ["x"], {"to": TensorProto.FLOAT}),
        ("Conv", ["x", "kernel"], ["c"], {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
        ("Relu", ["c"], ["r"], {}),
        ("Flatten", ["r"], ["f"], {}),
        *(("MatMul", ["f", f"to_{name}"], [name], {}) for name in names),
    ]
    heads = {f"to_{name}": (128, Z_DIM) for name in names}
    constants = weights(kernel=(8, 3, 3, 3), **heads)
    given = {name: [Z_DIM] for name in names}
    taken = {"image": SHAPES[is_first]}
    return model([*start, *steps], taken, given, constants, batch=batch, dtype=dtype)


def decoder(*, is_first=True, batch="n", last="Sigmoid"):
    constants = weights(rows=(Z_DIM, 128), kernel=(8, 3, 4, 4))
    constants["shape"] = np.array([-1, 8, 4, 4])
    back = [] if is_first else [("Transpose", ["s"], ["image"], {"perm": [0, 2, 3, 1]})]
    steps = [
        ("MatMul", ["z", "rows"], ["m"], {}),
        ("Reshape", ["m", "shape"], ["map"], {}),
        ("ConvTranspose", ["map", "kernel"], ["c"], {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
        (last, ["c"], ["image" if is_first else "s"], {}),
        *back,
    ]
    return model(steps, {"z": [Z_DIM]}, {"image": SHAPES[is_first]}, constants, batch=batch)


def saved(part, path):
    onnx.save_model(part, path)
    return path


@pytest.fixture(scope="session")
def make():
    return SimpleNamespace(encoder=encoder, decoder=decoder, model=model, saved=saved)


@pytest.fixture(scope="session", params=["ae", "vae"])
def kind(request):
    return request.param


@pytest.fixture(scope="session")
def files(tmp_path_factory, kind):
    """A folder of encoder.onnx and decoder.onnx."""
    folder = tmp_path_factory.mktemp(kind)
    saved(encoder(*{"ae": ["z"], "vae": ["mu", "logvar"]}[kind]), folder / "encoder.onnx")
    saved(decoder(), folder / "decoder.onnx")
    return folder


@pytest.fixture(scope="session")
def pixels():
    return np.random.default_rng(0).integers(256, size=(20, 8, 8, 3), dtype=np.uint8)
