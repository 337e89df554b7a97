"""The base of layers: arguments, building, what it holds, losses, calls."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.errors import NotDifferentiableError, ShapeError, UnknownNameError

L = cr.layers
X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


class Scale(L.Layer):
    def build(self, input_shape: Any) -> None:
        self.factor = self.add_weight((input_shape[-1],), "ones", name="factor")

    def call(self, x: Any) -> Any:
        return x * self.factor


# -- construction -----------------------------------------------------------------------------------------------------


def test_the_constructor_takes_keras_arguments_by_name() -> None:
    names = list(inspect.signature(L.Layer.__init__).parameters)[1:]
    assert names == ["activity_regularizer", "trainable", "dtype", "autocast", "name", "kwargs"]
    layer = L.Layer(name="x", trainable=False, dtype="float64", activity_regularizer="l2")
    assert (layer.name, layer.trainable, layer.dtype, layer.compute_dtype) == ("x", False, "float64", "float64")
    assert layer.input_dtype == "float64"


def test_bad_arguments() -> None:
    with pytest.raises(UnknownNameError, match="Unknown argument of Dense: 'unit'"):
        L.Dense(3, unit=4)
    with pytest.raises(ValueError, match="a name must be a string without '/'"):
        L.Dense(3, name="a/b")
    with pytest.raises(ValueError, match="trainable must be True or False, but is 'yes'"):
        L.Dense(3, trainable="yes")
    with pytest.raises(UnknownNameError, match="dtype 'float31'"):
        L.Dense(3, dtype="float31")


def test_names_are_made_from_the_class() -> None:
    cr.utils.clear_session()

    class MyBestLayer(L.Layer):
        pass

    assert [MyBestLayer().name, MyBestLayer().name, L.PReLU().name] == ["my_best_layer", "my_best_layer_1", "p_re_lu"]


def test_init_must_call_the_base() -> None:
    class Forgetful(L.Layer):
        def __init__(self) -> None:
            self.units = 3

        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(RuntimeError, match=r"Forgetful.__init__ must call super\(\).__init__\(\) first"):
        Forgetful()(X)


def test_attributes_may_be_set_before_the_base_is_called() -> None:
    class Early(L.Layer):
        def __init__(self) -> None:
            self.inner = L.Dense(2)
            super().__init__()

        def call(self, x: Any) -> Any:
            return self.inner(x)

    layer = Early()
    layer(X)
    assert [v.name for v in layer.weights] == ["kernel", "bias"]


# -- building ---------------------------------------------------------------------------------------------------------


def test_a_layer_is_built_by_its_first_call() -> None:
    layer = Scale()
    assert not layer.built
    assert layer.weights == []
    np.testing.assert_array_equal(layer(X), X)
    assert layer.built
    assert layer.factor.path == f"{layer.name}/factor"
    assert layer.get_build_config() == {"input_shape": (4, 3)}


def test_a_layer_is_built_once() -> None:
    layer = L.Dense(2, name="d")
    layer.build((None, 3))
    with pytest.raises(ValueError, match=r"Dense 'd' is built already, for .*Make a new layer for another input"):
        layer.build((None, 3))
    assert len(layer.weights) == 2


def test_build_may_call_the_base_class() -> None:
    class Wider(Scale):
        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            self.shift = self.add_weight((input_shape[-1],), "zeros", name="shift")

        def call(self, x: Any) -> Any:
            return super().call(x) + self.shift

    layer = Wider()
    layer(X)
    assert [v.name for v in layer.weights] == ["factor", "shift"]


def test_build_with_several_arguments() -> None:
    class Pair(L.Layer):
        def build(self, left_shape: Any, right_shape: Any) -> None:
            self.shapes = (tuple(left_shape), tuple(right_shape))

        def call(self, left: Any, right: Any, scale: float = 1.0) -> Any:
            return left + scale * right

    layer = Pair()
    np.testing.assert_allclose(layer(X, right=X, scale=2.0), 3 * X, rtol=1e-6)
    assert layer.shapes == ((4, 3), (4, 3))

    class Wrong(L.Layer):
        def build(self, left_shape: Any, other_shape: Any) -> None:
            pass

        def call(self, left: Any, right: Any) -> Any:
            return left

    with pytest.raises(TypeError, match="'other_shape' is not: `call` takes \\['left', 'right'\\]"):
        Wrong()(X, X)


def test_add_weight() -> None:
    layer = L.Layer(name="x")
    scalar = layer.add_weight(name="scalar")
    counter = layer.add_weight((2,), dtype="int32", trainable=False, name="counter")
    assert (scalar.shape, counter.dtype, counter.numpy().tolist()) == ((), np.int32, [0, 0])
    assert [v.name for v in layer.trainable_weights] == ["scalar"]
    assert [v.name for v in layer.non_trainable_weights] == ["counter"]
    with pytest.raises(TypeError, match=r"write add_weight\(shape=..., name='kernel'\)"):
        layer.add_weight("kernel", (2, 2))
    with pytest.raises(ShapeError, match=r"the variable 'w' needs a known shape, but \(None, 3\) was asked for"):
        layer.add_weight((None, 3), name="w")


def test_variables_set_as_attributes_count() -> None:
    class Own(L.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.w = cr.Variable([1.0], name="w")
            self.fixed = cr.Variable([2.0], trainable=False, name="fixed")
            self.again = self.w

    layer = Own()
    assert [v.name for v in layer.weights] == ["w", "fixed"]
    assert [v.name for v in layer.trainable_variables] == ["w"]


def test_old_scripts_may_give_weights_and_input_shape() -> None:
    kernel = np.ones((3, 1), "float32")
    with pytest.warns(UserWarning, match=r"Dense 'dense.*': write Input\(shape\) as the first entry"):
        first = L.Dense(1, input_shape=(3,), weights=[kernel, np.zeros(1, "float32")])
    model = cr.Sequential([first])
    np.testing.assert_allclose(model(X), X.sum(axis=1, keepdims=True), rtol=1e-5)


# -- what it holds ----------------------------------------------------------------------------------------------------


class Holder(L.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.first = L.Dense(1, name="a")
        self.many = [L.Dense(1, name="b"), {"x": L.Dense(1, name="c")}, (L.Dense(1, name="d"),)]
        self.first_again = self.first
        self.numbers = [1, 2, 3]
        self.meter = cr.metrics.Mean(name="meter")
        self.meters = [cr.metrics.Sum(name="total")]

    def call(self, x: Any) -> Any:
        return x


def test_layers_and_metrics_are_found_in_attributes_lists_and_dicts() -> None:
    holder = Holder()
    assert [layer.name for layer in holder._flatten_layers()[1:]] == ["a", "b", "c", "d"]
    assert [m.name for m in holder.metrics] == ["meter", "total"]
    assert len(holder.metrics_variables) == 3
    holder.many.append(L.Dense(1, name="e"))
    assert [layer.name for layer in holder._flatten_layers()[1:]] == ["a", "b", "c", "d", "e"]


def test_freezing_reaches_everything_inside_even_in_circles() -> None:
    holder = Holder()
    holder.first.parent = holder
    holder.first.build((None, 3))
    holder.trainable = False
    assert [layer.trainable for layer in holder._flatten_layers()] == [False] * 5
    assert holder.first.trainable_weights == []
    holder.trainable = True
    assert len(holder.trainable_weights) == 2


def test_set_weights_is_all_or_nothing() -> None:
    layer = L.Dense(2, name="d")
    layer.build((None, 3))
    before = layer.get_weights()
    with pytest.raises(ShapeError, match=r"weight 'd/bias' has shape \(2,\), but received shape \(3,\)"):
        layer.set_weights([np.ones((3, 2)), np.ones(3)])
    with pytest.raises(ShapeError, match="'d' has 2 weights, but set_weights received 1"):
        layer.set_weights([np.ones((3, 2))])
    np.testing.assert_array_equal(layer.get_weights()[0], before[0])


# -- calls ------------------------------------------------------------------------------------------------------------


def test_what_a_layer_takes() -> None:
    layer = L.Dense(2)
    layer.build((None, 3))
    expected = layer(X).numpy()
    for form in (
        X.astype("float64"),
        X.tolist(),
        [X[0], X[1], X[2], X[3]][0:0] or X,
        ops.convert_to_tensor(X),
        cr.Variable(X),
    ):
        found = layer(form)
        assert isinstance(found, cr.Tensor)
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    torch_like = type("Torch", (), {"detach": lambda self: X, "shape": X.shape})()
    np.testing.assert_allclose(layer(torch_like), expected, rtol=1e-6)
    np.testing.assert_allclose(layer(inputs=X), expected, rtol=1e-6)


def test_lists_of_numbers_keep_their_digits_in_float64() -> None:
    layer = L.Dense(1, dtype="float64", kernel_initializer="ones")
    assert float(layer([[1 / 3]]).numpy()[0, 0]) == 1 / 3


def test_integers_and_booleans_keep_their_type() -> None:
    seen: list[Any] = []

    class Look(L.Layer):
        def call(self, x: Any) -> Any:
            seen.append(x.dtype.name)
            return x

    layer = Look()
    for value in (np.array([1, 2]), np.array([True]), np.array([1.0]), [1, 2], [0.5]):
        layer(value)
    assert seen == ["int64", "bool", "float32", "int32", "float32"]
    keep = Look(autocast=False)
    keep(np.array([1.0]))
    assert seen[-1] == "float64"


def test_further_arguments_become_tensors_too() -> None:
    class Two(L.Layer):
        def call(self, a: Any, b: Any = None, factor: float = 1.0, names: Any = ("x",)) -> Any:
            assert isinstance(factor, float)
            assert names == ("x",) or names == "y"
            return a if b is None else a + b * factor

    layer = Two()
    assert isinstance(layer(X, X.astype("float64"), factor=2.0), cr.Tensor)
    assert layer(X, b=X).dtype == np.float32
    assert layer(X, names="y").shape == (4, 3)


def test_training_may_be_given_by_position() -> None:
    class Flag(L.Layer):
        def call(self, x: Any, training: Any = None) -> Any:
            return x * (2.0 if training else 1.0)

    np.testing.assert_allclose(Flag()(X, True), 2 * X)
    np.testing.assert_allclose(Flag()(X), X)


def test_a_callers_array_may_change_afterwards() -> None:
    layer = L.Dense(1, kernel_initializer="ones")
    layer.build((None, 3))
    x = X.copy()
    with cr.GradientTape() as tape:
        y = ops.sum(layer(x))
    x[:] = 0
    np.testing.assert_allclose(tape.gradient(y, layer.kernel)[:, 0], X.sum(axis=0), rtol=1e-5)


# -- losses -----------------------------------------------------------------------------------------------------------


def test_losses_are_those_of_the_last_call() -> None:
    class Penalty(L.Layer):
        def call(self, x: Any) -> Any:
            self.add_loss(ops.sum(x))
            self.add_loss([ops.sum(x), ops.mean(x)])
            return x

    model = cr.Sequential([cr.Input((3,)), Penalty(), L.Dense(1, kernel_regularizer="l2", activity_regularizer="l1")])
    assert len(model.losses) == 1  # what was tried to find shapes leaves nothing behind
    for _ in range(3):
        model(X)
        assert len(model.losses) == 5
    output = model(X).numpy()
    activity = [float(v) for v in model.losses]
    assert any(abs(v - 0.01 * np.abs(output).sum() / 4) < 1e-6 for v in activity)


def test_a_loss_without_a_gradient_is_refused() -> None:
    class Wrong(L.Layer):
        def call(self, x: Any) -> Any:
            self.add_loss(3.0)
            return x

    with pytest.raises(NotDifferentiableError, match="add_loss takes a tensor"):
        Wrong(name="w")(X)


# -- shapes and configuration -----------------------------------------------------------------------------------------


def test_shapes_are_found_by_trying() -> None:
    class Outer(L.Layer):
        def call(self, x: Any) -> Any:
            return {"sum": ops.sum(x, axis=-1), "pair": [x, ops.concatenate([x, x], axis=-1)]}

    assert Outer().compute_output_shape((None, 3)) == {"sum": (None,), "pair": [(None, 3), (None, 6)]}
    assert Outer().compute_output_shape((5, 3))["sum"] == (5,)
    assert Scale().compute_output_shape((None, 7)) == (None, 7)
    spec = L.Dense(2).compute_output_spec(cr.Input((3,)))
    assert (spec.shape, spec.dtype, spec.node) == ((None, 2), "float32", None)


def test_trying_a_layer_changes_nothing() -> None:
    class Counter(L.Layer):
        def build(self, input_shape: Any) -> None:
            self.count = self.add_weight((), "zeros", trainable=False, name="count")

        def call(self, x: Any) -> Any:
            self.count.assign_add(1)
            return x

    layer = Counter()
    layer(cr.Input((3,)))
    assert float(layer.count) == 0
    layer(X)
    assert float(layer.count) == 1


def test_a_failing_trial_names_the_layer() -> None:
    class Fussy(L.Layer):
        def call(self, x: Any) -> Any:
            raise ValueError("no")

    with pytest.raises(
        ShapeError, match=r"Layer 'f' \(Fussy\) failed on a trial input of shape \[\(2, 3\)\].*ValueError: no"
    ):
        Fussy(name="f")(cr.Input((3,)))


def test_a_composite_with_a_shape_rule_builds_its_parts_in_a_graph() -> None:
    class Block(L.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = L.Dense(4)

        def call(self, x: Any) -> Any:
            return self.inner(x)

        def compute_output_shape(self, input_shape: Any) -> Any:
            return (*input_shape[:-1], 4)

    model = cr.Sequential([cr.Input((3,)), Block(), L.Dense(1)])
    assert len(model.weights) == 4


def test_configuration_round_trip() -> None:
    layer = L.Dense(3, activation="relu", name="d", dtype="float64", trainable=False, activity_regularizer="l2")
    twin = L.Dense.from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()
    assert (twin.name, twin.dtype, twin.trainable) == ("d", "float64", False)
    assert repr(twin) == "<Dense name=d, built=False>"


def test_inputs_and_outputs_of_a_layer_in_a_graph() -> None:
    a = cr.Input((3,), name="a")
    layer = L.Dense(2)
    with pytest.raises(AttributeError, match="has not been called on a symbolic input"):
        _ = layer.input
    b = layer(a)
    assert layer.input is a
    assert layer.output is b


class _AddsInCall(cr.layers.Layer):
    def __init__(self, add: Any) -> None:
        super().__init__()
        self.inner = cr.layers.Dense(2)
        self.add = add

    def call(self, x: Any) -> Any:
        self.add(self)
        return self.inner(x)


def _set(value: Any) -> Any:
    return lambda layer: setattr(layer, "more", value())


ADDS = {
    "weight": (lambda layer: layer.add_weight(shape=(1,), name="w"), "the variable 'w'"),
    "variable": (_set(lambda: cr.Variable(np.ones(1), name="v")), "the variable 'v'"),
    "layer": (_set(lambda: cr.layers.Dense(1, name="d")), "Dense 'd' as `more`"),
    "list": (_set(lambda: [[cr.layers.Dense(1, name="d")]]), "Dense 'd' as `more`"),
    "metric": (_set(lambda: cr.metrics.Mean(name="m")), "Mean 'm' as `more`"),
}


@pytest.mark.parametrize("name", ADDS)
def test_call_adds_no_state(name: str) -> None:
    add, what = ADDS[name]
    layer = _AddsInCall(add)
    with pytest.raises(ValueError, match=f"cannot take {what}: you cannot add new elements of state"):
        layer(np.ones((2, 3)))
    assert not layer.weights


def test_state_may_come_before_the_layer_is_built_and_be_set_again() -> None:
    class Late(cr.layers.Dense):
        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            self.scale = self.add_weight(shape=(1,), name="scale")

    layer = Late(2)
    layer.before = cr.layers.Dense(1)
    layer(np.ones((2, 3)))
    layer.before = layer.before
    layer.both = [layer.before]
    layer.note = [1, "a"]
    assert len(layer.weights) == 3
    with pytest.raises(ValueError, match="cannot take"):
        layer.before = cr.layers.Dense(1)


def test_models_with_a_graph_take_layers_beside_it() -> None:
    x = cr.Input((3,))
    for model in (cr.Model(x, cr.layers.Dense(2)(x)), cr.Sequential([x, cr.layers.Dense(2)])):
        model(np.ones((2, 3)))
        model.beside = cr.layers.Dense(4)
        model.add_weight(shape=(2,), name="w")
        assert len(model.weights) == 3


@pytest.mark.parametrize("value", ["abc", 5.0, np.float32(3)])
@pytest.mark.parametrize("make", [lambda: cr.layers.Dense(3), cr.layers.Flatten])
def test_one_number_or_text_is_no_input(make: Any, value: Any) -> None:
    with pytest.raises(ShapeError, match=r"received shape \(\)\. Give it an array of observations, not one number"):
        make()(value)
