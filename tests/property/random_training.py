"""Random trainings for hypothesis: losses, metrics, optimizers, weights of rows, batches, and the data for them."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np

import chainrule as cr

MODELS = runpy.run_path(str(Path(__file__).with_name("random_models.py")))
NAMES = dict(MODELS["NAMES"])

# loss: activations of the last layer, kind of targets, units at least
LOSSES: dict[str, tuple[tuple[str, ...], str, int]] = {
    "MeanSquaredError": (("linear", "tanh"), "real", 1),
    "MeanAbsoluteError": (("linear", "sigmoid"), "real", 1),
    "MeanAbsolutePercentageError": (("linear",), "positive", 1),
    "MeanSquaredLogarithmicError": (("softplus", "relu"), "positive", 1),
    "Huber": (("linear",), "real", 1),
    "LogCosh": (("linear",), "real", 1),
    "CosineSimilarity": (("linear", "tanh"), "real", 2),
    "Poisson": (("softplus", "exponential"), "positive", 1),
    "KLDivergence": (("softmax", "sigmoid"), "shares", 2),
    "Hinge": (("linear", "tanh"), "signs", 1),
    "SquaredHinge": (("linear", "tanh"), "signs", 1),
    "CategoricalHinge": (("linear", "softmax"), "classes", 2),
    "BinaryCrossentropy": (("sigmoid",), "bits", 1),
    "BinaryFocalCrossentropy": (("sigmoid",), "bits", 1),
    "CategoricalCrossentropy": (("softmax",), "classes", 2),
    "CategoricalFocalCrossentropy": (("softmax",), "classes", 2),
    "SparseCategoricalCrossentropy": (("softmax",), "labels", 2),
    "CategoricalGeneralizedCrossEntropy": (("softmax",), "labels", 2),
    "Dice": (("sigmoid", "softmax"), "classes", 2),
    "Tversky": (("sigmoid",), "classes", 2),
    "Circle": (("linear",), "labels", 3),
}
OPTIONS: dict[str, tuple[str, ...]] = {
    "Huber": ("delta=0.3",),
    "BinaryCrossentropy": ("label_smoothing=0.2", "from_logits=True"),
    "BinaryFocalCrossentropy": ("gamma=1.5, apply_class_balancing=True, alpha=0.3", "from_logits=True"),
    "CategoricalCrossentropy": ("label_smoothing=0.1", "from_logits=True"),
    "CategoricalFocalCrossentropy": ("gamma=1.5, alpha=0.7", "from_logits=True"),
    "SparseCategoricalCrossentropy": ("from_logits=True", "ignore_class=1"),
    "CategoricalGeneralizedCrossEntropy": ("q=0.7",),
    "Tversky": ("alpha=0.2, beta=0.9",),
    "Circle": ("gamma=2.0, margin=0.25",),
}
REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight")
# Dice and Tversky give one number for the whole batch; a mean of Circle is one over the rows whose loss is not 0
FIXED = {"Dice": "sum_over_batch_size", "Tversky": "sum_over_batch_size", "Circle": "sum"}

METRICS: dict[str, tuple[str, ...]] = {
    "real": ("'mse'", "'mae'", "cr.metrics.RootMeanSquaredError()", "cr.metrics.R2Score()", "own_mean", "Largest()",
             "'cosine_similarity'", "cr.metrics.LogCoshError()"),
    "positive": ("'mape'", "'msle'", "'mae'", "own_mean", "Largest()"),
    "shares": ("'kl_divergence'", "'mae'", "cr.metrics.CosineSimilarity()"),
    "signs": ("'hinge'", "'squared_hinge'", "own_mean"),
    "bits": ("'accuracy'", "cr.metrics.BinaryAccuracy(threshold=0.4)", "cr.metrics.AUC(num_thresholds=21)",
             "cr.metrics.Precision()", "cr.metrics.Recall(thresholds=0.3)", "'binary_crossentropy'", "Largest()"),
    "classes": ("'accuracy'", "'categorical_accuracy'", "cr.metrics.TopKCategoricalAccuracy(2)", "own_mean",
                "cr.metrics.F1Score(threshold=0.3)", "'categorical_crossentropy'"),
    "labels": ("'accuracy'", "'sparse_categorical_accuracy'", "cr.metrics.SparseTopKCategoricalAccuracy(2)"),
}  # fmt: skip

OPTIMIZERS = (
    "SGD({}", "SGD({}, momentum=0.9", "SGD({}, momentum=0.8, nesterov=True", "Adam({}", "Adam({}, amsgrad=True",
    "AdamW({}", "Adamax({}", "Nadam({}", "RMSprop({}", "RMSprop({}, momentum=0.5, centered=True", "Adagrad({}",
    "Adadelta({}", "Ftrl({}, l1_regularization_strength=0.01, l2_regularization_strength=0.02, beta=0.1", "Lion({}",
)  # fmt: skip
RATES = (
    "0.01", "0.003", "S.ExponentialDecay(0.01, 5, 0.7)", "S.CosineDecay(0.01, 15, warmup_target=0.02, warmup_steps=4)",
    "S.PiecewiseConstantDecay([3, 9], [0.01, 0.005, 0.002])", "S.InverseTimeDecay(0.01, 4, 0.5, staircase=True)",
    "S.PolynomialDecay(0.01, 8, 0.001, power=2.0, cycle=True)", "S.CosineDecayRestarts(0.01, 6)", "own_rate",
)  # fmt: skip
SETTINGS = (
    "", "clipnorm=0.4", "clipvalue=0.05", "global_clipnorm=0.7", "weight_decay=0.02", "use_ema=True, ema_momentum=0.9",
    "use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=3", "gradient_accumulation_steps=3",
    "gradient_accumulation_steps=2, clipnorm=0.5, weight_decay=0.01", "loss_scale_factor=8.0",
)  # fmt: skip


def own_mean(y_true: Any, y_pred: Any) -> Any:
    return cr.ops.mean(cr.ops.abs(y_pred), axis=-1)


class Largest(cr.metrics.Metric):
    """The largest prediction: a metric that no engine knows."""

    def __init__(self, name: str = "largest") -> None:
        super().__init__(name=name)
        self.value = self.add_variable((), initializer="zeros", name="value")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.value.assign(np.maximum(self.value.numpy(), np.max(np.asarray(y_pred))))

    def result(self) -> Any:
        return self.value.numpy()


class OwnRate(cr.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step: Any) -> Any:
        return 0.01 / (1.0 + 0.1 * float(np.asarray(step)))


NAMES |= {"own_mean": own_mean, "Largest": Largest, "own_rate": OwnRate()}


# -- strategies -------------------------------------------------------------------------------------------------------


@st.composite
def heads(draw: Any, name: str) -> dict[str, Any]:
    """Return the last layer, loss, metrics and kind of targets of one output."""
    loss = draw(st.sampled_from(sorted(LOSSES)))
    activations, kind, least = LOSSES[loss]
    options = draw(st.sampled_from(("", *OPTIONS.get(loss, ()))))
    units = (
        draw(st.integers(least, 5)) if kind in ("real", "positive", "signs", "bits") else draw(st.integers(least, 6))
    )
    activation = "linear" if "from_logits" in options else draw(st.sampled_from(activations))
    code, _ = draw(MODELS["dense"](units, (activation,)))
    reduction = FIXED.get(loss) or draw(st.sampled_from(REDUCTIONS))
    arguments = ", ".join(part for part in (options, f"reduction='{reduction}'") if part)
    known = () if loss == "Circle" else METRICS[kind]
    chosen = draw(st.lists(st.sampled_from(known), unique=True, max_size=3)) if known else []
    weighted = draw(st.lists(st.sampled_from(known), unique=True, max_size=2)) if known else []
    return {
        "layer": f"{code}, name='{name}')", "units": units, "kind": kind, "loss": f"cr.losses.{loss}({arguments})",
        "metrics": [m for m in chosen if m not in weighted], "weighted": [m for m in weighted if m != "Largest()"],
    }  # fmt: skip


@st.composite
def optimizers(draw: Any, every: bool = True) -> str:
    rate = draw(st.sampled_from(RATES))
    code = draw(st.sampled_from(OPTIMIZERS)).format(rate)
    setting = draw(st.sampled_from(SETTINGS)) if every else ""
    return f"O.{code}{', ' if setting else ''}{setting})"


@st.composite
def trainings(draw: Any, steps: int = 20) -> dict[str, Any]:
    """Return a model, its data and all arguments of `compile` and `fit`, for about so many steps."""
    spec = draw(MODELS["architectures"]())
    outputs = [draw(heads(f"out{i}")) for i in range(1 if spec["sequential"] else draw(st.integers(1, 2)))]
    rows, batch = draw(st.integers(1, 40)), draw(st.sampled_from((1, 2, 3, 7, 8, 16, 31, 32, 64)))
    in_epoch = -(-rows // batch)
    per_epoch = draw(st.integers(1, in_epoch)) if MODELS["rarely"](draw) else None
    single = len(outputs) == 1
    by_class = single and outputs[0]["kind"] in ("labels", "classes") and MODELS["rarely"](draw)
    return {
        "model": spec,
        "heads": outputs,
        "optimizer": draw(optimizers()),
        "loss_weights": draw(st.sampled_from((None, [0.3, 2.0]))) if not single else None,
        "rows": rows,
        "batch_size": batch,
        "epochs": max(1, steps // min(in_epoch, per_epoch or in_epoch)),
        "steps_per_epoch": per_epoch,
        "shuffle": draw(st.booleans()),
        "sample_weight": not by_class and draw(st.booleans()),
        "class_weight": by_class,
        "validation": draw(st.sampled_from((None, None, "split", "data"))) if rows > 4 else None,
        "data_type": draw(st.sampled_from(("float64", "float32"))),
        "seed": draw(st.integers(0, 1000)),
    }


# -- data -------------------------------------------------------------------------------------------------------------


def inputs_of(spec: dict[str, Any], rows: int, rng: Any) -> Any:
    found = [
        rng.integers(0, classes, (rows, width)) if classes else rng.normal(size=(rows, width)).astype(spec["data_type"])
        for width, classes in spec["model"]["inputs"].values()
    ]
    return found[0] if len(found) == 1 else found


def targets_of(head: dict[str, Any], rows: int, rng: Any, dtype: str) -> Any:
    kind, units = head["kind"], head["units"]
    if kind == "labels":
        return rng.integers(0, units, rows)
    if kind == "classes":
        return np.eye(units, dtype=dtype)[rng.integers(0, units, rows)]
    numbers = rng.normal(size=(rows, units))
    if kind == "positive":
        return np.abs(numbers).astype(dtype) + np.asarray(0.1, dtype)
    if kind == "shares":
        shares = np.exp(numbers)
        return (shares / shares.sum(axis=1, keepdims=True)).astype(dtype)
    if kind == "signs":
        return np.sign(numbers).astype(dtype)
    return (numbers > 0).astype(dtype) if kind == "bits" else numbers.astype(dtype)


def data_of(spec: dict[str, Any], rows: int, seed: int) -> tuple[Any, Any, Any]:
    """Return inputs, targets and weights of rows."""
    rng = np.random.default_rng(seed)
    x = inputs_of(spec, rows, rng)
    y = [targets_of(head, rows, rng, spec["data_type"]) for head in spec["heads"]]
    w = [rng.uniform(0.2, 2.0, rows) for _ in y] if spec["sample_weight"] else None
    return x, y[0] if len(y) == 1 else y, w[0] if w is not None and len(w) == 1 else w
