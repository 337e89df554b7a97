"""Text and categories as inputs of models: arrays, lists and frames, in every kind of model; and outside of models."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, ShapeError

L = cr.layers
COLORS = ["red", "blue", "green", "red", "blue", "red", "green", "red"]
Y = np.array([1.0, 0, 0, 1, 0, 1, 0, 1])


def lookup() -> Any:
    return L.StringLookup(vocabulary=["blue", "green", "red"], output_mode="one_hot")


def sequential() -> Any:
    return cr.Sequential([cr.Input((1,), dtype="string"), lookup(), L.Dense(1, activation="sigmoid")])


def looks_up(layer: Any) -> Any:
    return cr.Sequential([cr.Input((1,), dtype="string"), layer])


def unbuilt() -> Any:
    return cr.Sequential([lookup(), L.Dense(1, activation="sigmoid")])


def functional() -> Any:
    x = cr.Input((1,), dtype="string", name="color")
    return cr.Model(x, L.Dense(1, activation="sigmoid")(lookup()(x)))


class Subclassed(cr.Model):
    def __init__(self) -> None:
        super().__init__()
        self.lookup = lookup()
        self.dense = L.Dense(1, activation="sigmoid")

    def call(self, x: Any) -> Any:
        return self.dense(self.lookup(x))


@pytest.mark.parametrize("make", [sequential, unbuilt, functional, Subclassed])
def test_every_kind_of_model_learns_from_text(make: Any) -> None:
    model = make()
    model.compile(cr.optimizers.Adam(0.3), "binary_crossentropy", metrics=["accuracy"])
    x = np.array(COLORS)[:, None]
    history = model.fit(x, Y, epochs=20, batch_size=4, verbose=0, validation_split=0.25).history
    assert history["loss"][-1] < 0.2 * history["loss"][0]
    assert model.evaluate(x, Y, verbose=0)[1] == 1.0
    assert (model.predict(x, verbose=0).ravel() > 0.5).tolist() == (Y == 1).tolist()
    assert model(x[:2]).shape == (2, 1)
    assert model.predict_on_batch(x[:2]).shape == (2, 1)
    assert np.isfinite(model.train_on_batch(x, Y)).all()


FORMS = {
    "list": COLORS,
    "column": [[c] for c in COLORS],
    "text": np.array(COLORS),
    "objects": np.array(COLORS, object),
    "bytes": np.array([c.encode() for c in COLORS]),
    "objects of bytes": np.array([c.encode() for c in COLORS], object),
    "dict": {"color": np.array(COLORS)},
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_text(form: str) -> None:
    model = functional()
    wanted = model.predict(np.array(COLORS)[:, None], verbose=0)
    assert model.predict(FORMS[form], verbose=0).tolist() == wanted.tolist()
    model.compile("sgd", "mse")
    model.fit(FORMS[form], Y, verbose=0)


def test_frames() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"color": COLORS, "kind": pandas.Categorical(COLORS)})
    model = functional()
    wanted = model.predict(np.array(COLORS), verbose=0)
    for x in (frame[["color"]], frame["color"], frame["kind"], {"color": frame.color}):
        assert model.predict(x, verbose=0).tolist() == wanted.tolist()
    assert lookup()(frame["color"]).shape == (8, 4)
    polars = pytest.importorskip("polars")
    assert model.predict(polars.DataFrame({"color": COLORS}), verbose=0).tolist() == wanted.tolist()


def test_batches_of_text() -> None:
    def batches() -> Iterator[Any]:
        for _ in range(3):
            yield {"color": np.array(COLORS)}, Y

    model = functional()
    model.compile("sgd", "mse")
    assert len(model.fit(batches(), verbose=0).history["loss"]) == 1


def test_several_kinds_of_columns() -> None:
    color, age, code = (cr.Input((1,), dtype=t, name=n) for n, t in (("c", "string"), ("a", "float32"), ("k", "int64")))
    ids = L.IntegerLookup(vocabulary=[2**40, 7])(code)
    parts = [
        lookup()(color),
        L.Discretization([30.0, 50.0], output_mode="one_hot")(age),
        L.Flatten()(L.Embedding(3, 2)(ids)),
        L.CategoryEncoding(6, "one_hot")(L.HashedCrossing(6)([color, code])),
        L.Hashing(4, output_mode="one_hot")(color),
    ]
    model = cr.Model([color, age, code], L.Dense(1)(L.concatenate(parts)))
    model.compile("adam", "mse")
    data = {"c": COLORS, "a": np.arange(8) * 10.0, "k": np.array([2**40, 7] * 4)}
    data = {k: np.asarray(v) for k, v in data.items()}
    model.fit(data, Y, epochs=2, verbose=0)
    assert model.predict(data, verbose=0).shape == (8, 1)
    assert model.engine in ("native", "reference (no native extension)")  # the categories are prepared once


def test_numbers_back_to_text() -> None:
    model = cr.Sequential([cr.Input((1,), dtype="int64"), L.StringLookup(vocabulary=["a", "b"], invert=True)])
    assert model.predict(np.array([1, 2, 0]), verbose=0).tolist() == [["a"], ["b"], ["[UNK]"]]


def test_padding_is_that_of_each_batch() -> None:
    """As in Keras: predict computes batches by themselves, because texts are padded to the longest of their batch."""
    text = L.TextVectorization(vocabulary=["a", "b"])
    model = cr.Sequential([cr.Input((1,), dtype="string"), text, L.Lambda(lambda x: cr.ops.sum(x * 0 + 1, axis=-1))])
    found = model.predict(np.array(["a"] * 32 + ["a b a"]), verbose=0)
    assert found.tolist() == [1] * 32 + [3]


@pytest.mark.parametrize("mode", ["one_hot", "tf_idf"])
@pytest.mark.parametrize("kind", ["StringLookup", "TextVectorization"])
@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m)), cr.models.clone_model],
    ids=["copy", "pickle", "clone"],
)
def test_copies_keep_what_was_learnt(mode: str, kind: str, copied: Any) -> None:
    if (mode, kind) == ("one_hot", "TextVectorization"):
        mode = "count"
    layer = getattr(L, kind)(output_mode=mode)
    layer.adapt(COLORS)
    x = cr.Input((1,), dtype="string")
    model = cr.Model(x, L.Dense(1, kernel_initializer=cr.initializers.RandomNormal(seed=1))(layer(x)))
    twin = copied(model)
    assert twin.layers[1].get_vocabulary() == layer.get_vocabulary()
    assert twin.predict(np.array(COLORS), verbose=0).tolist() == model.predict(np.array(COLORS), verbose=0).tolist()


def test_outside_of_models() -> None:
    assert lookup()(["red", "x"]).numpy().tolist() == [[0, 0, 0, 1], [1, 0, 0, 0]]
    assert L.StringLookup(vocabulary=["a"])("a").numpy().tolist() == 1
    assert L.IntegerLookup(vocabulary=[3])(3).numpy().tolist() == 1
    assert L.TextVectorization(vocabulary=["a"])(np.array([], "U1")).shape == (0, 0)
    assert L.StringLookup(vocabulary=["a"])(np.array([], "U1")).shape == (0,)


def test_own_functions_of_texts() -> None:
    layer = L.TextVectorization(
        standardize=lambda x: np.char.upper(x), split=lambda x: [t.split("-") for t in x], output_mode="count"
    )
    layer.adapt(["a-b-b", "c"])
    assert layer.get_vocabulary() == ["[UNK]", "B", "C", "A"]
    assert layer(["b-a-z"]).numpy().tolist() == [[1, 1, 0, 1]]


# -- adapt ------------------------------------------------------------------------------------------------------------


def test_adapt_on_batches_and_frames() -> None:
    pandas = pytest.importorskip("pandas")
    whole = L.StringLookup()
    whole.adapt(COLORS)
    for data in (np.array(COLORS), np.array(COLORS)[:, None], pandas.Series(COLORS), pandas.DataFrame({"c": COLORS})):
        layer = L.StringLookup()
        layer.adapt(data)
        assert layer.get_vocabulary() == whole.get_vocabulary() == ["[UNK]", "red", "green", "blue"]
    layer = L.StringLookup()
    layer.adapt(iter([np.array(COLORS[:4]), (np.array(COLORS[4:]), Y[4:]), np.array(["x"] * 99)]), steps=2)
    assert layer.get_vocabulary() == whole.get_vocabulary()
    layer.adapt(["x"])  # starts anew
    assert layer.get_vocabulary() == ["[UNK]", "x"]


def test_adapt_step_by_step() -> None:
    layer, text, bins = L.StringLookup(), L.TextVectorization(), L.Discretization(num_bins=2)
    for one, batch in ((layer, ["b", "b"]), (text, ["b b"]), (bins, np.array([1.0, 2.0, 3.0, 4.0]))):
        one.reset_state()
        one.update_state(batch)
        one.finalize_state()
    assert layer.get_vocabulary() == ["[UNK]", "b"]
    assert text.get_vocabulary() == ["", "[UNK]", "b"]
    assert bins.bin_boundaries == [2.0]


# -- refused ----------------------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Any, Any, str]] = {
    "value beyond": (
        lambda: L.CategoryEncoding(3)([[0, 3]]),
        DataError,
        r"the value 3 at \[0, 1\] is outside of its 3",
    ),
    "value below": (lambda: L.CategoryEncoding(3)([[0, -1]]), DataError, r"the value -1 at \[0, 1\]"),
    "weights": (lambda: L.CategoryEncoding(3)([[0]], count_weights=[[1.0]]), ValueError, "output_mode='count'"),
    "tokens": (lambda: L.CategoryEncoding(), ValueError, "num_tokens must be at least 1"),
    "mode": (lambda: L.CategoryEncoding(2, "onehot"), ValueError, "Did you mean 'one_hot'"),
    "sparse": (lambda: L.Hashing(3, output_mode="count", sparse=True), ValueError, "sparse=True is not supported"),
    "ragged": (lambda: L.TextVectorization(ragged=True), ValueError, "ragged=True is not supported"),
    "text for numbers": (lambda: L.IntegerLookup(vocabulary=[1])(["a"]), DataError, "Use StringLookup for text"),
    "numbers for text": (lambda: L.StringLookup(vocabulary=["a"])([[1]]), DataError, "Use IntegerLookup for integers"),
    "numbers for texts": (lambda: L.TextVectorization(vocabulary=["a"])([[1]]), DataError, "takes text, but received"),
    "numbers as terms": (lambda: L.StringLookup(vocabulary=[1, 2]), DataError, "the vocabulary must be text"),
    "text as terms": (lambda: L.IntegerLookup(vocabulary=["a"]), DataError, "must be integers, but holds text"),
    "text for bins": (lambda: L.Discretization([1.0])(["a"]), DataError, "takes numbers"),
    "missing": (
        lambda: L.StringLookup(vocabulary=["a"])(np.array(["a", None], object)),
        DataError,
        r"\[1\] is None \(mis",
    ),
    "mixed list": (lambda: L.StringLookup().adapt(["a", 1]), DataError, "mixes text with something else"),
    "mixed objects": (lambda: L.StringLookup().adapt(np.array(["a", 1], object)), DataError, r"\[1\] is 1, a int"),
    "numbers and text": (
        lambda: L.IntegerLookup().adapt(np.array([1, "a"], object)),
        DataError,
        "value 1 is 'a', a str",
    ),
    "NaN for ids": (lambda: L.IntegerLookup(vocabulary=[1])([[np.nan]]), DataError, "NaN or infinity"),
    "NaN for hashes": (lambda: L.Hashing(3)([[np.nan]]), DataError, "NaN or infinity"),
    "no data": (lambda: L.StringLookup().adapt([]), DataError, "adapt received no data"),
    "no texts": (lambda: L.TextVectorization().adapt(np.array([], "U1")), DataError, "adapt received no data"),
    "no batches": (lambda: L.IntegerLookup().adapt(iter([])), DataError, "adapt received no data"),
    "no numbers": (lambda: L.Discretization(num_bins=3).adapt(np.zeros((0, 1))), DataError, "adapt received no data"),
    "NaN to adapt": (lambda: L.Discretization(num_bins=3).adapt(np.array([np.nan])), DataError, "NaN or infinite"),
    "something else": (lambda: L.StringLookup().adapt(5), DataError, "received a int"),
    "given already": (lambda: L.StringLookup(vocabulary=["a"]).adapt(["b"]), ValueError, "nothing to adapt"),
    "texts given": (lambda: L.TextVectorization(vocabulary=["a"]).adapt(["b"]), ValueError, "nothing to adapt"),
    "bins given": (lambda: L.Discretization([1.0]).adapt([1.0]), ValueError, "nothing to adapt"),
    "no bins": (lambda: L.Discretization(), ValueError, "give either num_bins"),
    "both bins": (lambda: L.Discretization([1.0], num_bins=2), ValueError, "give either num_bins"),
    "descending": (lambda: L.Discretization([1.0, 0.0]), ValueError, "must ascend"),
    "not adapted": (lambda: L.Discretization(num_bins=2)([[1.0]]), ValueError, "call adapt"),
    "no vocabulary": (lambda: L.StringLookup(output_mode="count")([["a"]]), RuntimeError, "no vocabulary yet"),
    "no words": (lambda: L.StringLookup()([["a"]]), RuntimeError, "has no vocabulary yet: call adapt"),
    "no integers": (lambda: L.IntegerLookup()([[5]]), RuntimeError, "has no vocabulary yet: call adapt"),
    "no tokens": (lambda: L.TextVectorization()(["a b"]), RuntimeError, "has no vocabulary yet: call adapt"),
    "nothing to invert": (lambda: L.StringLookup(invert=True)([[1]]), RuntimeError, "has no vocabulary yet"),
    "no padded terms": (
        lambda: L.StringLookup(output_mode="count", max_tokens=3, pad_to_max_tokens=True)([["a"]]),
        RuntimeError,
        "has no vocabulary yet",
    ),
    "no vocabulary in a model": (
        lambda: looks_up(L.StringLookup()).predict(np.array([["a"]]), verbose=0),
        RuntimeError,
        "has no vocabulary yet: call adapt",
    ),
    "saved before adapt": (
        lambda: cr.Sequential.from_config(looks_up(L.TextVectorization()).get_config())(np.array([["a"]])),
        RuntimeError,
        "has no vocabulary yet",
    ),
    "no idf": (
        lambda: L.StringLookup(output_mode="tf_idf", max_tokens=3, pad_to_max_tokens=True)([["a"]]),
        RuntimeError,
        "no idf_weights yet",
    ),
    "out of vocabulary": (
        lambda: L.StringLookup(vocabulary=["a"], num_oov_indices=0)([["a", "q"]]),
        DataError,
        r"\['q'\] are not in the vocabulary, and num_oov_indices is 0",
    ),
    "empty": (lambda: L.StringLookup(vocabulary=[]), ValueError, "the vocabulary is empty"),
    "twice": (lambda: L.StringLookup(vocabulary=["a", "a"]), ValueError, r"holds terms twice: \['a'\]"),
    "mask within": (
        lambda: L.StringLookup(vocabulary=["a", ""], mask_token=""),
        ValueError,
        "the mask token '' is term 1",
    ),
    "unknown within": (
        lambda: L.StringLookup(vocabulary=["a", "[UNK]"], invert=True),
        ValueError,
        "the out-of-vocabulary token",
    ),
    "too many": (lambda: L.StringLookup(vocabulary=["a", "b"], max_tokens=2), ValueError, "exceeds max_tokens=2"),
    "too few": (lambda: L.StringLookup(max_tokens=1), ValueError, "max_tokens must be greater than 1"),
    "nothing to pad to": (lambda: L.StringLookup(pad_to_max_tokens=True), ValueError, "needs max_tokens"),
    "negative": (lambda: L.IntegerLookup(num_oov_indices=-1), ValueError, "must not be negative"),
    "method": (lambda: L.IntegerLookup(oov_method="farm"), ValueError, "Did you mean 'farmhash'"),
    "salt": (lambda: L.IntegerLookup(salt=1), ValueError, "salt goes with oov_method='farmhash'"),
    "salt of three": (lambda: L.Hashing(3, salt=[1, 2, 3]), ValueError, "salt must be an integer or two"),
    "bins": (lambda: L.Hashing(0), ValueError, "num_bins must be at least 1"),
    "type": (lambda: L.Hashing(3, dtype="float32"), ValueError, "dtype must be 'int32' or 'int64'"),
    "inverse": (lambda: L.StringLookup(invert=True, output_mode="count"), ValueError, "invert=True goes with"),
    "vocabulary without idf": (lambda: L.StringLookup(vocabulary=["a"], output_mode="tf_idf"), ValueError, "needs idf"),
    "idf without tf_idf": (
        lambda: L.StringLookup(vocabulary=["a"], idf_weights=[1.0]),
        ValueError,
        "idf_weights go with",
    ),
    "idf of another length": (
        lambda: L.StringLookup(vocabulary=["a"], idf_weights=[1.0, 2.0], output_mode="tf_idf"),
        ValueError,
        "must be one per term",
    ),
    "no such file": (lambda: L.StringLookup(vocabulary="no/such/file"), DataError, "cannot be read: No such file"),
    "one input": (lambda: L.HashedCrossing(3)(["a"]), ValueError, "at least two inputs"),
    "floats crossed": (lambda: L.HashedCrossing(3)(([1.5], [2])), DataError, "expected integers or text"),
    "shapes crossed": (lambda: L.HashedCrossing(3)(([1], [2, 3])), ShapeError, "inputs must have one shape"),
    "columns of text": (lambda: L.TextVectorization(vocabulary=["a"])([["a", "b"]]), ShapeError, r"\(batch, 1\)"),
    "standardize": (lambda: L.TextVectorization(standardize="upper"), ValueError, "Unknown standardize"),
    "length": (
        lambda: L.TextVectorization(output_sequence_length=3, output_mode="count"),
        ValueError,
        "goes with output",
    ),
    "ngrams": (lambda: L.TextVectorization(ngrams="two"), ValueError, "ngrams must be"),
}


@pytest.mark.parametrize("kind", [L.StringLookup, L.TextVectorization])
def test_a_vocabulary_may_come_after_the_model(kind: Any, tmp_path: Any) -> None:
    layer, data = kind(), np.array([["a"], ["q"]])
    model = looks_up(layer)
    empty = tmp_path / "empty.keras"
    model.save(empty)
    layer.adapt(np.array(["a", "b", "a"]))
    wanted = model.predict(data, verbose=0)
    assert wanted[0] != wanted[1]
    model.save(tmp_path / "full.keras")
    loaded = cr.models.load_model(tmp_path / "full.keras")
    assert np.array_equal(loaded.predict(data, verbose=0), wanted)
    again = cr.models.load_model(empty)
    with pytest.raises(RuntimeError, match="no vocabulary yet"):
        again.predict(data, verbose=0)
    again.layers[0].set_vocabulary(layer.get_vocabulary())
    assert np.array_equal(again.predict(data, verbose=0), wanted)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    act, kind, message = REFUSED[name]
    with pytest.raises(kind, match=message) as caught:
        act()
    assert "\n" not in str(caught.value)


def test_a_fixed_size_of_the_vocabulary() -> None:
    layer = L.StringLookup(output_mode="count")
    layer.adapt(["a", "b"])
    with pytest.raises(RuntimeError, match="a fixed size of 3, so it cannot become one of 2"):
        layer.set_vocabulary(["a"])
    assert layer.get_vocabulary() == ["[UNK]", "b", "a"]


def test_text_where_numbers_are_expected_and_the_other_way_round() -> None:
    numbers = cr.Sequential([cr.Input((1,)), L.Dense(1)])
    with pytest.raises(DataError, match="x holds text, such as 'red', but a network computes with numbers"):
        numbers.predict(np.array(COLORS), verbose=0)
    with pytest.raises(DataError, match="input 'color' takes text, but received float32 values"):
        functional().predict(np.ones((3, 1)), verbose=0)
    with pytest.raises(DataError, match="holds text"):
        numbers(np.array([["red"]]))
    model = functional()
    model.compile("sgd", "mse")
    with pytest.raises(DataError, match="y holds text"):
        model.fit(np.array(COLORS), np.array(COLORS), verbose=0)
