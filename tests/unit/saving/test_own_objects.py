"""A model all of whose parts are classes of one's own comes back from a file and trains on."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError


class Momentum(cr.optimizers.Optimizer):
    def __init__(self, learning_rate: Any = 0.1, keep: float = 0.9, name: str = "momentum", **kwargs: Any) -> None:
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.keep = keep

    def build(self, variables: Any) -> None:
        if not self.built:
            super().build(variables)
            self.m = self.add_optimizer_variables(variables, "m")

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        m = self.m[self._get_variable_index(variable)]
        self.assign(m, m.value * self.keep + np.asarray(gradient))
        self.assign_sub(variable, np.asarray(learning_rate) * m.value)


class Slower(cr.optimizers.schedules.LearningRateSchedule):
    def __init__(self, start: float) -> None:
        self.start = start

    def __call__(self, step: Any) -> Any:
        return self.start / (1 + step)

    def get_config(self) -> dict[str, Any]:
        return {"start": self.start}


class Weighted(cr.losses.Loss):
    def __init__(self, factor: float = 1.0, name: str = "weighted", reduction: str = "sum_over_batch_size") -> None:
        super().__init__(name=name, reduction=reduction)
        self.factor = factor

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return cr.ops.mean(cr.ops.square(y_true - y_pred), axis=-1) * self.factor

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


class Batches(cr.metrics.Metric):
    def __init__(self, name: str = "batches", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.seen = self.add_variable((), "zeros", name="seen")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.seen.assign_add(1.0)

    def result(self) -> Any:
        return self.seen


class Total(cr.regularizers.Regularizer):
    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, x: Any) -> Any:
        return self.factor * cr.ops.sum(cr.ops.abs(x))

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor}


class Within(cr.constraints.Constraint):
    def __init__(self, most: float = 1.0) -> None:
        self.most = most

    def __call__(self, w: Any) -> Any:
        return cr.ops.clip(w, -self.most, self.most)

    def get_config(self) -> dict[str, Any]:
        return {"most": self.most}


class Half(cr.initializers.Initializer):
    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return np.full(shape, 0.5, dtype)


def soft(x: Any) -> Any:
    return x / (1 + cr.ops.abs(x))


OWN: dict[str, Any] = {
    thing.__name__: thing for thing in (Momentum, Slower, Weighted, Batches, Total, Within, Half, soft)
}


def network() -> Any:
    dense = cr.layers.Dense(
        2, activation=soft, kernel_initializer=Half(), kernel_regularizer=Total(0.2), bias_constraint=Within(0.05)
    )
    model = cr.Sequential([cr.Input((2,)), dense])
    model.compile(Momentum(Slower(0.2), keep=0.5), Weighted(3.0), metrics=[Batches(), Weighted(2.0, name="w")])
    return model


def step(model: Any) -> Any:
    model.reset_metrics()
    return model.train_on_batch(np.eye(2), np.eye(2), return_dict=True)


def saved(model: Any) -> io.BytesIO:
    buffer = io.BytesIO()
    model.save(buffer)
    buffer.seek(0)
    return buffer


def test_all_parts_come_back() -> None:
    model = network()
    step(model)
    again = cr.models.load_model(saved(model), custom_objects=OWN)
    for _ in range(2):
        assert step(again) == step(model)
    for one, other in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("missing", OWN)
def test_each_one_is_asked_for(missing: str) -> None:
    given = {name: thing for name, thing in OWN.items() if name != missing}
    with pytest.raises(ModelFileError, match=f"'{missing}'.*(custom_objects|register_keras_serializable)"):
        cr.models.load_model(saved(network()), custom_objects=given)
