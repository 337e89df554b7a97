"""What the operators of ONNX become: layers where there are such, ops of `chainrule.ops` else.

Each function takes the builder, the node and its inputs (None where one is left out) and returns the outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import layers, ops
from chainrule.saving.onnx.build import OPERATORS, Builder, Reading
from chainrule.saving.onnx.graph import TYPES
from chainrule.saving.onnx.read import Node
from chainrule.symbolic import KerasTensor

_NAMES = {number: name for name, number in TYPES.items()} | {10: "float32", 16: "float32"}
_ELU = 1.6732632423543772
_SELU = 1.0507009873554805


def reads(*kinds: str) -> Callable[[Reading], Reading]:
    """Put a function into the table of operators."""

    def mark(function: Reading) -> Reading:
        OPERATORS.update(dict.fromkeys(kinds, function))
        return function

    return mark


def _symbolic(to: Builder, x: Any) -> Any:
    if not isinstance(x, KerasTensor):
        raise to.refusal("it computes with nothing that comes from an input")
    return x


# -- what changes nothing ---------------------------------------------------------------------------------------------


@reads("Identity")
def _identity(to: Builder, node: Node, x: Any) -> Any:
    if node.inputs[0] in to.rows:
        to.rows.add(node.outputs[0])
    return x


@reads("Dropout")
def _dropout(to: Builder, node: Node, x: Any, ratio: Any = None, training: Any = None) -> Any:
    if training is not None and np.any(to.array(training, "training_mode")):
        raise to.refusal("it is a dropout in training")
    return x


@reads("Constant")
def _constant(to: Builder, node: Node) -> Any:
    for key, value in node.attributes.items():
        if key == "value" and value is not None:
            return value.array()
        if key in ("value_float", "value_floats"):
            return np.asarray(value, np.float32)
        if key in ("value_int", "value_ints"):
            return np.asarray(value, np.int64)
    raise to.refusal("it is a constant without numbers")


@reads("Cast")
def _cast(to: Builder, node: Node, x: Any) -> Any:
    kind = _NAMES.get(node.attributes.get("to", 0))
    if kind is None:
        raise to.refusal("it casts to a type that is not read")
    if not isinstance(x, KerasTensor):
        return to.array(x, "input").astype(kind)
    reader = to.only_reader(node.outputs[0])
    to_rows = reader is not None and reader.kind == "Gather" and x.node is not None and not x.node.inputs
    if x.dtype == kind or ("int" in kind and ("int" in str(x.dtype) or to_rows)):
        return x
    to.charge(x.shape[1:])
    return ops.cast(x, kind)


@reads("Shape")
def _shape(to: Builder, node: Node, x: Any) -> Any:
    lengths = [-1 if n is None else n for n in x.shape]
    if -1 in lengths[1:]:
        raise to.refusal("it asks for a length that is not known")
    return np.array(lengths[node.attributes.get("start", 0) : node.attributes.get("end")], np.int64)


# -- layers with weights ----------------------------------------------------------------------------------------------


def _dense(to: Builder, x: Any, kernel: Any, bias: Any) -> Any:
    if x.shape[-1] != kernel.shape[0] or len(x.shape) < 2:
        raise to.refusal(f"an input of shape {tuple(x.shape)} does not fit weights of shape {kernel.shape}")
    to.charge((*x.shape[1:-1], kernel.shape[1]))
    layer = layers.Dense(kernel.shape[1], use_bias=bias is not None, kernel_initializer="zeros", **to.settings)
    return to.apply(layer, x, ("kernel", kernel), *([] if bias is None else [("bias", bias)]))


@reads("Gemm")
def _gemm(to: Builder, node: Node, a: Any, b: Any, c: Any = None) -> Any:
    given = {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 0, **node.attributes}
    x, kernel = _symbolic(to, a), to.array(b, "matrix B")
    if given["transA"] or kernel.ndim != 2 or len(x.shape) != 2:
        raise to.refusal("it is no product of rows with a matrix")
    kernel = (kernel.T if given["transB"] else kernel) * given["alpha"]
    bias = None
    if c is not None:
        c = to.array(c, "matrix C")
        if c.ndim > 2 or c.shape[-1:] not in ((), (1,), kernel.shape[1:]) or (c.ndim == 2 and c.shape[0] != 1):
            raise to.refusal(f"a bias of shape {c.shape} does not fit {kernel.shape[1]} units")
        bias = np.broadcast_to(c.reshape(-1) * given["beta"], kernel.shape[1:])
    return _dense(to, x, kernel, bias)


@reads("MatMul")
def _matmul(to: Builder, node: Node, a: Any, b: Any) -> Any:
    if isinstance(a, KerasTensor) and isinstance(b, np.ndarray) and b.ndim == 2 and len(a.shape) >= 2:
        add = to.only_reader(node.outputs[0])
        bias = _bias_of(to, add, node.outputs[0], b.shape[1]) if add is not None and add.kind == "Add" else None
        y = _dense(to, a, b, bias)
        made = {node.outputs[0]}
        if bias is not None and add is not None:
            to.values[add.outputs[0]] = y
            made.add(add.outputs[0])
        if node.inputs[0] in to.rows:
            to.rows.update(made)
        return y
    shapes = [tuple(v.shape) for v in (a, b)]
    if min(map(len, shapes)) < 2:
        raise to.refusal(f"it multiplies values of shapes {shapes[0]} and {shapes[1]}")
    to.charge((*shapes[0][1:-1], *shapes[1][-2:-1], shapes[1][-1]))
    return ops.matmul(a, b)


def _bias_of(to: Builder, add: Node, product: str, units: int) -> Any:
    """Return the vector that a node adds to a product, if it is in the file and one number per unit."""
    (other,) = [n for n in add.inputs if n != product] or [product]
    if other not in to.described.constants and not isinstance(to.values.get(other), np.ndarray):
        return None
    value = to.take(other)
    return value.reshape(-1) if value.shape in ((units,), (1, units)) else None


@reads("BatchNormalization")
def _batch_normalization(to: Builder, node: Node, x: Any, *statistics: Any) -> Any:
    if node.attributes.get("training_mode", 0) or node.attributes.get("spatial", 1) != 1:
        raise to.refusal("it normalises as in training")
    x = _symbolic(to, x)
    to.axis(1, x)
    gamma, beta, mean, variance = (to.array(s, "statistics") for s in statistics)
    if {s.shape for s in (gamma, beta, mean, variance)} != {(x.shape[1],)}:
        raise to.refusal(f"its statistics do not fit an input of shape {tuple(x.shape)}")
    to.charge(x.shape[1:])
    epsilon = node.attributes.get("epsilon", 1e-5)
    layer = layers.BatchNormalization(
        axis=1, epsilon=epsilon, momentum=node.attributes.get("momentum", 0.9), **to.settings
    )
    return to.apply(layer, x, ("gamma", gamma), ("beta", beta), ("moving_mean", mean), ("moving_variance", variance))


@reads("LayerNormalization")
def _layer_normalization(to: Builder, node: Node, x: Any, scale: Any, bias: Any = None) -> Any:
    x = _symbolic(to, x)
    first = to.axis(node.attributes.get("axis", -1), x)
    shape = tuple(x.shape[first:])
    to.charge(x.shape[1:])
    weights = [("gamma", np.broadcast_to(to.array(scale, "scale"), shape))]
    if bias is not None:
        weights.append(("beta", np.broadcast_to(to.array(bias, "bias"), shape)))
    layer = layers.LayerNormalization(
        axis=list(range(first, len(x.shape))), epsilon=node.attributes.get("epsilon", 1e-5), center=bias is not None,
        **to.settings,
    )  # fmt: skip
    return to.apply(layer, x, *weights)


@reads("Gather")
def _gather(to: Builder, node: Node, data: Any, rows: Any) -> Any:
    axis = to.axis(node.attributes.get("axis", 0), data, batch=isinstance(data, np.ndarray))
    if isinstance(rows, KerasTensor):
        table = to.array(data, "table")
        if table.ndim != 2 or axis:
            raise to.refusal("it looks up other things than rows of a matrix")
        to.charge((*rows.shape[1:], table.shape[1]))
        layer = layers.Embedding(table.shape[0], table.shape[1], embeddings_initializer="zeros", **to.settings)
        return to.apply(layer, rows, ("embeddings", table))
    chosen = to.array(rows, "indices")
    length = data.shape[axis]
    if chosen.dtype.kind not in "iu" or length is None or chosen.size > 1_000_000:
        raise to.refusal("its indices are no whole numbers")
    if chosen.size and not -length <= chosen.min() <= chosen.max() < length:
        raise to.refusal(f"its indices go beyond an axis of length {length}")
    chosen = np.where(chosen < 0, chosen + length, chosen)
    if isinstance(data, KerasTensor):
        to.charge((*data.shape[1:axis], *chosen.shape, *data.shape[axis + 1 :]))
    return ops.take(data, chosen, axis=axis) if isinstance(data, KerasTensor) else np.take(data, chosen, axis)


@reads("PRelu")
def _prelu(to: Builder, node: Node, x: Any, slope: Any) -> Any:
    x = _symbolic(to, x)
    shape = tuple(x.shape[1:])
    to.charge(shape, (1,))
    slope = to.array(slope, "slope")
    slope = slope[0] if slope.ndim == len(shape) + 1 and slope.shape[0] == 1 else slope
    layer = layers.PReLU(alpha_initializer="zeros", **to.settings)
    return to.apply(layer, x, ("alpha", np.broadcast_to(slope, shape)))


# -- activations ------------------------------------------------------------------------------------------------------

_PLAIN = {
    "Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softplus": "softplus", "Softsign": "softsign",
    "Mish": "mish", "HardSwish": "hard_silu", "Exp": "exponential",
}  # fmt: skip


def _activation(to: Builder, x: Any, name: str) -> Any:
    to.charge(_symbolic(to, x).shape[1:])
    return layers.Activation(name, **to.settings)(x)


@reads(*_PLAIN)
def _plain(to: Builder, node: Node, x: Any) -> Any:
    return _activation(to, x, _PLAIN[node.kind])


@reads("Softmax", "LogSoftmax")
def _softmax(to: Builder, node: Node, x: Any) -> Any:
    x = _symbolic(to, x)
    axis = to.axis(node.attributes.get("axis", -1 if to.opset >= 13 else 1), x)
    last = axis == len(x.shape) - 1
    if to.opset < 13 and not last:
        raise to.refusal("it runs over several axes, as before version 13")
    if last:
        return _activation(to, x, "softmax" if node.kind == "Softmax" else "log_softmax")
    to.charge(x.shape[1:])
    return (ops.softmax if node.kind == "Softmax" else ops.log_softmax)(x, axis=axis)


@reads("LeakyRelu", "Elu", "Celu", "ThresholdedRelu", "Gelu", "Swish", "Selu", "HardSigmoid")
def _with_options(to: Builder, node: Node, x: Any) -> Any:
    x, given = _symbolic(to, x), node.attributes
    alpha = given.get("alpha", {"LeakyRelu": 0.01, "Selu": _ELU, "HardSigmoid": 0.2}.get(node.kind, 1.0))
    to.charge(x.shape[1:])
    if node.kind == "LeakyRelu":
        return layers.LeakyReLU(negative_slope=alpha, **to.settings)(x) if alpha >= 0 else ops.leaky_relu(x, alpha)
    if node.kind == "Elu":
        return layers.ELU(alpha=alpha, **to.settings)(x)
    if node.kind == "Celu":
        return ops.celu(x, alpha=alpha)
    if node.kind == "ThresholdedRelu":
        return ops.threshold(x, alpha, 0.0)
    if node.kind == "Gelu":
        return ops.gelu(x, approximate=True) if given.get("approximate") == "tanh" else _activation(to, x, "gelu")
    if node.kind == "Swish":
        return _activation(to, x, "silu") if alpha == 1 else x * ops.sigmoid(x * alpha)
    if node.kind == "Selu":
        usual = np.allclose((alpha, given.get("gamma", _SELU)), (_ELU, _SELU), rtol=1e-6)
        return _activation(to, x, "selu") if usual else ops.elu(x, alpha=alpha) * given.get("gamma", _SELU)
    if np.allclose((alpha, given.get("beta", 0.5)), (1 / 6, 0.5), rtol=1e-6):
        return _activation(to, x, "hard_sigmoid")
    return ops.clip(x * alpha + given.get("beta", 0.5), 0.0, 1.0)


@reads("Clip")
def _clip(to: Builder, node: Node, x: Any, low: Any = None, high: Any = None) -> Any:
    x = _symbolic(to, x)
    least = node.attributes.get("min") if low is None else to.number(low, "min")
    most = node.attributes.get("max") if high is None else to.number(high, "max")
    if (least, most) in ((0, None), (0, 6)):
        return _activation(to, x, "relu" if most is None else "relu6")
    to.charge(x.shape[1:])
    if least is not None and most is not None:
        return ops.clip(x, least, most)
    y = x if least is None else ops.maximum(x, least)
    return y if most is None else ops.minimum(y, most)


# -- arithmetic -------------------------------------------------------------------------------------------------------

_PAIRS: dict[str, Callable[..., Any]] = {"Add": ops.add, "Sub": ops.subtract, "Mul": ops.multiply, "Div": ops.divide}
_MERGES = {"Add": layers.Add, "Sub": layers.Subtract, "Mul": layers.Multiply}
_OTHERS: dict[str, Callable[..., Any]] = {
    "Pow": ops.power, "Greater": ops.greater, "Less": ops.less, "GreaterOrEqual": ops.greater_equal,
    "LessOrEqual": ops.less_equal, "Equal": ops.equal, "Where": ops.where, "And": ops.logical_and, "Or": ops.logical_or,
}  # fmt: skip
_ALONE: dict[str, Callable[..., Any]] = {
    "Log": ops.log, "Sqrt": ops.sqrt, "Abs": ops.absolute, "Neg": ops.negative, "Reciprocal": ops.reciprocal,
    "Erf": ops.erf, "Sin": ops.sin, "Cos": ops.cos, "Floor": ops.floor, "Ceil": ops.ceil, "Sign": ops.sign,
    "Not": ops.logical_not,
}  # fmt: skip
_VARIADIC = {"Sum": layers.Add, "Max": layers.Maximum, "Min": layers.Minimum, "Mean": layers.Average}
_FOLDS = {"Sum": ops.add, "Max": ops.maximum, "Min": ops.minimum}


def _checked(to: Builder, values: Any) -> None:
    """Check the shapes of values that are broadcast against each other."""
    symbolic = [v for v in values if isinstance(v, KerasTensor)]
    if not symbolic:
        return to.charge(*(v.shape for v in values), (1,))
    rank = max(len(v.shape) for v in symbolic)
    for v in values:
        lengths = (1,) * (rank - len(v.shape)) + tuple(v.shape)
        whole = isinstance(v, KerasTensor) and len(v.shape) == rank
        if not whole and (len(lengths) > rank or lengths[0] != 1):
            raise to.refusal(f"a value of shape {tuple(v.shape)} is spread over the batch")
    return to.charge(*((tuple(v.shape)[1:] if len(v.shape) == rank else tuple(v.shape)) for v in values), (1,))


@reads(*_PAIRS)
def _pair(to: Builder, node: Node, a: Any, b: Any) -> Any:
    if to.rows.intersection(node.inputs):
        raise to.refusal("it adds other things than a bias to rows")
    _checked(to, (a, b))
    both = isinstance(a, KerasTensor) and isinstance(b, KerasTensor)
    if both:
        merge = _MERGES.get(node.kind)
        fits = merge is not None and len(a.shape) == len(b.shape) and a.dtype == b.dtype == to.dtype
        return merge(**to.settings)([a, b]) if fits and merge is not None else _PAIRS[node.kind](a, b)
    x, constant = (a, b) if isinstance(a, KerasTensor) else (b, a)
    if isinstance(x, KerasTensor) and constant.dtype.kind == "f" and _fits(constant.shape, x.shape):
        rescaled = _rescaled(to, node.kind, x, constant, x is a)
        if rescaled is not None:
            return rescaled
    if not isinstance(x, KerasTensor) and node.kind == "Div" and a.dtype.kind in "iu":
        return a // b if np.all(b > 0) and np.all(a >= 0) else np.trunc(a / b).astype(a.dtype)
    return _PAIRS[node.kind](a, b)


def _fits(shape: Any, whole: Any) -> bool:
    return len(shape) <= len(whole) and all(n in (1, m) for n, m in zip(shape[::-1], whole[::-1], strict=False))


def _rescaled(to: Builder, kind: str, x: Any, constant: Any, first: bool) -> Any:
    """Return `x * scale + offset`, if that is what an operator does with a constant."""
    if constant.ndim == len(x.shape):
        constant = constant[0]
    numbers = constant.astype(np.float64)
    scale: Any = 1.0
    offset: Any = 0.0
    if kind == "Mul":
        scale = numbers
    elif kind == "Div" and first and np.all(numbers != 0):
        scale = 1 / numbers
    elif kind == "Add":
        offset = numbers
    elif kind == "Sub":
        scale, offset = (1.0, -numbers) if first else (-1.0, numbers)
    else:
        return None
    if not np.all(np.isfinite(scale)) or not np.all(np.isfinite(offset)):
        return None
    return layers.Rescaling(np.asarray(scale).tolist(), np.asarray(offset).tolist(), **to.settings)(x)


@reads("Mod")
def _mod(to: Builder, node: Node, a: Any, b: Any) -> Any:
    a, b = to.array(a, "input"), to.array(b, "divisor")
    if a.dtype.kind not in "iu" or b.dtype.kind not in "iu" or not np.all(b) or node.attributes.get("fmod", 0):
        raise to.refusal("it divides other things than whole numbers in the file")
    _checked(to, (a, b))
    return np.mod(a, b)


@reads("ai.onnx.ml.Scaler")
def _scaler(to: Builder, node: Node, x: Any) -> Any:
    x = _symbolic(to, x)
    offset = np.asarray(node.attributes.get("offset", [0.0]), np.float64)
    scale = np.asarray(node.attributes.get("scale", [1.0]), np.float64)
    if not (_fits(offset.shape, x.shape) and _fits(scale.shape, x.shape)):
        raise to.refusal("its numbers do not fit its input")
    to.charge(x.shape[1:])
    centred = layers.Rescaling(1.0, (-offset).tolist(), **to.settings)(x)
    return layers.Rescaling(scale.tolist(), **to.settings)(centred)


@reads(*_OTHERS)
def _other(to: Builder, node: Node, *values: Any) -> Any:
    _checked(to, values)
    return _OTHERS[node.kind](*values)


@reads(*_ALONE)
def _alone(to: Builder, node: Node, x: Any) -> Any:
    _checked(to, (x,))
    return _ALONE[node.kind](x)


@reads(*_VARIADIC)
def _variadic(to: Builder, node: Node, *values: Any) -> Any:
    _checked(to, values)
    if len(values) == 1:
        return values[0]
    if all(isinstance(v, KerasTensor) and len(v.shape) == len(values[0].shape) for v in values):
        return _VARIADIC[node.kind](**to.settings)(list(values))
    if node.kind == "Mean":
        raise to.refusal("it takes the mean of constants, too")
    total = values[0]
    for value in values[1:]:
        total = _FOLDS[node.kind](total, value)
    return total


_REDUCTIONS = {
    "ReduceMean": ops.mean, "ReduceSum": ops.sum, "ReduceMax": ops.max, "ReduceMin": ops.min, "ReduceProd": ops.prod,
}  # fmt: skip


@reads(*_REDUCTIONS)
def _reduce(to: Builder, node: Node, x: Any, axes: Any = None) -> Any:
    wanted = node.attributes.get("axes") if axes is None else to.integers(axes, "list of axes")
    if not wanted:
        raise to.refusal("it reduces over all axes, the batch among them")
    along = tuple(sorted({to.axis(a, x) for a in wanted}))
    _checked(to, (x,))
    return _REDUCTIONS[node.kind](x, axis=along, keepdims=bool(node.attributes.get("keepdims", 1)))


@reads("ArgMax")
def _argmax(to: Builder, node: Node, x: Any) -> Any:
    if node.attributes.get("select_last_index", 0):
        raise to.refusal("it takes the last of equal numbers")
    axis = to.axis(node.attributes.get("axis", 0), _symbolic(to, x))
    to.charge(x.shape[1:])
    return ops.argmax(x, axis=axis, keepdims=bool(node.attributes.get("keepdims", 1)))


@reads("CumSum")
def _cumsum(to: Builder, node: Node, x: Any, axis: Any) -> Any:
    if node.attributes.get("exclusive", 0) or node.attributes.get("reverse", 0):
        raise to.refusal("its sums leave numbers out, or run backwards")
    to.charge(_symbolic(to, x).shape[1:])
    return ops.cumsum(x, axis=to.axis(int(to.number(axis, "axis")), x))


@reads("TopK")
def _top_k(to: Builder, node: Node, x: Any, k: Any) -> Any:
    axis = to.axis(node.attributes.get("axis", -1), _symbolic(to, x))
    given = {"largest": 1, "sorted": 1, **node.attributes}
    whole = given["largest"] and given["sorted"] and to.number(k, "number of places") == x.shape[axis]
    if not whole or (len(node.outputs) > 1 and to.only_reader(node.outputs[1])):
        raise to.refusal("it does more than sort")
    to.charge(x.shape[1:])
    return ops.negative(ops.sort(ops.negative(x), axis=axis))


# -- shapes -----------------------------------------------------------------------------------------------------------


def _reshaped(to: Builder, x: Any, shape: Any) -> Any:
    to.charge(x.shape[1:])
    return layers.Reshape(shape, **to.settings)(x)


@reads("Flatten")
def _flatten(to: Builder, node: Node, x: Any) -> Any:
    x = _symbolic(to, x)
    if node.attributes.get("axis", 1) not in (1, 1 - len(x.shape)):
        raise to.refusal("it flattens along other axes than those behind the batch")
    to.charge(x.shape[1:])
    return layers.Flatten(**to.settings)(x)


@reads("Reshape")
def _reshape(to: Builder, node: Node, x: Any, shape: Any) -> Any:
    wanted = to.integers(shape, "shape")
    if node.attributes.get("allowzero", 0) and 0 in wanted:
        raise to.refusal("it makes a value without numbers")
    if isinstance(x, np.ndarray):
        return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(wanted)])
    if not wanted or wanted[0] not in (-1, 0) or any(n < -1 for n in wanted):
        raise to.refusal(f"it makes the shape {wanted}, whose first axis is not the batch")
    inner = [x.shape[i] if n == 0 else n for i, n in enumerate(wanted)][1:]
    if node.inputs[0] in to.rows:
        if tuple(inner) != tuple(x.shape[1:]):
            raise to.refusal(f"it makes the shape {wanted} of rows of {tuple(x.shape)}")
        return x
    product = to.only_reader(node.outputs[0])
    if wanted[0] == -1 and inner == [x.shape[-1]] and len(x.shape) > 2 and product and product.kind == "MatMul":
        to.rows.add(node.outputs[0])  # Keras multiplies all rows of a batch at once, where a Dense needs no reshaping
        return x
    if None in inner or (wanted[0] == -1 and -1 not in inner and np.prod(inner) != np.prod(x.shape[1:])):
        raise to.refusal(f"it makes the shape {wanted} of {tuple(x.shape)}: the batch changes")
    return _reshaped(to, x, tuple(inner))


@reads("Squeeze", "Unsqueeze")
def _squeeze(to: Builder, node: Node, x: Any, axes: Any = None) -> Any:
    wanted = node.attributes.get("axes") if axes is None else to.integers(axes, "list of axes")
    if not wanted or len(wanted) > 16:
        raise to.refusal("its axes are not in the file")
    rank = len(x.shape) + (len(wanted) if node.kind == "Unsqueeze" else 0)
    if any(not -rank <= a < rank for a in wanted):
        raise to.refusal(f"axes {wanted} do not exist in {rank} axes")
    along = sorted({a % rank for a in wanted})
    if isinstance(x, np.ndarray):
        return np.squeeze(x, tuple(along)) if node.kind == "Squeeze" else np.expand_dims(x, tuple(along))
    if 0 in along:
        raise to.refusal("it changes the batch axis")
    lengths = list(x.shape)
    if node.kind == "Squeeze":
        if any(lengths[a] != 1 for a in along):
            raise to.refusal(f"axes {along} of shape {tuple(lengths)} are longer than 1")
        lengths = [n for i, n in enumerate(lengths) if i not in along]
    else:
        for a in along:
            lengths.insert(a, 1)
    return _reshaped(to, x, tuple(lengths[1:]))


@reads("Transpose")
def _transpose(to: Builder, node: Node, x: Any) -> Any:
    order = node.attributes.get("perm", list(range(len(x.shape)))[::-1])
    if sorted(order) != list(range(len(x.shape))):
        raise to.refusal(f"it reorders {len(x.shape)} axes as {order!s:.80}")
    if isinstance(x, np.ndarray):
        return np.ascontiguousarray(x.transpose(order))
    if order[0] != 0:
        raise to.refusal("it moves the batch axis")
    to.charge(x.shape[1:])
    return layers.Permute(order[1:], **to.settings)(x) if len(order) > 1 else x


@reads("Concat")
def _concat(to: Builder, node: Node, *values: Any) -> Any:
    if all(isinstance(v, np.ndarray) for v in values):
        return np.concatenate(values, node.attributes.get("axis", 0))
    if not all(isinstance(v, KerasTensor) for v in values):
        raise to.refusal("it joins constants with what comes from inputs")
    axis = to.axis(node.attributes.get("axis", 1), values[0])
    for value in values:
        to.charge(value.shape[1:])
    return layers.Concatenate(axis=axis, **to.settings)(list(values)) if len(values) > 1 else values[0]


@reads("Slice")
def _slice(to: Builder, node: Node, x: Any, *places: Any) -> Any:
    given = [node.attributes.get(n) for n in ("starts", "ends", "axes")]
    if places:
        given = [None if p is None else to.integers(p, "list of places") for p in places]
    starts, ends, axes, steps = (*given, None, None)[:4]
    axes = list(range(len(starts or ()))) if axes is None else axes
    steps = [1] * len(axes) if steps is None else steps
    if starts is None or ends is None or not len(starts) == len(ends) == len(axes) == len(steps) or min(steps) < 1:
        raise to.refusal("its places are not in the file, or run backwards")
    cut = [slice(None)] * len(x.shape)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        cut[to.axis(axis, x)] = slice(start, end, step)
    _checked(to, (x,))
    return x[tuple(cut)]


@reads("Split")
def _split(to: Builder, node: Node, x: Any, sizes: Any = None) -> Any:
    axis = to.axis(node.attributes.get("axis", 0), _symbolic(to, x))
    length, count = x.shape[axis], len(node.outputs)
    lengths = node.attributes.get("split") if sizes is None else to.integers(sizes, "list of lengths")
    if lengths is None and length is not None:
        part = -(-length // count)
        lengths = [min(part, length - i * part) for i in range(count)]
    if lengths is None or length is None or len(lengths) != count or sum(lengths) != length or min(lengths) < 0:
        raise to.refusal("its lengths do not add up")
    ends = np.cumsum(lengths).tolist()
    to.charge(x.shape[1:])
    before = (slice(None),) * axis
    return tuple([x[(*before, slice(end - n, end))] for end, n in zip(ends, lengths, strict=True)])
