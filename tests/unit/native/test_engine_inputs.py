"""What the native engine is given: arrays of every kind, sizes from one up, errors: it answers as the reference."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

pytest.importorskip("chainrule._native")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(37, 5)).astype("float32")
Y = RNG.normal(size=(37, 2)).astype("float32")
ENGINES = ("reference", "native")


def network(engine: str, dtype: str = "float32", **settings: Any) -> Any:
    cr.utils.clear_session()
    cr.utils.set_random_seed(3)
    net = cr.Sequential(
        [
            cr.Input((5,), dtype=dtype),
            cr.layers.Dense(6, activation="tanh", dtype=dtype),
            cr.layers.Dense(2, dtype=dtype),
        ]
    )
    net.compile(cr.optimizers.Adam(0.01), **{"loss": "mse", "metrics": ["mae"], "engine": engine, **settings})
    return net


def outcome(engine: str, x: Any, y: Any, dtype: str = "float32", **fit: Any) -> tuple[Any, list[str]]:
    """Return the numbers that training, evaluation and prediction give (or the error), and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            net = network(engine, dtype)
            history = net.fit(x, y, **{"batch_size": 8, "epochs": 2, "verbose": 0, **fit}).history
            assert net.engine == engine
            found: Any = {
                **history,
                "evaluation": net.evaluate(x, y, verbose=0),
                "prediction": net.predict(x, verbose=0),
            }
            found |= {f"weight {i}": w for i, w in enumerate(net.get_weights())}
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
    return found, sorted(str(c.message) for c in caught)


def same(x: Any, y: Any, rtol: float = 2e-5, **options: Any) -> Any:
    (theirs, their_warnings), (ours, our_warnings) = (outcome(engine, x, y, **options) for engine in ENGINES)
    assert our_warnings == their_warnings
    if isinstance(theirs, str) or isinstance(ours, str):
        assert ours == theirs
        return ours
    assert ours.keys() == theirs.keys()
    for name in theirs:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=rtol, atol=rtol * 0.1, err_msg=name)
    return ours


KINDS: dict[str, Any] = {
    "columns first": np.asfortranarray,
    "every second row": lambda a: np.repeat(a, 2, axis=0)[::2],
    "every second column": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "backwards": lambda a: a[::-1].copy()[::-1],
    "columns backwards": lambda a: a[:, ::-1].copy()[:, ::-1],
    "big endian": lambda a: a.astype(">f4"),
    "big endian doubles": lambda a: a.astype(">f8"),
    "float16": lambda a: a.astype("float16"),
    "float64": lambda a: a.astype("float64"),
    "long double": lambda a: a.astype(np.longdouble),
    "not aligned": lambda a: np.frombuffer(b"\0" + a.tobytes(), dtype="i1")[1:].view(a.dtype).reshape(a.shape),
    "lists": lambda a: a.tolist(),
    **{t: lambda a, t=t: (a * 3).astype(t) for t in ("int8", "int16", "int32", "int64", ">i4")},
    **{t: lambda a, t=t: np.abs(a * 3).astype(t) for t in ("uint8", "uint16", "uint32", "uint64", "bool")},
    "one row again and again": lambda a: np.broadcast_to(a[:1], a.shape),
    "numbers within numbers": lambda a: a[:, :, None, None].reshape(a.shape)[:, :],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shuffle", [False, True])
def test_arrays_of_every_kind(kind: str, shuffle: bool) -> None:
    make = KINDS[kind]
    assert isinstance(same(make(X), make(Y), shuffle=shuffle), dict)


def test_read_only_and_memory_mapped(tmp_path: Path) -> None:
    x, y = X.copy(), Y.copy()
    x.flags.writeable = y.flags.writeable = False
    expected = same(x, y)
    np.save(tmp_path / "x.npy", X)
    found = same(np.load(tmp_path / "x.npy", mmap_mode="r"), Y)
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name])


@pytest.mark.parametrize("x", [X.astype(complex), X.astype("U4"), X[:, :4], X[:30]])
def test_what_does_not_fit_is_said_as_by_the_reference(x: Any) -> None:
    assert isinstance(same(x, Y), str)


def test_values_that_are_no_numbers() -> None:
    x, y = X.copy(), Y.copy()
    x[20, 1] = np.nan
    y[20, 1] = np.inf
    for a, b in ((x, Y), (X, y)):
        message = same(a, b, shuffle=False)
        assert "DataError" in message or "DivergedError: fit: the loss became" in message


@pytest.mark.parametrize("start", [1e18, 1e30])
def test_divergence_in_the_middle_has_one_message(start: float) -> None:
    messages = []
    for engine in ENGINES:
        net = network(engine, "float64")
        net.compile(cr.optimizers.SGD(start), "mse", engine=engine)
        before = net.get_weights()
        with pytest.raises(cr.errors.DivergedError) as caught:
            net.fit(X, Y, epochs=60, batch_size=4, verbose=0, shuffle=False)
        messages.append(str(caught.value))
        assert net.engine == engine
        for a, b in zip(before, net.get_weights(), strict=True):
            assert np.isfinite(b).all()
            assert a.shape == b.shape
    assert messages[0] == messages[1]


@pytest.mark.parametrize("batch", [*range(1, 36), 63, 64, 65, 1000])
def test_batches_of_every_size(batch: int) -> None:
    same(X, Y, batch_size=batch, epochs=1, dtype="float64", rtol=1e-11)


