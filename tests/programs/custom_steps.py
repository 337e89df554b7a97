"""Training steps of models of our own, over a GradientTape.

Each function is a case; `results` holds what they return. Run like the numbered programs, with Keras or with chainrule.
"""

import keras
import numpy as np
from keras import layers, ops
from tensorflow import GradientTape

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


def custom_train_step():
    class M(keras.Model):
        def train_step(self, data):
            x, y = data
            with GradientTape() as tape:
                p = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=p)
            tv = self.trainable_variables
            g = tape.gradient(loss, tv)
            self.optimizer.apply(g, tv)
            for m in self.metrics:
                if m.name == "loss":
                    m.update_state(loss)
                else:
                    m.update_state(y, p)
            return {m.name: m.result() for m in self.metrics}

    i = keras.Input((4,))
    m = M(i, layers.Dense(1)(i))
    start(m)
    m.compile("adam", "mse", metrics=["mae"])
    return m.fit(X, Y, epochs=2, **KW).history


def loss_tracker():
    lt = keras.metrics.Mean(name="loss")
    mae = keras.metrics.MeanAbsoluteError(name="mae")

    class M(keras.Model):
        def train_step(self, data):
            x, y = data
            with GradientTape() as tape:
                p = self(x, training=True)
                loss = ops.mean(keras.losses.mean_squared_error(y, p))
            g = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(g, self.trainable_variables, strict=False))
            lt.update_state(loss)
            mae.update_state(y, p)
            return {"loss": lt.result(), "mae": mae.result()}

        @property
        def metrics(self):
            return [lt, mae]

    i = keras.Input((4,))
    m = M(i, layers.Dense(1)(i))
    start(m)
    m.compile(optimizer="adam")
    return m.fit(X, Y, epochs=3, **KW).history


def sample_weight_step():
    class M(keras.Model):
        def train_step(self, data):
            if len(data) == 3:
                x, y, sw = data
            else:
                sw = None
                x, y = data
            with GradientTape() as tape:
                p = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=p, sample_weight=sw)
            g = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply(g, self.trainable_variables)
            for m in self.metrics:
                if m.name == "loss":
                    m.update_state(loss)
                else:
                    m.update_state(y, p, sample_weight=sw)
            return {m.name: m.result() for m in self.metrics}

        def test_step(self, data):
            x, y = data
            p = self(x, training=False)
            loss = self.compute_loss(y=y, y_pred=p)
            for m in self.metrics:
                if m.name == "loss":
                    m.update_state(loss)
                else:
                    m.update_state(y, p)
            return {m.name: m.result() for m in self.metrics}

    i = keras.Input((4,))
    m = M(i, layers.Dense(1)(i))
    start(m)
    m.compile("sgd", "mse", metrics=["mae"])
    h = m.fit(X, Y, sample_weight=np.linspace(0, 1, 96), epochs=2, validation_data=(X, Y), **KW).history
    return h, m.evaluate(X, Y, verbose=0)


