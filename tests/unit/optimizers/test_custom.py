"""Optimizers of one's own: in Keras's style (`build`, `update_step`) and in ours (`moments`, `update`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops, optimizers
from chainrule.optimizers import Optimizer
from chainrule.variables import Variable


class KerasStyle(Optimizer):
    """The example of Keras's documentation: SGD with momentum."""

    def __init__(self, learning_rate: float = 0.5, momentum: float = 0.5, **kwargs: Any) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.momentum = momentum

    def build(self, variables: Any) -> None:
        super().build(variables)
        self.momentums = []
        for variable in variables:
            self.momentums.append(self.add_variable_from_reference(reference_variable=variable, name="momentum"))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        learning_rate = ops.cast(learning_rate, variable.dtype)
        gradient = ops.cast(gradient, variable.dtype)
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(
            m,
            ops.subtract(
                ops.multiply(m, ops.cast(self.momentum, variable.dtype)), ops.multiply(gradient, learning_rate)
            ),
        )
        self.assign_add(variable, m)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.update({"momentum": self.momentum})
        return config


class OurStyle(Optimizer):
    moments = ("momentum",)

    def update(self, p: Any, g: Any, moments: Any, learning_rate: float, step: int) -> None:
        (m,) = moments
        m *= 0.5
        m -= learning_rate * g
        p += m


def variables() -> list[Variable]:
    return [Variable([[1.0, 2.0]], name="kernel"), Variable([4.0], name="bias")]


COMMON = [
    {},
    {"weight_decay": 0.1},
    {"clipnorm": 0.3},
    {"use_ema": True, "ema_overwrite_frequency": 2},
    {"gradient_accumulation_steps": 2},
    {"loss_scale_factor": 2.0},
]


@pytest.mark.parametrize("arguments", COMMON)
@pytest.mark.parametrize("cls", [KerasStyle, OurStyle])
def test_both_do_what_the_built_in_one_does(cls: Any, arguments: dict[str, Any]) -> None:
    mine, theirs = variables(), variables()
    own, built_in = cls(0.5, **arguments), optimizers.SGD(0.5, momentum=0.5, **arguments)
    for scale in (1.0, -2.0, 0.5, 1.0):
        gradients = [np.full((1, 2), scale), np.array([scale * 3])]
        own.apply(gradients, mine)
        built_in.apply(gradients, theirs)
    for a, b in zip([*mine, *own.variables], [*theirs, *built_in.variables], strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)
        assert a.name == b.name


def test_configuration_of_a_custom_optimizer() -> None:
    optimizer = KerasStyle(0.25, momentum=0.75, clipnorm=1.0)
    config = optimizer.get_config()
    assert (config["learning_rate"], config["momentum"], config["clipnorm"]) == (0.25, 0.75, 1.0)
    assert KerasStyle.from_config(config).get_config() == config
    with cr.saving.serialization.custom_object_scope({"KerasStyle": KerasStyle}):
        again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert isinstance(again, KerasStyle)
    assert again.momentum == 0.75


def test_a_built_in_optimizer_with_another_step() -> None:
    class Reversed(optimizers.Adam):
        def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
            assert len(self._momentums) == len(self._velocities) == 2
            super().update_step(-gradient, variable, learning_rate)

    up, down = variables(), variables()
    for optimizer, weights in ((Reversed(0.5), up), (optimizers.Adam(0.5), down)):
        for _ in range(3):
            optimizer.apply([np.ones((1, 2)), np.ones(1)], weights)
    np.testing.assert_allclose(up[1].numpy() - 4, 4 - down[1].numpy(), rtol=1e-6)


def test_a_custom_step_on_stand_ins_changes_nothing() -> None:
    optimizer, weights = KerasStyle(), variables()
    optimizer.build(weights)
    own, theirs = [v.numpy() for v in optimizer.variables], [v.numpy() for v in weights]
    new, _ = optimizer.stateless_apply(own, [np.ones((1, 2)), np.ones(1)], theirs)
    assert [a.tolist() for a in new] == [[[0.5, 1.5]], [3.5]]
    assert [v.numpy().tolist() for v in weights] == [[[1.0, 2.0]], [4.0]]


def test_an_optimizer_without_an_update() -> None:
    class Empty(Optimizer):
        pass

    with pytest.raises(
        NotImplementedError, match=r"Empty must define update_step\(gradient, variable, learning_rate\)"
    ):
        Empty(0.1).apply([np.ones((1, 2)), np.ones(1)], variables())


def test_super_init_first() -> None:
    class Hasty(Optimizer):
        def __init__(self) -> None:
            self.momentum = 0.9
            super().__init__(0.1)

    with pytest.raises(RuntimeError, match=r"Hasty: call super\(\).__init__\(...\) as the first statement of __init__"):
        Hasty()


def test_add_optimizer_variables() -> None:
    optimizer, weights = optimizers.SGD(0.1), variables()
    optimizer.build(weights)
    first, second = optimizer.add_optimizer_variables(weights, ["a", "b"], ["ones", "zeros"])
    assert [v.name for v in optimizer.variables[2:]] == ["kernel_a", "kernel_b", "bias_a", "bias_b"]
    assert [v.numpy().tolist() for v in (*first, *second)] == [[[1.0, 1.0]], [1.0], [[0.0, 0.0]], [0.0]]
    alone = optimizer.add_optimizer_variables(weights, "c")
    assert [v.path for v in alone] == [f"{optimizer.name}/kernel_c", f"{optimizer.name}/bias_c"]
    weights[0].overwrite_with_gradient = True
    assert optimizer.add_optimizer_variables(weights, "d")[0] is None
    with pytest.raises(ValueError, match="number of names must match the number of initializers"):
        optimizer.add_optimizer_variables(weights, ["a", "b"], ["ones"])


def test_variables_set_as_attributes_are_tracked() -> None:
    optimizer = optimizers.SGD(0.1)
    optimizer.counter = Variable(np.zeros(()), name="counter")
    optimizer.several = [Variable(np.zeros(2), name="x")]
    assert [v.name for v in optimizer.variables] == ["iteration", "learning_rate", "counter", "x"]
    extra = optimizer.add_variable((2, 3), "ones", name="extra")
    assert (extra.shape, extra.trainable, extra.numpy().sum()) == ((2, 3), False, 6.0)
    assert optimizer.variables[-1] is extra
