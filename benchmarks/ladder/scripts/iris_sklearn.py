"""Iris from a file to predictions, with scikit-learn."""

import sys
import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier

warnings.simplefilter("ignore")  # five epochs do not converge, and are not meant to
table = np.loadtxt(sys.argv[1], delimiter=",", dtype="float32")
x, y = table[:, :4], table[:, 4].astype("int32")
model = MLPClassifier(hidden_layer_sizes=(16,), batch_size=32, max_iter=5).fit(x, y)
print(model.predict(x))
