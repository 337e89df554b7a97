"""Every public function of `plot`, `plot.numbers` and `inspect`, given what it cannot use: one sentence that helps."""

from __future__ import annotations

import inspect as python
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import inspect, plot
from chainrule.errors import ChainruleError
from chainrule.plot import numbers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 3)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64)
BUILT = cr.Sequential([cr.Input((3,)), cr.layers.Dense(4, name="h"), cr.layers.Dense(1, "sigmoid", name="o")], name="m")
BUILT.compile("sgd", "binary_crossentropy")

# What each takes, in order: m, a model; x, inputs; y, targets; p, predictions.
TAKES = {
    "plot.activations": "mx", "plot.calibration": "mxy", "plot.confusion": "mxy", "plot.gradient_flow": "mxy",
    "plot.network": "m", "plot.precision_recall": "mxy", "plot.predictions": "mxy", "plot.regions": "mxy",
    "plot.residuals": "mxy", "plot.roc": "mxy", "plot.surface": "mxy", "plot.units": "mx", "plot.weights": "m",
    "plot.numbers.Inputs": "x", "plot.numbers.activations": "mx", "plot.numbers.calibration": "mxy",
    "plot.numbers.classified": "mxy", "plot.numbers.confusion": "mxy", "plot.numbers.gradient_flow": "mxy",
    "plot.numbers.layer_outputs": "mx", "plot.numbers.regions": "mx", "plot.numbers.residuals": "mxy",
    "plot.numbers.surface": "mxy", "plot.numbers.units": "mx", "plot.numbers.weights": "m",
    "inspect.contributions": "mx", "inspect.partial_dependence": "mx0", "inspect.permutation_importance": "mxy",
    "inspect.worst_errors": "yp",
}  # fmt: skip
OTHERS = {
    "plot.dependence", "plot.importance", "plot.learning_rates", "plot.training", "plot.svg", "plot.description",
    "plot.numbers.training", "plot.numbers.spreads", "inspect.as_estimator",
}  # fmt: skip
ARRAYS_ALONE = {
    "plot.numbers.histogram", "plot.numbers.plane", "plot.numbers.precision_recall", "plot.numbers.principal",
    "plot.numbers.roc",
}  # fmt: skip
GOOD = {"m": BUILT, "x": X, "y": Y, "p": np.linspace(0, 1, 12), "0": 0}
GAP = np.where(np.arange(36).reshape(12, 3) == 4, np.nan, X)

BAD: dict[str, tuple[str, Any]] = {
    "text as a model": ("m", "run.jsonl"),
    "no model": ("m", None),
    "an object": ("m", object()),
    "a class": ("m", cr.Sequential),
    "a path as x": ("x", "data.csv"),
    "a number as x": ("x", 5),
    "x of text": ("x", np.full((12, 3), "a")),
    "too few columns": ("x", X[:, :2]),
    "no rows": ("x", X[:0]),
    "a missing number in x": ("x", GAP),
    "no x": ("x", None),
    "fewer targets": ("y", Y[:5]),
    "text as y": ("y", "target"),
    "a missing target": ("y", np.where(np.arange(12) == 4, np.nan, Y)),
    "text as predictions": ("p", np.array(["a", "b"] * 6)),
    "missing predictions": ("p", np.full(12, np.nan)),
    "no predictions": ("p", None),
}
SENTENCES = {
    ("plot.activations", "text as a model"): "the text 'run.jsonl'. Load it first: chainrule.saving.load_model(path)",
    ("plot.gradient_flow", "a class"): "received the class Sequential. Make one of that class: Sequential(...).",
    ("plot.units", "no model"): "expected a model and its inputs, or a recording, but received None.",
    ("plot.regions", "fewer targets"): "x has 12 rows, but y has 5 rows.",
    ("plot.surface", "too few columns"): "The model was built for 3 features per row, the array has 2",
    ("plot.roc", "a missing target"): "the targets hold numbers that are not finite",
    ("inspect.contributions", "a missing number in x"): "x[1, 1] is nan",
    ("inspect.permutation_importance", "no rows"): "one row at least, but received (0, 3)",
    ("inspect.worst_errors", "text as predictions"): "expected predictions to be numbers",
}
# What is fine: columns that the function is not told the number of, rows that are layers' own business.
FINE = {
    ("plot.numbers.Inputs", "x of text"), ("plot.numbers.Inputs", "too few columns"),
    ("plot.numbers.layer_outputs", "no rows"), ("plot.numbers.layer_outputs", "a missing number in x"),
}  # fmt: skip


