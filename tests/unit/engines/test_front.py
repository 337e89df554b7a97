"""Layers on categories and text at the front of a model run once; the rest of the model is planned without them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import layers as L
from chainrule.engines.front import Front
from chainrule.engines.lower import lower
from chainrule.engines.plan import CannotLower

ROWS = 60
RNG = np.random.default_rng(0)
DATA: dict[str, Any] = {
    "color": RNG.choice(["red", "green", "blue"], ROWS).astype(object),
    "code": RNG.integers(0, 5, ROWS),
    "age": RNG.normal(40, 10, ROWS).astype("float32"),
}
Y = (DATA["age"] > 40).astype("float32")


def model(engine: str = "auto") -> Any:
    cr.utils.set_random_seed(0)
    types = {"color": "string", "code": "int64", "age": "float32"}
    color, code, age = (cr.Input((1,), dtype=t, name=n) for n, t in types.items())
    parts = [
        L.StringLookup(vocabulary=["red", "green"], output_mode="one_hot", name="colors")(color),
        L.Flatten()(L.Embedding(7, 2)(L.IntegerLookup(vocabulary=[0, 1, 2, 3, 4], name="codes")(code))),
        L.CategoryEncoding(6, "one_hot")(L.HashedCrossing(6)([color, code])),
        L.Rescaling(0.01)(age),
    ]
    built = cr.Model([color, code, age], L.Dense(1, "sigmoid")(L.Dropout(0.2)(L.concatenate(parts))))
    built.compile("adam", "binary_crossentropy", metrics=["accuracy"], engine=engine)
    return built


def test_what_the_rest_takes_are_the_inputs_of_the_plan() -> None:
    built = model()
    front = Front(built._graph_or_none())
    assert {n.operation.name for n in front.nodes} >= {"colors", "codes"}
    assert len(front.nodes) == 4
    assert [(i.shape[1:], i.dtype) for i in lower(built).inputs] == [(t.shape[1:], str(t.dtype)) for t in front.tensors]
    assert "age" in [i.name for i in lower(built).inputs]
    np.testing.assert_array_equal(
        front.run(DATA)[[t.operation.name for t in front.tensors].index("colors")],
        np.stack([~np.isin(DATA["color"], ["red", "green"]), DATA["color"] == "red", DATA["color"] == "green"], 1),
    )


def test_training_is_that_of_the_reference() -> None:
    fast, slow = model("native"), model("reference")
    for one in (fast, slow):
        one.fit(DATA, Y, epochs=3, batch_size=8, validation_split=0.2, verbose=0)
        one.fit(batches(), verbose=0)
    assert fast.engine == "native"
    for a, b in zip(fast.get_weights(), slow.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    for name, value in slow.evaluate(DATA, Y, return_dict=True, verbose=0).items():
        assert fast.evaluate(DATA, Y, return_dict=True, verbose=0)[name] == pytest.approx(value, rel=1e-4)
    many = {name: np.resize(column, 9000) for name, column in DATA.items()}  # more than are prepared at once
    np.testing.assert_allclose(fast.predict(many, verbose=0), slow.predict(many, verbose=0), rtol=1e-4, atol=1e-6)


def batches() -> Iterator[Any]:
    for first in range(0, ROWS, 16):
        yield {name: column[first : first + 16] for name, column in DATA.items()}, Y[first : first + 16]


def test_categories_are_prepared_once_for_all_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    built, calls = model("native"), []
    call = L.StringLookup.call
    monkeypatch.setattr(L.StringLookup, "call", lambda self, x: (calls.append(len(x)), call(self, x))[1])
    built.fit(DATA, Y, epochs=5, batch_size=8, verbose=0)
    assert [n for n in calls if n > 2] == [ROWS]  # a row or two may be tried first


def test_a_layer_of_the_users_own_stays_where_it_is() -> None:
    class Own(L.StringLookup):
        def call(self, inputs: Any) -> Any:
            return super().call(inputs)

    x = cr.Input((1,), dtype="string")
    built = cr.Model(x, L.Dense(1)(Own(vocabulary=["a"], output_mode="one_hot", name="own")(x)))
    with pytest.raises(CannotLower, match=r"layer 'own' is Python code \(Own\.call\)"):
        lower(built)


def test_text_padded_to_its_batch_is_no_front() -> None:
    x = cr.Input((1,), dtype="string")
    text = L.TextVectorization(vocabulary=["a", "b"], name="text")
    built = cr.Model(x, L.Dense(1)(L.GlobalAveragePooling1D()(L.Embedding(4, 2)(text(x)))))
    with pytest.raises(CannotLower, match=r"layer 'text' .* works on categories or text"):
        lower(built)
    fixed = L.TextVectorization(vocabulary=["a", "b"], output_sequence_length=3)
    built = cr.Model(x, L.Dense(1)(L.GlobalAveragePooling1D()(L.Embedding(4, 2)(fixed(x)))))
    assert len(lower(built).inputs) == 1


def test_what_is_too_large_is_left_to_the_reference() -> None:
    x = cr.Input((1,), dtype="int64")
    front = Front(cr.Model(x, L.Dense(1)(L.CategoryEncoding(30_000, "one_hot")(x)))._graph_or_none())
    with pytest.raises(CannotLower, match="10000 rows of 30000 numbers are too many to prepare at once"):
        front.run(np.zeros((10_000, 1), "int64"))
