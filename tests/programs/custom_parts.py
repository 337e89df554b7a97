"""Layers, losses, metrics, optimizers of our own; several inputs and outputs; models within models.

Each function is a case; `results` holds what they return. Run like the numbered programs, with Keras or with chainrule.
"""

import keras
import numpy as np
from keras import layers, ops

keras.utils.clear_session()  # automatic names are counted from here
rng = np.random.default_rng(0)
X = rng.normal(size=(96, 4)).astype("float32")
Y = (X @ rng.normal(size=(4, 1))).astype("float32")
KW = {"verbose": 0, "shuffle": False, "batch_size": 32}


def start(model, seed=0):
    """Give all weights seeded NumPy numbers."""
    r = np.random.default_rng(seed)
    model.set_weights([r.normal(0, 0.3, w.shape).astype("float32") if w.ndim else w for w in model.get_weights()])


def show(v):
    """Return a result as JSON has it; the order of keys depends on Keras's backend, so they are sorted."""
    if isinstance(v, dict):
        return {k: show(v[k]) for k in sorted(v)}
    if isinstance(v, list | tuple):
        return [show(x) for x in v]
    return np.asarray(v).tolist() if hasattr(v, "shape") else v


def nested_layers():
    class B(layers.Layer):
        def __init__(self, u, **k):
            super().__init__(**k)
            self.parts = {"a": layers.Dense(u), "b": [layers.Dense(u), layers.Dense(u)]}

        def call(self, x):
            return self.parts["a"](x) + sum(part(x) for part in self.parts["b"])

    class Two(layers.Layer):
        def build(self, a_shape, b_shape):
            self.w = self.add_weight(shape=(a_shape[-1], b_shape[-1]), name="w")

        def call(self, a, b):
            return ops.matmul(a, self.w) + b

    class Lst(layers.Layer):
        def build(self, input_shape):
            assert isinstance(input_shape, list), input_shape
            self.k = self.add_weight(shape=(input_shape[0][-1], input_shape[1][-1]), initializer="ones")
            self.built = True

        def call(self, inputs):
            a, b = inputs
            return ops.matmul(a, self.k) * b

    class Dct(layers.Layer):
        def build(self, input_shape):
            self.k = self.add_weight((input_shape["u"][-1],))
            super().build(input_shape)

        def call(self, inputs):
            return inputs["u"] * self.k + inputs["v"]

    i = keras.Input((4,))
    h = B(3)(i)
    t = Two()(i, h)
    part = Lst()([i, t])
    d = Dct()({"u": part, "v": t})
    m = keras.Model(i, layers.Dense(1)(d))
    start(m)
    m.compile("adam", "mse")
    return (
        m.fit(X, Y, epochs=2, **KW).history,
        [w.path.split("/")[-1] for w in m.weights],
        [tuple(w.shape) for w in m.weights],
        m.count_params(),
    )


