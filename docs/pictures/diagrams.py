"""Draws the network diagrams of docs/diagrams.md.

python docs/pictures/diagrams.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sklearn import datasets

import chainrule as cr
from chainrule import layers
from chainrule.web.presets import preset

FOLDER = Path(__file__).parent.parent / "img"


def iris() -> Any:
    """Return a small classifier that has learned, with names for its inputs and classes."""
    data = datasets.load_iris()
    x = ((data.data - data.data.mean(0)) / data.data.std(0)).astype("float32")
    cr.utils.set_random_seed(3)
    model = cr.Sequential(
        [cr.Input((4,)), layers.Dense(5, activation="tanh", name="hidden"), layers.Dense(3, "softmax", name="out")],
        name="iris",
    )
    model.compile(cr.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
    model.fit(x, data.target, epochs=60, batch_size=16, verbose=0)
    names = [name.removesuffix(" (cm)") for name in data.feature_names]
    return model.plot(labels="none", feature_names=names, class_names=list(data.target_names))


def table() -> Any:
    """Return a network too large to draw unit by unit."""
    data = datasets.load_breast_cancer()
    x = ((data.data - data.data.mean(0)) / data.data.std(0)).astype("float32")
    cr.utils.set_random_seed(0)
    hidden = [layers.Dense(64, activation="relu", name=f"hidden_{k}") for k in (1, 2)]
    model = cr.Sequential([cr.Input((30,)), *hidden, layers.Dense(1, "sigmoid", name="out")], name="table")
    model.compile(cr.optimizers.Adam(0.001), "binary_crossentropy")
    model.fit(x, data.target.astype("float32"), epochs=10, verbose=0)
    return cr.trace(model, x[:1], data.target[:1])[0].diagram()


def branched() -> Any:
    """Return a model with two inputs, two outputs and a path that skips layers."""
    cr.utils.set_random_seed(1)
    wide, deep = cr.Input((3,), name="wide"), cr.Input((2,), name="deep")
    hidden = layers.Dense(4, activation="relu", name="hidden")(deep)
    inner = layers.Dense(3, activation="tanh", name="inner")(hidden)
    joined = layers.Concatenate()([wide, inner])
    price = layers.Dense(1, name="price")(joined)
    sold = layers.Dense(1, activation="sigmoid", name="sold")(hidden)
    return cr.Model([wide, deep], [price, sold], name="wide_and_deep").plot(labels="none")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    perceptron, mlp = preset("or"), preset("mlp")
    row = cr.trace(mlp.model, mlp.x, mlp.y)[2]
    pictures = {
        "perceptron": perceptron.model.plot(),
        "values": cr.trace(perceptron.model, perceptron.x, perceptron.y)[2].diagram(),
        "gradients": row.diagram(gradients=True),
        "iris": iris(),
        "table": table(),
        "branched": branched(),
    }
    for name, picture in pictures.items():
        picture.save(FOLDER / f"diagram_{name}.svg")
        print(f"docs/img/diagram_{name}.svg  {(FOLDER / f'diagram_{name}.svg').stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
