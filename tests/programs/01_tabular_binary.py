"""Breast cancer: benign or malignant, from 30 measurements of cell nuclei."""

import json

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

keras.utils.set_random_seed(0)


def same_start(model, seed=0):
    """Give the kernels seeded NumPy numbers, so that the start does not depend on the library's own generator."""
    rng = np.random.default_rng(seed)
    model.set_weights(
        [
            rng.normal(0, 1 / np.sqrt(len(w)), w.shape).astype("float32") if w.ndim == 2 else w
            for w in model.get_weights()
        ]
    )


# 1. The data: scaled by the training rows only.
x, y = load_breast_cancer(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.25, random_state=0, stratify=y)
scaler = StandardScaler().fit(x_train)
x_train, x_test = scaler.transform(x_train), scaler.transform(x_test)

# 2. The model.
model = keras.Sequential(
    [
        keras.Input(shape=(30,)),
        layers.Dense(32, activation="relu"),
        layers.BatchNormalization(),
        layers.Dense(16, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-3)),
        layers.Dense(1, activation="sigmoid"),
    ],
    name="tumor",
)
same_start(model)
model.summary()
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=2e-3),
    loss="binary_crossentropy",
    metrics=[
        "accuracy",
        keras.metrics.Precision(name="precision"),
        keras.metrics.Recall(name="recall"),
        keras.metrics.AUC(),
    ],
)

# 3. Training: rows in the order that train_test_split gave them, no dropout, so nothing is drawn on the way.
counts = np.bincount(y_train)
history = model.fit(
    x_train,
    y_train,
    epochs=15,
    batch_size=32,
    shuffle=False,
    validation_split=0.2,
    class_weight={0: len(y_train) / (2 * counts[0]), 1: len(y_train) / (2 * counts[1])},
    verbose=2,
)

# 4. How good is it?
scores = model.evaluate(x_test, y_test, verbose=0, return_dict=True)
probabilities = model.predict(x_test, verbose=0)[:, 0]
predicted = (probabilities > 0.5).astype(int)
confusion = np.zeros((2, 2), int)
np.add.at(confusion, (y_test, predicted), 1)
print("confusion matrix\n", confusion)

results = {
    "history": history.history,
    "test": scores,
    "confusion": confusion.tolist(),
    "probabilities": probabilities[:20].tolist(),
    "parameters": model.count_params(),
}
print(json.dumps(results["test"], indent=2))
