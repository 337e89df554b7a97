"""`Model(inputs, outputs)`: wiring, structures, sharing, names."""

from __future__ import annotations

from typing import Any


def two_inputs(keras: Any, t: Any) -> Any:
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    h = keras.layers.Concatenate()([keras.layers.Dense(4, activation="tanh")(a), keras.layers.Dense(3)(b)])
    model = t.start(keras.Model([a, b], keras.layers.Dense(1, name="out")(h), name="two"))
    xa, xb = t.data(5), t.data(5, 2)
    return {
        "facts": t.facts(model),
        "inputs": t.shape(model.inputs),
        "input": t.shape(model.input),
        "output": t.shape(model.output),
        "list": t.plain(model([xa, xb])),
        "tuple": t.plain(model((xa, xb))),
        "dict": t.plain(model({"a": xa, "b": xb})),
        "predict": t.plain(model.predict([xa, xb], verbose=0)),
        "predict dict": t.plain(model.predict({"b": xb, "a": xa}, verbose=0)),
        "more": t.plain(model({"a": xa, "b": xb, "c": xb})),
        "one": t.seen(lambda: model(xa)),
        "missing": t.seen(lambda: model({"a": xa})),
    }


def structures(keras: Any, t: Any) -> Any:
    """Inputs and outputs come back in the structure in which they were declared."""
    x = t.data(2)
    found = {}
    for name, wrap in {
        "one": lambda p, q: p,
        "list of one": lambda p, q: [p],
        "list": lambda p, q: [p, q],
        "tuple": lambda p, q: (p, q),
        "dict": lambda p, q: {"p": p, "q": q},
        "unsorted": lambda p, q: {"q": q, "p": p},
        "nested": lambda p, q: {"z": [p, q], "a": p},
    }.items():
        inputs = keras.Input((3,))
        p, q = keras.layers.Dense(2, name="p")(inputs), keras.layers.Dense(1, name="q")(inputs)
        model = t.start(keras.Model(inputs, wrap(p, q)))
        found[name] = {
            "facts": t.facts(model),
            "call": t.plain(model(x)),
            "predict": t.plain(model.predict(x, verbose=0)),
            "batch": t.plain(model.predict_on_batch(x)),
            "output": t.shape(model.output),
            "outputs": t.shape(model.outputs),
        }
    return found


def dict_inputs(keras: Any, t: Any) -> Any:
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    out = keras.layers.Dense(1)(keras.layers.concatenate([a, b]))
    model = t.start(keras.Model({"a": a, "b": b}, out))
    xa, xb = t.data(4), t.data(4, 2)
    return {
        "facts": t.facts(model),
        "input": t.shape(model.input),
        "call": t.plain(model({"a": xa, "b": xb})),
        "predict": t.plain(model.predict({"a": xa, "b": xb}, verbose=0)),
        "missing": t.seen(lambda: model({"a": xa})),
    }


def unsorted_dict_inputs(keras: Any, t: Any) -> Any:
    """A list cannot be told apart where the keys are not in alphabetical order: both raise."""
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    model = t.start(keras.Model({"b": b, "a": a}, keras.layers.Dense(1)(keras.layers.subtract([a, b]))))
    x = t.data(4)
    return {
        "facts": t.facts(model),
        "dict": t.plain(model({"a": x, "b": 2 * x})),
        "list": t.seen(lambda: model([x, x])),
    }


def shared_layers(keras: Any, t: Any) -> Any:
    a, b = keras.Input((3,)), keras.Input((3,))
    tower = keras.layers.Dense(4, activation="relu", name="tower")
    distance = keras.layers.Subtract()([tower(a), tower(b)])
    model = t.start(keras.Model([a, b], keras.layers.Dense(1)(distance)))
    x = t.data(4)
    return {"facts": t.facts(model), "call": t.plain(model([x, -x]))}


def shared_model(keras: Any, t: Any) -> Any:
    """One model called on two inputs, as in a Siamese network."""
    x = keras.Input((3,), name="x")
    encoder = keras.Model(x, keras.layers.Dense(2, activation="tanh")(x), name="encoder")
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    model = t.start(keras.Model([a, b], keras.layers.Multiply()([encoder(a), encoder(b)]), name="siamese"))
    data = t.data(4)
    return {"facts": t.facts(model), "encoder": t.facts(encoder), "call": t.plain(model([data, data[::-1]]))}


