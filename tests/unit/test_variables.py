"""Variables, their slots, and the one buffer that holds a model's parameters."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff.tape import substitute
from chainrule.errors import MutatedError, ShapeError
from chainrule.variables import FlatBuffer, Slot, Variable


def test_values_from_arrays_functions_and_names() -> None:
    assert Variable([1, 2]).dtype == np.int64
    assert Variable([1.0, 2.0]).dtype == np.float32
    assert Variable(np.array([1.0])).dtype == np.float64
    assert Variable(np.array([1.0]), dtype="float32").dtype == np.float32
    assert Variable(3.0).shape == ()
    assert Variable("ones", shape=(2, 3)).numpy().tolist() == [[1.0] * 3] * 2
    assert Variable(lambda shape, dtype: np.full(shape, 7, dtype), shape=(2,)).numpy().tolist() == [7.0, 7.0]
    assert Variable(cr.ops.convert_to_tensor([1.0])).numpy().tolist() == [1.0]
    other = Variable([5.0])
    again = Variable(other)
    again.assign([6.0])
    assert float(other.value[0]) == 5.0


def test_a_value_is_copied_on_the_way_in_and_out() -> None:
    array = np.zeros(3)
    v = Variable(array)
    array += 1
    assert v.numpy().tolist() == [0.0, 0.0, 0.0]
    v.numpy()[0] = 9
    assert v.numpy()[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        v.value[0] = 9


def test_assignments() -> None:
    v = Variable([1.0, 2.0], name="w")
    before = v.value
    assert v.assign([3.0, 4.0]) is v
    assert before.tolist() == [3.0, 4.0]
    assert v.assign_add(1).numpy().tolist() == [4.0, 5.0]
    assert v.assign_sub([1.0, 2.0]).numpy().tolist() == [3.0, 3.0]
    v.assign(cr.ops.ones((2,)))
    assert v.numpy().tolist() == [1.0, 1.0]
    with pytest.raises(ShapeError) as caught:
        v.assign([1.0])
    assert str(caught.value) == "Variable 'w': expected a value of shape (2,), received shape (1,)."


def test_names_and_shapes_that_are_refused() -> None:
    for make, message in (
        (lambda: Variable([1.0], name="a/b"), "Variable: a name must not hold '/', but is 'a/b'."),
        (lambda: Variable(lambda shape, dtype: 0), "Variable: an initializer that is a function needs `shape=`."),
        (lambda: Variable([1.0], shape=(2,)), "Variable: shape=(2,) was given, but the value has shape (1,)."),
    ):
        with pytest.raises(ValueError, match=r".") as caught:
            make()
        assert str(caught.value) == message


def test_names_are_counted() -> None:
    cr.utils.clear_session()
    assert [Variable([0.0]).name for _ in range(3)] == ["variable", "variable_1", "variable_2"]
    assert Variable([0.0], name="w").path == "w"


def test_a_variable_computes_like_a_tensor() -> None:
    v = Variable([[1.0, 2.0], [3.0, 4.0]])
    assert (v + 1).numpy().tolist() == [[2.0, 3.0], [4.0, 5.0]]
    assert (2 / v)[0].numpy().tolist() == [2.0, 1.0]
    assert cr.ops.sum(v @ v).numpy() == 54
    assert np.asarray(v).tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert np.array(v, dtype="float64").dtype == np.float64
    assert (float(Variable(2.5)), int(Variable(2.5)), len(v), v.ndim, v.size, bool(Variable(0.0))) == (
        2.5,
        2,
        2,
        2,
        4,
        False,
    )
    assert "path=" in repr(v)


def test_a_change_between_use_and_gradient_is_noticed() -> None:
    v = Variable([1.0, 2.0])
    with cr.GradientTape() as tape:
        y = cr.ops.sum(v * v)
    v.assign([5.0, 5.0])
    with pytest.raises(MutatedError):
        tape.gradient(y, v)


def test_stand_ins_take_assignments() -> None:
    v = Variable([1.0, 2.0])
    values: dict[int, Any] = {id(v): np.array([10.0, 20.0])}
    with substitute(values):
        assert v.dtype == np.float64
        v.assign_add([1.0, 1.0])
        assert v.numpy().tolist() == [11.0, 21.0]
    assert v.numpy().tolist() == [1.0, 2.0]
    assert values[id(v)].tolist() == [11.0, 21.0]


# -- the buffer -------------------------------------------------------------------------------------------------------


def test_slots() -> None:
    flat = np.arange(12)
    slot = Slot(2, (2, 3))
    assert slot.size == 6
    assert slot.view(flat).tolist() == [[2, 3, 4], [5, 6, 7]]
    slot.view(flat)[0, 0] = 99
    assert flat[2] == 99
    assert Slot(3, ()).view(flat) == 3


def test_variables_become_views_into_one_array() -> None:
    a, b, c = Variable([1.0, 2.0]), Variable([[3.0], [4.0]]), Variable(5.0)
    flat = FlatBuffer([a, b, c])
    assert flat.array.tolist() == [1, 2, 3, 4, 5]
    assert [v.slot for v in (a, b, c)] == [Slot(0, (2,)), Slot(2, (2, 1)), Slot(4, ())]
    flat.array *= 10
    assert b.numpy().tolist() == [[30.0], [40.0]]
    c.assign(7.0)
    assert flat.array[4] == 7
    versions = [v.version for v in (a, b, c)]
    flat.touch()
    assert [v.version for v in (a, b, c)] == [n + 1 for n in versions]


def test_gather() -> None:
    a, b = Variable([1.0, 2.0]), Variable([[3.0]])
    flat = FlatBuffer([a, b])
    assert flat.gather([None, [[2.0]]]).tolist() == [0.0, 0.0, 2.0]
    out = np.ones(3, "float32")
    assert flat.gather([[1.0, 2.0], cr.ops.ones((1, 1))], out=out) is out
    assert out.tolist() == [1.0, 2.0, 1.0]


def test_holds_is_about_the_same_variables_in_the_same_order() -> None:
    a, b = Variable([1.0]), Variable([2.0])
    first = FlatBuffer([a, b])
    assert first.holds([a, b])
    assert not first.holds([b, a])
    assert not first.holds([a])
    second = FlatBuffer([b])
    assert second.holds([b])
    assert not first.holds([a, b])
    b.assign([9.0])
    assert (second.array.tolist(), first.array.tolist()) == ([9.0], [1.0, 2.0])


def test_copies_and_pickles_stand_on_their_own() -> None:
    a, b = Variable([1.0, 2.0], name="w", trainable=False), Variable([3.0])
    flat = FlatBuffer([a, b])
    for twin in (copy.copy(a), copy.deepcopy(a), pickle.loads(pickle.dumps(a))):
        twin.assign([7.0, 8.0])
        assert (twin.name, twin.path, twin.trainable, twin.buffer, twin.slot) == ("w", "w", False, None, None)
    assert flat.array.tolist() == [1.0, 2.0, 3.0]


def test_a_model_packs_its_parameters_trainable_ones_first() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.BatchNormalization(name="n"), cr.layers.Dense(1, name="d")])
    flat = model.pack()
    assert [v.name for v in flat.variables] == ["gamma", "beta", "kernel", "bias", "moving_mean", "moving_variance"]
    assert model.pack() is flat
    before = model.get_weights()
    model.layers[0].trainable = False
    again = model.pack()
    assert again is not flat
    assert [v.name for v in again.variables] == ["kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance"]
    for x, y in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(x, y)


def test_two_models_that_share_a_layer_take_turns() -> None:
    shared = cr.layers.Dense(2, name="shared")
    first = cr.Sequential([cr.Input((3,)), shared, cr.layers.Dense(1)])
    second = cr.Sequential([cr.Input((3,)), shared])
    first_flat, second_flat = first.pack(), second.pack()
    assert not first_flat.holds(first.trainable_weights)
    second_flat.array += 1
    expected = shared.get_weights()
    again = first.pack()
    assert again is not first_flat
    for x, y in zip(expected, shared.get_weights(), strict=True):
        np.testing.assert_array_equal(x, y)
    assert again.array[:6].tolist() == expected[0].reshape(-1).tolist()


def test_operators_work_before_any_op_was_imported() -> None:
    code = "import chainrule as cr; v = cr.Variable([1.0, 2.0]); print(float(v[1] + v[0]), float(abs(-v)[0]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("3.0 1.0", "")


def test_equality_goes_by_value() -> None:
    count = Variable(np.array(6))
    assert count == 6
    assert bool(count != 7)
    assert {count: "key"}[count] == "key"
