"""Heart disease, synthetic patients: a FeatureSpace makes vectors of a table with numbers, words and codes."""

import json

import keras
import numpy as np
from keras.utils import FeatureSpace

N = 800
rng = np.random.default_rng(8)

# -- the table, as columns --------------------------------------------------------------------------------------------

table = {
    "age": rng.integers(29, 78, N).astype("float32"),
    "pressure": rng.normal(131, 18, N).astype("float32"),
    "cholesterol": rng.normal(246, 52, N).astype("float32"),
    "pain": rng.choice(["typical", "atypical", "non-anginal", "none"], N),
    "vessels": rng.integers(0, 4, N),
    "thal": rng.choice(["fixed", "normal", "reversible"], N, p=[0.1, 0.5, 0.4]),
}
risk = (
    0.05 * (table["age"] - 54)
    + 0.02 * (table["pressure"] - 131)
    + 0.8 * table["vessels"]
    + 1.2 * (table["thal"] == "reversible")
    + 1.0 * (table["pain"] == "none")
    - 2.0
)
target = (rng.random(N) < 1 / (1 + np.exp(-risk))).astype("float32")[:, None]


def rows(start, stop):
    return {name: column[start:stop] for name, column in table.items()}


# -- columns to vectors -----------------------------------------------------------------------------------------------

space = FeatureSpace(
    features={
        "age": FeatureSpace.float_discretized(num_bins=8),
        "pressure": FeatureSpace.float_normalized(),
        "cholesterol": FeatureSpace.float_rescaled(scale=1 / 500),
        "pain": FeatureSpace.string_categorical(num_oov_indices=1, output_mode="one_hot"),
        "vessels": FeatureSpace.integer_categorical(num_oov_indices=0),
        "thal": "string_categorical",
    },
    crosses=[("pain", "thal")],
    crossing_dim=16,
    output_mode="concat",
)
space.adapt(rows(0, 600))
x_train, y_train = np.asarray(space(rows(0, 600))), target[:600]
x_test, y_test = np.asarray(space(rows(600, N))), target[600:]
print("the first patient:", np.round(x_train[0], 3).tolist())

# -- the model on those vectors ---------------------------------------------------------------------------------------

model = keras.Sequential(
    [
        keras.Input((x_train.shape[1],)),
        keras.layers.Dense(24, activation="elu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
# Weights from NumPy and no shuffling of rows that are random already: nothing depends on a library's own generator.
model.set_weights([rng.normal(0, 0.2, w.shape) if w.ndim == 2 else w for w in model.get_weights()])
model.compile(optimizer=keras.optimizers.Nadam(3e-3), loss="binary_crossentropy", metrics=["accuracy"])
history = model.fit(
    x_train, y_train, validation_data=(x_test, y_test), epochs=12, batch_size=40, shuffle=False, verbose=2
)

# -- a patient from the street, a word never seen included ------------------------------------------------------------

patient = {
    "age": np.array([61.0], "float32"),
    "pressure": np.array([150.0], "float32"),
    "cholesterol": np.array([290.0], "float32"),
    "pain": np.array(["stinging"]),
    "vessels": np.array([2]),
    "thal": np.array(["reversible"]),
}
vector = np.asarray(space(patient))
probability = float(model.predict(vector, verbose=0)[0, 0])
print(f"probability of heart disease: {100 * probability:.1f} %")

results = {
    "history": history.history,
    "test": model.evaluate(x_test, y_test, verbose=0, return_dict=True),
    "width": x_train.shape[1],
    "vectors": x_train[:5].tolist(),
    "patient": vector.tolist(),
    "probability": probability,
    "vocabulary": list(space.preprocessors["thal"].get_vocabulary()),
}
print(json.dumps(results["test"], indent=2))
