"""Write `fixtures/metrics.npz`, `metrics.json` and `metrics_float64.json`: what Keras's metrics give, batch by batch.

Needs Keras 3, which this project does not depend on, with jax and with torch (jax has no float64 by default):
    KERAS_BACKEND=jax python tests/parity/make_metric_fixtures.py
    KERAS_BACKEND=torch python tests/parity/make_metric_fixtures.py float64

The npz holds the data sets, `<set>/<batch>/<y_true|y_pred|w_...>`. The json holds
    cases       metric, its arguments, data set, weights, and Keras's result after each batch
    compile     `metrics` and `weighted_metrics` as given to `compile`, and the names and values of the result, in order
    configs     get_config of each metric, and which direction is better
    functions   the functions of keras.metrics on one batch
    signatures  argument names, kinds and defaults of every class and function
    strings     the strings `keras.metrics.get` knows, and the class each gives
"""

import inspect
import json
import sys
from itertools import product
from pathlib import Path

import keras
import numpy as np
from keras.src.backend.common import dtypes
from keras.src.metrics import ALL_OBJECTS_DICT
from keras.src.trainers.compile_utils import CompileMetrics

HERE = Path(__file__).parent / "fixtures"
FLOAT64 = sys.argv[1:] == ["float64"]
DIGITS = 16 if FLOAT64 else 9  # all that the type holds
SIZES = (8, 8, 5)
rng = np.random.default_rng(17)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def one_hot(labels, k):
    return np.eye(k)[labels]


def grid(shape):
    """Predictions on the thresholds themselves, 0 and 1 included, where a comparison can go either way."""
    return rng.integers(0, 11, shape) / 10


MAKE = {
    "binary": lambda n: (rng.integers(0, 2, (n, 1)), rng.random((n, 1))),
    "binary_flat": lambda n: (rng.integers(0, 2, n), rng.random(n)),
    "binary_mixed": lambda n: (rng.integers(0, 2, n).astype(bool), rng.random((n, 1))),
    "binary_ties": lambda n: (rng.integers(0, 2, (n, 1)), grid((n, 1))),
    "binary_logits": lambda n: (rng.integers(0, 2, (n, 1)), 3 * rng.normal(size=(n, 1))),
    "multi_label": lambda n: (rng.integers(0, 2, (n, 4)), rng.random((n, 4))),
    "multi_label_ties": lambda n: (rng.integers(0, 2, (n, 4)), grid((n, 4))),
    "one_hot": lambda n: (one_hot(rng.integers(0, 5, n), 5), softmax(rng.normal(size=(n, 5)))),
    "one_hot_logits": lambda n: (one_hot(rng.integers(0, 5, n), 5), 2 * rng.normal(size=(n, 5))),
    "sparse": lambda n: (rng.integers(0, 5, n), softmax(rng.normal(size=(n, 5)))),
    "sparse_column": lambda n: (rng.integers(0, 5, (n, 1)).astype("float32"), softmax(rng.normal(size=(n, 5)))),
    "sparse_logits": lambda n: (rng.integers(0, 5, n), 2 * rng.normal(size=(n, 5))),
    "sparse_3d": lambda n: (rng.integers(0, 3, (n, 2)), softmax(rng.normal(size=(n, 2, 3)))),
    "ids": lambda n: (rng.integers(0, 5, n), rng.permuted(np.tile(np.arange(5), (n, 1)), axis=1)),
    "numbers": lambda n: (rng.normal(size=(n, 3)), rng.normal(size=(n, 3))),
    "numbers_flat": lambda n: (rng.normal(size=n), rng.normal(size=(n, 1))),
    "numbers_1d": lambda n: (rng.normal(size=n), rng.normal(size=n)),
    "numbers_3d": lambda n: (rng.normal(size=(n, 2, 3)), rng.normal(size=(n, 2, 3))),
    "positive": lambda n: (rng.gamma(2.0, size=(n, 3)), rng.gamma(2.0, size=(n, 3))),
    "distributions": lambda n: (softmax(rng.normal(size=(n, 4))), softmax(rng.normal(size=(n, 4)))),
    "integers": lambda n: (rng.integers(0, 3, (n, 2)), rng.integers(0, 3, (n, 2))),
    "classes": lambda n: (rng.integers(-1, 3, n), rng.integers(0, 4, n)),
}
DATA, ARRAYS = {}, {}
for _name, _make in MAKE.items():
    DATA[_name] = []
    for _b, _n in enumerate(SIZES):
        y_true, y_pred = _make(_n)
        cast = [a.astype("float32") if a.dtype == "float64" else a for a in (y_true, y_pred)]
        batch = {
            "y_true": cast[0],
            "y_pred": cast[1],
            "w_vector": rng.gamma(1.0, size=_n).astype("float32"),
            "w_column": rng.gamma(1.0, size=(_n, 1)).astype("float32"),
            "w_zeros": (rng.random(_n) < 0.6).astype("float32"),
            "w_full": rng.gamma(1.0, size=cast[1].shape).astype("float32"),
            "w_whole": rng.integers(0, 4, _n),
            "w_scalar": np.float32(1.5),
        }
        DATA[_name].append(batch)
        ARRAYS.update({f"{_name}/{_b}/{k}": v for k, v in batch.items()})

