"""Ops as members of a functional model: the names of Keras's operation classes, and which arguments stand where.

Keras describes `ops.mean(x, axis=1)` as the class `Mean` of the module `keras.src.ops.numpy`, with `axis` and
`keepdims` in its configuration and `x` as the argument of its call. Its names and arguments are ours, so the table
below need only say which functions there are, in which module, and which of their arguments belong to the call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from chainrule import ops
from chainrule.autodiff.op import Op
from chainrule.autodiff.operators import TABLE
from chainrule.errors import ModelFileError
from chainrule.saving.serialization import deserialize_keras_object, serialize_keras_object
from chainrule.symbolic import KerasTensor, Operation

_NUMPY = """
    absolute add all amax amin any append arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin
    argsort average broadcast_to ceil clip concatenate copy cos cosh count_nonzero cross cumprod cumsum diag
    diagonal diff digitize divide dot equal exp exp2 expand_dims expm1 flip floor floor_divide full_like greater
    greater_equal hstack hypot inner isclose isfinite isinf isnan kron less less_equal log log10 log1p log2
    logaddexp logical_and logical_not logical_or logical_xor matmul max maximum mean median min minimum mod
    moveaxis multiply nan_to_num negative not_equal ones_like outer power prod quantile ravel reciprocal repeat
    reshape roll round sign sin sinh sort split sqrt square squeeze stack std subtract sum swapaxes take
    take_along_axis tan tanh tensordot tile trace transpose tril triu true_divide trunc var vstack where
    zeros_like
"""
_NN = """
    binary_crossentropy categorical_crossentropy celu elu gelu glu hard_shrink hard_sigmoid hard_silu hard_tanh
    leaky_relu log_sigmoid log_softmax moments multi_hot normalize one_hot relu relu6 selu sigmoid silu
    soft_shrink softmax softplus softsign sparse_categorical_crossentropy sparse_plus sparse_sigmoid sparsemax
    squareplus tanh_shrink threshold
"""
_CORE = "cast saturate_cast scatter_update slice stop_gradient unstack"
_MATH = "erf erfc erfinv in_top_k logsumexp rsqrt segment_max segment_sum top_k"
_LINALG = "det inv norm solve"

_CALLED = {  # arguments of the call, where they are not simply the first one (or an op's tensors)
    "append": ("x1", "x2"),
    "average": ("x", "weights"),
    "binary_crossentropy": ("target", "output"),
    "categorical_crossentropy": ("target", "output"),
    "cross": ("x1", "x2"),
    "dot": ("x1", "x2"),
    "full_like": ("x", "fill_value"),
    "in_top_k": ("targets", "predictions"),
    "inner": ("x1", "x2"),
    "isclose": ("x1", "x2", "rtol", "atol"),
    "kron": ("x1", "x2"),
    "outer": ("x1", "x2"),
    "quantile": ("x", "q"),
    "scatter_update": ("inputs", "indices", "updates"),
    "segment_max": ("data", "segment_ids"),
    "segment_sum": ("data", "segment_ids"),
    "slice": ("inputs", "start_indices"),
    "sparse_categorical_crossentropy": ("target", "output"),
    "tensordot": ("x1", "x2"),
    "true_divide": ("x1", "x2"),
    "where": ("condition", "x1", "x2"),
}


@dataclass(frozen=True)
class Form:
    """How a file spells a function of `chainrule.ops`: the arguments `called` are passed, the others are settings."""

    function: Callable[..., Any]
    module: str
    class_name: str
    called: tuple[str, ...]
    settings: tuple[str, ...]
    spread: bool = False
    """Whether the tensors are passed one by one to Keras's operation, and as a list to ours."""


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _form(name: str, module: str) -> Form:
    function = getattr(ops, name)
    parameters = function.parameters if isinstance(function, Op) else tuple(inspect.signature(function).parameters)
    called = _CALLED.get(name) or (function.tensors if isinstance(function, Op) else parameters[:1])
    settings = tuple(p for p in parameters if p not in called)
    return Form(function, f"keras.src.ops.{module}", _camel(name), called, settings)


def _einsum(operands: Sequence[Any], subscripts: str) -> Any:
    return ops.einsum(subscripts, *operands)


def _getitem(x: Any, key: Any) -> Any:
    return x[tuple(key) if isinstance(key, list) else key]


