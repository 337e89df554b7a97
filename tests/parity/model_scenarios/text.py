"""`summary` and names."""

from __future__ import annotations

from typing import Any


def _text(model: Any, **arguments: Any) -> str:
    lines: list[str] = []
    model.summary(print_fn=lines.append, **arguments)
    return "\n".join(line.rstrip() for line in "\n".join(lines).splitlines())


def _mlp(keras: Any) -> Any:
    return keras.Sequential(
        [
            keras.Input((20,)),
            keras.layers.Dense(1000, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1),
        ],
        name="mlp",
    )


def sequential(keras: Any, t: Any) -> Any:
    return _text(_mlp(keras))


def unbuilt(keras: Any, t: Any) -> Any:
    return _text(keras.Sequential([keras.layers.Dense(4), keras.layers.Flatten(), keras.layers.Dense(1)], name="later"))


def trained(keras: Any, t: Any) -> Any:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)], name="m")
    compiled = []
    for optimizer in ("adam", "sgd"):
        model.compile(optimizer, "mse")
        before = _text(model)
        x = t.data(8)
        model.fit(x, t.target(x), verbose=0)
        compiled += [before, _text(model)]
    return compiled


def wired(keras: Any, t: Any) -> Any:
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    tower = keras.layers.Dense(4, name="a_layer_with_quite_a_long_name")
    h = keras.layers.Concatenate(name="join")([tower(a), tower(a), keras.layers.Dense(3, name="side")(b)])
    model = keras.Model([a, b], [keras.layers.Dense(1, name="p")(h), keras.layers.Dense(2, name="q")(h)], name="wired")
    return [_text(model), _text(model, line_length=70), _text(model, show_trainable=True)]


def straight(keras: Any, t: Any) -> Any:
    inputs = keras.Input((3,), name="in")
    model = keras.Model(
        inputs, keras.layers.Dense(1, name="out")(keras.layers.Dense(4, name="h")(inputs)), name="straight"
    )
    return _text(model)


def nested(keras: Any, t: Any) -> Any:
    inner = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, name="i1"), keras.layers.Dense(2, name="i2")], name="inner"
    )
    inputs = keras.Input((3,), name="in")
    model = keras.Model(inputs, keras.layers.Dense(1, name="out")(inner(inputs)), name="nested")
    outer = keras.Sequential([inner, keras.layers.Dense(1, name="last")], name="outer")
    return [
        _text(model),
        _text(model, expand_nested=True),
        _text(outer),
        _text(outer, expand_nested=True, show_trainable=True),
    ]


def frozen(keras: Any, t: Any) -> Any:
    model = _mlp(keras)
    model.layers[0].trainable = False
    return [
        _text(model, show_trainable=True),
        _text(model, layer_range=["dense", "dropout"]),
        _text(model, line_length=60, positions=[0.5, 0.8, 1.0]),
    ]


def subclassed(keras: Any, t: Any) -> Any:
    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="net")
            self.h, self.o = keras.layers.Dense(4, name="h"), keras.layers.Dense(1, name="o")

        def call(self, x: Any) -> Any:
            return self.o(self.h(x))

    return _text(Net())


def names(keras: Any, t: Any) -> Any:
    layers = [keras.layers.Dense(1), keras.layers.Dense(1), keras.layers.BatchNormalization(), keras.layers.PReLU()]
    models = [keras.Sequential(), keras.Sequential(), keras.Sequential(name="mine")]
    return {
        "layers": [layer.name for layer in layers],
        "models": [m.name for m in models],
        "reprs": [repr(x) for x in (*layers, *models)],
    }