PLAIN = (None, "w_vector", "w_zeros")
ALL = (None, "w_vector", "w_zeros", "w_column", "w_full", "w_scalar")
BINARY = ("binary", "binary_flat", "binary_mixed", "binary_ties", "multi_label", "multi_label_ties")
COUNTS = [{}, {"thresholds": 0.3}, {"thresholds": [0.7, 0.1, 0.5]}, {"thresholds": [0.0, 0.25, 0.5, 0.75, 1.0]}]
RATES = [*COUNTS, {"thresholds": 0}]
COLUMNS = [{"class_id": 2}, {"top_k": 2}, {"top_k": 2, "class_id": 1}, {"top_k": 3, "thresholds": 0.5}]
NUMBERS = ("numbers", "numbers_flat", "numbers_1d", "numbers_3d")
CURVES = [
    {"curve": c, "summation_method": s, **t}
    for c, s, t in product(
        ("ROC", "PR", "PRGAIN"),
        ("interpolation", "minoring", "majoring"),
        ({}, {"num_thresholds": 11}, {"thresholds": [0.9, 0.2, 0.35]}, {"thresholds": [0.25, 0.5, 0.75]}),
    )
]
POINTS = [{}, {"num_thresholds": 11}, {"num_thresholds": 1}, {"num_thresholds": 2}]

