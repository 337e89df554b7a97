"""Iris from a file to predictions, with chainrule."""

import sys

import numpy as np

import chainrule as cr

table = np.loadtxt(sys.argv[1], delimiter=",", dtype="float32")
x, y = table[:, :4], table[:, 4].astype("int32")
model = cr.Sequential(
    [cr.Input((4,)), cr.layers.Dense(16, activation="relu"), cr.layers.Dense(3, activation="softmax")]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=5, verbose=0)
print(model.predict(x, verbose=0).argmax(axis=1))
