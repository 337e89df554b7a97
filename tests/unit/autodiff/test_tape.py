"""`GradientTape`: what it follows, walks, frees and refuses."""

from __future__ import annotations

import gc
import sys
import threading
import tracemalloc
import weakref
from typing import Any

import numpy as np
import pytest

from chainrule import ops
from chainrule.autodiff import GradientTape, Tensor
from chainrule.autodiff.op import Derivative, Op
from chainrule.autodiff.tape import substitute
from chainrule.errors import MutatedError, NotDifferentiableError
from chainrule.variables import FlatBuffer, Variable


def tensor(values: Any) -> Tensor:
    return ops.convert_to_tensor(np.asarray(values, np.float64))


def test_variables_are_followed_and_tensors_after_watch() -> None:
    v, w = Variable([2.0], name="v"), Variable([5.0], trainable=False)
    x = tensor([3.0])
    with GradientTape() as tape:
        y = v * w * x
    assert tape.watched_variables() == [v]
    np.testing.assert_allclose(tape.gradient(y, [v, w, x])[0], [15.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = v * w * x
    dv, dw, dx = tape.gradient(y, [v, w, x])
    assert (float(dv.value[0]), dw, float(dx.value[0])) == (15.0, None, 10.0)


def test_watch_accessed_variables_can_be_switched_off() -> None:
    v = Variable([2.0])
    with GradientTape(watch_accessed_variables=False) as tape:
        y = v * v
    assert tape.gradient(y, v) is None
    assert not tape.records


def test_a_value_used_twice_gets_the_sum() -> None:
    x = tensor(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x + x
    assert float(tape.gradient(y, x)) == 7.0


def test_gradients_of_structures_weights_and_the_target_itself() -> None:
    x, z = tensor([1.0, 2.0]), tensor([3.0, 4.0])
    with GradientTape(persistent=True) as tape:
        tape.watch({"x": x, "z": [z]})
        a = x * z
        b = ops.sum(a)
    result = tape.gradient([a, b], {"x": x, "z": (z,), "a": a}, [tensor([1.0, 10.0]), tensor(100.0)])
    np.testing.assert_allclose(result["a"], [101, 110])
    np.testing.assert_allclose(result["x"], [303, 440])
    np.testing.assert_allclose(result["z"][0], [101, 220])
    with pytest.raises(
        NotDifferentiableError, match=r"output_gradients has shape \(3,\), but the target has shape \(2,\)"
    ):
        tape.gradient(a, x, np.ones(3))


def test_unconnected_sources_are_none_or_zero() -> None:
    x, z = tensor([1.0]), tensor([[3.0, 4.0]])
    with GradientTape(persistent=True) as tape:
        tape.watch([x, z])
        y = x * x
    assert tape.gradient(y, z) is None
    np.testing.assert_array_equal(tape.gradient(y, z, unconnected_gradients="zero"), [[0.0, 0.0]])


def test_nested_tapes_give_second_derivatives() -> None:
    x = tensor(2.0)
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            inner.watch(x)
            y = x**4
        slope = inner.gradient(y, x)
    assert float(slope) == 32.0
    assert float(outer.gradient(slope, x)) == 48.0


def test_one_persistent_tape_gives_second_derivatives_inside_its_block() -> None:
    x = tensor(2.0)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        slope = tape.gradient(x**4, x)
    assert float(tape.gradient(slope, x)) == 48.0


def test_jacobian() -> None:
    x = tensor([1.0, 2.0, 3.0])
    a = np.arange(6.0).reshape(2, 3)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = ops.matmul(a, x * x)
    np.testing.assert_allclose(tape.jacobian(y, x), 2 * a * np.array([1.0, 2.0, 3.0]))
    with pytest.raises(RuntimeError, match="persistent=True"):
        GradientTape().jacobian(y, x)


def test_stop_recording_and_stop_gradient() -> None:
    x = tensor(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        with tape.stop_recording():
            square = x * x
        y = square * x + ops.stop_gradient(x) * x
    assert float(tape.gradient(y, x)) == 12.0


def test_a_tape_is_used_once_unless_persistent() -> None:
    x = tensor(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match=r"used already.*persistent=True"):
        tape.gradient(y, x)
    tape.reset()
    with tape:
        tape.watch(x)
        y = x * x
    assert float(tape.gradient(y, x)) == 6.0


def test_a_chain_of_100000_ops() -> None:
    x = tensor(1.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x
        for _ in range(100_000):
            y = y * 1.0
    assert sys.getrecursionlimit() < 100_000
    assert float(tape.gradient(y, x)) == 1.0


def test_a_long_graph_that_is_never_walked_can_be_freed() -> None:
    x = tensor(1.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x
        for _ in range(100_000):
            y = ops.reshape(y, ())
    last = weakref.ref(tape.records[-1].output)
    del tape, y
    gc.collect()
    assert last() is None


def test_results_are_freed_while_walking_back() -> None:
    alive: list[weakref.ref[Tensor]] = []
    seen: list[int] = []

    def rule(g: Any, y: Any, x: Any) -> Any:
        seen.append(sum(ref() is not None for ref in alive))
        return g

    same = Op(lambda x: x + 0.0, ("x",), {"x": Derivative("g", rule)})
    x = tensor(np.ones(3))
    with GradientTape() as tape:
        tape.watch(x)
        y = x
        for _ in range(10):
            y = same(y)
            alive.append(weakref.ref(y))
    del y
    target = alive[-1]()
    tape.gradient(target, x)
    # Of the ten, the last is held here; each rule sees its own result and those before it.
    assert seen == [10, 10, 9, 8, 7, 6, 5, 4, 3, 2]


def test_walking_back_needs_little_further_memory() -> None:
    x = tensor(np.ones(100_000))
    tracemalloc.start()
    try:
        with GradientTape() as tape:
            tape.watch(x)
            y = x
            for _ in range(20):
                y = ops.tanh(y)
        forward, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        tape.gradient(y, x)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    one = 100_000 * 8
    assert forward >= 20 * one
    assert peak <= forward + 5 * one
    assert after <= 3 * one


def test_a_tape_holds_nothing_that_does_not_depend_on_its_sources() -> None:
    x = tensor(np.ones(3))
    with GradientTape() as tape:
        tape.watch(x)
        ops.exp(tensor(np.ones(3)))
        ops.exp(np.ones(3))
    assert not tape.records


def test_assigning_a_variable_before_the_gradient_is_an_error() -> None:
    v = Variable([2.0], name="kernel")
    with GradientTape() as tape:
        y = v * v
    v.assign([3.0])
    with pytest.raises(MutatedError, match=r"'kernel' was assigned after ops.multiply had used it.*before assigning"):
        tape.gradient(y, v)


def test_changing_the_flat_buffer_before_the_gradient_is_an_error() -> None:
    v = Variable([2.0], name="kernel")
    buffer = FlatBuffer([v])
    with GradientTape() as tape:
        y = v * v
    buffer.array += 1
    buffer.touch()
    with pytest.raises(MutatedError, match="'kernel'"):
        tape.gradient(y, v)


def test_tensors_cannot_be_changed_in_place() -> None:
    x = tensor([1.0, 2.0])
    with pytest.raises(MutatedError, match=r"cannot be changed in place.*ops\.where"):
        x[0] = 5.0
    with pytest.raises(ValueError, match="read-only"):
        x.value[0] = 5.0
    with pytest.raises(ValueError, match="read-only"):
        (x * 2).value[0] = 5.0


def test_arrays_may_be_changed_after_their_use() -> None:
    x, a = tensor([1.0, 2.0]), np.array([3.0, 4.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.convert_to_tensor(a) * x * a
        a[:] = 0
    np.testing.assert_allclose(tape.gradient(y, x), [9.0, 16.0])


def test_watch_takes_float_tensors_only() -> None:
    with pytest.raises(
        NotDifferentiableError, match=r"takes tensors and variables, but got a ndarray.*convert_to_tensor"
    ):
        GradientTape().watch(np.ones(2))
    with pytest.raises(NotDifferentiableError, match=r"type int32 has no gradient.*float32"):
        GradientTape().watch(ops.convert_to_tensor([1, 2]))


def test_the_target_must_be_a_float_tensor() -> None:
    x = tensor([1.0, 2.0])
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        chosen = ops.argmax(x)
    with pytest.raises(NotDifferentiableError, match=r"target is a tensor of int32 made by ops.argmax"):
        tape.gradient(chosen, x)
    with pytest.raises(NotDifferentiableError, match=r"target is a ndarray"):
        tape.gradient(np.ones(2), x)


@pytest.mark.parametrize("name", ["round", "floor", "sign", "ceil"])
def test_a_result_reached_only_through_a_constant_op_names_it(name: str) -> None:
    x = tensor([1.2, 2.0])
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        constant = ops.sum(getattr(ops, name)(x) * 2.0)
        both = ops.sum(getattr(ops, name)(x) * x)
    with pytest.raises(NotDifferentiableError, match=rf"only through ops\.{name}, which has no derivative"):
        tape.gradient(constant, x)
    np.testing.assert_allclose(tape.gradient(both, x), getattr(np, name)([1.2, 2.0]))


def test_a_cast_to_integers_is_a_constant() -> None:
    x = tensor([1.2, 2.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(ops.cast(ops.cast(x, "int32"), "float64") * 2.0)
    with pytest.raises(NotDifferentiableError, match=r"ops\.cast"):
        tape.gradient(y, x)


def test_substitutes_are_read_and_followed() -> None:
    v = Variable([2.0], name="v")
    stand_in = tensor([5.0])
    with substitute({id(v): stand_in}), GradientTape() as tape:
        tape.watch(stand_in)
        y = v * v
    assert y.dtype == np.float64
    np.testing.assert_allclose(tape.gradient(y, stand_in), [10.0])
    np.testing.assert_allclose(v.numpy(), [2.0])
    with substitute({id(v): np.array([7.0])}):
        np.testing.assert_allclose(v + 1.0, [8.0])
    np.testing.assert_allclose(v + 1.0, [3.0])


def test_gradients_have_the_type_of_their_source() -> None:
    x, z = ops.convert_to_tensor(np.ones((2, 1), np.float32)), tensor(np.ones(3))
    with GradientTape() as tape:
        tape.watch([x, z])
        y = x * z * np.arange(3) * ops.convert_to_tensor([1, 2, 3])
    dx, dz = tape.gradient(y, [x, z])
    assert (dx.dtype, dx.shape, dz.dtype, dz.shape) == (np.float32, (2, 1), np.float64, (3,))
    np.testing.assert_allclose(dx, [[8.0], [8.0]])
    np.testing.assert_allclose(dz, [0.0, 4.0, 12.0])


def test_each_thread_has_tapes_of_its_own() -> None:
    x = tensor(3.0)
    found: list[int] = []

    def work() -> None:
        ops.square(x)
        with GradientTape() as mine:
            mine.watch(x)
            y = ops.square(x) * 2.0
        found.append(len(mine.records))
        found.append(int(mine.gradient(y, x)))

    with GradientTape() as tape:
        tape.watch(x)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert found == [2, 12]
    assert not tape.records


def test_an_error_inside_the_block_leaves_no_tape_recording() -> None:
    from chainrule.autodiff.tape import active

    with pytest.raises(ZeroDivisionError), GradientTape():
        raise ZeroDivisionError
    assert not active()
