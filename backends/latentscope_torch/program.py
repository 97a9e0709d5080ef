"""The graph of an exported model, run operator by operator: nothing in it is evaluated as code."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import index
from typing import Any

import torch
from torch import nn

from latentscope.backend.outputs import Shape
from latentscope.errors import BackendError
from latentscope_torch.operators import resolved

DTYPES = {  # by the numbers of the format's ScalarType
    1: torch.uint8, 2: torch.int8, 3: torch.int16, 4: torch.int32, 5: torch.int64,
    6: torch.float16, 7: torch.float32, 8: torch.float64, 12: torch.bool, 13: torch.bfloat16,
}  # fmt: skip
_MEMORY_FORMATS = {
    1: torch.contiguous_format, 2: torch.channels_last, 3: torch.channels_last_3d,
    4: torch.preserve_format,
}  # fmt: skip
_CONSTANTS: dict[str, Callable[[Any], Any]] = {
    "as_none": lambda _: None,
    "as_float": float,  # infinity is a text in the file
    "as_floats": lambda values: [float(value) for value in values],
    "as_scalar_type": DTYPES.__getitem__,
    "as_memory_format": _MEMORY_FORMATS.__getitem__,
    "as_layout": lambda _: torch.strided,
    "as_device": lambda _: None,  # the file's; what counts is where the input is
}
_PLAIN = ("as_int", "as_bool", "as_string")
_SYMBOLIC = ("as_sym_int", "as_sym_float", "as_sym_bool")
_TRAINING = ("training", "train")
AS_TRAINED = (
    "was exported in training mode, in which images change each other's latents. Call model.eval() "
    "before torch.export.export."
)


class Program(nn.Module):
    """A graph of operators that takes one tensor.

    Parameters
    ----------
    graph : mapping
        As ``models/model.json`` of an archive has it.
    weights : mapping
        From names in the graph to tensors.
    input_name : str
        Of the tensor that it takes.
    output_names : sequence of (str, str)
        What each tensor that it gives is called in the graph and by its owner.
    """

    def __init__(
        self,
        graph: Mapping[str, Any],
        weights: Mapping[str, torch.Tensor],
        input_name: str,
        output_names: Sequence[tuple[str, str]],
    ) -> None:
        super().__init__()
        self.input_name, self.output_names = input_name, list(output_names)
        described = graph["tensor_values"][input_name]
        self.input_dtype = DTYPES[described["dtype"]]
        self.input_shape: Shape = tuple(
            index(size["as_int"]) if "as_int" in size else None for size in described["sizes"]
        )
        for name, weight in weights.items():
            self.register_buffer(name, weight)
        self.steps = [_Step(node, weights) for node in graph["nodes"]]
        kept = {name for name, _ in output_names} | set(weights)
        for step in reversed(self.steps):
            step.last = step.names - kept
            kept |= step.names

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the outputs by name; what no later step needs is let go."""
        values = {**dict(self.named_buffers()), self.input_name: x}
        for step in self.steps:
            step(values, x.device)
            for name in step.last:
                values.pop(name, None)
        return {given: values[name] for name, given in self.output_names}


class _Step:
    """One operator, its arguments, and the names of what it gives."""

    def __init__(self, node: Mapping[str, Any], weights: Mapping[str, torch.Tensor]) -> None:
        self.target, self.outputs = node["target"], node["outputs"]
        self.inputs = {one["name"]: one["arg"] for one in node["inputs"]}
        resolved(self.target)
        changed = set(_names([self.inputs["self"]])) if self._is_in_place() else set()
        is_training = any(self.inputs.get(name, {}).get("as_bool") for name in _TRAINING)
        is_alone = self.target.endswith(".no_stats")  # of each image, as instance norms are
        if (is_training and not is_alone) or changed & set(weights):
            raise BackendError(f"the model {AS_TRAINED}")
        self.names = set(_names([*self.inputs.values(), *self.outputs]))
        self.last: set[str] = set()

    def _is_in_place(self) -> bool:
        return self.target.split(".")[-2].endswith("_") and "self" in self.inputs

    def __call__(self, values: dict[str, Any], device: torch.device) -> None:
        run = resolved(self.target)
        if run is None:
            return
        given = {name: _value(arg, values, device) for name, arg in self.inputs.items()}
        is_python = self.target.startswith("_operator")
        found = run(*given.values()) if is_python else run(**given)
        _bind(self.outputs, found, values)


def _names(arguments: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the names of values that arguments refer to."""
    for argument in arguments:
        for kind, value in argument.items():
            if kind in ("as_tensor", "as_name"):
                yield value["name"] if kind == "as_tensor" else value
            elif kind == "as_tensors":
                yield from (one["name"] for one in value)
            elif kind in (*_SYMBOLIC, "as_optional_tensor"):
                yield from _names([value])
            elif kind.startswith("as_sym_") or kind == "as_optional_tensors":
                yield from _names(value)


def _value(argument: Mapping[str, Any], values: Mapping[str, Any], device: torch.device) -> Any:
    """Return what an argument of the file stands for."""
    ((kind, value),) = argument.items()
    if kind in ("as_tensor", "as_name"):
        return values[value["name"] if kind == "as_tensor" else value]
    if kind == "as_tensors":
        return [values[one["name"]] for one in value]
    if kind in (*_SYMBOLIC, "as_optional_tensor"):
        return _value(value, values, device)
    if kind.startswith("as_sym_") or kind == "as_optional_tensors":
        return [_value(one, values, device) for one in value]
    return _constant(kind, value, device)


def _constant(kind: str, value: Any, device: torch.device) -> Any:
    if kind.removesuffix("s") in _PLAIN:
        return value
    if kind not in _CONSTANTS:
        raise BackendError(f"a file has an argument of the kind {kind!r}, which is not supported.")
    return device if kind == "as_device" else _CONSTANTS[kind](value)


def _bind(outputs: Sequence[Mapping[str, Any]], found: Any, values: dict[str, Any]) -> None:
    """Put what an operator returned under the names of its outputs."""
    given = found if len(outputs) > 1 else [found]
    for output, one in zip(outputs, given, strict=True):
        ((kind, value),) = output.items()
        if kind == "as_tensors":
            values.update({item["name"]: x for item, x in zip(value, one, strict=True)})
        elif kind == "as_tensor":
            values[value["name"]] = one
        elif kind in _SYMBOLIC:
            values[value["as_name"]] = one
