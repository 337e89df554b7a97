"""NumPy's own functions on tensors: answered by the op of that name, so that no gradient is lost in silence."""

from __future__ import annotations

from typing import Any, NoReturn

from chainrule.autodiff import tape
from chainrule.autodiff.operators import TABLE, Operators
from chainrule.errors import NotDifferentiableError

_NAMES = {"absolute": "abs", "true_divide": "divide", "remainder": "mod", "amax": "max", "amin": "min", "pow": "power"}
# They look at shapes and types, or answer yes or no.
_HARMLESS = """shape ndim size result_type can_cast array_repr array_str array2string isrealobj iscomplexobj
shares_memory may_share_memory zeros_like ones_like empty_like full_like array_equal allclose"""
_LINEAR_ALGEBRA = "cholesky det eigh inv norm pinv qr slogdet solve svd"  # those of the same arguments and results


def call_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer an element-wise NumPy function called on a tensor: by the op of that name, else on plain arrays.

    Raises:
        NotDifferentiableError: a tape follows an input and there is no such op.
    """
    import chainrule.ops  # noqa: F401  # fills the table

    name = _NAMES.get(ufunc.__name__, ufunc.__name__)
    if method == "__call__" and not kwargs and name in TABLE:
        return TABLE[name](*inputs)
    if any(map(_matters, inputs)):
        _refuse(f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}"), name)
    return getattr(ufunc, method)(*map(_plain, inputs), **{k: _plain(v) for k, v in kwargs.items()})


def call_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer any other NumPy function (`np.sum`, `np.where`, ...) called on a tensor, in the same way."""
    from chainrule import ops

    name = _NAMES.get(function.__name__, function.__name__)
    if any(map(_matters, (*args, *kwargs.values()))) and name not in _HARMLESS.split():
        known = function.__module__ == "numpy" or (
            function.__module__ == "numpy.linalg" and name in _LINEAR_ALGEBRA.split()
        )
        mine = getattr(ops, name, None) if known else None
        if mine is None:
            _refuse(f"{function.__module__}.{function.__name__}", name)
        return mine(*args, **kwargs)
    return function(*_plain(args), **_plain(kwargs))


def _refuse(called: str, name: str) -> NoReturn:
    from chainrule import ops

    there = f"chainrule.ops.{name} has other arguments" if name in vars(ops) else f"there is no chainrule.ops.{name}"
    raise NotDifferentiableError(
        f"{called} on a tensor would cut its gradient, and {there}. "
        "Write it with chainrule.ops, or take plain numbers on purpose: tensor.numpy()."
    )


def _matters(value: Any) -> bool:
    """Whether a tape follows the value, or it has no numbers to compute with (a symbolic tensor)."""
    if isinstance(value, list | tuple):
        return any(map(_matters, value))
    return isinstance(value, Operators) and (value.symbolic or tape.follows(value))


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(map(_plain, value))
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return value.value if isinstance(value, Operators) else value
