"""Automatic differentiation: tensors that know how they were made, and the chain rule walked backwards.

grad(f), value_and_grad(f), vjp(f, *x)   functions of arrays, as in JAX
GradientTape                             records what runs inside a `with` block, as in TensorFlow
op                                       makes a function and its derivative rules an op of the table, for your own
check_vjp                                compares the rules with central differences
"""

from typing import TYPE_CHECKING

from chainrule.autodiff.op import Op as Op
from chainrule.autodiff.op import op as op
from chainrule.autodiff.operators import TABLE as TABLE
from chainrule.autodiff.tape import GradientTape as GradientTape
from chainrule.autodiff.tensor import Tensor as Tensor
from chainrule.lazy import getter

if TYPE_CHECKING:
    from chainrule.autodiff.check import CheckResult as CheckResult
    from chainrule.autodiff.check import check_sentences as check_sentences
    from chainrule.autodiff.check import check_vjp as check_vjp
    from chainrule.autodiff.functional import grad as grad
    from chainrule.autodiff.functional import value_and_grad as value_and_grad
    from chainrule.autodiff.functional import vjp as vjp

__all__ = [
    "TABLE",
    "CheckResult",
    "GradientTape",
    "Op",
    "Tensor",
    "check_sentences",
    "check_vjp",
    "grad",
    "op",
    "value_and_grad",
    "vjp",
]
_NAMES = {
    **dict.fromkeys(("CheckResult", "check_sentences", "check_vjp"), "chainrule.autodiff.check"),
    **dict.fromkeys(("grad", "value_and_grad", "vjp"), "chainrule.autodiff.functional"),
}
__getattr__ = getter("chainrule.autodiff", ("tape",), _NAMES)


def __dir__() -> list[str]:
    return list(__all__)
