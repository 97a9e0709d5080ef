"""Files that ONNX Runtime must not see: external weights, damage, declared giants, NaN."""

import os

import numpy as np
import onnx
import pytest
from latentscope_onnx import load
from latentscope_onnx.reading import checked_bytes
from onnx import TensorProto, helper, numpy_helper

from latentscope.errors import (
    BackendError,
    FileFormatError,
    LatentscopeError,
    MissingFileError,
    TooLargeError,
    UnsafeFileError,
)


def outside(name="to_z", location="../secret"):
    """A tensor whose bytes are in another file."""
    tensor = TensorProto(name=name, data_type=1, dims=[128, 4])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def in_weights(part):
    del part.graph.initializer[-1]
    part.graph.initializer.append(outside())


def in_a_constant(part):
    del part.graph.initializer[-1]
    part.graph.node.insert(0, helper.make_node("Constant", [], ["to_z"], value=outside()))


def in_a_branch(part):
    branches = {
        f"{key}_branch": helper.make_graph(
            [helper.make_node("Identity", ["far"], [key])],
            key,
            [],
            [helper.make_tensor_value_info(key, 1, [128, 4])],
            [outside("far")],
        )
        for key in ("then", "else")
    }
    part.graph.initializer[-1].name = "unused"
    part.graph.initializer.append(numpy_helper.from_array(np.array(True), "which"))
    part.graph.node.insert(0, helper.make_node("If", ["which"], ["to_z"], **branches))


def in_a_function(part):
    node = helper.make_node("Constant", [], ["y"], value=outside())
    opset = [helper.make_opsetid("", 17)]
    part.functions.append(helper.make_function("mine", "Far", [], ["y"], [node], opset))
    part.opset_import.append(helper.make_opsetid("mine", 1))
    part.graph.initializer[-1].name = "unused"
    part.graph.node.insert(0, helper.make_node("Far", [], ["to_z"], domain="mine"))


PLACES = [in_weights, in_a_constant, in_a_branch, in_a_function]


@pytest.mark.parametrize("place", PLACES)
def test_weights_in_other_files_are_refused(make, tmp_path, place):
    part = make.encoder("z")
    place(part)
    path = tmp_path / "encoder.onnx"
    path.write_bytes(part.SerializeToString())
    with pytest.raises(
        UnsafeFileError, match=r"from another file \('../secret'\).*move the weights"
    ):
        checked_bytes("encoder", path)


def test_the_way_out_works(make, tmp_path):
    """Weights beside the file, as large models have them, are put inside as the message says."""
    path = tmp_path / "encoder.onnx"
    options = {"save_as_external_data": True, "location": "data", "size_threshold": 0}
    onnx.save_model(make.encoder("z"), path, **options)
    decoder = make.saved(make.decoder(), tmp_path / "d.onnx")
    with pytest.raises(UnsafeFileError, match=r"onnx\.save_model"):
        load(encoder=path, decoder=decoder)
    onnx.save_model(onnx.load_model(path), tmp_path / "whole.onnx")
    assert load(encoder=tmp_path / "whole.onnx", decoder=decoder).z_dim == 4


def declaring(shape):
    def change(part):
        part.graph.initializer[-1].dims[:] = shape

    return change


def growing(part):
    """Make an array of 4 TB by an operator, out of a shape of two numbers."""
    part.graph.initializer.append(numpy_helper.from_array(np.array([10**6] * 2), "shape"))
    part.graph.node.extend([
        helper.make_node("ConstantOfShape", ["shape"], ["huge"]),
        helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=0),
        helper.make_node("Add", ["z", "sum"], ["y"]),
    ])  # fmt: skip
    part.graph.output[0].name = "y"


def nan(part):
    array = numpy_helper.to_array(part.graph.initializer[-1]).copy()
    array[0, 0] = np.nan
    part.graph.initializer[-1].CopyFrom(numpy_helper.from_array(array, "to_z"))


def unknown(part):
    part.graph.node[-1].domain = "mine"
    part.opset_import.append(helper.make_opsetid("mine", 1))


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (declaring([10**6, 10**6]), TooLargeError, r"declares 'to_z' .* 4,000,000,000,000 bytes"),
        (growing, TooLargeError, r"declares 'huge' of shape \(1000000, 1000000\)"),
        (declaring([128, 5]), FileFormatError, "must be an ONNX file; .*raw_data size"),
        (lambda part: part.graph.node[-1].input.append("no"), FileFormatError, "must be an ONNX"),
        (lambda part: part.ClearField("graph"), FileFormatError, "must be an ONNX file"),
        (nan, BackendError, "the encoder's weights must be finite; to_z are not"),
        (unknown, BackendError, "ONNX Runtime cannot run .*MatMul"),
    ],
)
def test_models_that_lie(make, tmp_path, change, error, match):
    part = make.encoder("z")
    change(part)
    (tmp_path / "e.onnx").write_bytes(part.SerializeToString())
    with pytest.raises(error, match=match):
        load(encoder=tmp_path / "e.onnx", decoder=make.saved(make.decoder(), tmp_path / "d.onnx"))


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "is empty"),
        (b"<html>404</html>", "looks like an HTML or XML page"),
        (b"version https://git-lfs.github.com/spec/v1", "is a git-LFS pointer"),
        (b"PK\x03\x04", "is a zip archive, perhaps of PyTorch or Keras"),
        (b"\x80\x04", "is a pickle"),
        (b"garbage" * 99, "has no known signature"),
        (b"\x08\x07", "must be an ONNX file"),
    ],
)
def test_files_that_are_none(make, tmp_path, content, match):
    (tmp_path / "e.onnx").write_bytes(content)
    with pytest.raises(FileFormatError, match=match):
        checked_bytes("encoder", tmp_path / "e.onnx")


def test_truncated_files(make, tmp_path):
    content = make.encoder("z").SerializeToString()
    for share in (0.1, 0.5, 0.9, 0.99):
        (tmp_path / "e.onnx").write_bytes(content[: int(share * len(content))])
        with pytest.raises(FileFormatError, match=r"must be an ONNX file; .*e\.onnx is damaged"):
            checked_bytes("encoder", tmp_path / "e.onnx")


def test_damaged_bytes_are_our_errors_or_a_model(make, tmp_path):
    """A hundred files with eight bytes of noise each; ONNX has no checksum."""
    content, rng = make.encoder("z").SerializeToString(), np.random.default_rng(0)
    decoder = make.saved(make.decoder(), tmp_path / "d.onnx")
    refused = 0
    for _ in range(100):
        damaged = bytearray(content)
        for place in rng.integers(len(content), size=8):
            damaged[place] = rng.integers(256)
        (tmp_path / "e.onnx").write_bytes(damaged)
        try:
            load(encoder=tmp_path / "e.onnx", decoder=decoder)
        except LatentscopeError:
            refused += 1
    assert refused > 20


def test_paths_without_a_file(tmp_path):
    with pytest.raises(MissingFileError, match=r"no such file: .*no\.onnx"):
        checked_bytes("encoder", tmp_path / "no.onnx")
    with pytest.raises(FileFormatError, match="is a folder"):
        checked_bytes("encoder", tmp_path)


def test_what_was_looked_at_is_what_is_run(make, tmp_path):
    """A file that changes after the look does not matter: its bytes are read once."""
    path = make.saved(make.encoder("z"), tmp_path / "e.onnx")
    content = checked_bytes("encoder", path)
    os.truncate(path, 0)
    assert onnx.load_model_from_string(content) == make.encoder("z")
