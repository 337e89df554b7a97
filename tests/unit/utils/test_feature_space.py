"""`FeatureSpace`: forms of data, models on it, and what it refuses. The numbers are held against Keras elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, UnknownNameError

FeatureSpace = cr.utils.FeatureSpace
RNG = np.random.default_rng(0)
DATA = {
    "age": RNG.integers(20, 80, 60).astype("float32"),
    "color": RNG.choice(["red", "blue", "green"], 60),
    "code": RNG.integers(0, 4, 60),
}
Y = ((DATA["age"] > 50) & (DATA["color"] == "red")).astype("float32")


def space(**kwargs: Any) -> Any:
    kinds = {"age": "float_normalized", "color": "string_categorical", "code": FeatureSpace.integer_hashed(5)}
    return FeatureSpace(kinds, crosses=[("color", "code")], crossing_dim=8, **kwargs)


def adapted(**kwargs: Any) -> Any:
    made = space(**kwargs)
    made.adapt(DATA)
    return made


def rows() -> Iterator[Any]:
    for i in range(60):
        yield {k: v[i] for k, v in DATA.items()}


def batches() -> Iterator[Any]:
    for i in range(0, 60, 25):
        yield {k: v[i : i + 25] for k, v in DATA.items()}, Y[i : i + 25]


@pytest.mark.parametrize(
    "data", [rows, batches, lambda: list(rows()), lambda: {k: v.tolist() for k, v in DATA.items()}]
)
def test_forms_of_data_to_adapt_to(data: Any) -> None:
    made = space()
    made.adapt(data())
    np.testing.assert_allclose(made(DATA).numpy(), adapted()(DATA).numpy(), rtol=1e-5, atol=1e-6)


def test_frames() -> None:
    pandas = pytest.importorskip("pandas")
    made, frame = space(), pandas.DataFrame(DATA)
    made.adapt(frame)
    assert np.array_equal(made(frame), adapted()(DATA))
    assert np.array_equal(made(dict(frame)), adapted()(DATA))


def test_shapes_of_rows() -> None:
    made = adapted()
    whole = made(DATA).numpy()
    assert whole.shape == (60, 1 + 4 + 5 + 8)
    assert np.array_equal(made({k: v[:, None] for k, v in DATA.items()}), whole)
    assert np.array_equal(made({k: v[3] for k, v in DATA.items()}), whole[3])
    one = adapted(output_mode="dict")({k: v[3] for k, v in DATA.items()})
    assert {k: v.shape for k, v in one.items()} == {"age": (1,), "color": (4,), "code": (5,), "color_X_code": (8,)}


def test_the_order_is_that_of_the_alphabet() -> None:
    made = adapted(output_mode="dict")
    parts = made(DATA)
    assert list(parts) == ["age", "code", "color", "color_X_code"]
    assert np.array_equal(np.concatenate([parts[k].numpy() for k in parts], 1), adapted()(DATA))


def test_models_before_and_behind_the_encoding() -> None:
    """As the guides of Keras do it: train on encoded rows, predict from raw ones."""
    made = adapted()
    encoded = made.get_encoded_features()
    output = cr.layers.Dense(1, activation="sigmoid")(cr.layers.Dense(8, activation="relu")(encoded))
    training, inference = cr.Model(encoded, output), cr.Model(made.get_inputs(), output)
    training.compile(cr.optimizers.Adam(0.05), "binary_crossentropy", metrics=["accuracy"])
    history = training.fit(made(DATA), Y, epochs=30, verbose=0).history
    assert history["accuracy"][-1] > 0.95
    np.testing.assert_allclose(inference.predict(DATA, verbose=0), training.predict(made(DATA), verbose=0), atol=1e-6)
    assert training.engine != inference.engine or str(training.engine).startswith("reference")


def test_layers_by_name() -> None:
    made = adapted()
    assert made.preprocessors["color"].get_vocabulary()[0] == "[UNK]"
    assert isinstance(made.crossers["color_X_code"], cr.layers.HashedCrossing)
    assert [layer.name for layer in made.preprocessors.values()][:2] == ["age_preprocessor", "color_preprocessor"]


def test_a_layer_of_ones_own() -> None:
    """The example of Keras's documentation, which Keras 3.15.1 cannot run itself."""
    text = cr.layers.TextVectorization(output_mode="tf_idf")
    feature = FeatureSpace.feature(dtype="string", preprocessor=text, output_mode="float")
    made = FeatureSpace({"text": feature, "n": "float"})
    data = {"text": ["1st string", "2nd string", "3rd string"], "n": [0.0, 1.0, 2.0]}
    made.adapt(data)
    assert made(data).shape == (3, 6)


def test_nothing_to_adapt() -> None:
    made = FeatureSpace({"a": "float", "b": FeatureSpace.float_discretized(None, [0.0, 1.0]), "c": "string_hashed"})
    assert made({"a": [1.0], "b": [0.5], "c": ["x"]}).shape == (1, 1 + 3 + 32)
    given = FeatureSpace.feature("string", cr.layers.StringLookup(vocabulary=["a"], output_mode="one_hot"), "float")
    assert FeatureSpace({"g": given})({"g": ["a", "b"]}).numpy().tolist() == [[0, 1], [1, 0]]


REFUSED: dict[str, tuple[Any, Any, str]] = {
    "no features": (lambda: FeatureSpace({}), ValueError, "must not be empty"),
    "kind": (
        lambda: FeatureSpace({"a": "floats"}),
        UnknownNameError,
        "Unknown kind of feature 'a': 'floats'. Did you mean",
    ),
    "mode": (lambda: space(output_mode="list"), UnknownNameError, "Unknown output_mode"),
    "cross": (lambda: FeatureSpace({"a": "float"}, crosses=[("a", "b")]), UnknownNameError, "feature in a cross"),
    "mode of a feature": (lambda: FeatureSpace.string_hashed(3, "count"), UnknownNameError, "output_mode of a Feature"),
    "mode of a cross": (lambda: FeatureSpace.cross("ab", 3, "count"), UnknownNameError, "output_mode of a Cross"),
    "not adapted": (lambda: space()(DATA), ValueError, "call adapt"),
    "not adapted inputs": (lambda: space().get_inputs(), ValueError, "call adapt"),
    "an array": (lambda: space().adapt(np.ones((3, 2))), DataError, "takes a dict of columns"),
    "a column short": (lambda: space().adapt({"age": [1.0]}), DataError, "no column 'color'"),
    "a row short": (lambda: space().adapt([{"age": 1.0}]), DataError, "expected dicts with 'color'"),
    "called on an array": (lambda: adapted()(np.ones((3, 2))), DataError, "called on a dict of columns"),
    "missing": (lambda: adapted()({"age": [1.0]}), DataError, "feature 'color' is missing"),
    "foreign": (lambda: adapted()({**DATA, "target": Y}), DataError, "'target' is no feature"),
    "text as age": (
        lambda: space().adapt({**DATA, "age": ["old"]}),
        DataError,
        "takes numbers, but adapt received text such as 'old'",
    ),
    "integers joined": (
        lambda: FeatureSpace({"a": FeatureSpace.string_hashed(3, output_mode="int")})({"a": ["x"]}),
        ValueError,
        "cannot be joined",
    ),
    "floats one-hot": (
        lambda: FeatureSpace({"a": FeatureSpace.feature("float32", cr.layers.Rescaling(1.0), "one_hot")})({"a": [1.0]}),
        ValueError,
        "must give integers",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    act, kind, message = REFUSED[name]
    with pytest.raises(kind, match=message):
        act()
