"""Which operators may a file name? Those of layers and tensors, and whole numbers for shapes.

`torch.ops.aten` also reads and writes files (``from_file``, ``save``), so what is run is listed.
"""

import operator
from collections.abc import Callable
from typing import Any

import torch

from latentscope.errors import UnsafeFileError

_LISTED = """
    _weight_norm mv dot vdot any all _native_batch_norm_legit slice_scatter select_scatter
    conv1d conv2d conv3d convolution conv_transpose1d conv_transpose2d conv_transpose3d
    linear addmm mm bmm matmul baddbmm einsum embedding batch_norm native_batch_norm
    instance_norm layer_norm native_layer_norm group_norm native_group_norm rms_norm
    _native_batch_norm_legit_no_training scaled_dot_product_attention avg_pool1d avg_pool2d
    adaptive_avg_pool1d adaptive_avg_pool2d _adaptive_avg_pool2d max_pool1d max_pool2d
    max_pool2d_with_indices adaptive_max_pool2d upsample_nearest1d upsample_nearest2d
    upsample_bilinear2d upsample_bicubic2d _upsample_nearest_exact2d pixel_shuffle
    pixel_unshuffle grid_sampler_2d pad constant_pad_nd reflection_pad1d reflection_pad2d
    replication_pad1d replication_pad2d relu relu6 leaky_relu elu selu celu gelu silu mish
    sigmoid log_sigmoid hardsigmoid hardswish hardtanh tanh softplus softsign softmax
    _softmax log_softmax _log_softmax prelu glu threshold dropout feature_dropout
    alpha_dropout add sub rsub mul div neg abs sign exp expm1 log log1p log2 sqrt rsqrt
    square pow reciprocal sin cos atan2 erf floor ceil round clamp clamp_min clamp_max
    minimum maximum addcmul addcdiv lerp remainder floor_divide true_divide multiply divide
    subtract sum mean var std var_mean std_mean amax amin max min prod norm
    linalg_vector_norm argmax argmin cumsum logsumexp eq ne lt le gt ge logical_and
    logical_or logical_not bitwise_not bitwise_and bitwise_or isnan isinf where masked_fill
    view reshape flatten unflatten _unsafe_view view_as permute transpose t movedim squeeze
    unsqueeze expand expand_as repeat tile cat concat stack split split_with_sizes chunk
    unbind narrow select slice index index_select gather roll flip contiguous clone detach
    alias to _to_copy type_as copy lift_fresh_copy arange zeros ones full zeros_like
    ones_like full_like new_zeros new_ones new_full scalar_tensor linspace eye
    tril triu sym_size sym_numel
"""
_ATEN = frozenset(_LISTED.split())
_WHOLE_NUMBERS = frozenset(("add", "sub", "mul", "floordiv", "mod", "neg", "truediv"))
CHECKS = frozenset(("_assert_scalar", "_assert_tensor_metadata", "sym_constrain_range_for_size"))


def resolved(target: str) -> Callable[..., Any] | None:
    """Return the operator that a graph names, or None for a check that computes nothing.

    An operator that works in place, such as ``relu_``, is one if ``relu`` is.

    Raises
    ------
    UnsafeFileError
        If it is not listed.

    Examples
    --------
    >>> resolved("torch.ops.aten.relu_.default")
    <OpOverload(op='aten.relu_', overload='default')>
    """
    home, _, name = target.rpartition(".")
    if home == "_operator" and name in _WHOLE_NUMBERS:
        return getattr(operator, name)
    namespace, _, base = home.rpartition(".")
    if namespace == "torch.ops.aten" and base in CHECKS:
        return None
    packet = getattr(torch.ops.aten, base) if base.removesuffix("_") in _ATEN else None
    if namespace != "torch.ops.aten" or packet is None or name not in packet.overloads():
        raise UnsafeFileError(
            f"the file names {target!r}, which is none of the operators of layers that files may "
            "name. Save its program.run_decompositions(), or ONNX. Or load it yourself where you "
            "trust it, and pass the module, torch.export.load(path).module()."
        )
    return getattr(packet, name)
