"""Models and layers that are classes of the user's own."""

from __future__ import annotations

from typing import Any


def plain_class(keras: Any, t: Any) -> Any:
    class Net(keras.Model):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.hidden = keras.layers.Dense(units, activation="tanh")
            self.out = keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.out(self.hidden(x))

    model = Net(4)
    before = t.facts(model)
    model(t.data())
    after = t.facts(model)
    t.start(model)
    x = t.data()
    model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"])
    record = model.fit(x, t.target(x), epochs=2, batch_size=7, shuffle=False, verbose=0)
    return {
        "before": before,
        "after": after,
        "history": t.history(record),
        "weights": t.plain(model.get_weights()),
        "evaluate": t.plain(model.evaluate(x, t.target(x), verbose=0)),
        "predict": t.plain(model.predict(x[:3], verbose=0)),
    }


def built_by_shape(keras: Any, t: Any) -> Any:
    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="net")
            self.out = keras.layers.Dense(2)

        def build(self, input_shape: Any) -> None:
            self.out.build(input_shape)

        def call(self, x: Any) -> Any:
            return self.out(x)

    model = Net()
    model.build((None, 3))
    return t.facts(model)


def nested_lists(keras: Any, t: Any) -> Any:
    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.steps = [keras.layers.Dense(4, activation="relu", name=f"step{i}") for i in range(3)]
            self.heads = {"b": keras.layers.Dense(1, name="hb"), "a": keras.layers.Dense(1, name="ha")}
            self.pairs = [(keras.layers.Dense(4, name="p0"), keras.layers.Dense(4, name="p1"))]

        def call(self, x: Any) -> Any:
            for layer in self.steps:
                x = layer(x)
            for first, second in self.pairs:
                x = second(first(x))
            return {name: head(x) for name, head in self.heads.items()}

    model = Net()
    model(t.data())
    t.start(model)
    return {
        "facts": t.facts(model),
        "call": t.plain(model(t.data(4))),
        "predict": t.plain(model.predict(t.data(4), verbose=0)),
    }


def appended_later(keras: Any, t: Any) -> Any:
    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.steps: list[Any] = []
            for i in range(2):
                self.steps.append(keras.layers.Dense(3, name=f"s{i}"))

        def call(self, x: Any) -> Any:
            for layer in self.steps:
                x = layer(x)
            return x

    model = Net()
    model(t.data())
    return t.facts(model)