def found(name: str) -> Callable[..., Any]:
    where, _, last = name.rpartition(".")
    function: Callable[..., Any] = getattr({"plot": plot, "plot.numbers": numbers, "inspect": inspect}[where], last)
    return function


def complain(name: str, *given: Any, **options: Any) -> str:
    """Call a function with what it cannot use; return the one line it says."""
    with pytest.raises(ChainruleError) as error:
        found(name)(*given, **options)
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 320
    assert text.endswith((".", "?"))
    assert name == "plot.numbers.Inputs" or text.startswith(f"{name}: ")
    return text


def test_all_functions_are_here() -> None:
    public = {f"plot.{n}" for n in plot.__all__} | {f"plot.numbers.{n}" for n in numbers.__all__}
    public |= {f"inspect.{n}" for n in inspect.__all__}
    functions = {n for n in public if n not in ("plot.colours", "plot.numbers") and python.isfunction(found(n))}
    assert functions | {"plot.numbers.Inputs"} == TAKES.keys() | OTHERS | ARRAYS_ALONE


@pytest.mark.parametrize("name", TAKES)
def test_what_is_right_is_taken(name: str) -> None:
    assert found(name)(*(GOOD[kind] for kind in TAKES[name])) is not None


@pytest.mark.parametrize(
    ("name", "case"),
    [(n, c) for n, takes in TAKES.items() for c, (kind, _) in BAD.items() if kind in takes and (n, c) not in FINE],
)
def test_what_is_wrong_is_named(name: str, case: str) -> None:
    wrong, value = BAD[case]
    text = complain(name, *(value if kind == wrong else GOOD[kind] for kind in TAKES[name]))
    assert SENTENCES.get((name, case), "") in text


@pytest.mark.parametrize("name", sorted(OTHERS))
@pytest.mark.parametrize(
    "what", ["run.jsonl", None, 3, BUILT, cr.Sequential], ids=["text", "None", "3", "model", "class"]
)
def test_what_is_no_result_history_or_picture_is_named(name: str, what: Any) -> None:
    if what is BUILT and name == "inspect.as_estimator":
        assert found(name)(what).predict(X).shape == (12,)
    elif what is BUILT and name.endswith("training"):
        assert "no history yet: train it with fit" in complain(name, what)
    else:
        assert re.search(r"but received|but is", complain(name, what))


@pytest.mark.parametrize("name", ["plot.numbers.roc", "plot.numbers.precision_recall"])
def test_curves_of_arrays_name_what_does_not_fit(name: str) -> None:
    assert "shape (n,)" in complain(name, [0, 1, 1], [0.5])
    assert "not finite" in complain(name, [0, 1], [0.5, np.nan])
    assert "numbers" in complain(name, [0, 1], ["a", "b"])
    assert "not finite" in complain(name, [0.0, np.nan], [0.5, 0.5])


def test_an_estimator_says_where_its_model_is() -> None:
    class Estimator:
        model_ = BUILT

        def predict(self, x: Any) -> Any:
            return self.model_.predict(x)

    assert "Pass the model within, estimator.model_." in complain("plot.regions", Estimator(), X, Y)


def test_a_layer_is_no_model() -> None:
    assert "Put the layer into a model" in complain("plot.activations", cr.layers.Dense(2), X)


def test_a_model_without_weights_says_how_it_gets_them() -> None:
    empty = cr.Sequential([cr.layers.Dense(1)], name="empty")
    for name in ("plot.activations", "plot.gradient_flow", "plot.surface", "plot.units"):
        assert "Model 'empty' has no weights yet. Give it an Input" in complain(
            name, empty, X, *([Y] * (name[5] in "gs"))
        )
    assert "has no weights yet" in complain("plot.weights", empty)
    assert "is not built yet" in complain("plot.network", empty)


def test_layers_that_do_not_exist_are_named() -> None:
    assert "There is no layer 7: they are numbered from 0 to 1." in complain("plot.units", BUILT, X, 7)
    assert "Unknown layer 'oo'. Did you mean 'o'?" in complain("plot.units", BUILT, X, "oo")
