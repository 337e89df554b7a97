"""The loss of a model with several outputs: what does not fit, and that it can be computed without being changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import losses
from chainrule.autodiff import Tensor, vjp
from chainrule.errors import DataError, ShapeError, UnknownNameError
from chainrule.losses.compile import CompileLoss

Y = np.zeros((4, 1))
P = np.ones((4, 1))


def message(kind: type[Exception], loss: Any, weights: Any, y: Any, p: Any, names: Any = ("a", "b")) -> str:
    with pytest.raises(kind) as error:
        CompileLoss(loss, weights, output_names=names)(y, p)
    return str(error.value)


def test_computing_changes_nothing() -> None:
    loss = CompileLoss(["mse", "mae"], [1.0, 2.0], output_names=["a", "b"])
    total, parts = loss.compute([Y, Y], [P, 2 * P])
    assert float(total) == 5.0
    assert {name: float(v) for name, v in parts.items()} == {"a_loss": 1.0, "b_loss": 2.0}
    assert [float(m.result()) for m in loss.metrics] == [0, 0]
    loss([Y, Y], [P, 2 * P])
    loss([Y[:1], Y[:1]], [3 * P[:1], P[:1]])
    assert [float(m.result()) for m in loss.metrics] == pytest.approx([(4 * 1 + 9) / 5, (4 * 2 + 1) / 5])


def test_the_gradient_reaches_every_output() -> None:
    loss = CompileLoss({"a": "mse", "b": None}, output_names=["a", "b"])
    _, pullback = vjp(lambda a, b: loss([Y, Y], [a, b]), P, P)
    a, b = pullback(np.float64(1))
    np.testing.assert_array_equal(a, np.full((4, 1), 0.5))
    np.testing.assert_array_equal(b, np.zeros((4, 1)))


def test_two_outputs_without_names_and_with_one_kind_of_loss() -> None:
    loss = CompileLoss("mse")
    assert float(loss([Y, Y], [P, P])) == 2.0
    assert len(loss.metrics) == 2


def test_built() -> None:
    loss = CompileLoss(losses.Huber())
    assert not loss.built
    loss(Y, Tensor(P))
    assert loss.built
    assert [o.name for o in loss.outputs or []] == ["huber_loss"]


def test_losses_that_do_not_fit() -> None:
    assert message(DataError, ["mse", "mae", "mse"], None, [Y, Y], [P, P]) == (
        "compile: loss has 3 entries, but the model has 2 outputs ['a', 'b']. "
        "Give one for each output, in their order, or a dict by output name."
    )
    assert message(DataError, ["mse", "mae"], None, Y, P, ["a"]).startswith(
        "compile: loss has 2 entries, but the model has 1"
    )
    assert message(UnknownNameError, {"a": "mse", "bb": "mae"}, None, [Y, Y], [P, P]) == (
        "compile: loss has the key 'bb'. Unknown output 'bb'. Did you mean 'b'?"
    )
    assert message(DataError, {"a": "mse"}, None, [Y, Y], [P, P]) == (
        "compile: loss has no entry for the outputs ['b']. Write None where there is none: {'b': None}."
    )
    assert message(DataError, [None, None], None, [Y, Y], [P, P]).startswith("compile: every output's loss is None")
    assert message(UnknownNameError, "msee", None, Y, P, ["a"]).startswith("Unknown loss 'msee'. Did you mean 'mse'")


def test_weights_that_do_not_fit() -> None:
    assert message(DataError, ["mse", "mae"], [1.0], [Y, Y], [P, P]).startswith("compile: loss_weights has 1 entries")
    assert message(DataError, "mse", 2.0, [Y, Y], [P, P]) == (
        "compile: loss_weights=2.0 is one number, but the model has 2 outputs ['a', 'b']. "
        "Give a list or a dict by output name."
    )
    with pytest.raises(TypeError, match="loss_weights must be a number, a list in the order of the outputs"):
        CompileLoss("mse", "2")


def test_targets_that_do_not_fit() -> None:
    assert message(ShapeError, ["mse", "mae"], None, [Y], [P, P]) == (
        "The model has 2 outputs ['a', 'b'], but y has 1 array. "
        "Give y as a list with one array for each output, or as a dict by output name."
    )
    assert message(UnknownNameError, "mse", None, {"a": Y, "c": Y}, [P, P]) == (
        "y has the key 'c'. Unknown output 'c'. Known: 'a', 'b'."
    )
    assert message(DataError, "mse", None, {"a": Y}, [P, P]) == "y has no targets for the output 'b', which has a loss."
    assert message(DataError, {"a": None, "b": "mse"}, None, {"a": Y}, [P, P]) == (
        "y has no targets for the output 'b', which has a loss."
    )
    assert message(DataError, "mse", None, None, P) == (
        "The model was compiled with a loss, but no targets were given: pass y as well as x."
    )


def test_one_target_in_a_list() -> None:
    assert float(CompileLoss("mse")([Y], P)) == 1.0
    assert float(CompileLoss("mse", output_names=["a"])({"a": Y}, P)) == 1.0


def test_the_same_list_of_weights_for_outputs_with_a_loss() -> None:
    """Keras wants None in the list of weights as well; here it may be left out."""
    loss = CompileLoss([None, "mse"], [3.0], output_names=["a", "b"])
    assert float(loss([Y, Y], [P, P])) == 3.0


def test_weights_of_some_outputs_only() -> None:
    x = np.ones((8, 2), "float32")
    entry = cr.Input((2,))
    net = cr.Model(entry, [cr.layers.Dense(1, name="a")(entry), cr.layers.Dense(1, name="b")(entry)])
    for engine in ("native", "reference"):
        net.compile("sgd", "mse", engine=engine)
        plain = net.test_on_batch(x, [x[:, :1] + 3, x[:, :1]], return_dict=True)
        half = net.test_on_batch(x, [x[:, :1] + 3, x[:, :1]], sample_weight=[None, np.zeros(8)], return_dict=True)
        assert half["a_loss"] == plain["a_loss"]
        assert half["b_loss"] == 0
    with pytest.raises(ShapeError, match="sample_weight has 3 arrays, but y has 2"):
        net.test_on_batch(x, [x[:, :1], x[:, :1]], sample_weight=[None, np.zeros(8), np.zeros(8)])
