"""Ratings of films by users: embeddings, biases and a dot product, in a model class of our own."""

import json

import keras
import numpy as np
from keras import layers, ops, regularizers

USERS, FILMS, SIZE, RATINGS = 120, 80, 8, 4000
rng = np.random.default_rng(21)

# Synthetic tastes; ratings from 1 to 5 in half steps.
tastes, styles = rng.normal(size=(USERS, 3)), rng.normal(size=(FILMS, 3))
popularity = rng.normal(scale=0.5, size=FILMS)
user = rng.integers(0, USERS, RATINGS)
film = rng.integers(0, FILMS, RATINGS)
liked = np.sum(tastes[user] * styles[film], axis=1) + popularity[film] + rng.normal(scale=0.3, size=RATINGS)
rating = np.clip(np.round(2 * (3 + 0.8 * liked)) / 2, 1, 5).astype("float32")
target = ((rating - 1) / 4)[:, None]  # 0 to 1
pairs = np.stack([user, film], axis=1).astype("int32")
train, test = slice(0, 3200), slice(3200, None)


class Start(keras.initializers.Initializer):
    """Small normal numbers from NumPy, so that each library starts with the same ones."""

    def __init__(self, seed):
        self.seed = seed

    def __call__(self, shape, dtype=None, **kwargs):
        return ops.convert_to_tensor(np.random.default_rng(self.seed).normal(0, 0.1, shape).astype("float32"))


class Recommender(keras.Model):
    def __init__(self, users, films, size, **kwargs):
        super().__init__(**kwargs)
        weak = regularizers.L2(1e-6)
        self.user_vectors = layers.Embedding(users, size, embeddings_initializer=Start(1), embeddings_regularizer=weak)
        self.film_vectors = layers.Embedding(films, size, embeddings_initializer=Start(2), embeddings_regularizer=weak)
        self.user_bias = layers.Embedding(users, 1, embeddings_initializer="zeros")
        self.film_bias = layers.Embedding(films, 1, embeddings_initializer="zeros")

    def call(self, inputs):
        user, film = inputs[:, 0], inputs[:, 1]
        match = ops.sum(self.user_vectors(user) * self.film_vectors(film), axis=1, keepdims=True)
        return ops.sigmoid(match + self.user_bias(user) + self.film_bias(film))

    def recommend(self, user, seen, count=5):
        """Return the best films that the user has not seen, with their scores."""
        films = np.setdiff1d(np.arange(FILMS), seen)
        scores = self.predict(np.stack([np.full_like(films, user), films], axis=1), verbose=0)[:, 0]
        best = np.argsort(-scores, kind="stable")[:count]
        return films[best], scores[best]


def rmse_in_stars(y_true, y_pred):
    return 4 * ops.sqrt(ops.mean(ops.square(y_true - y_pred)))


model = Recommender(USERS, FILMS, SIZE)
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.01),
    loss=keras.losses.MeanSquaredError(),
    metrics=[rmse_in_stars, keras.metrics.MeanAbsoluteError(name="mae")],
)
# The pairs come in random order already: no shuffling.
history = model.fit(
    pairs[train],
    target[train],
    batch_size=64,
    epochs=8,
    shuffle=False,
    validation_data=(pairs[test], target[test]),
    callbacks=[keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True)],
    verbose=2,
)
scores = model.evaluate(pairs[test], target[test], verbose=0, return_dict=True)

guess = float(np.sqrt(np.mean((rating[test] - rating[train].mean()) ** 2)))
print(f"test: {scores['rmse_in_stars']:.3f} stars off; always the mean: {guess:.3f}")

seen = film[train][user[train] == 7]
films, best = model.recommend(7, seen)
for number, score in zip(films, best, strict=True):
    print(f"user 7 may like film {number:2}: {1 + 4 * score:.1f} stars")

# Films that are alike, by the angle between their vectors.
vectors = model.film_vectors.get_weights()[0]
unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
alike = unit @ unit[0]

results = {
    "history": history.history,
    "test": scores,
    "recommended": films.tolist(),
    "scores": best.tolist(),
    "alike": alike[:10].tolist(),
    "baseline": guess,
    "parameters": model.count_params(),
}
print(json.dumps(results["test"], indent=2))