def custom_objects():
    class Sq(keras.losses.Loss):
        def __init__(self, f=1.0, **k):
            super().__init__(**k)
            self.f = f

        def call(self, t, p):
            return self.f * ops.mean(ops.square(t - p), axis=-1)

        def get_config(self):
            return {**super().get_config(), "f": self.f}

    class Cnt(keras.metrics.Metric):
        def __init__(self, name="cnt", **k):
            super().__init__(name=name, **k)
            self.t = self.add_variable(shape=(), initializer="zeros", name="t")
            self.n = self.add_weight(shape=(), initializer="zeros", name="n")

        def update_state(self, y, p, sample_weight=None):
            self.t.assign(self.t + ops.sum(ops.cast(ops.abs(y - p) < 1.0, self.dtype)))
            self.n.assign_add(ops.cast(ops.shape(y)[0], "float32"))

        def result(self):
            return self.t / self.n

        def reset_state(self):
            self.t.assign(0.0)
            self.n.assign(0.0)

    class Reg(keras.regularizers.Regularizer):
        def __call__(self, w):
            return 0.01 * ops.sum(ops.abs(w))

        def get_config(self):
            return {}

    class Con(keras.constraints.Constraint):
        def __call__(self, w):
            return ops.clip(w, -0.25, 0.25)

    def init(shape, dtype=None):
        return 0.1 * ops.ones(shape, dtype=dtype)

    def act(x):
        return ops.tanh(x) * 1.5

    class Cb(keras.callbacks.Callback):
        def on_epoch_end(self, e, logs=None):
            self.model.log = [*getattr(self.model, "log", []), sorted(logs)]

    m = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(5, activation=act, kernel_initializer=init, kernel_regularizer=Reg(), kernel_constraint=Con()),
            layers.Dense(1, kernel_initializer=init),
        ]
    )
    m.compile("adam", Sq(2.0), metrics=[Cnt()])
    h = m.fit(X, Y, epochs=2, callbacks=[Cb()], validation_split=0.25, **KW).history
    import os
    import tempfile

    p = os.path.join(tempfile.mkdtemp(), "m.keras")
    m.save(p)
    co = {"Sq": Sq, "Cnt": Cnt, "Reg": Reg, "Con": Con, "init": init, "act": act}
    m2 = keras.models.load_model(p, custom_objects=co)
    with keras.saving.custom_object_scope(co):
        m3 = keras.models.load_model(p)
    return h, m.log, m2.evaluate(X, Y, verbose=0), m3.evaluate(X, Y, verbose=0), m2.fit(X, Y, **KW).history


def custom_optimizer():
    class Mom(keras.optimizers.Optimizer):
        def __init__(self, learning_rate=0.01, beta=0.5, name="mom", **k):
            super().__init__(learning_rate=learning_rate, name=name, **k)
            self.beta = beta

        def build(self, vs):
            if self.built:
                return
            super().build(vs)
            self.ms = [self.add_variable_from_reference(v, name="m") for v in vs]

        def update_step(self, g, v, lr):
            lr = ops.cast(lr, v.dtype)
            m = self.ms[self._get_variable_index(v)]
            self.assign(m, m * self.beta + g)
            self.assign_sub(v, lr * m)

        def get_config(self):
            return {**super().get_config(), "beta": self.beta}

    m = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    start(m)
    m.compile(Mom(0.1), "mse")
    return m.fit(X, Y, epochs=3, **KW).history, int(m.optimizer.iterations), len(m.optimizer.variables)


def add_loss_and_losses():
    class L(layers.Layer):
        def call(self, x):
            self.add_loss(0.1 * ops.mean(ops.square(x)))
            return x

    m = keras.Sequential([keras.Input((4,)), layers.Dense(3, kernel_regularizer="l2"), L(), layers.Dense(1)])
    start(m)
    m.compile("sgd", "mse")
    h = m.fit(X, Y, epochs=2, **KW).history
    m(X)
    return h, [float(part) for part in m.losses]


def metric_in_layer():
    class L(layers.Layer):
        def __init__(self, **k):
            super().__init__(**k)
            self.m = keras.metrics.Mean(name="act")

        def call(self, x):
            self.m.update_state(ops.mean(x))
            return x

    m = keras.Sequential([keras.Input((4,)), layers.Dense(3), L(), layers.Dense(1)])
    start(m)
    m.compile("sgd", "mse")
    return m.fit(X, Y, epochs=2, **KW).history, [x.name for x in m.metrics]


