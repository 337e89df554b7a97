"""Activations: names, lookup, derivatives, and that what is printed about them is what they compute."""

from __future__ import annotations

from typing import Any

import latex2mathml.converter
import numpy as np
import pytest

from chainrule import activations
from chainrule.autodiff import Tensor, check_vjp, vjp
from chainrule.errors import UnknownNameError
from chainrule.formulas import facts_of
from chainrule.saving.serialization import CustomObjectScope, names_of, register_keras_serializable

NAMES = [
    *(
        "relu",
        "sigmoid",
        "softmax",
        "tanh",
        "linear",
        "elu",
        "selu",
        "gelu",
        "silu",
        "leaky_relu",
        "softplus",
        "softsign",
    ),
    *("exponential", "hard_sigmoid", "log_softmax", "mish", "relu6", "celu", "glu", "hard_shrink", "hard_silu"),
    *("hard_tanh", "log_sigmoid", "soft_shrink", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus"),
    *("tanh_shrink", "threshold"),
]
VECTORS = ["softmax", "log_softmax", "sparsemax", "glu"]
OPTIONS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in NAMES if name != "threshold"),
    ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 2.0}),
    ("relu", {"threshold": 0.77}),
    ("relu", {"negative_slope": 0.2, "max_value": 2.0, "threshold": 0.77}),
    ("relu", {"negative_slope": 0.2, "max_value": 2.0, "threshold": -0.77}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("elu", {"alpha": 0.4}),
    ("celu", {"alpha": 2.5}),
    ("gelu", {"approximate": True}),
    ("hard_shrink", {"threshold": 0.8}),
    ("soft_shrink", {"threshold": 0.8}),
    ("squareplus", {"b": 1.5}),
    ("threshold", {"threshold": 0.4, "default_value": -1.0}),
]
GRID = np.array([-7.3, -3.6, -2.2, -1.4, -0.63, -0.31, -0.05, 0.06, 0.34, 0.71, 1.23, 2.4, 3.5, 5.2, 6.7])


def rows() -> Any:
    return np.random.default_rng(3).normal(0, 1, (5, 6))


def test_the_closed_table_has_exactly_these() -> None:
    assert sorted(names_of("keras.activations")) == sorted(NAMES)


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_derivatives(name: str, options: dict[str, Any]) -> None:
    function = getattr(activations, name)
    x = rows() if name in VECTORS else GRID
    assert check_vjp(lambda v: function(v, **options), x).max_error <= 1e-7


@pytest.mark.parametrize(("name", "options"), [o for o in OPTIONS if o[0] not in VECTORS])
def test_what_is_printed_is_what_is_computed(name: str, options: dict[str, Any]) -> None:
    facts = facts_of(getattr(activations, name), **options)
    assert facts is not None
    values, pullback = vjp(lambda v: getattr(activations, name)(v, **options), GRID)
    (slopes,) = pullback(np.ones_like(GRID))
    for h, value, slope in zip(GRID.tolist(), np.asarray(values).tolist(), np.asarray(slopes).tolist(), strict=True):
        assert facts.value(h=h) == pytest.approx(value, rel=1e-12, abs=1e-14)
        assert facts.slope(h=h) == pytest.approx(slope, rel=1e-12, abs=1e-14)
        assert facts.slope(h=h, p=value) == pytest.approx(slope, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("name", VECTORS)
def test_what_is_printed_of_vectors_is_what_is_computed(name: str) -> None:
    facts = facts_of(getattr(activations, name))
    assert facts is not None
    for row in rows():
        values, pullback = vjp(getattr(activations, name), row)
        n = values.shape[0]
        jacobian = np.stack([np.asarray(pullback(np.eye(n)[i])[0]) for i in range(n)])
        np.testing.assert_allclose(facts.value(h=row.tolist()), values, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(facts.slope(h=row.tolist()), jacobian, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_every_formula_prints(name: str, options: dict[str, Any]) -> None:
    facts = facts_of(getattr(activations, name), **options)
    assert facts is not None
    place = {"h": [0.5, -1.25], "i": 0, "j": 0} if facts.vector else {"h": -0.25}
    for text in (facts.header(), facts.derivative_text(), facts.put(**place), facts.put_derivative(**place)):
        assert text
        assert "  " not in text
    for latex in (
        facts.latex(),
        facts.derivative_latex(),
        facts.put_latex(**place),
        facts.put_derivative_latex(**place),
    ):
        assert "<math" in latex2mathml.converter.convert(latex)


def test_sparsemax_by_hand() -> None:
    """From the paper's definition: the nearest point of the simplex."""
    x = np.array([[0.0, 0.5, 1.0], [1.0, 2.0, 3.0], [2.0, 2.0, 2.0], [0.1, 1.1, 0.2]])
    by_hand = [[0, 0.25, 0.75], [0, 0, 1], [1 / 3, 1 / 3, 1 / 3], [0, 0.95, 0.05]]
    np.testing.assert_allclose(activations.sparsemax(x), by_hand, atol=1e-15)
    np.testing.assert_allclose(activations.sparsemax(x.T, axis=0), np.transpose(by_hand), atol=1e-15)


def test_arrays_give_arrays_and_tensors_give_tensors() -> None:
    x = GRID.astype(np.float32)
    for name in NAMES:
        if name in ("linear", "threshold", "glu"):
            continue
        function = getattr(activations, name)
        assert isinstance(function(x), np.ndarray)
        assert isinstance(function(Tensor(x)), Tensor)
        assert function(x).dtype == np.float32


def test_a_row_of_equal_large_numbers_is_no_trouble() -> None:
    np.testing.assert_array_equal(activations.softmax(np.full((1, 4), 1e30, np.float32)), 0.25)


def test_lookup() -> None:
    assert activations.get("relu") is activations.relu
    assert activations.get(None) is activations.linear
    assert activations.get("swish") is activations.get("silu") is activations.swish
    assert activations.get("hard_swish") is activations.hard_silu
    assert activations.get(np.tanh) is np.tanh
    for name in NAMES:
        assert activations.get(name) is getattr(activations, name)
        assert activations.serialize(getattr(activations, name)) == name
        assert activations.deserialize(name) is getattr(activations, name)


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError) as error:
        activations.get("rellu")
    assert str(error.value).startswith("Unknown activation 'rellu'. Did you mean 'relu'")
    with pytest.raises(UnknownNameError, match=r"Cannot read 3 as activation: expected a name"):
        activations.get(3)


def test_users_functions() -> None:
    @register_keras_serializable(package="tests")
    def bent(x: Any) -> Any:
        return x * 2

    description = activations.serialize(bent)
    assert description["class_name"] == "function"
    assert activations.deserialize(description) is bent
    with CustomObjectScope({"other": bent}):
        assert activations.get("other") is bent
    assert activations.deserialize("other", custom_objects={"other": bent}) is bent
    with pytest.raises(TypeError, match="lambda cannot be written"):
        activations.serialize(lambda x: x)
