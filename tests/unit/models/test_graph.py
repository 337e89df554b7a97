"""Graphs: order, cutting out, data that enter, operations between layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.errors import ShapeError
from chainrule.models.graph import Graph
from chainrule.models.wiring import sort_graph

L = cr.layers
X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


def test_a_chain_of_any_length_needs_no_recursion() -> None:
    a = cr.Input((1,))
    x = a
    for _ in range(3000):
        x = ops.add(x, 1.0)
    graph = Graph(a, x)
    assert len(graph.nodes) == 3001
    assert float(cr.Model(a, x)(np.zeros((1, 1))).numpy()[0, 0]) == 3000


def test_nodes_run_after_what_they_need_even_in_a_ladder() -> None:
    a = cr.Input((2,), name="a")
    left = right = a
    for i in range(30):  # every path through it: 2 ** 30
        left, right = L.Add(name=f"l{i}")([left, right]), L.Subtract(name=f"r{i}")([left, right])
    nodes, operations = sort_graph([a], [left, right])
    assert len(nodes) == len(operations) == 61
    seen = {id(a)}
    for node in nodes:
        assert all(id(t) in seen for t in node.inputs)
        seen |= {id(t) for t in ([node.outputs] if isinstance(node.outputs, cr.KerasTensor) else node.outputs)}
    sums = cr.Model(a, [left, right])(np.array([[1.0, 2.0]]))
    assert [float(s.numpy()[0, 0]) for s in sums] == [2.0**15, 2.0**15]


def test_an_input_that_no_output_needs_is_part_of_the_model() -> None:
    a, b = cr.Input((2,), name="a"), cr.Input((3,), name="b")
    model = cr.Model([a, b], L.Dense(1, name="d")(a))
    assert [layer.name for layer in model.layers] == ["a", "b", "d"]
    assert model.predict([X[:, :2], X], verbose=0).shape == (4, 1)


def test_models_cut_out_of_a_model_share_its_layers() -> None:
    a = cr.Input((3,), name="a")
    h = L.Dense(4, activation="tanh", name="h")(a)
    out = L.Dense(1, name="out")(ops.concatenate([h, ops.square(h)], axis=-1))
    whole, rest = cr.Model(a, out), cr.Model(h, out, name="rest")
    code = cr.Model(a, h).predict(X, verbose=0)
    np.testing.assert_allclose(rest.predict(code, verbose=0), whole.predict(X, verbose=0), rtol=1e-6, atol=1e-7)
    assert rest.layers[-1] is whole.layers[-1]
    assert rest.input_shape == (None, 4)
    before = whole.get_weights()
    rest.compile(cr.optimizers.SGD(0.1), "mse")
    rest.fit(code, X[:, 0], verbose=0)
    changed = [not np.array_equal(x, y) for x, y in zip(before, whole.get_weights(), strict=True)]
    assert changed == [False, False, True, True]
    assert whole.layers[1].output is h


def test_a_tensor_may_be_input_and_output_at_once() -> None:
    a = cr.Input((3,), name="a")
    model = cr.Model(a, [a, L.Dense(1)(a)])
    same, _ = model(X)
    np.testing.assert_array_equal(same, X)


def test_constants_and_keywords_in_calls_are_kept() -> None:
    class Mix(L.Layer):
        def call(self, a: Any, b: Any = None, weight: float = 0.5, table: Any = None) -> Any:
            return weight * a + (1 - weight) * b + table["shift"]

    a, b = cr.Input((3,)), cr.Input((3,))
    model = cr.Model([a, b], Mix()(a, b=b, weight=0.25, table={"shift": np.float32(2.0)}))
    np.testing.assert_allclose(model([X, 2 * X]), 0.25 * X + 1.5 * X + 2, rtol=1e-6)


def test_optional_inputs() -> None:
    class Sum(L.Layer):
        def call(self, a: Any, b: Any = None) -> Any:
            return a if b is None else a + b

    a, b = cr.Input((3,), name="a"), cr.Input((3,), name="b", optional=True)
    model = cr.Model([a, b], Sum()(a, b))
    np.testing.assert_allclose(model([X, X]), 2 * X)
    np.testing.assert_allclose(model([X, None]), X)


def test_data_enter_by_order_or_name_with_the_declared_type() -> None:
    a, n = cr.Input((1,), name="a"), cr.Input((1,), name="n", dtype="int32")
    model = cr.Model({"n": n, "a": a}, {"a": a, "n": n})
    found = model({"a": np.array([1, 2]), "n": np.array([1.0, 2.0])})
    assert (found["a"].dtype.name, found["n"].dtype.name) == ("float32", "int32")
    assert found["a"].shape == (2, 1)
    with pytest.raises(ShapeError, match="the model's input 'n' is missing"):
        model({"a": X})
    with pytest.raises(ShapeError, match=r"declared as a dict with keys \['n', 'a'\]: pass a dict"):
        model([X, X])


def test_fixed_batch_sizes() -> None:
    a = cr.Input((3,), batch_size=4, name="a")
    model = cr.Model(a, L.Dense(2)(a))
    assert model.output_shape == (4, 2)
    assert model.predict(X, verbose=0, batch_size=4).shape == (4, 2)
    with pytest.raises(ShapeError, match=r"x has shape \(3, 3\), but input 'a' .* expects \(4, 3\)"):
        model.predict(X[:3], verbose=0)


def test_unknown_axes_stay_unknown() -> None:
    a = cr.Input((None, 3), name="a")
    h = L.Dense(2)(a)
    assert h.shape == (None, None, 2)
    assert ops.sum(h, axis=1).shape == (None, 2)
    assert ops.reshape(h, (-1, 2)).shape == (None, 2)
    assert cr.Model(a, h)(np.zeros((2, 5, 3))).shape == (2, 5, 2)


def test_models_hold_at_most_what_they_are_told() -> None:
    with pytest.raises(TypeError, match=r"expected Model\(inputs, outputs\), or keyword arguments"):
        cr.Model(3)
    with pytest.raises(ValueError, match=r"`outputs` must be symbolic tensors .*, but holds 'ndarray'"):
        cr.Model(cr.Input((3,)), X)
    with pytest.raises(TypeError, match=r"does not define `call\(self, inputs\)`"):
        cr.Model()(X)


def test_a_list_of_inputs_may_grow_after_the_call() -> None:
    found = [cr.Input((4,), name="x")]
    for _ in range(4):
        joined = cr.layers.Concatenate()(found) if len(found) > 1 else found[0]
        found.append(cr.layers.Dense(2)(joined))
    model = cr.Model(found[0], found[-1])
    assert [len(n.inputs) for n in model._graph.nodes if n.operation.name.startswith("concatenate")] == [2, 3, 4]
    assert model.predict(np.ones((3, 4)), verbose=0).shape == (3, 2)