def residual(keras: Any, t: Any) -> Any:
    inputs = keras.Input((4,))
    h = inputs
    for i in range(3):
        h = keras.layers.Add()([h, keras.layers.Dense(4, activation="relu", name=f"block{i}")(h)])
    model = t.start(keras.Model(inputs, keras.layers.Dense(1)(h)))
    return {"facts": t.facts(model), "call": t.plain(model(t.data(4, 4)))}


def branches(keras: Any, t: Any) -> Any:
    """The order of the layers in a graph with branches of several lengths."""
    inputs = keras.Input((3,), name="in")
    long = keras.layers.Dense(4, name="l1")(inputs)
    long = keras.layers.Dense(4, name="l2")(long)
    short = keras.layers.Dense(4, name="s1")(inputs)
    other = keras.Input((2,), name="other")
    side = keras.layers.Dense(4, name="o1")(other)
    joined = keras.layers.Add(name="join")([side, short, long])
    end = keras.layers.Dense(1, name="end")(joined)
    extra = keras.layers.Dense(1, name="extra")(short)
    model = t.start(keras.Model([inputs, other], [extra, end]))
    return {"facts": t.facts(model), "call": t.plain(model([t.data(3), t.data(3, 2)]))}


def ops_on_tensors(keras: Any, t: Any) -> Any:
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    ops = keras.ops
    h = ops.exp(-((a - b) ** 2)) + 2.0 * a
    h = ops.concatenate([h, ops.expand_dims(ops.mean(h, axis=-1), -1)], axis=-1)
    out = keras.layers.Dense(1)(h[:, 1:])
    model = t.start(keras.Model([a, b], out))
    x = t.data(4)
    return {
        "output": t.plain(model.output_shape),
        "weights": t.facts(model)["weights"],
        "call": t.plain(model([x, x[::-1]])),
    }


def from_intermediate(keras: Any, t: Any) -> Any:
    """Models cut out of another: from the start to the middle, and from the middle to the end."""
    inputs = keras.Input((3,), name="in")
    h = keras.layers.Dense(4, activation="tanh", name="hidden")(inputs)
    g = keras.layers.Dense(5, activation="relu", name="middle")(h)
    out = keras.layers.Dense(1, name="out")(g)
    whole = t.start(keras.Model(inputs, out))
    first, rest = keras.Model(inputs, h), keras.Model(h, out)
    x = t.data(4)
    code = first(x)
    return {
        "first": t.facts(first),
        "rest": [v[1:] for v in t.facts(rest)["weights"]],
        "rest layers": [layer[1:] for layer in t.facts(rest)["layers"]],
        "rest shapes": [t.plain(rest.input_shape), t.plain(rest.output_shape)],
        "code": t.plain(code),
        "through": t.plain(rest(code)),
        "whole": t.plain(whole(x)),
        "two ways in": t.plain(keras.Model([inputs, g], out)([x, t.data(4, 5)])),
    }


def by_keyword(keras: Any, t: Any) -> Any:
    x = keras.Input((3,))
    y = keras.layers.Dense(1)(x)
    models = [
        keras.Model(inputs=x, outputs=y),
        keras.Model(x, outputs=y),
        keras.Model(x, y, name="m"),
        keras.models.Model(x, y),
    ]
    return [t.facts(m) for m in models]


