"""`make_train_function` and its like: the functions that run a model's steps on an iterator of batches.

`fit`, `evaluate` and `predict` need none of them, but use those that a program has put in their place.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chainrule import tree


class StepFunction:
    """Runs a step of a model on the next `steps_per_execution` batches of an iterator.

    Args:
        step: the name of the method that takes a batch.

    Raises:
        StopIteration: there are no more batches.
    """

    def __init__(self, model: Any, step: str) -> None:
        self.model = model
        self.step = step

    def __call__(self, iterator: Iterable[Any]) -> Any:
        step, batches = (
            getattr(self.model, self.step),
            zip(range(self.model.steps_per_execution), iterator, strict=False),
        )
        outputs = [step(data) for _, data in batches]
        if not outputs:
            raise StopIteration
        return outputs[-1] if self.step != "predict_step" else _joined(outputs)


def _joined(outputs: list[Any]) -> Any:
    from chainrule import ops

    return tree.map_structure(lambda *parts: ops.concatenate(parts), *outputs) if len(outputs) > 1 else outputs[0]


class StepFunctions:
    """The attributes `train_function`, `test_function` and `predict_function` of a model, and what makes them.

    >>> import numpy as np, chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, kernel_initializer="ones")])
    >>> model.compile("sgd", "mse")
    >>> model.make_test_function()
    >>> batches = iter([(np.ones((4, 2)), np.zeros((4, 1)))])
    >>> model.test_function(batches)
    {'loss': 4.0}
    """

    train_function: Any = None
    test_function: Any = None
    predict_function: Any = None

    def make_train_function(self, force: bool = False) -> Any:
        """Set `train_function`: given an iterator, it learns from the next batches and returns the metrics.

        Args:
            force: make it anew; otherwise one that is there stays, and is returned.
        """
        return self._make("train", force)

    def make_test_function(self, force: bool = False) -> Any:
        """Set `test_function`: given an iterator, it updates the metrics with the next batches and returns them."""
        return self._make("test", force)

    def make_predict_function(self, force: bool = False) -> Any:
        """Set `predict_function`: given batches in a list or an iterator, it returns their outputs."""
        return self._make("predict", force)

    def _make(self, name: str, force: bool) -> Any:
        found = getattr(self, f"{name}_function")
        if found is None or force:
            setattr(self, f"{name}_function", StepFunction(self, f"{name}_step"))
            return None
        return found

    def _forget_functions(self) -> None:
        self.train_function = self.test_function = self.predict_function = None

    def _own_function(self, name: str) -> Any:
        """Return a function that is not ours, which a program has set or made, or None."""
        maker = f"make_{name}"
        if getattr(type(self), maker) is not getattr(StepFunctions, maker):
            getattr(self, maker)()
        found = getattr(self, name)
        return None if isinstance(found, StepFunction) else found
