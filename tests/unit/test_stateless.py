"""Scopes in which variables have other values, devices, and names that scopes put before paths."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import EngineError
from chainrule.stateless import current_stateless_scope, in_symbolic_scope


def variable(*values: float) -> cr.Variable:
    return cr.Variable(list(values), name="v")


# -- StatelessScope ---------------------------------------------------------------------------------------------------


def test_reading_and_assigning_stay_within() -> None:
    v, other = variable(1.0, 2.0), variable(7.0)
    with cr.StatelessScope([(v, np.zeros(2))]) as scope:
        assert np.asarray(v).tolist() == [0.0, 0.0]
        assert np.asarray(v + 1).tolist() == [1.0, 1.0]
        v.assign_add([1.0, 3.0])
        other.assign([8.0])
        assert np.asarray(v).dtype == np.float32
        assert current_stateless_scope() is scope
    assert current_stateless_scope() is None
    assert v.numpy().tolist() == [1.0, 2.0]
    assert other.numpy().tolist() == [7.0]
    assert scope.get_current_value(v).numpy().tolist() == [1.0, 3.0]
    assert str(scope.get_current_value(v).dtype) == "float32"
    assert scope.get_current_value(other).numpy().tolist() == [8.0]
    assert scope.get_current_value(variable(1.0)) is None


def test_a_variable_that_was_not_given_starts_with_its_own_value() -> None:
    v = variable(2.0)
    with cr.StatelessScope() as scope:
        assert scope.get_current_value(v) is None
        v.assign(v * 3)
    assert float(scope.get_current_value(v)[0]) == 6.0


def test_scopes_nest_and_errors_close_them() -> None:
    v = variable(1.0)

    def stop() -> None:
        with cr.StatelessScope([(v, [3.0])]):
            assert float(v.value[0]) == 3.0
            raise RuntimeError("stop")

    with cr.StatelessScope([(v, [2.0])]):
        with pytest.raises(RuntimeError, match="stop"):
            stop()
        assert float(v.value[0]) == 2.0
    assert float(v.value[0]) == 1.0


def test_updates_can_be_given_by_hand() -> None:
    v = variable(1.0)
    with cr.StatelessScope() as scope:
        scope.add_update((v, [4.0]))
        assert float(v.value[0]) == 4.0


def test_gradients_with_respect_to_given_values() -> None:
    layer = cr.layers.Dense(1, kernel_initializer="ones")
    layer.build((None, 2))
    kernel = cr.ops.convert_to_tensor([[3.0], [4.0]])
    with cr.GradientTape() as tape:
        tape.watch(kernel)
        with cr.StatelessScope([(layer.kernel, kernel)]):
            loss = cr.ops.sum(layer(np.array([[1.0, 10.0]], "float32")) ** 2)
    assert float(loss) == 43.0**2
    assert tape.gradient(loss, kernel).numpy().tolist() == [[86.0], [860.0]]


def test_losses_are_collected() -> None:
    class Penalised(cr.Layer):
        def call(self, x: Any) -> Any:
            self.add_loss(cr.ops.sum(x))
            return x

    with cr.StatelessScope(collect_losses=True) as scope:
        Penalised()(np.ones((1, 3), "float32"))
    assert [float(loss) for loss in scope.losses] == [3.0]
    with cr.StatelessScope() as scope:
        Penalised()(np.ones((1, 3), "float32"))
    assert scope.losses == []


def test_a_whole_model_with_other_weights() -> None:
    net = cr.Sequential([cr.Input((2,)), cr.layers.Dense(2), cr.layers.BatchNormalization()])
    x = np.arange(8, dtype="float32").reshape(4, 2)
    before = [w.numpy() for w in net.weights]
    with cr.StatelessScope([(w, np.full(w.shape, 0.5)) for w in net.weights]) as scope:
        outputs = net(x, training=True)
    for w, value in zip(net.weights, before, strict=True):
        np.testing.assert_array_equal(w.numpy(), value)
    assert not np.allclose(outputs, net(x))
    moved = scope.get_current_value(net.non_trainable_weights[0])
    np.testing.assert_allclose(moved, 0.5 * 0.99 + 0.01 * (x @ np.full((2, 2), 0.5) + 0.5).mean(0), rtol=1e-6)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ([("x", 1.0)], "all keys in argument `mapping` must be Variable instances. Received instead: x"),
        ([(variable(1.0), [1.0, 2.0])], r"received invalid value \[1. 2.\] with shape \(2,\)"),
    ],
)
def test_what_a_scope_refuses(mapping: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cr.StatelessScope(mapping)


# -- others -----------------------------------------------------------------------------------------------------------


def test_symbolic_scope_marks_a_block() -> None:
    with cr.SymbolicScope():
        assert in_symbolic_scope()
        assert cr.layers.Dense(3)(cr.Input((2,))).shape == (None, 3)
    assert not in_symbolic_scope()


@pytest.mark.parametrize("name", ["cpu", "cpu:0", "CPU:0", "/device:CPU:0"])
def test_the_processor_is_there(name: str) -> None:
    with cr.device(name):
        assert float(cr.ops.sum(cr.ops.ones(3))) == 3.0


@pytest.mark.parametrize("name", ["gpu", "gpu:0", "cuda:1", "tpu", "cpu:1"])
def test_other_devices_are_not(name: str) -> None:
    with pytest.raises(EngineError, match=f"chainrule computes on the CPU only, so '{name}' is not there. Use 'cpu:0'"):
        cr.device(name)
    with pytest.raises(EngineError, match="expected 'cpu:0', received 3"):
        cr.device(3)  # type: ignore[arg-type]


# -- name_scope: every path as Keras 3.15.1 gives it -------------------------------------------------------------------


def test_paths_begin_with_the_scopes() -> None:
    with cr.name_scope("a"):
        assert variable(1.0).path == "a/v"
        with cr.name_scope("b"):
            assert variable(1.0).path == "a/b/v"
        layer = cr.layers.Dense(2, name="d")
        layer.build((None, 3))
        assert (layer.path, layer.kernel.path) == ("a/d", "a/d/kernel")
        net = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, name="e")], name="m")
        assert net.weights[0].path == "a/m/e/kernel"
    assert variable(1.0).path == "v"


def test_scopes_in_a_layer() -> None:
    class Own(cr.Layer):
        def build(self, input_shape: Any) -> None:
            with cr.name_scope("inner"):
                self.v = variable(1.0)

    layer = Own(name="l")
    layer.build((None, 2))
    assert layer.v.path == "l/inner/v"


def test_callers_and_parents() -> None:
    me = object()
    with cr.name_scope("a", caller=me), cr.name_scope("a", caller=me):
        assert variable(1.0).path == "a/v"
    with cr.name_scope("a", caller=me), cr.name_scope("a", caller=me, deduplicate=False):
        assert variable(1.0).path == "a/a/v"
    with cr.name_scope("a"), cr.name_scope("a"):
        assert variable(1.0).path == "a/a/v"
    with cr.name_scope("a"), cr.name_scope("b", override_parent="x/y"):
        assert variable(1.0).path == "x/y/b/v"
    with pytest.raises(ValueError, match=r"must be a string and cannot contain character `/`\. Received: name=a/b"):
        cr.name_scope("a/b")
