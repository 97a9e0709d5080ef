"""Read a file of `torch.export.save` without running anything that it holds.

``torch.export.load`` unpickles example inputs and odd weights, evaluates sizes, takes any
function below ``torch`` that the graph names for an operator, and compiles names and guards to
Python. None of it happens here: the graph is JSON, weights are raw bytes, the rest is left alone.
"""

import json
import zipfile
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import torch

from latentscope._disk.paths import existing, first_bytes, looks_like
from latentscope._disk.zips import content_of, text_in, unzipped
from latentscope.errors import (
    BackendError,
    DataTypeError,
    FileFormatError,
    LatentscopeError,
    TooLargeError,
    UnsafeFileError,
)
from latentscope_torch.program import DTYPES, Program

_WHAT = "a file of torch.export.save"
_SCHEMA = 8
_PICKLES = (".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pickle", ".th", ".jit", ".mar")
_WAY_OUT = (
    "Where you trust it, load it with your own code and pass the module; of weights alone, "
    "module.load_state_dict(torch.load(path, weights_only=True)). Or export it as ONNX."
)
_WEIGHTS = {  # kind of input: where its name is
    "parameter": "parameter_name",
    "buffer": "buffer_name",
    "tensor_constant": "tensor_constant_name",
}


def opened(name: str, value: Any) -> Program:
    """Return the program in a ``.pt2`` file; `name` is the parameter's.

    Raises
    ------
    UnsafeFileError
        If the file is a pickle or holds compiled code, or what is read of it is a pickle.
    FileFormatError, TooLargeError, BackendError
        If it is damaged, declares more than it stores, or cannot be run on any batch.
    """
    if not isinstance(value, str) and not hasattr(value, "__fspath__"):
        raise DataTypeError(f"{name} must be a torch.nn.Module or a .pt2 file; got {value!r}.")
    path = existing(value, name)
    if path.suffix.lower() in _PICKLES:
        raise UnsafeFileError(f"{path} is a pickle, which can run code when loaded. {_WAY_OUT}")
    if not path.is_file() or not zipfile.is_zipfile(path):
        text = "is a folder" if path.is_dir() else looks_like(first_bytes(path), _NO_PT2)
        raise FileFormatError(f"{name} must be {_WHAT} (.pt2); {path} {text}.")
    try:
        with unzipped(path, _WHAT) as archive:
            return _program(archive, path)
    except LatentscopeError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise FileFormatError(f"{path} cannot be read as {_WHAT}: {error!r}.") from error


_NO_PT2 = {
    b"\x80": "is a pickle: save the model with torch.export.save",
    b"PK": "is a damaged or truncated archive: get it again",
}


def _refuse_code(members: list[str], path: Path) -> None:
    """Refuse archives of other kinds, whose weights are pickles or code."""
    if any(name.endswith("/data.pkl") and name.count("/") == 1 for name in members):
        raise UnsafeFileError(f"{path} is a pickle of torch.save or TorchScript. {_WAY_OUT}")
    if any("/data/aotinductor/" in name for name in members):
        raise UnsafeFileError(f"{path} holds compiled code, which loading would run. {_WAY_OUT}")
    if "serialized_exported_program.json" in members:
        raise UnsafeFileError(
            f"{path} is of an older PyTorch, which kept weights as pickles. Export it "
            f"anew. {_WAY_OUT}"
        )


