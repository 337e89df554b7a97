"""What authors of their own ops, layers and engines build on. These names stay.

An op is a function of arrays with a rule for each derivative, and the sentence the rule prints as; `check_vjp` compares
the rule with central differences:

>>> import numpy as np
>>> import chainrule as cr
>>> from chainrule import extend
>>> @extend.op(x=("g * 2 * x * y", lambda g, y, x: g * 2 * x * y))
... def exp_of_square(x):
...     return np.exp(x * x)
>>> extend.check_vjp(exp_of_square, np.linspace(-1, 1, 5)).ok
True

A layer writes `build` and `call`; the tape finds its gradient. With `lower` it describes itself to engines that run no
Python; without, a model that holds it runs on the reference engine:

>>> class Scale(extend.Layer):
...     def build(self, input_shape):
...         self.factor = self.add_weight((input_shape[-1],), "ones", name="factor")
...
...     def call(self, x):
...         return exp_of_square(x) * self.factor
>>> model = cr.Sequential([cr.Input((3,)), Scale(name="scale"), cr.layers.Dense(1)])
>>> extend.lower(model)
Traceback (most recent call last):
chainrule.engines.plan.CannotLower: layer 'scale' is Python code (Scale.call)

An engine is a class with the methods of `Engine`. `register_engine` makes it known to `compile(engine=...)`:

>>> class Loud(extend.ReferenceEngine):
...     name = "loud"
...
...     def train_steps(self, model, epoch, key, first, last):
...         print(f"steps {first} to {last - 1}")
...         return super().train_steps(model, epoch, key, first, last)
>>> extend.register_engine(Loud)
>>> model.compile("sgd", "mse", engine="loud")
>>> history = model.fit(np.ones((8, 3)), np.ones(8), batch_size=4, verbose=0)
steps 0 to 1
>>> model.engine
'loud'
>>> extend.unregister_engine("loud")
"""

from __future__ import annotations

from typing import Any

from chainrule.autodiff import TABLE as TABLE
from chainrule.autodiff import CheckResult as CheckResult
from chainrule.autodiff import Op as Op
from chainrule.autodiff import check_vjp as check_vjp
from chainrule.autodiff import op as op
from chainrule.engines import plan as plan
from chainrule.engines.base import Engine as Engine
from chainrule.engines.choose import ENGINES
from chainrule.engines.epoch import Epoch as Epoch
from chainrule.engines.lower import lower as lower
from chainrule.engines.plan import CannotLower as CannotLower
from chainrule.engines.plan import Plan as Plan
from chainrule.engines.plan import Step as Step
from chainrule.engines.plan import slot_of as slot_of
from chainrule.engines.reference import ReferenceEngine as ReferenceEngine
from chainrule.layers import InputSpec as InputSpec
from chainrule.layers import Layer as Layer
from chainrule.variables import FlatBuffer as FlatBuffer
from chainrule.variables import Slot as Slot


def register_engine(engine: type[Any], first: bool = False) -> None:
    """Make an engine known under its `name`.

    Args:
        engine: a class with the methods of `Engine`, made without arguments.
        first: whether `engine='auto'` asks it before all others; by default only who names it gets it.

    Raises:
        ValueError: the name is taken.
    """
    name = engine.name
    if name == "auto" or name in ENGINES:
        raise ValueError(f"The engine name {name!r} is taken: {', '.join(['auto', *ENGINES])}.")
    others = dict(ENGINES)
    ENGINES.clear()
    ENGINES.update({name: engine, **others} if first else {**others, name: engine})


def unregister_engine(name: str) -> None:
    """Forget an engine made known by `register_engine`."""
    if name != ReferenceEngine.name:
        ENGINES.pop(name, None)


__all__ = [
    "TABLE", "CannotLower", "CheckResult", "Engine", "Epoch", "FlatBuffer", "InputSpec", "Layer", "Op", "Plan",
    "ReferenceEngine", "Slot", "Step", "check_vjp", "lower", "op", "plan", "register_engine", "slot_of",
    "unregister_engine",
]  # fmt: skip
