"""What `apply` does around the update: clipping, decay, accumulation, averages, constraints, and its complaints."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from chainrule import constraints, optimizers
from chainrule.autodiff.tape import substitute
from chainrule.errors import ShapeError
from chainrule.variables import FlatBuffer, Variable


def pair(packed: bool = True) -> list[Variable]:
    kernel = Variable(np.array([[1.0, 2.0]], "float32"), name="kernel")
    bias = Variable(np.array([4.0], "float32"), name="bias")
    if packed:
        FlatBuffer([kernel, bias])
    return [kernel, bias]


def ones() -> list[Any]:
    return [np.ones((1, 2), "float32"), np.ones(1, "float32")]


def values(variables: list[Variable]) -> list[float]:
    return [x for v in variables for x in v.numpy().ravel().tolist()]


# -- the parts of a step -------------------------------------------------------------


@pytest.mark.parametrize("packed", [True, False])
def test_a_step_updates_in_place_and_leaves_the_gradient(packed: bool) -> None:
    variables, gradients = pair(packed), ones()
    optimizers.SGD(0.5, clipnorm=0.1, momentum=0.9).apply(gradients, variables)
    assert all((g == 1).all() for g in gradients)
    assert values(variables) != [1.0, 2.0, 4.0]


def test_variables_that_move_into_a_buffer_later_are_followed() -> None:
    variables = pair(packed=False)
    sgd = optimizers.SGD(0.5, momentum=0.5)
    sgd.apply(ones(), variables)
    buffer = FlatBuffer(variables)
    sgd.apply(ones(), variables)
    assert buffer.array.tolist() == [-0.25, 0.75, 2.75]


def test_neighbours_are_updated_as_one_vector() -> None:
    shapes = []

    class Spy(optimizers.SGD):
        def update(self, p: Any, g: Any, moments: Any, learning_rate: float, step: int) -> None:
            shapes.append(p.shape)
            super().update(p, g, moments, learning_rate, step)

    before, (kernel, bias), between, last = Variable([0.0]), pair(packed=False), Variable([0.0]), Variable([1.0])
    FlatBuffer([before, kernel, bias, between, last])
    Spy(0.5).apply([*ones(), np.ones(1)], [kernel, bias, last])
    assert shapes == [(3,), (1,)]
    assert values([before, kernel, bias, between, last]) == [0.0, 0.5, 1.5, 3.5, 0.0, 0.5]


def test_clipvalue_clipnorm_global_clipnorm() -> None:
    gradients = [np.array([[3.0, 4.0]]), np.array([-12.0])]
    for arguments, steps in [
        ({"clipvalue": 3.5}, [3.0, 3.5, -3.5]),
        ({"clipnorm": 10.0}, [3.0, 4.0, -10.0]),
        ({"global_clipnorm": 6.5}, [1.5, 2.0, -6.0]),
        ({"clipnorm": 0.0}, [3.0, 4.0, -12.0]),
    ]:
        variables = pair()
        optimizers.SGD(1.0, **arguments).apply(gradients, variables)
        assert np.subtract([1.0, 2.0, 4.0], values(variables)).tolist() == pytest.approx(steps), arguments


def test_weight_decay_reaches_every_variable_and_is_decoupled() -> None:
    variables = pair()
    optimizers.SGD(0.5, weight_decay=0.5).apply(ones(), variables)
    assert values(variables) == [0.25, 1.0, 2.5]


def test_exclude_from_weight_decay() -> None:
    by_name, by_list = pair(), pair()
    first, second = optimizers.SGD(0.5, weight_decay=0.5), optimizers.SGD(0.5, weight_decay=0.5)
    first.exclude_from_weight_decay(var_names=["bias", "gamma"])
    second.exclude_from_weight_decay(var_list=[by_list[1]])
    first.apply(ones(), by_name)
    second.apply(ones(), by_list)
    assert values(by_name) == values(by_list) == [0.25, 1.0, 3.5]


def test_gradient_accumulation_averages_and_counts_updates() -> None:
    variables = pair()
    sgd = optimizers.SGD(0.5, gradient_accumulation_steps=2)
    seen = []
    for scale in [1.0, 3.0, 5.0]:
        sgd.apply([g * scale for g in ones()], variables)
        seen.append((values(variables)[0], int(sgd.iterations), int(sgd.variables[0])))
    assert seen == [(1.0, 0, 1), (0.0, 1, 2), (0.0, 1, 3)]


def test_loss_scale() -> None:
    variables = pair()
    sgd = optimizers.SGD(0.5, loss_scale_factor=4.0)
    assert sgd.scale_loss(3.0) == 12.0
    assert optimizers.SGD().scale_loss(3.0) == 3.0
    sgd.apply([4.0 * g for g in ones()], variables)
    assert values(variables) == [0.5, 1.5, 3.5]


def test_moving_average_starts_at_the_weights_and_replaces_them() -> None:
    variables = pair()
    sgd = optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=3)
    sgd.apply(ones(), variables)
    assert values(sgd.moment_variables("average")) == [0.0, 1.0, 3.0]
    sgd.apply(ones(), variables)
    assert values(sgd.moment_variables("average")) == [-0.5, 0.5, 2.5]
    assert values(variables) == [-1.0, 0.0, 2.0]
    sgd.apply(ones(), variables)
    assert values(variables) == values(sgd.moment_variables("average")) == [-1.25, -0.25, 1.75]


def test_finalize_variable_values() -> None:
    variables = pair()
    sgd = optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
    for _ in range(2):
        sgd.apply(ones(), variables)
    with pytest.raises(ValueError, match="1 model variables to overwrite do not match the 2 averages"):
        sgd.finalize_variable_values(variables[:1])
    sgd.finalize_variable_values(variables)
    assert values(variables) == [-0.5, 0.5, 2.5]
    optimizers.SGD().finalize_variable_values(variables)  # no average: nothing to do
    assert values(variables) == [-0.5, 0.5, 2.5]


def test_constraints_come_after_the_update() -> None:
    kernel, bias = pair()
    kernel.constraint = constraints.NonNeg()
    bias.constraint = lambda w: np.asarray(w) * 0 + 7
    optimizers.SGD(1.5).apply(ones(), [kernel, bias])
    assert values([kernel, bias]) == [0.0, 0.5, 7.0]


def test_variables_may_differ_in_type() -> None:
    single, double = Variable(np.ones(2, "float32")), Variable(np.ones(2, "float64"))
    adam = optimizers.Adam(0.5, global_clipnorm=1.0)
    adam.apply([np.ones(2), np.ones(2)], [single, double])
    assert [v.dtype.name for v in adam.variables[2:]] == ["float32", "float32", "float64", "float64"]
    np.testing.assert_allclose(values([single, double]), 0.5, rtol=2e-5)  # 1 - 0.999 in float32


def test_a_variable_overwritten_with_its_gradient_has_no_moments() -> None:
    kernel, bias = pair()
    bias.overwrite_with_gradient = True
    sgd = optimizers.SGD(0.5, momentum=0.5, use_ema=True)
    sgd.apply([np.ones((1, 2)), np.array([9.0])], [kernel, bias])
    assert values([kernel, bias]) == [0.5, 1.5, 9.0]
    assert sgd.momentums[1] is None
    assert len(sgd.variables) == 4


def test_changes_are_seen_as_new_versions() -> None:
    variables = pair()
    optimizers.SGD(0.5).apply(ones(), variables)
    assert [v.version for v in variables] == [1, 1]


def test_overflow_is_silent_as_in_keras() -> None:
    variables = pair()
    optimizers.RMSprop(0.5).apply([np.full((1, 2), 3e38), np.ones(1)], variables)
    assert values(variables)[:2] == [1.0, 2.0]
    optimizers.SGD(0.5, global_clipnorm=1.0).apply([np.full((1, 2), np.inf), np.ones(1)], variables)
    assert np.isnan(values(variables)).all()


# -- which variables --------------------------------------------------------------


def test_a_missing_gradient_leaves_variable_and_moments_alone_and_warns() -> None:
    variables = pair()
    sgd = optimizers.SGD(0.5, momentum=0.5, weight_decay=0.1)
    with pytest.warns(UserWarning, match=r"Gradients do not exist for variables \['bias'\] when minimizing the loss"):
        sgd.apply([ones()[0], None], variables)
    assert values(variables)[2] == 4.0
    assert values(sgd.moment_variables("momentum"))[2] == 0.0


def test_a_part_of_the_variables() -> None:
    variables = pair()
    sgd = optimizers.SGD(0.5)
    sgd.build(variables)
    sgd.apply([np.ones(1)], [variables[1]])
    assert values(variables) == [1.0, 2.0, 3.5]


def test_apply_gradients_takes_pairs_and_returns_the_iteration() -> None:
    variables = pair()
    sgd = optimizers.SGD(0.5)
    assert int(sgd.apply_gradients(zip(ones(), variables, strict=True))) == 1
    assert values(variables) == [0.5, 1.5, 3.5]


def test_no_gradients_is_no_step() -> None:
    sgd = optimizers.SGD()
    sgd.apply([])
    assert int(sgd.iterations) == 0


def test_complaints() -> None:
    variables, stranger = pair(), Variable([0.0], name="stranger")
    sgd = optimizers.SGD(name="mine")
    with pytest.raises(ValueError, match="mine: gradients without variables need a built optimizer"):
        sgd.apply(ones())
    sgd.build(variables)
    with pytest.raises(ValueError, match="mine: unknown variable 'stranger'"):
        sgd.apply([np.ones(1)], [stranger])
    with pytest.raises(ValueError, match="mine: expected 2 gradients, one per variable, received 1"):
        sgd.apply([np.ones(1)])
    with pytest.raises(ValueError, match="mine: no gradients provided for any variable"):
        sgd.apply([None, None])
    with pytest.raises(ShapeError, match=r"Gradient of variable 'bias': expected shape \(1,\), received shape \(2,\)"):
        sgd.apply([np.ones((1, 2)), np.ones(2)])
    assert values(variables) == [1.0, 2.0, 4.0]


# -- without changing anything --------------------------------------------------------------

EVERYTHING = {"use_ema": True, "gradient_accumulation_steps": 2, "weight_decay": 0.1, "clipnorm": 1.0}


@pytest.mark.parametrize("cls", [optimizers.Adam, optimizers.Nadam, optimizers.Ftrl])
@pytest.mark.parametrize("arguments", [{}, EVERYTHING])
def test_stateless_apply_gives_what_apply_gives_and_changes_nothing(cls: Any, arguments: dict[str, Any]) -> None:
    variables, twins = pair(), pair()
    optimizer, twin = cls(0.5, **arguments), cls(0.5, **arguments)
    for v in (variables[0], twins[0]):
        v.constraint = constraints.MaxNorm(1.0, axis=1)
    for _ in range(3):
        optimizer.apply(ones(), variables)
        twin.apply(ones(), twins)
    own, theirs = [v.numpy() for v in optimizer.variables], [v.numpy() for v in variables]
    new_theirs, new_own = optimizer.stateless_apply(own, ones(), theirs)
    for v, before in zip([*optimizer.variables, *variables], [*own, *theirs], strict=True):
        np.testing.assert_array_equal(v.numpy(), before)
    twin.apply(ones(), twins)
    for new, v in zip([*new_own, *new_theirs], [*twin.variables, *twins], strict=True):
        np.testing.assert_array_equal(new, v.numpy())


def test_stateless_apply_says_what_it_expects() -> None:
    sgd = optimizers.SGD(name="mine")
    with pytest.raises(
        ValueError, match="mine: stateless_apply expects 2 optimizer variables and 0 trainable variables"
    ):
        sgd.stateless_apply([], ones(), pair())


def test_a_step_on_stand_ins_runs_in_their_type() -> None:
    variables = pair()
    adam = optimizers.Adam(0.5)
    adam.apply(ones(), variables)
    before = values(variables), values(adam.variables)
    stand_ins: dict[int, Any] = {id(v): v.numpy().astype("float64") for v in variables}
    with substitute(stand_ins):
        adam.apply([np.full((1, 2), 0.1), np.full(1, 0.1)], variables)
    assert (values(variables), values(adam.variables)) == before
    assert all(stand_ins[id(v)].dtype == "float64" for v in variables)
    assert not np.allclose(stand_ins[id(variables[0])], variables[0].numpy())
    assert int(stand_ins[id(adam.variables[0])]) == 2


def test_no_warning_in_an_ordinary_step() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for cls in (optimizers.Adam, optimizers.Nadam, optimizers.Adadelta, optimizers.Ftrl):
            cls().apply([np.zeros((1, 2)), np.zeros(1)], pair())