# metric, argument sets, data sets, weights
PLAN = [
    ("Accuracy", [{}], ("integers", "binary", "numbers_flat"), ALL),
    ("BinaryAccuracy", [{}, {"threshold": 0.3}], BINARY, ALL),
    ("CategoricalAccuracy", [{}], ("one_hot", "one_hot_logits", "numbers_3d"), ALL),
    ("SparseCategoricalAccuracy", [{}], ("sparse", "sparse_column", "sparse_3d"), PLAIN),
    ("TopKCategoricalAccuracy", [{"k": 1}, {"k": 2}, {"k": 3}, {}], ("one_hot", "one_hot_logits", "numbers_3d"), PLAIN),
    ("SparseTopKCategoricalAccuracy", [{"k": 1}, {"k": 3}, {}], ("sparse", "sparse_3d"), PLAIN),
    ("SparseTopKCategoricalAccuracy", [{"k": 2, "from_sorted_ids": True}], ("ids",), PLAIN),
    ("MeanAbsoluteError", [{}], NUMBERS, ALL),
    ("MeanSquaredError", [{}], NUMBERS, ALL),
    ("RootMeanSquaredError", [{}], NUMBERS, ALL),
    ("MeanAbsolutePercentageError", [{}], NUMBERS, ALL),
    ("LogCoshError", [{}], NUMBERS, ALL),
    ("MeanSquaredLogarithmicError", [{}], ("positive", "numbers"), ALL),
    ("CosineSimilarity", [{}, {"axis": 1}, {"axis": 0}], ("numbers", "numbers_3d"), (None, "w_scalar")),
    ("CosineSimilarity", [{}], NUMBERS, PLAIN),
    ("PearsonCorrelation", [{}, {"axis": 1}], ("numbers", "numbers_3d"), PLAIN),
    ("ConcordanceCorrelation", [{}, {"axis": 1}], ("numbers", "numbers_3d"), PLAIN),
    (
        "R2Score",
        [
            {"class_aggregation": a, "num_regressors": p}
            for a, p in product(("uniform_average", "variance_weighted_average", None), (0, 2))
        ],
        ("numbers", "numbers_flat", *(("positive",) if FLOAT64 else ())),  # float32 loses its digits there
        (None, "w_vector", "w_zeros", "w_column", "w_full"),
    ),
    ("KLDivergence", [{}], ("distributions", "one_hot"), ALL),
    ("Poisson", [{}], ("positive", "distributions"), ALL),
    (
        "BinaryCrossentropy",
        [{}, {"label_smoothing": 0.2}],
        ("binary", "binary_flat", "binary_ties", "multi_label"),
        ALL,
    ),
    (
        "BinaryCrossentropy",
        [{"from_logits": True}, {"from_logits": True, "label_smoothing": 0.1}],
        ("binary_logits",),
        ALL,
    ),
    ("CategoricalCrossentropy", [{}, {"label_smoothing": 0.2}], ("one_hot", "distributions"), PLAIN),
    ("CategoricalCrossentropy", [{"from_logits": True}], ("one_hot_logits",), PLAIN),
    ("SparseCategoricalCrossentropy", [{}, {"ignore_class": 2}], ("sparse", "sparse_column", "sparse_3d"), PLAIN),
    ("SparseCategoricalCrossentropy", [{"from_logits": True}], ("sparse_logits",), PLAIN),
    ("Hinge", [{}], ("binary", "binary_flat", "multi_label", "numbers"), ALL),
    ("SquaredHinge", [{}], ("binary", "multi_label", "numbers"), ALL),
    ("CategoricalHinge", [{}], ("one_hot", "distributions"), PLAIN),
    *(
        (name, COUNTS, BINARY, (None, "w_vector", "w_column", "w_full"))
        for name in ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives")
    ),
    *((name, RATES, BINARY, (None, "w_vector", "w_zeros", "w_column", "w_full")) for name in ("Precision", "Recall")),
    *(
        (name, COLUMNS, ("multi_label", "one_hot", *(() if FLOAT64 else ("multi_label_ties",))), PLAIN)
        for name in ("Precision", "Recall")  # torch and jax differ in which of equal predictions are the highest
    ),
    ("AUC", CURVES, ("binary", "binary_ties", "multi_label"), (None, "w_vector")),
    ("AUC", [{"from_logits": True}], ("binary_logits",), PLAIN),
    (
        "AUC",
        [
            {"multi_label": True, **more}
            for more in (
                {},
                {"num_labels": 4},
                {"curve": "PR"},
                {"label_weights": [0.1, 0.2, 0.3, 0.4]},
                {"curve": "PR", "label_weights": [0.1, 0.2, 0.3, 0.4]},
                {"thresholds": [0.9, 0.2, 0.35]},
                {"num_thresholds": 5, "summation_method": "majoring"},
            )
        ],
        ("multi_label", "multi_label_ties"),
        PLAIN,
    ),
    ("AUC", [{"label_weights": [0.1, 0.2, 0.3, 0.4]}], ("multi_label",), PLAIN),
    *(
        (name, [{argument: value, **p} for value in (0.0, 0.4, 0.8) for p in POINTS], ("binary", "binary_ties"), PLAIN)
        for name, argument in (
            ("SensitivityAtSpecificity", "specificity"),
            ("SpecificityAtSensitivity", "sensitivity"),
            ("PrecisionAtRecall", "recall"),
            ("RecallAtPrecision", "precision"),
        )
    ),
    ("RecallAtPrecision", [{"precision": 0.5, "class_id": 1}], ("multi_label",), PLAIN),
    (
        "FBetaScore",
        [
            {"average": a, "beta": b, "threshold": t}
            for a, b, t in product((None, "micro", "macro", "weighted"), (0.5, 1.0, 2.0), (None, 0.5))
        ],
        ("multi_label", "one_hot", "binary"),
        PLAIN,
    ),
    (
        "F1Score",
        [{}, {"average": "macro"}, {"average": "weighted", "threshold": 0.4}],
        ("multi_label", "one_hot"),
        PLAIN,
    ),
    ("IoU", [{"num_classes": 3, "target_class_ids": [0, 2]}], ("classes", "integers"), (None, "w_whole")),
    ("MeanIoU", [{"num_classes": 3}, {"num_classes": 3, "ignore_class": 1}], ("classes",), (None, "w_whole")),
    ("MeanIoU", [{"num_classes": 3, "dtype": "float32"}], ("classes",), (None, "w_vector")),
    ("BinaryIoU", [{}, {"threshold": 0.3, "target_class_ids": [1]}], ("binary", "binary_ties"), (None, "w_whole")),
    ("OneHotIoU", [{"num_classes": 5, "target_class_ids": [1, 3]}], ("one_hot",), (None, "w_whole")),
    ("OneHotMeanIoU", [{"num_classes": 5}], ("one_hot",), (None, "w_whole")),
]


