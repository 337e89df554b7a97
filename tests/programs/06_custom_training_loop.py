"""Two moons: a training loop of our own, first over a GradientTape, then with train_on_batch."""

import json

import keras
import numpy as np
from keras import layers
from sklearn.datasets import make_moons
from tensorflow import GradientTape

EPOCHS = 12
BATCH = 32
CLIP = 1.0

# -- data: our own permutations decide the order of the rows ----------------------------------------------------------

rng = np.random.default_rng(11)
x, y = make_moons(n_samples=600, noise=0.2, random_state=5)
x, y = x.astype("float32"), y.astype("float32")[:, None]
x_train, y_train, x_val, y_val = x[:480], y[:480], x[480:], y[480:]


def batches(seed):
    order = np.random.default_rng(seed).permutation(len(x_train))
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        yield x_train[rows], y_train[rows]


# -- model ------------------------------------------------------------------------------------------------------------


def make_model():
    inputs = keras.Input((2,))
    h = layers.Dense(24, activation="tanh")(inputs)
    h = layers.Dense(24, activation="tanh")(h)
    return keras.Model(inputs, layers.Dense(1)(h))


model = make_model()
# Seeded NumPy weights: every library starts from the same point.
model.set_weights(
    [rng.normal(0, 1 / np.sqrt(len(w)), w.shape).astype("float32") if w.ndim == 2 else w for w in model.get_weights()]
)

loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)
optimizer = keras.optimizers.Adam(learning_rate=5e-3, clipnorm=CLIP)
train_loss = keras.metrics.Mean(name="train_loss")
train_accuracy = keras.metrics.BinaryAccuracy(threshold=0.0)
val_accuracy = keras.metrics.BinaryAccuracy(threshold=0.0)


def train_step(features, labels):
    with GradientTape() as tape:
        logits = model(features, training=True)
        loss = loss_fn(labels, logits)
    gradients = tape.gradient(loss, model.trainable_weights)
    optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
    train_loss.update_state(loss)
    train_accuracy.update_state(labels, logits)
    return loss


def test_step(features, labels):
    val_accuracy.update_state(labels, model(features, training=False))


log = []
for epoch in range(EPOCHS):
    for features, labels in batches(epoch):
        train_step(features, labels)
    for start in range(0, len(x_val), BATCH):
        test_step(x_val[start : start + BATCH], y_val[start : start + BATCH])
    log.append([float(train_loss.result()), float(train_accuracy.result()), float(val_accuracy.result())])
    print(f"epoch {epoch + 1:2}: loss {log[-1][0]:.4f}, accuracy {log[-1][1]:.4f}, val_accuracy {log[-1][2]:.4f}")
    for metric in (train_loss, train_accuracy, val_accuracy):
        metric.reset_state()
    if epoch == 7:
        optimizer.learning_rate = 1e-3  # slower for the last epochs

# -- the same data once more, the model's own step --------------------------------------------------------------------

second = make_model()
second.set_weights([w * 0.5 for w in model.get_weights()])
second.compile(
    optimizer=keras.optimizers.SGD(0.2, momentum=0.5),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=["mae"],
)
losses = []
for epoch in range(4):
    for features, labels in batches(100 + epoch):
        loss, mae = second.train_on_batch(features, labels)
    losses.append([float(loss), float(mae)])
test_loss, test_mae = second.test_on_batch(x_val, y_val)

results = {
    "log": log,
    "losses": losses,
    "steps": int(optimizer.iterations),
    "test": [float(test_loss), float(test_mae)],
    "logits": np.asarray(model(x_val[:10])).tolist(),
    "second": second.predict_on_batch(x_val[:10]).tolist(),
}
print(json.dumps(results["test"]))
