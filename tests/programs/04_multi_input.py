"""Support tickets: numbers, a category and a list of words in; a priority and a department out."""

import json

import keras
import numpy as np
from keras import layers

N, NUMBERS, PLANS, WORDS, LENGTH, DEPARTMENTS = 1200, 6, 5, 200, 12, 4
rng = np.random.default_rng(3)

# Synthetic tickets; a hidden rule says what they need.
numbers = rng.normal(size=(N, NUMBERS)).astype("float32")
plan = rng.integers(0, PLANS, size=(N, 1))
words = rng.integers(1, WORDS, size=(N, LENGTH))
topic = rng.normal(size=(WORDS, DEPARTMENTS))
scores = topic[words].mean(axis=1) + 0.3 * numbers[:, :DEPARTMENTS]
department = scores.argmax(axis=1)
urgency = numbers @ rng.normal(size=NUMBERS) + 0.5 * plan[:, 0] + rng.normal(scale=0.3, size=N)
priority = (urgency > np.median(urgency)).astype("float32")[:, None]

# The model: three inputs, two outputs, one shared trunk.
numbers_in = keras.Input(shape=(NUMBERS,), name="numbers")
plan_in = keras.Input(shape=(1,), dtype="int32", name="plan")
words_in = keras.Input(shape=(LENGTH,), dtype="int32", name="words")

plan_vector = layers.Flatten()(layers.Embedding(PLANS, 4, name="plan_embedding")(plan_in))
text_vector = layers.GlobalAveragePooling1D()(layers.Embedding(WORDS, 16, name="word_embedding")(words_in))
trunk = layers.Concatenate()([numbers_in, plan_vector, text_vector])
trunk = layers.Dense(32, activation="relu", name="trunk")(trunk)
priority_out = layers.Dense(1, activation="sigmoid", name="priority")(trunk)
department_out = layers.Dense(DEPARTMENTS, activation="softmax", name="department")(
    layers.Dense(16, activation="relu", name="department_hidden")(trunk)
)
model = keras.Model(
    inputs={"numbers": numbers_in, "plan": plan_in, "words": words_in},
    outputs={"priority": priority_out, "department": department_out},
)

# The same initial weights everywhere, set by name because the order of layers is the library's affair.
for name in ("plan_embedding", "word_embedding", "trunk", "priority", "department_hidden", "department"):
    layer = model.get_layer(name)
    layer.set_weights(
        [rng.normal(0, 1 / np.sqrt(w.shape[0]), w.shape) if w.ndim == 2 else w for w in layer.get_weights()]
    )

model.compile(
    optimizer=keras.optimizers.RMSprop(1e-3),
    loss={"priority": keras.losses.BinaryCrossentropy(), "department": "sparse_categorical_crossentropy"},
    loss_weights={"priority": 1.0, "department": 0.5},
    metrics={"priority": ["accuracy", keras.metrics.AUC(name="auc")], "department": "accuracy"},
)

train, test = slice(0, 900), slice(900, N)


def features(rows):
    return {"numbers": numbers[rows], "plan": plan[rows], "words": words[rows]}


def targets(rows):
    return {"priority": priority[rows], "department": department[rows]}


# shuffle=False: the tickets are random already, and so each run sees the same batches.
history = model.fit(
    features(train),
    targets(train),
    validation_data=(features(test), targets(test)),
    epochs=8,
    batch_size=32,
    shuffle=False,
    verbose=2,
)
scores = model.evaluate(features(test), targets(test), verbose=0, return_dict=True)
predictions = model.predict(features(test), verbose=0)

# A second model that ends at the trunk, to look at what the network has learnt.
trunk_model = keras.Model(model.input, model.get_layer("trunk").output)
codes = np.asarray(trunk_model.predict(features(slice(900, 905)), verbose=0))

results = {
    "history": history.history,
    "test": scores,
    "priority": predictions["priority"][:10].tolist(),
    "department": predictions["department"][:10].tolist(),
    "codes": codes.tolist(),
}
print(json.dumps(results["test"], indent=2))
