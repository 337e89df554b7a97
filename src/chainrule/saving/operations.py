"""Ops as members of a functional model: the names of Keras's operation classes, and which arguments stand where.

Keras describes `ops.mean(x, axis=1)` as the class `Mean` of the module `keras.src.ops.numpy`, with `axis` and
`keepdims` in its configuration and `x` as the argument of its call. Its names and arguments are ours, so the table
below need only say which functions there are, in which module, and which of their arguments belong to the call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from chainrule import config as settings_of_chainrule
from chainrule import ops, tree
from chainrule.autodiff.op import Op
from chainrule.autodiff.operators import TABLE
from chainrule.errors import ModelFileError
from chainrule.saving.op_sizes import check_size
from chainrule.saving.serialization import deserialize_keras_object, serialize_keras_object
from chainrule.symbolic import KerasTensor, Node, Operation

_NUMPY = """
    absolute add all allclose amax amin angle any append arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax
    argmin argsort average bitwise_and bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift
    bitwise_xor broadcast_to cbrt ceil clip concatenate conj conjugate copy cos cosh count_nonzero cross cumprod cumsum
    deg2rad diag diagonal diff digitize divide divide_no_nan dot dstack einsum equal exp exp2 expand_dims expm1 fabs
    flip fliplr flipud floor floor_divide fmax fmin fmod full_like gcd greater greater_equal heaviside hstack hypot
    i0 imag inner isclose isfinite isinf isnan isneginf isposinf isreal kron lcm ldexp left_shift less less_equal
    log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor matmul max maximum mean
    median min minimum mod moveaxis multiply nan_to_num nanargmax nanargmin nancumprod nancumsum nanmedian nanprod
    negative nextafter not_equal ones_like outer pad power prod ptp quantile rad2deg ravel real reciprocal repeat
    reshape right_shift roll rot90 round sign signbit sin sinc sinh slogdet sort split sqrt square squeeze stack std
    subtract sum swapaxes take take_along_axis tan tanh tensordot tile trace transpose tril triu true_divide trunc
    var vdot vstack where zeros_like
"""
_NN = """
    binary_crossentropy categorical_crossentropy celu elu gelu glu hard_shrink hard_sigmoid hard_silu hard_tanh
    leaky_relu log_sigmoid log_softmax moments multi_hot normalize one_hot relu relu6 selu sigmoid silu
    soft_shrink softmax softplus softsign sparse_categorical_crossentropy sparse_plus sparse_sigmoid sparsemax
    squareplus tanh_shrink threshold
"""
_CORE = "cast saturate_cast scatter_update slice stop_gradient unstack"
_MATH = "erf erfc erfinv in_top_k logdet logsumexp rsqrt segment_max segment_sum top_k"
_LINALG = "cholesky cholesky_inverse det eigh inv lu_factor matrix_rank norm pinv solve solve_triangular"

_CALLED = {  # the arguments of the call, where they are not the first one, or an op's tensors
    "append": ("x1", "x2"),
    "allclose": ("x1", "x2"),
    "average": ("x", "weights"),
    "binary_crossentropy": ("target", "output"),
    "categorical_crossentropy": ("target", "output"),
    "clip": ("x",),
    "cross": ("x1", "x2"),
    "divide_no_nan": ("x1", "x2"),
    "dot": ("x1", "x2"),
    "einsum": ("operands",),
    "fmax": ("x1", "x2"),
    "fmin": ("x1", "x2"),
    "full_like": ("x", "fill_value"),
    "in_top_k": ("targets", "predictions"),
    "inner": ("x1", "x2"),
    "isclose": ("x1", "x2", "rtol", "atol"),
    "kron": ("x1", "x2"),
    "left_shift": ("x", "y"),
    "outer": ("x1", "x2"),
    "pad": ("x", "constant_values"),
    "quantile": ("x", "q"),
    "right_shift": ("x", "y"),
    "scatter_update": ("inputs", "indices", "updates"),
    "segment_max": ("data", "segment_ids"),
    "segment_sum": ("data", "segment_ids"),
    "slice": ("inputs", "start_indices"),
    "solve_triangular": ("a", "b"),
    "sparse_categorical_crossentropy": ("target", "output"),
    "tensordot": ("x1", "x2"),
    "true_divide": ("x1", "x2"),
    "vdot": ("x1", "x2"),
    "where": ("condition", "x1", "x2"),
}
_CLASSES = {"allclose": "AllClose", "conj": "Conjugate"}
_SAME = {"abs": "absolute", "select": "where", "contract": "einsum", "pad_constant": "pad"}
"""Ops of the table that are the inner part of a function, and described as that function."""


@dataclass(frozen=True)
class Form:
    """How a file spells a function: the arguments `called` are those of the call, the others are settings."""

    function: Callable[..., Any]
    module: str
    class_name: str
    called: tuple[str, ...]
    settings: tuple[str, ...]


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _form(name: str, module: str) -> Form:
    function = getattr(ops, name)
    parameters = _parameters(function)
    called = _CALLED.get(name) or (function.tensors if isinstance(function, Op) else parameters[:1])
    return Form(
        function,
        f"keras.src.ops.{module}",
        _CLASSES.get(name, _camel(name)),
        called,
        tuple(p for p in parameters if p not in called),
    )


def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    if isinstance(function, Op):
        return function.parameters
    return tuple(n for n, p in inspect.signature(function).parameters.items() if p.kind is not p.VAR_KEYWORD)


@cache
def forms() -> dict[str, Form]:
    """Return the forms by the names of the functions."""
    families = {"numpy": _NUMPY, "nn": _NN, "core": _CORE, "math": _MATH, "linalg": _LINALG}
    found = {name: _form(name, module) for module, names in families.items() for name in names.split()}
    found["getitem"] = Form(TABLE["getitem"], "keras.src.ops.numpy", "GetItem", ("x", "key"), ())
    return found | {inner: found[name] for inner, name in _SAME.items()}


@cache
def _by_class() -> dict[tuple[str, str], Form]:
    return {(f.module, f.class_name): f for f in forms().values()}


def module_of(class_name: str) -> str | None:
    """Return the module of the operation class of that name, or None: for files that do not say it."""
    return next((form.module for form in forms().values() if form.class_name == class_name), None)


# -- to a description -------------------------------------------------------------------------------------------------


def describe_operation(operation: Operation, node: Node) -> tuple[dict[str, Any], list[Any]]:
    """Return the description of an operation, and the arguments of its call.

    Raises:
        ModelFileError: Keras has no such operation.
    """
    name = operation.op.__name__
    form = forms().get(name)
    if form is None:
        raise ModelFileError(
            f"the model uses ops.{name} between its layers, which Keras's files have no name for. "
            "Put that step into the `call` of a layer of your own and register the class."
        )
    values = {**_defaults(form.function), **_by_name(operation.op, node.args, node.kwargs)}
    settings = {key: values[key] for key in form.settings if key in values}
    if any(isinstance(v, KerasTensor) for v in tree.flatten(settings)):
        raise ModelFileError(f"operation '{operation.name}' takes a symbolic tensor where files hold a number.")
    if form.class_name in ("OneHot", "MultiHot") and settings.get("dtype") is None:
        settings["dtype"] = settings_of_chainrule.floatx()
    config = {"name": operation.name, **{key: serialize_keras_object(v) for key, v in settings.items()}}
    named = {"module": form.module, "class_name": form.class_name, "registered_name": form.class_name}
    if form.called == ("operands",):
        return {**named, "config": config}, list(values["operands"])
    return {**named, "config": config}, [values[key] for key in form.called]


def _defaults(function: Callable[..., Any]) -> dict[str, Any]:
    if isinstance(function, Op):
        return dict(function.defaults)
    parameters = inspect.signature(function).parameters.items()
    return {name: p.default for name, p in parameters if p.default is not p.empty}


def _by_name(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call by name."""
    if isinstance(function, Op):
        return {**dict(zip(function.parameters, args, strict=False)), **kwargs}
    return dict(inspect.signature(function).bind(*args, **kwargs).arguments)