@pytest.mark.parametrize("rows", [*range(1, 20), 31, 32, 33, 64, 65, 127, 129])
def test_full_batches_of_every_size(rows: int) -> None:
    same(np.resize(X, (rows, 5)), np.resize(Y, (rows, 2)), batch_size=rows, epochs=1, dtype="float64", rtol=1e-11)


@pytest.mark.parametrize(("inputs", "units"), [(1, 1), (3, 100_000), (100_000, 1), (1, 17), (257, 31)])
def test_layers_of_one_unit_and_of_many(inputs: int, units: int) -> None:
    x = np.random.default_rng(1).normal(size=(5, inputs)).astype("float32")
    results = []
    for engine in ENGINES:
        cr.utils.set_random_seed(0)
        net = cr.Sequential([cr.Input((inputs,)), cr.layers.Dense(units, activation="relu"), cr.layers.Dense(1)])
        net.compile("sgd", "mse", engine=engine)
        net.fit(x, x[:, 0], epochs=2, batch_size=2, verbose=0)
        results.append([*net.get_weights(), net.predict(x, verbose=0)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=3e-5 * max(1.0, float(np.max(np.abs(a)))))


def test_zero_epochs_and_empty_validation() -> None:
    assert same(X, Y, epochs=0)["prediction"].shape == (37, 2)
    same(X, Y, validation_data=(X[:0], Y[:0]))
    same(X[:1], Y[:1], validation_split=0.5)
    same(X[:0], Y[:0])


def test_targets_that_are_repeated() -> None:
    same(X, Y[:, :1])
    same(X, Y[:, 0])


def test_labels_outside_the_classes() -> None:
    labels = np.arange(37) % 3
    for loss in ("sparse_categorical_crossentropy", cr.losses.CategoricalGeneralizedCrossEntropy()):
        messages = []
        for engine in ENGINES:
            net = network(engine, loss=loss, metrics=None)
            with pytest.raises(cr.errors.DataError) as caught:
                net.fit(X, labels, batch_size=64, shuffle=False, verbose=0)
            messages.append(str(caught.value))
        assert messages[0] == messages[1]


SEQUENCE = np.random.default_rng(4).normal(size=(21, 3, 4)).astype("float32")
LOSSES: dict[str, tuple[Any, str, Any]] = {
    "mse": ("mse", "linear", SEQUENCE[:, :, :2]),
    "mean by weight": (cr.losses.MeanAbsoluteError(reduction="mean_with_sample_weight"), "linear", SEQUENCE[:, :, :2]),
    "sum": (cr.losses.Huber(reduction="sum"), "linear", SEQUENCE[:, :, :2]),
    "labels": ("sparse_categorical_crossentropy", "softmax", (SEQUENCE[:, :, 0] > 0).astype("int32")),
    "labels of columns": ("sparse_categorical_crossentropy", "softmax", (SEQUENCE[:, :, :1] > 0).astype("int64")),
    "ignored": (cr.losses.SparseCategoricalCrossentropy(ignore_class=1), "softmax", (SEQUENCE[:, :, 0] > 0) * 1),
    "whole batch": (cr.losses.Dice(), "softmax", np.eye(2, dtype="float32")[(SEQUENCE[:, :, 0] > 0) * 1]),
}


@pytest.mark.parametrize("weights", ["none", "rows", "places"])
@pytest.mark.parametrize("name", LOSSES)
def test_several_places_in_each_row(name: str, weights: str) -> None:
    loss, activation, y = LOSSES[name]
    rng = np.random.default_rng(5)
    w = {"none": None, "rows": rng.uniform(0.5, 2, 21), "places": rng.uniform(0.5, 2, (21, 3))}[weights]
    results = []
    for engine in ENGINES:
        cr.utils.clear_session()
        cr.utils.set_random_seed(2)
        net = cr.Sequential([cr.Input((3, 4), dtype="float64"), cr.layers.Dense(2, activation, dtype="float64")])
        measured = (
            {} if name in ("whole batch", "ignored") else {"weighted_metrics": ["mse" if "m" in name else "accuracy"]}
        )
        net.compile(cr.optimizers.SGD(0.1), loss, engine=engine, **measured)
        try:
            history = net.fit(SEQUENCE, y, sample_weight=w, batch_size=8, epochs=2, verbose=0, shuffle=False).history
            results.append([*history.items(), *net.get_weights()])
        except Exception as error:
            results.append([f"{type(error).__name__}: {error}"])
    assert len(results[0]) == len(results[1]), results
    for a, b in zip(*results, strict=True):
        if isinstance(a, tuple | str):
            assert a == b if isinstance(a, str) else a[0] == b[0]
        if not isinstance(a, str):
            a, b = (a[1], b[1]) if isinstance(a, tuple) else (a, b)
            np.testing.assert_allclose(b, a, rtol=1e-11, atol=1e-13)


def test_numbers_that_are_no_rows_of_a_table() -> None:
    messages = []
    for engine in ENGINES:
        net = cr.Sequential([cr.Input((2,), dtype="int32"), cr.layers.Embedding(5, 3, name="e"), cr.layers.Flatten(),
                             cr.layers.Dense(1)])  # fmt: skip
        net.compile("sgd", "mse", engine=engine)
        x = np.array([[0, 1], [4, 5], [2, 2]])
        for act in (
            lambda net=net, x=x: net.fit(x, np.zeros(3), verbose=0),
            lambda net=net, x=x: net.predict(x, verbose=0),
        ):
            with pytest.raises(cr.errors.DataError) as caught:
                act()
            messages.append(str(caught.value))
    assert messages[:2] == messages[2:]
