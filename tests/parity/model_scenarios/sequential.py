"""`Sequential`: how it is built, changed and nested."""

from __future__ import annotations

from typing import Any


def with_input(keras: Any, t: Any) -> Any:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2)])
    before = t.facts(model)
    t.start(model)
    x = t.data()
    return {
        "facts": before,
        "call": t.plain(model(x)),
        "input": t.shape(model.inputs),
        "output": t.shape(model.outputs),
    }


def deferred(keras: Any, t: Any) -> Any:
    model = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2)], name="mlp")
    before = t.facts(model)
    model(t.data())
    after = t.facts(model, batch=False)
    t.start(model)
    return {"before": before, "after": after, "call": t.plain(model(t.data(5)))}


def deferred_until_fit(keras: Any, t: Any) -> Any:
    model = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = t.data()
    model.fit(x, t.target(x), verbose=0)
    return t.facts(model, batch=False)


def deferred_until_predict(keras: Any, t: Any) -> Any:
    model = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
    shape = t.shape(model.predict(t.data(), verbose=0))
    return {"facts": t.facts(model, batch=False), "shape": shape}


def built_by_hand(keras: Any, t: Any) -> Any:
    model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(1)])
    model.build((None, 7))
    facts = t.facts(model)
    model.build((None, 7))
    return {"facts": facts, "again": t.facts(model), "other": t.seen(lambda: model.build((None, 3)))}


def added_one_by_one(keras: Any, t: Any) -> Any:
    model = keras.Sequential()
    states = [t.facts(model)]
    for layer in (keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dropout(0.5), keras.layers.Dense(2)):
        model.add(layer)
        states.append(t.facts(model))
    return states


def popped(keras: Any, t: Any) -> Any:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)])
    t.start(model)
    last = model.pop()
    short = t.facts(model)
    x = t.data(4)
    out = t.plain(model(x))
    model.add(keras.layers.Dense(1, name="new"))
    return {"last": last.name, "short": short, "out": out, "long": t.facts(model)}


def popped_and_put_back(keras: Any, t: Any) -> Any:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)])
    t.start(model)
    x = t.data(4)
    before = t.plain(model(x))
    model.add(model.pop())
    return {"facts": t.facts(model), "same": before == t.plain(model(x))}


def popped_empty(keras: Any, t: Any) -> Any:
    model = keras.Sequential([keras.layers.Dense(4)])
    return [t.seen(lambda: model.pop(rebuild=False).name), t.facts(model), t.seen(model.pop)]


def legacy_input_shape(keras: Any, t: Any) -> Any:
    model = keras.Sequential()
    model.add(keras.layers.Dense(4, input_shape=(3,), activation="tanh"))
    model.add(keras.layers.Dense(1))
    other = keras.Sequential([keras.layers.Dense(2, input_dim=5), keras.layers.Dense(1)])
    return [t.facts(model), t.facts(other)]


def nested(keras: Any, t: Any) -> Any:
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="tanh")], name="inner")
    model = keras.Sequential([inner, keras.layers.Dense(1)], name="outer")
    t.start(model)
    return {"facts": t.facts(model), "inner": t.facts(inner), "call": t.plain(model(t.data(4)))}


def nested_deferred(keras: Any, t: Any) -> Any:
    inner = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(2)], name="inner")
    model = keras.Sequential([keras.layers.Dense(5), inner, keras.layers.Dense(1)], name="outer")
    before = t.facts(model)
    model.build((None, 3))
    t.start(model)
    return {"before": before, "after": t.facts(model), "inner": t.facts(inner), "call": t.plain(model(t.data(4)))}


def sharing_layers(keras: Any, t: Any) -> Any:
    first = keras.layers.Dense(4, name="first")
    long = keras.Sequential([keras.Input((3,)), first, keras.layers.Dense(2)])
    short = keras.Sequential([keras.Input((3,)), first])
    t.start(long)
    return {"short": t.facts(short), "long": t.facts(long), "call": t.plain(short(t.data(4)))}


def same_layer_twice(keras: Any, t: Any) -> Any:
    layer = keras.layers.Dense(3, name="step")
    model = keras.Sequential([keras.Input((3,)), layer, layer])
    t.start(model)
    return {"facts": t.facts(model), "call": t.plain(model(t.data(4)))}


def refused(keras: Any, t: Any) -> Any:
    dense = keras.layers.Dense
    model = keras.Sequential([keras.Input((3,)), dense(2, name="a")])
    return {
        "same name": t.seen(lambda: model.add(dense(1, name="a"))),
        "no layer": t.seen(lambda: model.add("dense")),
        "second input": t.seen(lambda: keras.Sequential([keras.Input((3,)), keras.Input((3,))])),
        "wrong width": t.seen(lambda: model(t.data(4, 5))),
        "wrong rank": t.seen(lambda: model(t.data(4)[0])),
        "kept": t.facts(model),
    }


def ranks(keras: Any, t: Any) -> Any:
    """A missing or superfluous last axis of length 1 is put right."""
    model = t.start(keras.Sequential([keras.Input((1,)), keras.layers.Dense(2)]))
    x = t.data(4, 1)
    flat = t.start(keras.Sequential([keras.Input(()), keras.layers.Rescaling(2.0)]))
    return {
        "flat": t.plain(model(x[:, 0])),
        "column": t.plain(model(x)),
        "predict": t.plain(model.predict(x[:, 0], verbose=0)),
        "scalar": t.seen(lambda: t.plain(flat(x))),
    }


def training_flag(keras: Any, t: Any) -> Any:
    model = t.start(keras.Sequential([keras.Input((3,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)]))
    x = t.data(6)
    quiet = t.plain(model(x))
    loud = t.plain(model(x, training=True))
    return {
        "quiet": quiet,
        "loud": loud,
        "after": t.plain(model.get_weights()),
        "again": t.plain(model(x, training=False)),
    }


def three_axes(keras: Any, t: Any) -> Any:
    model = keras.Sequential(
        [keras.Input((2, 3)), keras.layers.Dense(4), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    t.start(model)
    x = t.data(8).reshape(4, 2, 3)
    return {
        "facts": t.facts(model),
        "call": t.plain(model(x)),
        "shape": t.plain(model.compute_output_shape((None, 2, 3))),
    }


def config_round_trip(keras: Any, t: Any) -> Any:
    model = keras.Sequential(
        [keras.Input((3,), name="in"), keras.layers.Dense(4, activation="relu", name="a")], name="m"
    )
    copy = keras.Sequential.from_config(model.get_config())
    return {"config": t.lists(model.get_config()), "facts": t.facts(copy)}


def from_tensors(keras: Any, t: Any) -> Any:
    """The symbolic ends of a Sequential make a functional model."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="hidden"), keras.layers.Dense(2)])
    t.start(model)
    part = keras.Model(inputs=model.inputs, outputs=model.layers[0].output, name="part")
    whole = keras.Model(model.inputs, model.outputs, name="whole")
    x = t.data(4)
    return {
        "part": t.facts(part),
        "whole": t.facts(whole),
        "hidden": t.plain(part(x)),
        "out": t.plain(whole.predict(x, verbose=0)),
        "get": model.get_layer("hidden").name,
        "index": model.get_layer(index=1).name,
        "missing": t.seen(lambda: model.get_layer("nothing")),
        "beyond": t.seen(lambda: model.get_layer(index=7)),
        "neither": t.seen(model.get_layer),
        "both": t.seen(lambda: model.get_layer("hidden", index=0)),
    }