def training_flag(keras: Any, t: Any) -> Any:
    """Who sees which `training`: said, inherited, by default."""
    found: dict[str, list[Any]] = {}
    heard: list[Any] = []

    class Listener(keras.layers.Layer):
        def call(self, x: Any, training: Any = None) -> Any:
            heard.append([self.name, training])
            return x

    class Eager(keras.layers.Layer):
        def call(self, x: Any, training: Any = True) -> Any:
            heard.append([self.name, training])
            return x

    class Outer(keras.layers.Layer):
        def __init__(self, inner: Any, say: Any = None, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inner, self.say = inner, say

        def call(self, x: Any) -> Any:
            return self.inner(x) if self.say is None else self.inner(x, training=self.say)

    x = t.data(2)
    for model in (
        Outer(Listener(name="inherits"), name="o1"),
        Outer(Eager(name="eager"), name="o2"),
        Outer(Listener(name="told"), say=True, name="o3"),
        Outer(Outer(Listener(name="deep"), name="o5"), name="o4"),
        keras.Sequential([Listener(name="chained"), Eager(name="last")]),
    ):
        for said in (None, False, True):
            heard.clear()
            model(x) if said is None else model(x, training=said)
            found[f"{model.name} told {said}"] = [
                [name, flag if flag is None else bool(flag)] for name, flag in heard[-2:]
            ]
    heard.clear()
    Eager(name="alone")(x)
    return {**{k: v if "sequential" in k else v[-1:] for k, v in found.items()}, "alone": bool(heard[-1][1])}


def composite_layer(keras: Any, t: Any) -> Any:
    class Block(keras.layers.Layer):
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.dense = keras.layers.Dense(units)
            self.norm = keras.layers.BatchNormalization()

        def build(self, input_shape: Any) -> None:
            self.dense.build(input_shape)
            self.norm.build((input_shape[0], self.dense.units))
            self.scale = self.add_weight(shape=(self.dense.units,), initializer="ones", name="scale")

        def call(self, x: Any, training: Any = None) -> Any:
            return self.norm(self.dense(x), training=training) * self.scale

    model = keras.Sequential([keras.Input((3,)), Block(4, name="b1"), Block(2, name="b2")])
    t.start(model)
    x = t.data(6)
    model.compile(keras.optimizers.SGD(0.05), "mse")
    model.fit(x, t.data(6, 2), epochs=2, verbose=0, shuffle=False)
    return {"facts": t.facts(model), "weights": t.plain(model.get_weights()), "call": t.plain(model(x))}


def layer_of_two_inputs(keras: Any, t: Any) -> Any:
    shapes: list[Any] = []

    class Both(keras.layers.Layer):
        def build(self, a_shape: Any, b_shape: Any) -> None:
            shapes.append([list(a_shape), list(b_shape)])
            self.wa = self.add_weight(shape=(a_shape[-1], 2), name="wa")
            self.wb = self.add_weight(shape=(b_shape[-1], 2), name="wb")

        def call(self, a: Any, b: Any) -> Any:
            return keras.ops.matmul(a, self.wa) + keras.ops.matmul(b, self.wb)

    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    model = t.start(keras.Model([a, b], Both(name="both")(a, b)))
    x, z = t.data(4), t.data(4, 2)
    eager = Both(name="eager")
    eager(x, b=z)
    return {
        "shapes": shapes,
        "facts": t.facts(model),
        "call": t.plain(model([x, z])),
        "eager": [list(v.shape) for v in eager.weights],
    }


def weights_of_every_kind(keras: Any, t: Any) -> Any:
    class Odd(keras.layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.fixed = self.add_weight(shape=(2,), initializer="zeros", trainable=False, name="fixed")
            self.w = self.add_weight(shape=(input_shape[-1], 2), initializer="ones", regularizer="l2", name="w")
            self.number = self.add_weight(initializer="zeros", name="number")
            self.count = self.add_weight(shape=(), initializer="zeros", dtype="int32", trainable=False, name="count")

        def call(self, x: Any) -> Any:
            return keras.ops.matmul(x, self.w) + self.number + self.fixed

    model = keras.Sequential([keras.Input((3,)), Odd(name="odd")])
    return {
        "weights": [
            [v.name, v.path, list(v.shape), str(keras.utils.standardize_dtype(v.dtype)), bool(v.trainable)]
            for v in model.weights
        ],
        "losses": t.plain([float(v) for v in model.losses]),
        "values": t.plain(model.get_weights()),
    }


def added_losses(keras: Any, t: Any) -> Any:
    class Sparse(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            self.add_loss(0.1 * keras.ops.mean(keras.ops.abs(x)))
            return x

    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = keras.layers.Dense(
                4, kernel_regularizer=keras.regularizers.L2(0.01), activity_regularizer="l1"
            )
            self.sparse = Sparse()
            self.out = keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            y = self.out(self.sparse(self.hidden(x)))
            self.add_loss(keras.ops.mean(y**2))
            return y

    model = Net()
    x = t.data(8)
    model(x)
    t.start(model)
    model(x)
    counts = [len(model.losses)]
    model(x)
    counts.append(len(model.losses))
    losses = sorted(float(v) for v in model.losses)
    model.compile(keras.optimizers.SGD(0.05), "mse")
    record = model.fit(x, t.target(x), epochs=3, batch_size=4, shuffle=False, verbose=0)
    alone = Net()
    alone(x)
    t.start(alone)
    alone.compile(keras.optimizers.SGD(0.05))
    second = alone.fit(x, epochs=2, batch_size=4, shuffle=False, verbose=0)
    return {
        "counts": counts,
        "losses": losses,
        "history": t.history(record),
        "weights": t.plain(model.get_weights()),
        "without targets": t.history(second),
        "evaluate": t.plain(model.evaluate(x, t.target(x), verbose=0)),
    }


def losses_of_parts(keras: Any, t: Any) -> Any:
    """Each part called on its own keeps its losses until it is called again."""

    class Penalty(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            self.add_loss(keras.ops.mean(x))
            return x

    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = Penalty(), Penalty()

        def call(self, x: Any) -> Any:
            return self.second(self.first(x))

    model = Net()
    x = t.data(4)
    model.first(x)
    model.second(x)
    parts = len(model.losses)
    model.first(x)
    again = len(model.losses)
    model(x)
    return [parts, again, len(model.losses)]


def own_compute_loss(keras: Any, t: Any) -> Any:
    class Net(keras.Model):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.out = keras.layers.Dense(1)
            self.tracker = keras.metrics.Mean(name="my_loss")

        def call(self, x: Any) -> Any:
            return self.out(x)

        def compute_loss(
            self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
        ) -> Any:
            loss = keras.ops.mean(keras.ops.abs(y_pred[:, 0] - y) ** 3)
            self.tracker.update_state(loss)
            return loss

    model = Net()
    x = t.data(8)
    model(x)
    t.start(model)
    model.compile(keras.optimizers.SGD(0.05))
    record = model.fit(x, t.target(x), epochs=2, batch_size=4, shuffle=False, verbose=0)
    return {
        "history": t.history(record),
        "weights": t.plain(model.get_weights()),
        "names": model.metrics_names,
        "evaluate": t.plain(model.evaluate(x, t.target(x), verbose=0, return_dict=True)),
    }


def own_compute_metrics(keras: Any, t: Any) -> Any:
    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.out = keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.out(x)

        def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            results = super().compute_metrics(x, y, y_pred, sample_weight)
            results["rows"] = float(x.shape[0])
            return results

    model = Net()
    x = t.data(10)
    model(x)
    t.start(model)
    model.compile(keras.optimizers.SGD(0.05), "mse", metrics=["mae"], run_eagerly=True)
    record = model.fit(
        x, t.target(x), epochs=2, batch_size=4, shuffle=False, verbose=0, validation_data=(x, t.target(x))
    )
    return {
        "history": t.history(record),
        "evaluate": t.plain(model.evaluate(x, t.target(x), verbose=0, return_dict=True)),
    }


def functional_subclass(keras: Any, t: Any) -> Any:
    class Net(keras.Model):
        def __init__(self, width: int) -> None:
            inputs = keras.Input((width,), name="in")
            outputs = keras.layers.Dense(1, name="out")(keras.layers.Dense(4, activation="relu", name="hidden")(inputs))
            super().__init__(inputs=inputs, outputs=outputs, name="net")
            self.extra = "kept"

    model = t.start(Net(3))
    x = t.data(6)
    model.compile(keras.optimizers.SGD(0.05), "mse")
    model.fit(x, t.target(x), verbose=0, shuffle=False)
    return {
        "facts": t.facts(model),
        "predict": t.plain(model.predict(x, verbose=0)),
        "extra": model.extra,
        "output": t.shape(model.output),
    }


def overridden_call(keras: Any, t: Any) -> Any:
    class Twice(keras.Model):
        def call(self, x: Any, training: Any = None) -> Any:
            return 2.0 * super().call(x, training=training)

    inputs = keras.Input((3,))
    model = t.start(Twice(inputs, keras.layers.Dense(1)(inputs)))
    x = t.data(4)
    return {"call": t.plain(model(x)), "predict": t.plain(model.predict(x, verbose=0))}


def used_in_a_graph(keras: Any, t: Any) -> Any:
    class Net(keras.Model):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.out = keras.layers.Dense(2, name="d")

        def call(self, x: Any) -> Any:
            return self.out(x) + 1.0

    inputs = keras.Input((3,), name="in")
    model = keras.Model(inputs, keras.layers.Dense(1, name="end")(Net(name="net")(inputs)), name="whole")
    t.start(model)
    return {"facts": t.facts(model), "call": t.plain(model(t.data(4)))}


def several_arguments(keras: Any, t: Any) -> Any:
    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = keras.layers.Dense(2), keras.layers.Dense(2)

        def call(self, inputs: Any, scale: float = 1.0) -> Any:
            left, right = inputs
            return self.a(left) + scale * self.b(right)

    model = Net()
    x, z = t.data(4), t.data(4, 2)
    model((x, z))
    t.start(model)
    return {
        "call": t.plain(model((x, z), scale=2.0)),
        "predict": t.plain(model.predict([x, z], verbose=0)),
        "facts": t.facts(model),
    }


def not_complete(keras: Any, t: Any) -> Any:
    class NoCall(keras.Model):
        pass

    class NoSuper(keras.layers.Layer):
        def __init__(self) -> None:
            self.units = 3

        def call(self, x: Any) -> Any:
            return x

    class NoLayerCall(keras.layers.Layer):
        pass

    x = t.data(3)
    return {
        "call": t.seen(lambda: NoCall()(x)),
        "super": t.seen(lambda: NoSuper()(x)),
        "layer": t.seen(lambda: NoLayerCall()(x)),
        "unknown argument": t.seen(lambda: keras.layers.Dense(3, activatoin="relu").name),
        "name": t.seen(lambda: keras.layers.Dense(3, name="a/b").name),
        "unbuilt count": t.seen(lambda: keras.layers.Dense(3).count_params()),
        "input": t.seen(lambda: keras.layers.Dense(3).input),
    }