# -- and back ---------------------------------------------------------------------------------------------------------


def is_operation(description: Any) -> bool:
    """Whether a member of a model is an op, not a layer."""
    return str(description.get("module", "")).startswith("keras.src.ops.")


class ReadOperation(Operation):
    """An operation from a file, with its settings."""

    def __init__(self, form: Form, settings: dict[str, Any], name: str) -> None:
        super().__init__(form.function, name)
        self.form = form
        self.settings = settings

    def connect(self, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call the function with the arguments that a file gives, in the order of Keras's operation."""
        called = self.form.called
        if called == ("operands",):
            check_size(self.op, args, self.settings)
            return self(*self.settings.values(), *args)
        if len(args) > len(called):
            raise ModelFileError(
                f"operation '{self.form.class_name}' takes {called}, but the file gives it {len(args)} arguments."
            )
        values = {**dict(zip(called, args, strict=False)), **kwargs}
        if "key" in values:
            values["key"] = _plain(values["key"])
        check_size(self.op, [values[p] for p in called if p in values], {**values, **self.settings})
        first = [values.pop(p) for p in _in_order(self.op, values)]
        return self(*first, **{k: v for k, v in {**values, **self.settings}.items() if v is not None})


def _in_order(function: Callable[..., Any], values: dict[str, Any]) -> list[str]:
    """Return the names of the leading arguments that are given, which may be passed by position."""
    leading = []
    for name in _parameters(function):
        if name not in values:
            break
        leading.append(name)
    return leading


def make_operation(description: dict[str, Any]) -> ReadOperation:
    """Return the operation that a description names.

    Raises:
        ModelFileError: there is none of that name, or it has other settings.
    """
    module, class_name = str(description["module"]), str(description["class_name"])
    form = _by_class().get((module, class_name))
    if form is None:
        raise ModelFileError(
            f"the model uses the operation '{module}.{class_name}'"[:160] + ", which is not known here."
        )
    config = description.get("config") or {}
    settings = {k: _plain(deserialize_keras_object(v)) for k, v in config.items() if k != "name"}
    unknown = [k for k, v in settings.items() if k not in form.settings and v is not None]
    if unknown:
        raise ModelFileError(f"operation '{class_name}' has no setting {unknown[0]!r:.80}, only {list(form.settings)}.")
    settings = {k: settings[k] for k in form.settings if k in settings}
    return ReadOperation(form, settings, str(description.get("name") or config.get("name")))


def _plain(value: Any) -> Any:
    """Return a setting with lists as tuples, as ops take axes and shapes."""
    return tuple(_plain(v) for v in value) if isinstance(value, list) else value
