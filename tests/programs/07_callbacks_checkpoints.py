"""Friedman's function of eight numbers: checkpoints, early stopping, smaller steps, a callback of our own."""

import csv
import json
import os
import tempfile

import keras
import numpy as np
from keras.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from sklearn.datasets import make_friedman1

x, y = make_friedman1(n_samples=900, n_features=8, noise=0.4, random_state=2)
x, y = x.astype("float32"), ((y - y.mean()) / y.std()).astype("float32")
x_train, y_train, x_val, y_val, x_test, y_test = x[:500], y[:500], x[500:700], y[500:700], x[700:], y[700:]


def make_model():
    model = keras.Sequential(
        [
            keras.Input((8,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    rng = np.random.default_rng(1)  # NumPy's numbers as initial weights: no library draws its own
    model.set_weights(
        [rng.normal(0, np.sqrt(1.5 / len(w)), w.shape) if w.ndim == 2 else w for w in model.get_weights()]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse", metrics=["mae"])
    return model


class Diary(Callback):
    """Notes what happens when, and the size of the weights at the end of each epoch."""

    def __init__(self):
        super().__init__()
        self.events = []
        self.norms = []
        self.batches = 0

    def on_train_begin(self, logs=None):
        self.events.append(f"begin: {self.params['epochs']} epochs of {self.params['steps']} steps")

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1

    def on_epoch_end(self, epoch, logs=None):
        self.norms.append(float(np.sqrt(sum(np.sum(np.square(w)) for w in self.model.get_weights()))))
        if logs["val_loss"] < 0.2 and not any(e.startswith("good") for e in self.events):
            self.events.append(f"good enough after epoch {epoch + 1}")

    def on_train_end(self, logs=None):
        self.events.append(f"end: {sorted(logs)}")


with tempfile.TemporaryDirectory() as folder:
    best = os.path.join(folder, "best.keras")
    table = os.path.join(folder, "log.csv")
    diary, rates = Diary(), []
    model = make_model()
    history = model.fit(
        x_train,
        y_train,
        validation_data=(x_val, y_val),
        epochs=30,
        batch_size=25,
        shuffle=False,  # the same batches in each run
        verbose=0,
        callbacks=[
            ModelCheckpoint(best, monitor="val_loss", save_best_only=True),
            ModelCheckpoint(os.path.join(folder, "epoch-{epoch:02d}.weights.h5"), save_weights_only=True),
            ReduceLROnPlateau(monitor="val_loss", factor=0.3, patience=2, min_delta=1e-3),
            EarlyStopping(monitor="val_loss", patience=6, restore_best_weights=True),
            CSVLogger(table),
            LambdaCallback(on_epoch_end=lambda epoch, logs: rates.append(float(model.optimizer.learning_rate))),
            diary,
        ],
    )
    print(f"stopped after {len(history.epoch)} epochs; learning rate {rates[-1]:g}")

    # What the callbacks have left behind.
    files = sorted(os.listdir(folder))
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    restored = keras.models.load_model(best)
    first = make_model()
    first.load_weights(os.path.join(folder, "epoch-01.weights.h5"))
    scores = {
        "restored": restored.evaluate(x_test, y_test, verbose=0),
        "stopped": model.evaluate(x_test, y_test, verbose=0),
        "first epoch": first.evaluate(x_test, y_test, verbose=0),
    }

    # Going on from the checkpoint, with a schedule over the epochs.
    more = restored.fit(
        x_train,
        y_train,
        epochs=5,
        initial_epoch=2,
        batch_size=25,
        shuffle=False,
        verbose=0,
        callbacks=[LearningRateScheduler(lambda epoch, rate: rate * 0.5)],
    )

for name, (loss, mae) in scores.items():
    print(f"{name:12} mse {loss:.4f}, mae {mae:.4f}")

results = {
    "history": history.history,
    "rates": rates,
    "norms": diary.norms,
    "events": diary.events,
    "batches": diary.batches,
    "files": files,
    "csv": [[float(row["loss"]), float(row["val_mae"])] for row in rows],
    "scores": scores,
    "more": more.history,
    "epochs": [history.epoch, more.epoch],
}
print(json.dumps(results["events"]))