def plain(value):
    value = keras.ops.convert_to_numpy(value).astype("float64")
    short = [float(f"{v:.{DIGITS}g}") for v in value.ravel()]
    return short[0] if value.ndim == 0 else np.reshape(short, value.shape).tolist()


def weights_of(batch, kind):
    return {} if kind is None else {"sample_weight": batch[kind]}


def run_case(name, arguments, data, weights):
    metric = getattr(keras.metrics, name)(**arguments)
    results = []
    for batch in DATA[data]:
        metric.update_state(batch["y_true"], batch["y_pred"], **weights_of(batch, weights))
        results.append(plain(metric.result()))
    return {"metric": name, "arguments": arguments, "data": data, "weights": weights, "results": results}


def cases(only=ALL):
    for name, arguments, data, weights in PLAN:
        for a, d, w in product(arguments, data, [w for w in weights if w in only]):
            try:
                yield run_case(name, a, d, w)
            except (ValueError, TypeError, RuntimeError) as error:  # a combination Keras itself does not take
                print(f"left out {name} {a} {d} {w}: {str(error)[:90]}")
    for name, data, weights in product(("Mean", "Sum"), ("numbers", "numbers_flat", "numbers_3d"), only):
        metric, results = getattr(keras.metrics, name)(), []
        for batch in DATA[data]:
            metric.update_state(batch["y_pred"], **weights_of(batch, weights))
            results.append(plain(metric.result()))
        yield {"metric": name, "arguments": {}, "data": data, "weights": weights, "results": results}


def configs():
    for name, arguments, _, _ in PLAN:
        for a in arguments:
            metric = getattr(keras.metrics, name)(**a, name="m")
            config = json.loads(json.dumps(metric.get_config(), default=lambda v: np.round(v, 6).tolist()))
            yield {"metric": name, "arguments": a, "config": config, "direction": getattr(metric, "_direction", None)}


def compile_cases():
    binary, sparse, hot, numbers = "binary", "sparse", "one_hot", "numbers"
    one = [
        (["accuracy", "acc", "mae", "AUC", "Accuracy"], None, binary),
        (["acc"], ["acc"], sparse),
        (["ACC", "MSE", "mse"], ["MSE", "mae", "mae"], hot),
        (["accuracy", "accuracy", "mae"], ["accuracy", "mae", "mse"], numbers),
        ({"out": ["mae", "mse"]}, None, numbers),
        (None, ["mae"], numbers),
        (("mae",), (), numbers),
        (["binary_accuracy", "accuracy"], None, "multi_label"),
        (["accuracy"], None, "sparse_column"),
        (["accuracy"], None, "binary_flat"),
    ]
    for metrics, weighted, data in one:
        made = CompileMetrics(metrics, weighted, output_names=["out"])
        for batch in DATA[data]:
            made.update_state(batch["y_true"], batch["y_pred"], batch["w_vector"])
        yield {"metrics": metrics, "weighted_metrics": weighted, "data": [data], "output_names": ["out"],
               "outputs": "one", "weights": "one", **described(made)}  # fmt: skip
    several = [
        (["accuracy", "mae"], None),
        ([["accuracy", "mae"], ["mae", "mse"]], [["mae"], None]),
        ([None, "mae"], ["acc", "mae"]),
        ({"a": "accuracy", "b": ["mae", "mse"]}, {"b": ["mae"]}),
        ({"b": "mae"}, {"a": ["mae", "mae"], "b": "mae"}),
    ]
    for (metrics, weighted), outputs, weights in product(several, ("list", "dict"), ("one", "each")):
        made = CompileMetrics(metrics, weighted, output_names=["b", "a"])
        for first, second in zip(DATA["binary"], DATA["numbers"], strict=True):
            named = {"b": first, "a": second}
            pack = (lambda k, n=named: {o: n[o][k] for o in "ab"}) if outputs == "dict" else (
                lambda k, n=named: [n[o][k] for o in "ba"])  # fmt: skip
            w = first["w_vector"] if weights == "one" else pack("w_vector")
            made.update_state(pack("y_true"), pack("y_pred"), w)
        yield {"metrics": metrics, "weighted_metrics": weighted, "data": ["binary", "numbers"], "outputs": outputs,
               "output_names": ["b", "a"], "weights": weights, **described(made)}  # fmt: skip