def gan():
    class GAN(keras.Model):
        def __init__(self, d, g, latent):
            super().__init__()
            self.d = d
            self.g = g
            self.latent = latent
            self.dm = keras.metrics.Mean(name="d_loss")
            self.gm = keras.metrics.Mean(name="g_loss")
            self.seed = keras.random.SeedGenerator(1)

        @property
        def metrics(self):
            return [self.dm, self.gm]

        def compile(self, do, go, loss_fn):
            super().compile()
            self.do = do
            self.go = go
            self.loss_fn = loss_fn

        def train_step(self, real):
            n = ops.shape(real)[0]
            z = ops.ones((n, self.latent))
            fake = self.g(z)
            allx = ops.concatenate([fake, real], axis=0)
            labels = ops.concatenate([ops.ones((n, 1)), ops.zeros((n, 1))], axis=0)
            with GradientTape() as tape:
                pr = self.d(allx)
                dl = self.loss_fn(labels, pr)
            gr = tape.gradient(dl, self.d.trainable_weights)
            self.do.apply_gradients(zip(gr, self.d.trainable_weights, strict=False))
            with GradientTape() as tape:
                pr = self.d(self.g(z))
                gl = self.loss_fn(ops.zeros((n, 1)), pr)
            gr = tape.gradient(gl, self.g.trainable_weights)
            self.go.apply_gradients(zip(gr, self.g.trainable_weights, strict=False))
            self.dm.update_state(dl)
            self.gm.update_state(gl)
            return {"d_loss": self.dm.result(), "g_loss": self.gm.result()}

    d = keras.Sequential([keras.Input((4,)), layers.Dense(8, activation="leaky_relu"), layers.Dense(1)], name="d")
    g = keras.Sequential([keras.Input((3,)), layers.Dense(4)], name="g")
    start(d)
    start(g, 1)
    m = GAN(d, g, 3)
    m.compile(
        do=keras.optimizers.Adam(1e-2),
        go=keras.optimizers.Adam(1e-2),
        loss_fn=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    return m.fit(X, epochs=2, **KW).history


def vae():
    class Sampling(layers.Layer):
        def __init__(self, **k):
            super().__init__(**k)
            self.seed_generator = keras.random.SeedGenerator(1337)

        def call(self, inputs):
            m, lv = inputs
            e = 0.0 * keras.random.normal(shape=ops.shape(m), seed=self.seed_generator)
            return m + ops.exp(0.5 * lv) * e

    ei = keras.Input((4,))
    h = layers.Dense(6, activation="relu")(ei)
    zm = layers.Dense(2, name="z_mean")(h)
    zl = layers.Dense(2, name="z_log_var")(h)
    z = Sampling()([zm, zl])
    enc = keras.Model(ei, [zm, zl, z], name="encoder")
    li = keras.Input((2,))
    dec = keras.Model(li, layers.Dense(4)(layers.Dense(6, activation="relu")(li)), name="decoder")

    class VAE(keras.Model):
        def __init__(self, encoder, decoder, **k):
            super().__init__(**k)
            self.encoder = encoder
            self.decoder = decoder
            self.total = keras.metrics.Mean(name="loss")
            self.rec = keras.metrics.Mean(name="reconstruction_loss")
            self.kl = keras.metrics.Mean(name="kl_loss")

        @property
        def metrics(self):
            return [self.total, self.rec, self.kl]

        def train_step(self, data):
            with GradientTape() as tape:
                zm, zl, z = self.encoder(data)
                r = self.decoder(z)
                rl = ops.mean(ops.sum(ops.square(data - r), axis=-1))
                kl = -0.5 * (1 + zl - ops.square(zm) - ops.exp(zl))
                kl = ops.mean(ops.sum(kl, axis=1))
                t = rl + kl
            g = tape.gradient(t, self.trainable_weights)
            self.optimizer.apply_gradients(zip(g, self.trainable_weights, strict=False))
            self.total.update_state(t)
            self.rec.update_state(rl)
            self.kl.update_state(kl)
            return {"loss": self.total.result(), "reconstruction_loss": self.rec.result(), "kl_loss": self.kl.result()}

    start(enc)
    start(dec, 1)
    m = VAE(enc, dec)
    m.compile(optimizer=keras.optimizers.Adam())
    return m.fit(X, epochs=2, **KW).history


def compute_loss_override():
    class M(keras.Model):
        def __init__(self, *a, **k):
            super().__init__(*a, **k)
            self.lt = keras.metrics.Mean(name="my")

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            part = ops.mean(ops.abs(y_pred - y)) + sum(self.losses)
            self.lt.update_state(part)
            return part

        def reset_metrics(self):
            self.lt.reset_state()

        @property
        def metrics(self):
            return [self.lt]

    i = keras.Input((4,))
    m = M(i, layers.Dense(1, activity_regularizer="l2")(i))
    start(m)
    m.compile("sgd")
    return m.fit(X, Y, epochs=2, **KW).history


def compute_metrics_override():
    class M(keras.Sequential):
        def compute_metrics(self, x, y, y_pred, sample_weight):
            r = super().compute_metrics(x, y, y_pred, sample_weight)
            r["twice"] = 2 * 1.5
            return r

    m = M([keras.Input((4,)), layers.Dense(1)])
    start(m)
    m.compile("sgd", "mse", metrics=["mae"])
    return m.fit(X, Y, epochs=2, validation_data=(X, Y), **KW).history, m.evaluate(X, Y, verbose=0, return_dict=True)


def predict_step_override():
    class M(keras.Sequential):
        def predict_step(self, data):
            return ops.round(super().predict_step(data) * 10)

    m = M([keras.Input((4,)), layers.Dense(1)])
    start(m)
    return show(m.predict(X[:5], verbose=0)), show(m.predict_on_batch(X[:2]))


def persistent_tape():
    v = keras.Variable(3.0)
    w = keras.Variable([1.0, 2.0])
    with GradientTape(persistent=True) as t:
        y = v * v
        z = ops.sum(w * y)
    a = t.gradient(y, v)
    b = t.gradient(z, [v, w])
    c = t.gradient(z, {"w": w})
    with GradientTape() as t:
        x = ops.convert_to_tensor([1.0, 2.0])
        t.watch(x)
        y = ops.sum(x**3)
    d = t.gradient(y, x)
    with GradientTape() as t2:
        with GradientTape() as t1:
            y = v**3
        g = t1.gradient(y, v)
    e = t2.gradient(g, v)
    with GradientTape() as t:
        y = w * 2
    n = t.gradient(y, v)
    return [
        float(a),
        float(b[0]),
        show(np.asarray(b[1])),
        show(np.asarray(c["w"])),
        show(np.asarray(d)),
        float(e),
        n is None,
    ]


def loops():
    m = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    start(m)
    m.compile("sgd", "mse", metrics=["mae"])
    out = []
    for i in range(0, 96, 32):
        out.append(m.train_on_batch(X[i : i + 32], Y[i : i + 32]))
    out.append(m.train_on_batch(X[:32], Y[:32], return_dict=True))
    out.append(m.test_on_batch(X[:32], Y[:32]))
    out.append(m.predict_on_batch(X[:2]))
    out.append(m.train_on_batch(X[:32], Y[:32], sample_weight=np.linspace(0, 1, 32)))
    return out


def subclass_training_arg():
    class M(keras.Model):
        def __init__(self):
            super().__init__()
            self.d = layers.Dense(3)
            self.bn = layers.BatchNormalization()
            self.o = layers.Dense(1)

        def call(self, x, training=None):
            return self.o(self.bn(self.d(x), training=training))

    m = M()
    m(X[:1])
    start(m.d)
    start(m.o)
    m.compile("adam", "mse")
    return (
        m.fit(X, Y, epochs=2, validation_data=(X, Y), **KW).history,
        m.count_params(),
        [part.__class__.__name__ for part in m.layers],
    )


def generators():
    def gen():
        while True:
            for i in range(0, 96, 32):
                yield X[i : i + 32], Y[i : i + 32]

    class DS(keras.utils.PyDataset):
        def __init__(self, **k):
            super().__init__(**k)

        def __len__(self):
            return 3

        def __getitem__(self, i):
            return X[i * 32 : (i + 1) * 32], Y[i * 32 : (i + 1) * 32]

    m = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    start(m)
    m.compile("sgd", "mse", metrics=["mae"])
    h = m.fit(gen(), steps_per_epoch=3, epochs=2, verbose=0).history
    h2 = m.fit(DS(), epochs=2, shuffle=False, verbose=0, validation_data=DS()).history
    return h, h2, m.evaluate(DS(), verbose=0), show(m.predict(DS(), verbose=0)[:2])


CASES = (
    custom_train_step,
    loss_tracker,
    sample_weight_step,
    gan,
    vae,
    compute_loss_override,
    compute_metrics_override,
    predict_step_override,
    persistent_tape,
    loops,
    subclass_training_arg,
    generators,
)
results = {case.__name__: show(case()) for case in CASES}
