"""Freezing, weights and their order, models that share layers."""

from __future__ import annotations

from typing import Any


def frozen_layer(keras: Any, t: Any) -> Any:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="a"), keras.layers.Dense(1, name="b")])
    t.start(model)
    model.layers[0].trainable = False
    x = t.data(8)
    model.compile(keras.optimizers.Adam(0.1), "mse")
    model.fit(x, t.target(x), epochs=3, verbose=0, shuffle=False)
    return {"facts": t.facts(model), "weights": t.plain(model.get_weights())}


def frozen_from_the_start(keras: Any, t: Any) -> Any:
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, trainable=False, name="a"), keras.layers.Dense(1, name="b")]
    )
    before = t.facts(model)
    model.layers[0].trainable = True
    return {"before": before, "after": t.facts(model), "trainable": [layer.trainable for layer in model.layers]}


def frozen_model(keras: Any, t: Any) -> Any:
    inner = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, name="d"), keras.layers.BatchNormalization(name="n")], name="inner"
    )
    model = keras.Sequential([inner, keras.layers.Dense(1, name="b")], name="outer")
    t.start(model)
    inner.trainable = False
    flags = [layer.trainable for layer in inner.layers]
    x = t.data(8)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(x, t.target(x), epochs=3, verbose=0, shuffle=False)
    frozen = t.facts(model)
    model.trainable = False
    none = t.facts(model)
    model.trainable = True
    return {
        "flags": flags,
        "frozen": frozen,
        "none": none,
        "all": t.facts(model),
        "weights": t.plain(model.get_weights()),
    }


def frozen_batch_normalization(keras: Any, t: Any) -> Any:
    """A frozen layer uses its moving averages while the model trains."""
    found = []
    x = t.data(16)
    for trainable in (True, False):
        norm = keras.layers.BatchNormalization(momentum=0.7, name="n")
        model = t.start(keras.Sequential([keras.Input((3,)), norm, keras.layers.Dense(1)]))
        norm.trainable = trainable
        model.compile(keras.optimizers.SGD(0.1), "mse")
        record = model.fit(x, t.target(x), epochs=2, batch_size=8, verbose=0, shuffle=False)
        found.append({"history": t.history(record), "weights": t.plain(model.get_weights()), "facts": t.facts(model)})
    return found


def unfrozen_later(keras: Any, t: Any) -> Any:
    model = t.start(keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)]))
    x = t.data(8)
    model.layers[0].trainable = False
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    model.fit(x, t.target(x), epochs=2, verbose=0, shuffle=False)
    model.layers[0].trainable = True
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "mse")
    model.fit(x, t.target(x), epochs=2, verbose=0, shuffle=False)
    return t.plain(model.get_weights())


def order_of_weights(keras: Any, t: Any) -> Any:
    inputs = keras.Input((3,), name="in")
    h = keras.layers.Dense(4, name="d1")(inputs)
    h = keras.layers.BatchNormalization(name="n1")(h)
    h = keras.layers.PReLU(name="p1")(h)
    h = keras.layers.LayerNormalization(name="ln")(h)
    model = keras.Model(inputs, keras.layers.Dense(1, use_bias=False, name="d2")(h), name="m")
    return t.facts(model)


def set_and_get(keras: Any, t: Any) -> Any:
    model = t.start(keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]))
    values = model.get_weights()
    values[0] += 1
    before = t.plain(model.get_weights())
    return {
        "copies": before == t.plain(model.get_weights()),
        "too few": t.seen(lambda: model.set_weights(values[:1])),
        "shape": t.seen(lambda: model.set_weights([values[0].T, values[1]])),
        "kept": t.plain(model.get_weights()),
        "types": [type(v).__name__ for v in values],
        "layer": t.plain(model.layers[0].get_weights()),
        "counts": [model.count_params(), model.layers[0].count_params()],
    }


def two_models_share(keras: Any, t: Any) -> Any:
    """Training one model changes what the other predicts; each has an optimizer of its own."""
    shared = keras.layers.Dense(4, activation="tanh", name="shared")
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    first = keras.Model(a, keras.layers.Dense(1, name="one")(shared(a)), name="first")
    second = keras.Model(b, keras.layers.Dense(2, name="two")(shared(b)), name="second")
    t.start(first)
    t.start(second, 1)
    first.compile(keras.optimizers.Adam(0.05), "mse")
    second.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    x = t.data(10)
    losses = []
    for _ in range(3):
        losses.append(t.plain(first.fit(x, t.target(x), verbose=0, shuffle=False).history))
        losses.append(t.plain(second.fit(x, t.data(10, 2), verbose=0, shuffle=False).history))
    return {"losses": losses, "first": t.plain(first.get_weights()), "second": t.plain(second.get_weights())}


def adversaries(keras: Any, t: Any) -> Any:
    """A generator and a critic trained in turn; the critic is frozen within the generator's model."""
    generator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(3)], name="generator"
    )
    critic = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1, activation="sigmoid")],
        name="critic",
    )
    t.start(generator)
    t.start(critic, 1)
    critic.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    noise = keras.Input((2,))
    critic.trainable = False
    both = keras.Model(noise, critic(generator(noise)), name="both")
    both.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    critic.trainable = True
    ones = t.data(6, 1) * 0 + 1
    losses = []
    for i in range(3):
        z, real = t.data(6, 2, seed=i), t.data(6, seed=10 + i)
        fake = generator.predict(z, verbose=0)
        critic.trainable = True
        losses.append(t.plain([critic.train_on_batch(real, ones), critic.train_on_batch(fake, 0 * ones)]))
        critic.trainable = False
        losses.append(t.plain(both.train_on_batch(z, ones)))
    return {"losses": losses, "generator": t.plain(generator.get_weights()), "critic": t.plain(critic.get_weights())}
