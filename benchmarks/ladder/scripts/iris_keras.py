"""Iris from a file to predictions, with Keras on the backend that KERAS_BACKEND names."""

import sys

import keras
import numpy as np

table = np.loadtxt(sys.argv[1], delimiter=",", dtype="float32")
x, y = table[:, :4], table[:, 4].astype("int32")
model = keras.Sequential(
    [keras.Input((4,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, activation="softmax")]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=5, verbose=0)
print(model.predict(x, verbose=0).argmax(axis=1))