def _program(archive: zipfile.ZipFile, path: Path) -> Program:
    members = archive.namelist()
    _refuse_code(members, path)
    root = members[0].partition("/")[0]
    described = json.loads(text_in(archive, f"{root}/models/model.json", path, _WHAT))
    found, module = described["schema_version"]["major"], described["graph_module"]
    if found != _SCHEMA or content_of(archive, f"{root}/byteorder") != b"little":
        raise FileFormatError(
            f"{path} must have schema {_SCHEMA} and little-endian numbers; got schema {found}. "
            "Export it anew, with a current PyTorch."
        )
    payloads = _Payloads(archive, path, root)
    inputs, weights = [], {}
    for spec in module["signature"]["input_specs"]:
        ((kind, value),) = spec.items()
        if kind in _WEIGHTS:
            weights[value["arg"]["name"]] = payloads.tensor(value[_WEIGHTS[kind]])
        else:
            inputs.append(value)
    if len(inputs) != 1 or "as_tensor" not in inputs[0]["arg"]:
        raise BackendError(f"{path} must take one tensor; it takes {len(inputs)} inputs.")
    program = Program(
        module["graph"], weights, inputs[0]["arg"]["as_tensor"]["name"], _outputs(module, path)
    )
    _check_batch(program, path)
    return program


class _Payloads:
    """The tensors of an archive, read as raw bytes."""

    def __init__(self, archive: zipfile.ZipFile, path: Path, root: str) -> None:
        self._archive, self._path, self._root = archive, path, root
        self._configs = {folder: self._config(folder) for folder in ("weights", "constants")}

    def _config(self, folder: str) -> Mapping[str, Any]:
        legacy = f"{self._root}/data/{folder}/model.pt"
        if legacy in self._archive.namelist():
            raise UnsafeFileError(f"{self._path} holds its {folder} as a pickle. {_WAY_OUT}")
        name = f"{self._root}/data/{folder}/model_{folder}_config.json"
        return json.loads(text_in(self._archive, name, self._path, _WHAT))["config"]

    def tensor(self, name: str) -> torch.Tensor:
        """Return a tensor of the archive, which stores as much as it declares."""
        folder = "weights" if name in self._configs["weights"] else "constants"
        payload = self._configs[folder][name]
        file = payload["path_name"]
        if payload["use_pickle"] or file.startswith(("custom_obj_", "opaque_obj_")):
            raise UnsafeFileError(f"{self._path} holds {name} as a pickle. {_WAY_OUT}")
        meta = payload["tensor_meta"]
        sizes, strides = ([one["as_int"] for one in meta[key]] for key in ("sizes", "strides"))
        raw = bytearray(content_of(self._archive, f"{self._root}/data/{folder}/{file}"))
        dtype = DTYPES[meta["dtype"]]
        if prod(sizes) * dtype.itemsize > len(raw):
            raise TooLargeError(
                f"{self._path} declares {name} of shape {tuple(sizes)}, but stores {len(raw):,} "
                "bytes."
            )
        flat = torch.frombuffer(raw, dtype=dtype) if raw else torch.empty(0, dtype=dtype)
        try:
            return flat.as_strided(sizes, strides, meta["storage_offset"]["as_int"]).clone()
        except RuntimeError as error:
            raise FileFormatError(f"{self._path} declares {name} beyond its bytes.") from error


def _outputs(module: Mapping[str, Any], path: Path) -> list[tuple[str, str]]:
    """Return the names of outputs in the graph, and those that the module's owner gave them."""
    specs = module["signature"]["output_specs"]
    names = [
        spec["user_output"]["arg"]["as_tensor"]["name"] for spec in specs if "user_output" in spec
    ]
    if len(names) != len(specs):
        raise BackendError(
            f"{path} changes its own weights when it is run. Call model.eval() before "
            "torch.export.export."
        )
    _, spec = json.loads(module["module_call_graph"][0]["signature"]["out_spec"])
    is_dict = str(spec["type"]).endswith(("builtins.dict", "collections.OrderedDict"))
    keys = json.loads(spec["context"]) if is_dict else []
    if len(keys) != len(names):
        keys = [f"output_{i}" for i in range(len(names))]
    return list(zip(names, map(str, keys), strict=True))


def _check_batch(program: Program, path: Path) -> None:
    if program.input_shape[0] is not None:
        raise BackendError(
            f"{path} takes batches of {program.input_shape[0]} alone. Export it for any number: "
            "torch.export.export(model, (x,), dynamic_shapes=({0: torch.export.Dim('n')},)), with "
            "an x of two rows."
        )