def several_outputs_trained(keras: Any, t: Any) -> Any:
    """Losses, weights and metrics by name and by position."""
    x = t.data(12)
    ys = {"reg": t.target(x), "cls": t.classes(x)}
    found = {}
    for name, outputs, loss, weights, metrics, targets in (
        ("list", "list", ["mse", "sparse_categorical_crossentropy"], [1.0, 0.5], [["mae"], ["accuracy"]], "list"),
        (
            "dict",
            "list",
            {"cls": "sparse_categorical_crossentropy", "reg": "mse"},
            {"reg": 0.2, "cls": 2.0},
            {"cls": "accuracy"},
            "dict",
        ),
        (
            "dict outputs",
            "dict",
            {"cls": "sparse_categorical_crossentropy", "reg": "mse"},
            None,
            {"reg": ["mae"], "cls": ["accuracy"]},
            "dict",
        ),
        ("one loss", "list", ["mse", None], None, None, "list"),
    ):
        inputs = keras.Input((3,))
        h = keras.layers.Dense(4, activation="tanh")(inputs)
        reg = keras.layers.Dense(1, name="reg")(h)
        cls = keras.layers.Dense(3, activation="softmax", name="cls")(h)
        model = t.start(keras.Model(inputs, [reg, cls] if outputs == "list" else {"reg": reg, "cls": cls}))
        model.compile(keras.optimizers.SGD(0.1), loss=loss, loss_weights=weights, metrics=metrics)
        y = [ys["reg"], ys["cls"]] if targets == "list" else ys
        record = model.fit(x, y, epochs=2, batch_size=5, shuffle=False, verbose=0, validation_data=(x[:4], _rows(y, 4)))
        found[name] = {
            "history": t.history(record),
            "evaluate": t.plain(model.evaluate(x, y, verbose=0)),
            "dict": t.plain(model.evaluate(x, y, verbose=0, return_dict=True)),
            "names": model.metrics_names,
            "weights": t.plain(model.get_weights()),
        }
    return found


def _rows(y: Any, n: int) -> Any:
    return [v[:n] for v in y] if isinstance(y, list) else {k: v[:n] for k, v in y.items()}


def several_weights(keras: Any, t: Any) -> Any:
    """Sample weights for each output, and one for all."""
    x = t.data(12)
    a, b = t.target(x), t.target(x, 5)
    w = t.data(12, 1, seed=9)[:, 0] ** 2
    inputs = keras.Input((3,))
    outputs = [keras.layers.Dense(1, name="p")(inputs), keras.layers.Dense(1, name="q")(inputs)]
    model = t.start(keras.Model(inputs, outputs))
    model.compile(keras.optimizers.SGD(0.1), loss="mse", metrics=["mae", "mae"], weighted_metrics=[["mse"], ["mse"]])
    return {
        "each": t.plain(model.evaluate(x, [a, b], sample_weight=[w, 2 * w], verbose=0, return_dict=True)),
        "one": t.plain(model.evaluate(x, [a, b], sample_weight=w, verbose=0, return_dict=True)),
    }


def refused(keras: Any, t: Any) -> Any:
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    out = keras.layers.Dense(1)(keras.layers.add([a, b]))
    same = keras.layers.Dense(1, name="x")(keras.layers.Dense(2, name="x")(a))
    return {
        "disconnected": t.seen(lambda: keras.Model(a, out).name),
        "same name": t.seen(lambda: keras.Model(a, same).name),
        "array": t.seen(lambda: keras.Model(t.data(3), out).name),
        "no input": t.seen(lambda: keras.Model("a", out).name),
    }


def dropout_switched_on(keras: Any, t: Any) -> Any:
    """What a call with training=True in the graph means later."""
    inputs = keras.Input((50,))
    model = keras.Model(inputs, keras.layers.Dropout(0.5)(inputs, training=True))
    x = t.data(4, 50)
    same = [t.plain(model(x)) == t.plain(x), t.plain(model.predict(x, verbose=0)) == t.plain(x)]
    return {"call and predict leave x as it is": same}


def integer_inputs(keras: Any, t: Any) -> Any:
    number, price = keras.Input((1,), dtype="int32", name="number"), keras.Input((2,), name="price")
    h = keras.layers.Flatten()(keras.layers.Embedding(5, 3)(number))
    model = t.start(keras.Model([number, price], keras.layers.Dense(1)(keras.layers.concatenate([h, price]))))
    rows = t.classes(t.data(6), 5)[:, None]
    return {
        "facts": t.facts(model),
        "call": t.plain(model([rows, t.data(6, 2)])),
        "flat": t.plain(model([rows[:, 0], t.data(6, 2)])),
    }


def config_round_trip(keras: Any, t: Any) -> Any:
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    dense = keras.layers.Dense(2, name="dense")
    model = t.start(keras.Model([a, b], keras.layers.Add(name="add")([dense(a), dense(b)]), name="m"))
    copy = t.start(keras.Model.from_config(model.get_config()))
    x = t.data(3)
    return {"facts": t.facts(copy), "same": t.plain(copy([x, 2 * x])) == t.plain(model([x, 2 * x]))}
