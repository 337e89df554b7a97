"""Wine: layers, an initializer, a regularizer and a model of our own, saved to a file and read back."""

import json
import os
import tempfile

import keras
import numpy as np
from keras import ops
from sklearn.datasets import load_wine


@keras.saving.register_keras_serializable(package="wine")
class Seeded(keras.initializers.Initializer):
    """Normal numbers from NumPy: the same in every library."""

    def __init__(self, seed):
        self.seed = seed

    def __call__(self, shape, dtype=None):
        rng = np.random.default_rng(self.seed)
        return ops.convert_to_tensor(rng.normal(0, 1 / np.sqrt(shape[0]), shape).astype("float32"))

    def get_config(self):
        return {"seed": self.seed}


@keras.saving.register_keras_serializable(package="wine")
class Sparse(keras.regularizers.Regularizer):
    def __init__(self, strength=1e-4):
        self.strength = strength

    def __call__(self, x):
        return self.strength * ops.sum(ops.sqrt(ops.square(x) + 1e-6))

    def get_config(self):
        return {"strength": self.strength}


@keras.saving.register_keras_serializable(package="wine")
class Gate(keras.layers.Layer):
    """x * sigmoid(x W + b), and a weak pull of the gates towards zero."""

    def __init__(self, seed, penalty=1e-3, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.penalty = penalty

    def build(self, input_shape):
        size = input_shape[-1]
        self.w = self.add_weight(shape=(size, size), initializer=Seeded(self.seed), regularizer=Sparse(), name="w")
        self.b = self.add_weight(shape=(size,), initializer="zeros", name="b")

    def call(self, inputs):
        gates = ops.sigmoid(ops.matmul(inputs, self.w) + self.b)
        self.add_loss(self.penalty * ops.mean(gates))
        return inputs * gates

    def get_config(self):
        return {**super().get_config(), "seed": self.seed, "penalty": self.penalty}


@keras.saving.register_keras_serializable(package="wine")
class Residual(keras.layers.Layer):
    """x + f(x), f being some dense layers that this layer holds in a list."""

    def __init__(self, units, depth, seed, **kwargs):
        super().__init__(**kwargs)
        self.units, self.depth, self.seed = units, depth, seed
        self.blocks = [
            keras.layers.Dense(units, activation="relu", kernel_initializer=Seeded(seed + i)) for i in range(depth)
        ]
        self.gate = Gate(seed + depth)
        self.norm = keras.layers.LayerNormalization()

    def call(self, inputs, training=None):
        h = inputs
        for block in self.blocks:
            h = block(h)
        return self.norm(inputs + self.gate(h), training=training)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "depth": self.depth, "seed": self.seed}


@keras.saving.register_keras_serializable(package="wine")
class WineModel(keras.Model):
    def __init__(self, units=16, classes=3, **kwargs):
        super().__init__(**kwargs)
        self.units, self.classes = units, classes
        self.first = keras.layers.Dense(units, kernel_initializer=Seeded(10))
        self.residuals = [Residual(units, 2, seed) for seed in (20, 30)]
        self.last = keras.layers.Dense(classes, activation="softmax", kernel_initializer=Seeded(40))

    def call(self, inputs, training=None):
        h = self.first(inputs)
        for residual in self.residuals:
            h = residual(h, training=training)
        return self.last(h)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "classes": self.classes}


x, y = load_wine(return_X_y=True)
order = np.random.default_rng(0).permutation(len(x))  # our own order, so no shuffling in fit
x, y = ((x - x.mean(0)) / x.std(0)).astype("float32")[order], y[order]

model = WineModel()
model.compile(
    keras.optimizers.Adam(5e-3), "sparse_categorical_crossentropy", metrics=[keras.metrics.SparseCategoricalAccuracy()]
)
history = model.fit(x[:130], y[:130], epochs=10, batch_size=16, shuffle=False, verbose=0)
scores = model.evaluate(x[130:], y[130:], verbose=0)
before = model.predict(x[130:], verbose=0)

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "wine.keras")
    model.save(path)
    restored = keras.models.load_model(path)
after = restored.predict(x[130:], verbose=0)
print("largest difference after loading:", np.abs(before - after).max())

restored.fit(x[:130], y[:130], epochs=3, batch_size=16, shuffle=False, verbose=0)  # the optimizer's state came along

model(x[:5])  # leaves the gates' losses and the regularizers' in model.losses
results = {
    "history": history.history,
    "test": scores,
    "predictions": before[:10].tolist(),
    "restored": after[:10].tolist(),
    "further": restored.evaluate(x[130:], y[130:], verbose=0),
    "weights": [w.path.split("/")[-1] for w in model.trainable_weights],
    "losses": [float(loss) for loss in model.losses],
}
print(json.dumps({"test": scores, "further": results["further"]}))
