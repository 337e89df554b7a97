"""Metrics against Keras's, batch by batch. `make_metric_fixtures.py` wrote what Keras gives."""

import inspect
import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from chainrule import config, metrics
from chainrule.metrics.lookup import aliases

HERE = Path(__file__).parent / "fixtures"
KERAS = json.loads((HERE / "metrics.json").read_text())
KERAS_FLOAT64 = json.loads((HERE / "metrics_float64.json").read_text())
DATA = np.load(HERE / "metrics.npz")
ARRAYS = {key: DATA[key] for key in DATA.files}
BATCHES = 3
RELATIVE = 1e-6

# Some results are differences of sums of about this size, which Keras rounds to float32; 1e-6 is relative to these.
SUMS = {"R2Score": 1.0, "AUC": 1.0, "Sum": 20.0, "TrueNegatives": 20.0, "FalseNegatives": 20.0}


def batch(data, b, weights=None):
    """Return targets, predictions and, if asked for, weights."""
    return tuple(ARRAYS[f"{data}/{b}/{part}"] for part in ("y_true", "y_pred", weights) if part is not None)


def same(ours, theirs, size=0.1):
    close = np.shape(ours) == np.shape(theirs)
    return close and np.allclose(ours, theirs, rtol=RELATIVE, atol=RELATIVE * size, equal_nan=True)


NAMES = sorted({case["metric"] for case in KERAS["cases"]})


def results(case, dtype="float32"):
    """Yield our result after each batch."""
    metric = getattr(metrics, case["metric"])(**case["arguments"])
    for b in range(BATCHES):
        arrays = batch(case["data"], b, case["weights"])
        y_true, y_pred, *weights = (a.astype(dtype) if a.dtype == "float32" else a for a in arrays)
        inputs = (y_pred,) if case["metric"] in ("Mean", "Sum") else (y_true, y_pred)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # adjusted R2 of few samples; float weights of counts
            metric.update_state(*inputs, *weights)
            yield metric.result()


@pytest.mark.parametrize("name", NAMES)
def test_results_equal_kerass_after_each_batch(name):
    cases = [case for case in KERAS["cases"] if case["metric"] == name]
    wrong = [
        (case["arguments"], case["data"], case["weights"], b, ours, theirs)
        for case in cases
        for b, (ours, theirs) in enumerate(zip(results(case), case["results"], strict=True))
        if not same(ours, theirs, SUMS.get(name, 0.1))
    ]
    assert cases
    assert not wrong, f"{len(wrong)} of {BATCHES * len(cases)} differ, first: {wrong[:3]}"


@pytest.mark.parametrize("name", NAMES)
def test_float64_results_equal_kerass_to_nine_digits(name):
    cases = [case for case in KERAS_FLOAT64["cases"] if case["metric"] == name]
    config.set_floatx("float64")
    try:
        wrong = [
            (case["arguments"], case["data"], b, ours, theirs)
            for case in cases
            for b, (ours, theirs) in enumerate(zip(results(case, "float64"), case["results"], strict=True))
            if not np.allclose(ours, theirs, rtol=1e-9, atol=1e-12, equal_nan=True)
        ]
    finally:
        config.set_floatx("float32")
    assert not wrong, f"{len(wrong)} of {BATCHES * len(cases)} differ, first: {wrong[:3]}"


@pytest.mark.parametrize("name", NAMES)
def test_reset_forgets_everything(name):
    case = next(case for case in KERAS["cases"] if case["metric"] == name)
    metric = getattr(metrics, name)(**case["arguments"])
    y_true, y_pred = batch(case["data"], 0)
    inputs = (y_pred,) if name in ("Mean", "Sum") else (y_true, y_pred)
    first = metric(*inputs)
    metric.update_state(*inputs)
    assert metric.variables
    metric.reset_state()
    assert all(not np.any(v.value) for v in metric.variables)
    assert np.array_equal(metric(*inputs), first, equal_nan=True)


@pytest.mark.parametrize("case", KERAS["functions"], ids=lambda c: f"{c['function']}-{c['data']}")
def test_functions_equal_kerass(case):
    y_true, y_pred = batch(case["data"], 0)
    assert same(getattr(metrics, case["function"])(y_true, y_pred, **case["arguments"]), case["result"])


@pytest.mark.parametrize("case", KERAS["compile"])
def test_compiled_metrics_have_kerass_names_order_and_values(case):
    made = metrics.CompileMetrics(case["metrics"], case["weighted_metrics"], output_names=case["output_names"])
    for b in range(BATCHES):
        if case["outputs"] == "one":
            made.update_state(*batch(case["data"][0], b, "w_vector"))
            continue
        columns = {name: batch(data, b, "w_vector") for name, data in zip("ba", case["data"], strict=True)}
        packed = [{name: c[i] for name, c in columns.items()} for i in range(3)]
        if case["outputs"] == "list":
            packed = [list(p.values()) for p in packed]
        made.update_state(*packed[:2], columns["b"][2] if case["weights"] == "one" else packed[2])
    result = made.result()
    assert list(result) == case["names"]
    assert [type(m).__name__ for m in made.metrics] == case["classes"]
    assert len(made.variables) == case["variables"]
    assert same(list(result.values()), case["results"])


@pytest.mark.parametrize("name", sorted(KERAS["signatures"]))
def test_signatures_are_kerass(name):
    parameters = inspect.signature(getattr(metrics, name)).parameters.values()
    empty = inspect.Parameter.empty
    ours = [[p.name, p.kind.name, None if p.default is empty else repr(p.default)] for p in parameters]
    assert ours == KERAS["signatures"][name]


@pytest.mark.parametrize(("string", "cls"), sorted(KERAS["strings"].items()))
def test_strings_name_kerass_classes(string, cls):
    known = {**{name: getattr(metrics, name) for name in KERAS["signatures"]}, **aliases()}
    assert known[string].__name__ == cls


def test_configurations_are_kerass():
    for case in KERAS["configs"]:
        metric = getattr(metrics, case["metric"])(**case["arguments"], name="m")
        config = json.loads(json.dumps(metric.get_config()))
        theirs = dict(case["config"])
        if case["metric"] == "CosineSimilarity":  # Keras forgets the axis
            theirs["axis"] = case["arguments"].get("axis", -1)
        if config.get("label_weights"):  # Keras gives them back rounded to float32
            assert config["label_weights"] == pytest.approx(theirs.pop("label_weights"), rel=1e-6)
            del config["label_weights"]
        assert config == theirs, case["metric"]
        assert getattr(metric, "_direction", None) == case["direction"], case["metric"]


def test_a_configuration_gives_the_metric_back():
    for case in KERAS["configs"]:
        metric = getattr(metrics, case["metric"])(**case["arguments"], name="m")
        described = json.loads(json.dumps(metrics.serialize(metric)))
        assert described["module"] == "keras.metrics"
        again = metrics.deserialize(described)
        assert type(again) is type(metric)
        assert again.get_config() == metric.get_config()
