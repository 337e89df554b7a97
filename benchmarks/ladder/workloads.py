"""What is measured: the rungs of the ladder, their shapes, who takes part, and what chainrule is to reach.

Only the standard library is imported here, because the runner must stay small (`script.py` says why).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil
from typing import Literal

from benchmarks.ladder.targets import AtMost, Efficiency, Faster, Peak, Target

Loss = Literal["mse", "binary_crossentropy", "sparse_categorical_crossentropy"]


@dataclass(frozen=True)
class Network:
    """A stack of dense layers, the rows it sees, and how it is trained."""

    rows: int
    features: int
    widths: tuple[int, ...]
    activation: str
    head: str
    loss: Loss
    batch: int
    epochs: int
    optimizer: Literal["sgd", "adam"] = "adam"
    shuffle_full_batch: bool = False

    @property
    def full_batch(self) -> bool:
        """Whether one step sees every row; the order of rows then changes nothing but rounding."""
        return self.batch >= self.rows

    @property
    def shuffles(self) -> bool:
        """Whether each epoch takes the rows in a new order."""
        return not self.full_batch or self.shuffle_full_batch

    @property
    def steps(self) -> int:
        """Training steps of one epoch."""
        return ceil(self.rows / self.batch)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """The shapes of the kernels, first layer first."""
        return list(zip((self.features, *self.widths[:-1]), self.widths, strict=True))

    @property
    def flops_per_step(self) -> float:
        """Multiplications and additions of the products: forward, weight gradients, input gradients but the first."""
        products = [3 * inputs * outputs for inputs, outputs in self.shapes]
        products[0] -= self.shapes[0][0] * self.shapes[0][1]
        return 2.0 * sum(products) * self.rows / self.steps

    def small(self) -> Network:
        """Return the same network on a few rows, for developing the harness."""
        rows = self.rows if self.rows == 4 else max(self.rows // 20, min(self.rows, 2 * self.batch))
        batch = rows if self.full_batch else self.batch
        return replace(self, rows=rows, batch=batch, epochs=min(self.epochs, 2))


@dataclass(frozen=True)
class Workload:
    """One rung. `contestants` are named `system` or `system:variant`; chainrule comes first."""

    name: str
    title: str
    kind: Literal["train", "many", "one-row", "all-rows", "script"]
    contestants: tuple[str, ...]
    targets: tuple[Target, ...]
    network: Network
    unit: Literal["us", "ms", "MB"] = "us"
    models: int = 1
    remarks: tuple[str, ...] = field(default=())

    def shuffled(self) -> Workload:
        """Return the same workload, but every epoch shuffles, even where one step sees every row."""
        return replace(self, network=replace(self.network, shuffle_full_batch=True))

    def small(self) -> Workload:
        return replace(self, network=self.network.small(), models=min(self.models, 2))


OR = Network(4, 2, (1,), "sigmoid", "sigmoid", "mse", batch=4, epochs=2000, optimizer="sgd")
TABLE = Network(20_000, 30, (64, 64, 1), "relu", "sigmoid", "binary_crossentropy", batch=32, epochs=5)
NARROW = Network(10_000, 4, (32, 16, 4), "tanh", "linear", "mse", batch=10_000, epochs=300)
WIDE = Network(50_000, 100, (256, 256, 256, 1), "relu", "sigmoid", "binary_crossentropy", batch=256, epochs=2)
FASHION = Network(20_000, 784, (512, 512, 10), "relu", "softmax", "sparse_categorical_crossentropy", 128, epochs=1)
LARGE = Network(5_120, 1024, (2048, 2048, 1024), "relu", "linear", "mse", batch=512, epochs=1)
SERVED = replace(TABLE, rows=200_000)
IRIS = Network(150, 4, (16, 3), "relu", "softmax", "sparse_categorical_crossentropy", batch=32, epochs=5)

KERAS = ("keras-jax", "keras-tensorflow")
TORCH = ("torch", "torch:fused")
HAND = ("jax-scan", "scikit-learn")
CEILING = ("sgemm:one", "sgemm:all")
SHUFFLED = ("keras-jax:shuffled", "torch:shuffled", "jax-scan:shuffled")
SEVERAL = (*KERAS, *TORCH, *HAND)

WORKLOADS = (
    Workload(
        "or",
        "OR perceptron: 4 rows, 2-1 sigmoid, SGD, full batch",
        "train",
        ("chainrule", "chainrule:reference", *SEVERAL, "keras-torch", "jax-scan:epochs"),
        (AtMost(1e-6), Faster(20, SEVERAL)),
        OR,
        remarks=(
            "JAX by hand, all epochs in one call: nothing can look in between, and the number of epochs is compiled "
            "in; shown for scale, and not among the target's peers, which scan over one epoch.",
            "scikit-learn minimises the log loss here; it offers no other for a classifier.",
        ),
    ),
    Workload(
        "table",
        "table: 20,000 x 30, 64-64-1 relu, Adam, batch 32",
        "train",
        ("chainrule", "chainrule:reference", *SEVERAL, "keras-torch", *CEILING),
        (Faster(20, ("keras-jax",)), Faster(25, TORCH), Faster(2.5, ("jax-scan",)), Peak(0.60, "one")),
        TABLE,
    ),
    Workload(
        "narrow",
        "narrow: 10,000 x 4, 32-16-4 tanh, squared error, Adam, full batch",
        "train",
        ("chainrule", "chainrule:shuffled", *SEVERAL, *SHUFFLED, *CEILING),
        (
            AtMost(600e-6),
            Faster(6, SEVERAL),
            Faster(6, SHUFFLED, "chainrule:shuffled", "all shuffling"),
        ),
        NARROW,
        remarks=(
            "One step sees every row, so only those shuffle that say so; `fit` does by default, and the figures that "
            "the target was set by were measured so.",
            "Quoted, not measured: SimpleChains.jl, whose example this is, reports 164 us a step on the four AVX-512 "
            "cores of an i7-1165G7.",
        ),
    ),
    Workload(
        "wide",
        "table, wide: 50,000 x 100, 256-256-256-1 relu, Adam, batch 256",
        "train",
        ("chainrule", *SEVERAL, *CEILING),
        (Faster(1.3, SEVERAL),),
        WIDE,
    ),
    Workload(
        "fashion",
        "Fashion-MNIST shape: 20,000 x 784, 512-512-10 relu, Adam, batch 128",
        "train",
        ("chainrule", *SEVERAL, *CEILING),
        (Faster(1.2, ("jax-scan",)), Faster(2, TORCH), Peak(0.80, "all")),
        FASHION,
    ),
    Workload(
        "large",
        "large: 5,120 x 1024, 2048-2048-1024 relu, squared error, Adam, batch 512",
        "train",
        ("chainrule", *SEVERAL, *CEILING),
        (Faster(1, SEVERAL),),
        LARGE,
        unit="ms",
    ),
    Workload(
        "one-row",
        "predict one row: 30-64-64-1 relu",
        "one-row",
        (
            "chainrule",
            "chainrule:predict_on_batch",
            "chainrule:predict",
            "onnxruntime",
            "torch",
            "scikit-learn",
            "keras-jax",
            "keras-jax:predict",
            "keras-tensorflow",
            "keras-tensorflow:predict",
        ),
        (AtMost(4e-6), Faster(1, ("onnxruntime",))),
        SERVED,
        remarks=("`model(x)` where no other call is named; everybody ends with a NumPy array in hand.",),
    ),
    Workload(
        "all-rows",
        "predict 200,000 rows: 30-64-64-1 relu",
        "all-rows",
        (
            "chainrule",
            "onnxruntime",
            "torch",
            "scikit-learn",
            "keras-jax",
            "keras-jax:8192",
            "keras-tensorflow",
            "keras-tensorflow:8192",
        ),
        (Faster(1, ("onnxruntime",)),),
        SERVED,
        unit="ms",
        remarks=("Keras and chainrule with `predict`'s default batch size where no other is named.",),
    ),
    Workload(
        "models",
        "32 models at once: the table workload, 5 epochs each, `chainrule.fit_many`",
        "many",
        ("chainrule", "chainrule:in turn", "keras-jax", "torch:fused"),
        (Efficiency(0.90, "chainrule:in turn"),),
        TABLE,
        models=32,
        remarks=("Microseconds per step of one model. Peers train two compiled, warm models one after the other.",),
    ),
    Workload(
        "script",
        "whole script: import, build, train 5 epochs on Iris, predict",
        "script",
        ("chainrule", "keras-jax", "keras-tensorflow", "keras-torch", "torch", "scikit-learn", "numpy"),
        (AtMost(0.25),),
        IRIS,
        unit="ms",
        remarks=("`numpy` is the floor: it imports NumPy, reads the table and ends.",),
    ),
    Workload(
        "memory",
        "peak memory of that script",
        "script",
        ("chainrule", "keras-jax", "keras-tensorflow", "keras-torch", "torch", "scikit-learn", "numpy"),
        (AtMost(80e6),),
        IRIS,
        unit="MB",
        remarks=("The largest resident set, as the operating system reports it when the process ends.",),
    ),
)
BY_NAME = {workload.name: workload for workload in WORKLOADS}