def multi_output():
    a = keras.Input((4,), name="a")
    b = keras.Input((4,), name="b")
    s = layers.Dense(5, activation="relu")
    h = layers.concatenate([s(a), s(b)])
    o1 = layers.Dense(1, name="o1")(h)
    o2 = layers.Dense(3, activation="softmax", name="o2")(h)
    m = keras.Model([a, b], [o1, o2])
    start(m)
    C = np.arange(96) % 3
    out = []
    m.compile(
        "adam", ["mse", "sparse_categorical_crossentropy"], loss_weights=[1.0, 0.2], metrics=[["mae"], ["accuracy"]]
    )
    out.append(m.fit([X, X], [Y, C], **KW).history)
    m.compile(
        "adam",
        {"o1": "mse", "o2": "sparse_categorical_crossentropy"},
        loss_weights={"o1": 2.0, "o2": 0.2},
        metrics={"o2": ["accuracy"]},
    )
    out.append(m.fit({"a": X, "b": X}, {"o1": Y, "o2": C}, **KW).history)
    m.compile("adam", ["mse", None], metrics=[["mae", "mse"], None])
    out.append(m.fit([X, X], [Y, C], **KW).history)
    out.append(m.evaluate([X, X], [Y, C], verbose=0))
    m.compile(
        "adam",
        [keras.losses.MeanSquaredError(name="q"), keras.losses.SparseCategoricalCrossentropy()],
        weighted_metrics=[["mae"], ["accuracy"]],
    )
    out.append(m.fit([X, X], [Y, C], sample_weight=[np.linspace(0, 1, 96), np.ones(96)], **KW).history)
    return out


def dict_only_one_loss():
    a = keras.Input((4,), name="a")
    m = keras.Model(a, {"p": layers.Dense(1, name="p")(a), "q": layers.Dense(2, name="q")(a)})
    start(m)
    m.compile("sgd", {"p": "mse"})
    return m.fit(X, {"p": Y}, epochs=2, **KW).history


def shared_nested():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="tanh")], name="inner")
    a = keras.Input((4,))
    b = keras.Input((4,))
    m = keras.Model([a, b], layers.Dense(1)(layers.Subtract()([inner(a), inner(b)])))
    start(m)
    m.compile("adam", "mse")
    h = m.fit([X, X[::-1]], Y, epochs=2, **KW).history
    inner.trainable = False
    m.compile("adam", "mse")
    n = len(m.trainable_weights)
    before = inner.get_weights()[0].copy()
    h2 = m.fit([X, X[::-1]], Y, **KW).history
    other = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="tanh")])
    other.set_weights(inner.get_weights())
    return (
        h,
        n,
        bool((before == inner.get_weights()[0]).all()),
        h2,
        show(other.predict(X[:2], verbose=0)),
        len(m.weights),
        [part.name.split("_")[0] for part in m.layers],
    )


def loss_reductions():
    class S(keras.losses.Loss):
        def __init__(self):
            super().__init__(name="s", reduction="sum")

        def call(self, t, p):
            return ops.mean(ops.abs(t - p), -1)

    def f(t, p):
        return ops.square(t - p)

    out = []
    for part in (
        S(),
        f,
        lambda t, p: ops.mean(ops.square(t - p)),
        keras.losses.MeanSquaredError(reduction="mean_with_sample_weight"),
    ):
        m = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
        start(m)
        m.compile("sgd", part)
        try:
            out.append(m.fit(X, Y, epochs=2, sample_weight=np.linspace(0, 1, 96), **KW).history)
        except Exception as e:
            out.append(type(e).__name__)
    return out


def subclass_dict_out():
    class M(keras.Model):
        def __init__(self):
            super().__init__()
            self.a = layers.Dense(3, activation="relu")
            self.heads = {"p": layers.Dense(1), "q": layers.Dense(2, activation="softmax")}

        def call(self, x, training=False):
            h = self.a(x)
            return {k: part(h) for k, part in self.heads.items()}

    m = M()
    m(X[:1])
    start(m)
    m.compile("adam", {"p": "mse", "q": "sparse_categorical_crossentropy"}, metrics={"q": ["accuracy"]})
    return (
        m.fit(X, {"p": Y, "q": np.arange(96) % 2}, epochs=2, **KW).history,
        sorted(m.predict(X[:2], verbose=0)),
        m.evaluate(X, {"p": Y, "q": np.arange(96) % 2}, verbose=0, return_dict=True),
    )


CASES = (
    nested_layers,
    custom_objects,
    custom_optimizer,
    add_loss_and_losses,
    metric_in_layer,
    multi_output,
    dict_only_one_loss,
    shared_nested,
    loss_reductions,
    subclass_dict_out,
)
results = {case.__name__: show(case()) for case in CASES}
