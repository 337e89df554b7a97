"""Handwritten digits, 8 x 8 pixels, ten classes: momentum, a schedule for the learning rate, a table of mistakes."""

import json

import numpy as np
from keras.initializers import HeNormal
from keras.layers import Dense, Flatten, Input, Rescaling
from keras.losses import SparseCategoricalCrossentropy
from keras.metrics import SparseCategoricalAccuracy, SparseTopKCategoricalAccuracy
from keras.models import Sequential
from keras.optimizers import SGD
from keras.optimizers.schedules import ExponentialDecay
from keras.utils import to_categorical
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split

CLASSES = 10
BATCH = 64


def build_model():
    return Sequential(
        [
            Input(shape=(8, 8)),
            Rescaling(1 / 16),
            Flatten(),
            Dense(64, activation="relu", kernel_initializer=HeNormal(seed=1)),
            Dense(32, activation="gelu", kernel_initializer=HeNormal(seed=2)),
            Dense(CLASSES),
        ]
    )


def same_start(model, seed=7):
    # Libraries draw different numbers from one seed; NumPy's are the same everywhere.
    rng = np.random.default_rng(seed)
    weights = []
    for w in model.get_weights():
        weights.append(rng.normal(0, np.sqrt(2 / w.shape[0]), w.shape) if w.ndim == 2 else np.zeros_like(w))
    model.set_weights(weights)


digits = load_digits()
x_train, x_test, y_train, y_test = train_test_split(
    digits.images.astype("float32"), digits.target, test_size=0.3, random_state=1
)

model = build_model()
same_start(model)
steps = int(np.ceil(len(x_train) / BATCH))
model.compile(
    optimizer=SGD(ExponentialDecay(0.05, decay_steps=5 * steps, decay_rate=0.5), momentum=0.9, nesterov=True),
    loss=SparseCategoricalCrossentropy(from_logits=True),
    metrics=[SparseCategoricalAccuracy(name="acc"), SparseTopKCategoricalAccuracy(k=3, name="top3")],
)

# The rows are already in random order: no further shuffling, so that two runs see the same batches.
history = model.fit(
    x_train, y_train, batch_size=BATCH, epochs=12, validation_data=(x_test, y_test), shuffle=False, verbose=2
)

logits = model.predict(x_test, batch_size=256, verbose=0)
predicted = np.argmax(logits, axis=1)
table = confusion_matrix(y_test, predicted)
print("rows: the digit; columns: what the model says")
print(table)

# The same model scored with one-hot targets and probabilities.
shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
probabilities = shifted / shifted.sum(axis=1, keepdims=True)
brier = float(np.mean(np.sum((probabilities - to_categorical(y_test, CLASSES)) ** 2, axis=1)))
loss, acc, top3 = model.evaluate(x_test, y_test, verbose=0)

results = {
    "history": history.history,
    "test": {"loss": loss, "acc": acc, "top3": top3, "brier": brier},
    "confusion": table.tolist(),
    "logits": logits[:5].tolist(),
    "learning rate": float(model.optimizer.learning_rate),
}
print(json.dumps(results["test"], indent=2))