@cache
def forms() -> dict[tuple[str, str], Form]:
    """Return all forms by module and class name."""
    named = {"numpy": _NUMPY, "nn": _NN, "core": _CORE, "math": _MATH, "linalg": _LINALG}
    found = [_form(name, module) for module, names in named.items() for name in names.split()]
    found += [
        Form(_getitem, "keras.src.ops.numpy", "GetItem", ("x", "key"), ()),
        Form(_einsum, "keras.src.ops.numpy", "Einsum", ("operands",), ("subscripts",), spread=True),
        Form(ops.pad, "keras.src.ops.numpy", "Pad", ("x", "constant_values"), ("pad_width", "mode")),
    ]
    return {(f.module, f.class_name): f for f in found}


@cache
def _by_op() -> dict[str, Form]:
    """Return the form of each op of the table by the op's name."""
    found = {f.function.name: f for f in forms().values() if isinstance(f.function, Op)}
    by_class = {f.class_name: f for f in forms().values()}
    others = {"abs": "Absolute", "select": "Where", "getitem": "GetItem", "contract": "Einsum", "pad_constant": "Pad"}
    return found | {name: by_class[class_name] for name, class_name in others.items()}


class FunctionOperation(Operation):
    """A function of `chainrule.ops` as one member of a graph, as files describe it."""

    def __init__(self, form: Form, settings: dict[str, Any], name: str) -> None:
        super().__init__(form.function, name)  # type: ignore[arg-type]
        self.form = form
        self.settings = settings

    @property
    def class_name(self) -> str:
        return self.form.class_name


# -- to a description -------------------------------------------------------------------------------------------------


def describe_operation(operation: Operation) -> tuple[Form, dict[str, Any]]:
    """Return the form of an operation and its description, without the calls.

    Raises:
        ModelFileError: Keras has no such operation.
    """
    form = operation.form if isinstance(operation, FunctionOperation) else _by_op().get(operation.op.name)
    if form is None:
        raise ModelFileError(
            f"the model uses ops.{operation.op.name} between its layers, which Keras's files have no name for. "
            "Put that step into the `call` of a layer of your own and register the class."
        )
    given = operation._nodes[0].kwargs
    values = {**(operation.settings if isinstance(operation, FunctionOperation) else {}), **given}
    if operation.op is TABLE.get("pad_constant"):
        values["mode"] = "constant"
    settings = {key: values[key] for key in form.settings if key in values}
    if any(isinstance(v, KerasTensor) for v in settings.values()):
        raise ModelFileError(f"operation '{operation.name}' takes a symbolic tensor where files hold a number.")
    config = {"name": operation.name, **{key: serialize_keras_object(v) for key, v in settings.items()}}
    named = {"module": form.module, "class_name": form.class_name, "registered_name": form.class_name}
    return form, {**named, "config": config}


def call_arguments(form: Form, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of an op's call that Keras's operation receives."""
    rest = {key: value for key, value in kwargs.items() if key in form.called}
    if form.spread and args and isinstance(args[0], list | tuple):
        return list(args[0]), rest
    return list(args), rest


# -- and back ---------------------------------------------------------------------------------------------------------


def is_operation(description: Any) -> bool:
    """Whether a member of a model is an op, not a layer."""
    return str(description.get("module", "")).startswith("keras.src.ops.")


def make_operation(description: dict[str, Any]) -> FunctionOperation:
    """Return the operation that a description names.

    Raises:
        ModelFileError: there is none of that name, or it has other settings.
    """
    module, class_name = str(description["module"]), str(description["class_name"])
    form = forms().get((module, class_name))
    if form is None:
        raise ModelFileError(
            f"the model uses the operation '{module}.{class_name}'"[:160] + ", which is not known here."
        )
    config = description.get("config") or {}
    settings = {k: _plain(deserialize_keras_object(v)) for k, v in config.items() if k not in ("name", "dtype")}
    if "dtype" in form.settings and "dtype" in config:
        settings["dtype"] = config["dtype"]
    unknown = [k for k, v in settings.items() if k not in form.settings and v is not None]
    if unknown:
        raise ModelFileError(
            f"operation '{class_name}' has no setting {unknown[0]!r:.80}; it has {list(form.settings)}."
        )
    settings = {k: v for k, v in settings.items() if k in form.settings}
    return FunctionOperation(form, settings, str(description.get("name") or config.get("name")))


def call(operation: FunctionOperation, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Call an operation with the arguments that a file gives."""
    form = operation.form
    args = [args] if form.spread else args
    if len(args) > len(form.called):
        raise ModelFileError(
            f"operation '{form.class_name}' takes {form.called}, but the file gives {len(args)} arguments."
        )
    further = dict(zip(form.called[1:], args[1:], strict=False))  # the order of arguments may be another one here
    return operation(*args[:1], **{**operation.settings, **further, **kwargs})


def _plain(value: Any) -> Any:
    """Return a setting with lists as tuples, as ops take axes and shapes."""
    return tuple(_plain(v) for v in value) if isinstance(value, list) else value
