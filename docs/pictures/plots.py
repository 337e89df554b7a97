"""Draws every picture of `chainrule.plot` for docs/plots.md, on data that scikit-learn brings along.

python docs/pictures/plots.py [NAME ...]
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn import datasets

import chainrule as cr
from chainrule import layers

FOLDER = Path(__file__).parent.parent / "img"
OR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32), np.array([0, 1, 1, 1])


class Trained:
    """A network, its data, the history of its training, and the recording."""

    def __init__(self, x: Any, y: Any, hidden: list[int], optimizer: Any, epochs: int, **options: Any) -> None:
        cr.utils.set_random_seed(options.get("seed", 0))
        x = np.asarray(x, np.float32)
        outputs, loss, ending = options.get("output", (1, "binary_crossentropy", "sigmoid"))
        activation = options.get("activation", "tanh")
        names = [layers.Dense(n, activation=activation, name=f"hidden_{k + 1}") for k, n in enumerate(hidden)]
        self.model = cr.Sequential(
            [cr.Input((x.shape[1],)), *names, layers.Dense(outputs, activation=ending, name="out")]
        )
        self.model.compile(optimizer, loss, metrics=options.get("metrics"))
        order = np.random.default_rng(1).permutation(len(x)) if options.get("split") else np.arange(len(x))
        self.x, self.y = x[order], np.asarray(y)[order]
        n = len(x) * 2 // 3 if options.get("split") else len(x)
        self.test = self.x[n:], self.y[n:]
        with tempfile.TemporaryDirectory() as folder:
            recorder = cr.callbacks.Recorder(folder, every=1, cost=None)
            self.history = self.model.fit(
                self.x[:n], self.y[:n], epochs=epochs, verbose=0, batch_size=options.get("batch_size", 32),
                validation_data=self.test if options.get("split") else None, callbacks=[recorder],
            )  # fmt: skip
            self.run = cr.recording.load(folder)


def scaled(x: Any) -> Any:
    return (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-9)


@cache
def perceptron() -> Trained:
    return Trained(*OR, [], cr.optimizers.SGD(1.0), 60, batch_size=4)


@cache
def moons() -> Trained:
    x, y = datasets.make_moons(300, noise=0.2, random_state=0)
    return Trained(x, y, [8], cr.optimizers.Adam(0.03), 120, seed=1)


@cache
def iris() -> Trained:
    data = datasets.load_iris()
    output = (3, "sparse_categorical_crossentropy", "softmax")
    return Trained(data.data, data.target, [8], cr.optimizers.Adam(0.03), 100, output=output)


@cache
def sepals() -> Trained:
    data = datasets.load_iris()
    output = (3, "sparse_categorical_crossentropy", "softmax")
    return Trained(scaled(data.data[:, :2]), data.target, [8], cr.optimizers.Adam(0.02), 40, output=output)


@cache
def cancer() -> Trained:
    data = datasets.load_breast_cancer()
    return Trained(
        scaled(data.data), data.target, [16, 8], cr.optimizers.Adam(0.003), 40, split=True, metrics=["accuracy"],
        activation="relu",
    )  # fmt: skip


@cache
def digits() -> Trained:
    data = datasets.load_digits()
    output = (10, "sparse_categorical_crossentropy", "softmax")
    return Trained(data.data / 16, data.target, [16], cr.optimizers.Adam(0.005), 12, split=True, output=output)


@cache
def diabetes() -> Trained:
    data = datasets.load_diabetes()
    output = (1, "mean_squared_error", None)
    return Trained(
        scaled(data.data), data.target, [8], cr.optimizers.Adam(0.05), 80, split=True, output=output, activation="relu"
    )


def learning_rates() -> Any:
    net = cancer()
    cr.utils.set_random_seed(0)
    model = cr.models.clone_model(net.model)
    return cr.plot.learning_rates(cr.find_learning_rate(model, net.x, net.y))


CANCER, IRIS = datasets.load_breast_cancer(), datasets.load_iris()
KINDS = [str(n) for n in CANCER.target_names]
FLOWERS: dict[str, Any] = {"names": IRIS.feature_names, "classes": [str(n) for n in IRIS.target_names]}

PICTURES: dict[str, Callable[[], Any]] = {
    "training": lambda: cancer().history.plot(),
    "regions": lambda: cr.plot.regions(moons().model, moons().x, moons().y, classes=["upper", "lower"]),
    "regions_slice": lambda: cr.plot.regions(
        iris().model, iris().x, iris().y, features=("petal length (cm)", "petal width (cm)"), **FLOWERS
    ),
    "regions_dark": lambda: cr.plot.regions(moons().model, moons().x, moons().y, theme="dark"),
    "units": lambda: cr.plot.units(moons().model, moons().x),
    "surface": lambda: cr.plot.surface(moons().model, moons().x, moons().y, path=moons().run),
    "surface_weights": lambda: cr.plot.surface(
        perceptron().model, *OR, weights=("out/kernel[0,0]", "out/kernel[1,0]"), path=perceptron().run
    ),
    "gradient_flow": lambda: cr.plot.gradient_flow(cancer().run),
    "gradient_flow_now": lambda: cr.plot.gradient_flow(cancer().model, cancer().x, cancer().y),
    "weights": lambda: cr.plot.weights(cancer().model),
    "weights_run": lambda: cr.plot.weights(cancer().run),
    "activations": lambda: cr.plot.activations(cancer().model, cancer().x),
    "confusion": lambda: cr.plot.confusion(digits().model, *digits().test),
    "roc": lambda: cr.plot.roc(cancer().model, *cancer().test),
    "precision_recall": lambda: cr.plot.precision_recall(
        sepals().model, sepals().x, sepals().y, classes=FLOWERS["classes"]
    ),
    "calibration": lambda: cr.plot.calibration(cancer().model, *cancer().test, bins=5, classes=KINDS),
    "predictions": lambda: cr.plot.predictions(diabetes().model, *diabetes().test),
    "residuals": lambda: cr.plot.residuals(diabetes().model, *diabetes().test),
    "importance": lambda: cr.plot.importance(
        cr.inspect.permutation_importance(
            diabetes().model, *diabetes().test, score="rmse", feature_names=datasets.load_diabetes().feature_names
        )
    ),
    "dependence": lambda: cr.plot.dependence(
        cr.inspect.partial_dependence(
            diabetes().model, diabetes().test[0], "bmi", grid=25, feature_names=datasets.load_diabetes().feature_names
        )
    ),
    "learning_rates": learning_rates,
}
PIXELS = ("regions", "units", "surface")  # shades are smaller, and sharper everywhere, as PNG


def save(name: str, ax: Any) -> Path:
    """Write a picture as SVG, or as PNG where it is made of shades."""
    if name.startswith(PIXELS):
        path, data = FOLDER / f"plot_{name}.png", io.BytesIO()
        ax.figure.savefig(data, dpi=96, facecolor=ax.figure.get_facecolor())
        few = Image.open(data).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
    else:
        path = FOLDER / f"plot_{name}.svg"
        path.write_text(cr.plot.svg(ax), encoding="utf-8")
    return path


def main(names: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in names or PICTURES:
        path = save(name, PICTURES[name]())
        print(f"{path.stat().st_size / 1000:6.1f} kB  {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
