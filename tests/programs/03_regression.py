"""Diabetes: how the disease progresses within a year. A functional model whose first layer scales the inputs."""

import json

import keras
import numpy as np
from keras import layers, ops
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression

# Data order, split and initial weights all come from this generator: a run can be repeated with any library.
rng = np.random.default_rng(42)

x, y = load_diabetes(return_X_y=True, scaled=False)
order = rng.permutation(len(x))
x, y = x[order].astype("float32"), y[order].astype("float32")
x_train, y_train = x[:342], y[:342]
x_test, y_test = x[342:], y[342:]
y_mean, y_std = y_train.mean(), y_train.std()


def scaled(targets):
    return (targets - y_mean) / y_std


normalization = layers.Normalization()
normalization.adapt(x_train)

inputs = keras.Input(shape=(10,), name="patient")
h = normalization(inputs)
h = layers.Dense(32, activation="silu")(h)
shortcut = h
h = layers.LayerNormalization()(h)
h = layers.Dense(32, activation="silu", kernel_constraint=keras.constraints.MaxNorm(3))(h)
h = layers.Add()([h, shortcut])
h = layers.Dense(16, activation="tanh")(h)
outputs = layers.Dense(1, name="progression")(h)
model = keras.Model(inputs, outputs, name="diabetes")

for layer in model.layers:
    if isinstance(layer, layers.Dense):
        kernel, bias = layer.get_weights()
        layer.set_weights([rng.normal(0, 1 / np.sqrt(kernel.shape[0]), kernel.shape), bias])


def within_half_a_deviation(y_true, y_pred):
    """The share of patients whose prediction is at most half a standard deviation off."""
    return ops.mean(ops.cast(ops.abs(y_true - y_pred) < 0.5, "float32"), axis=-1)


steps = int(np.ceil(len(x_train) / 16))
model.compile(
    optimizer=keras.optimizers.AdamW(
        keras.optimizers.schedules.CosineDecay(2e-3, decay_steps=20 * steps), weight_decay=1e-3
    ),
    loss=keras.losses.Huber(delta=1.0),
    metrics=["mae", keras.metrics.RootMeanSquaredError(name="rmse"), keras.metrics.R2Score(), within_half_a_deviation],
)
history = model.fit(
    x_train,
    scaled(y_train),
    validation_data=(x_test, scaled(y_test)),
    epochs=20,
    batch_size=16,
    shuffle=False,
    verbose=0,
)
for epoch in range(0, 20, 5):
    print(f"epoch {epoch + 1:2}: " + ", ".join(f"{k} {v[epoch]:.4f}" for k, v in history.history.items()))

predictions = model.predict(x_test, verbose=0)[:, 0] * y_std + y_mean
rmse = float(np.sqrt(np.mean((predictions - y_test) ** 2)))
baseline = LinearRegression().fit(x_train, y_train).predict(x_test)
baseline_rmse = float(np.sqrt(np.mean((baseline - y_test) ** 2)))
print(f"RMSE {rmse:.2f}, of a linear regression {baseline_rmse:.2f}")

results = {
    "history": history.history,
    "test": model.evaluate(x_test, scaled(y_test), verbose=0, return_dict=True),
    "rmse": rmse,
    "baseline": baseline_rmse,
    "predictions": (predictions[:20] / y_std).tolist(),
}
print(json.dumps(results["test"], indent=2))
