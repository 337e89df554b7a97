"""A job: what the native side needs to run the steps of a model on batches of certain shapes."""

from __future__ import annotations

import warnings
from typing import Any

from chainrule.engines.compiled import compiled
from chainrule.engines.native import optimizer as steps
from chainrule.engines.native.penalties import describe_penalties
from chainrule.engines.native.python_updates import PythonUpdates
from chainrule.engines.native.translate import TargetShapes, translate
from chainrule.engines.plan import Plan


class Job:
    """A program for data of certain shapes, with a trainer for batches of up to so many rows."""

    def __init__(self, model: Any, plan: Plan, shapes: TargetShapes, batch: int, suffix: str) -> None:
        native = compiled()
        buffer = model.pack()
        self.translation = translate(plan, getattr(native, f"Program{suffix}"), shapes)
        self.batch = batch
        self.description: dict[str, Any] = {"penalties": describe_penalties(plan.penalties)}
        self.optimizer = None
        self.updates: PythonUpdates | None = None
        """Of an optimizer without a kernel."""
        if model.optimizer is not None:
            self._add_optimizer(model, plan, native, suffix)
        penalties = getattr(native, f"Penalties{suffix}")(self.description)
        self.trainer = getattr(native, f"Trainer{suffix}")(self.translation.program, batch, buffer.array, penalties)

    def _add_optimizer(self, model: Any, plan: Plan, native: Any, suffix: str) -> None:
        variables = model.trainable_variables
        reached = {begin for begin, _ in self.translation.program.reached()}
        trained = [v.slot.offset in reached for v in variables]
        if not steps.has_kernel(model.optimizer):
            if not model.optimizer.built:
                model.optimizer.build(variables)
            self.updates = PythonUpdates(model.pack(), variables, trained)
            self.optimizer = getattr(native, f"Optimizer{suffix}")(self.updates.describe())
            return
        if not all(trained):
            missing = [v.path for v, has in zip(variables, trained, strict=True) if not has]
            warnings.warn(
                f"Gradients do not exist for variables {missing} when minimizing the loss. If using `model.compile()`, "
                "did you forget to provide a `loss` argument?",
                stacklevel=8,
            )
        self.description = steps.describe_step(plan, model.optimizer, model.pack(), variables, trained)
        self.optimizer = getattr(native, f"Optimizer{suffix}")(self.description)