def described(made):
    result = made.result()
    return {
        "names": list(result),
        "results": [plain(v) for v in result.values()],
        "classes": [type(m).__name__ for m in made.metrics],
        "variables": len(made.variables),
    }


def functions():
    calls = [
        ("binary_accuracy", {"threshold": 0.4}, "multi_label"),
        ("categorical_accuracy", {}, "one_hot"),
        ("sparse_categorical_accuracy", {}, "sparse"),
        ("sparse_categorical_accuracy", {}, "sparse_column"),
        ("top_k_categorical_accuracy", {"k": 2}, "one_hot"),
        ("sparse_top_k_categorical_accuracy", {"k": 2}, "sparse"),
        ("pearson_correlation", {}, "numbers"),
        ("concordance_correlation", {}, "numbers"),
        ("mean_squared_error", {}, "numbers"),
        ("kl_divergence", {}, "distributions"),
    ]
    for name, arguments, data in calls:
        batch = DATA[data][0]
        value = getattr(keras.metrics, name)(batch["y_true"], batch["y_pred"], **arguments)
        yield {"function": name, "arguments": arguments, "data": data, "result": plain(value)}


def signatures():
    found = {}
    for name, thing in vars(keras.metrics).items():
        if not name.startswith("_") and callable(thing):
            parameters = inspect.signature(thing).parameters.values()
            empty = inspect.Parameter.empty
            found[name] = [[p.name, p.kind.name, None if p.default is empty else repr(p.default)] for p in parameters]
    return found


def one_line_each(document):
    """Return the document as JSON with one line for each entry of its sections."""
    sections = []
    for key, value in document.items():
        if isinstance(value, list):
            rows = ",\n".join("  " + json.dumps(row) for row in value)
            sections.append(f' "{key}": [\n{rows}\n ]')
        else:
            sections.append(f' "{key}": {json.dumps(value)}')
    return "{\n" + ",\n".join(sections) + "\n}\n"


def main_float64():
    import torch

    keras.config.set_floatx("float64")
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"  # else Keras rounds what `divide_no_nan` and others give
    torch.set_default_dtype(torch.float64)  # (evenly spaced thresholds are left out: there Keras cannot do float64)
    for batches in DATA.values():
        for batch in batches:
            batch.update({k: v.astype("float64") for k, v in batch.items() if v.dtype == "float32"})
    found = [case for case in cases(only=("w_vector",)) if "dtype" not in case["arguments"]]
    (HERE / "metrics_float64.json").write_text(one_line_each({"keras": keras.__version__, "cases": found}))
    print(f"{len(found)} cases in float64")


def main():
    strings = {name: cls.__name__ for name, cls in ALL_OBJECTS_DICT.items()}
    document = {
        "keras": keras.__version__,
        "cases": list(cases()),
        "compile": list(compile_cases()),
        "configs": list(configs()),
        "functions": list(functions()),
        "signatures": signatures(),
        "strings": dict(sorted(strings.items())),
    }
    np.savez_compressed(HERE / "metrics.npz", **ARRAYS)
    (HERE / "metrics.json").write_text(one_line_each(document))
    print(f"{len(document['cases'])} cases, {len(document['compile'])} compiled")


if __name__ == "__main__":
    main_float64() if FLOAT64 else main()
