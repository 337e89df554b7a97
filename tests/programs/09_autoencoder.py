"""Digits squeezed into six numbers and back; strange pictures found by their error."""

import json

import keras
import numpy as np
from keras import layers, models
from sklearn.datasets import load_digits

CODE = 6
rng = np.random.default_rng(4)

images = load_digits().data.astype("float32") / 16
images = images[rng.permutation(len(images))]  # our own order; fit does not shuffle
train, test = images[:1400], images[1400:]
noisy = np.clip(train + rng.normal(0, 0.15, train.shape).astype("float32"), 0, 1)  # drawn once, by NumPy

# -- three models that share their layers -----------------------------------------------------------------------------

encoder = models.Sequential(
    [
        keras.Input((64,)),
        layers.Dense(48, activation="leaky_relu"),
        layers.Dense(24, activation="leaky_relu"),
        layers.Dense(CODE, name="code", activity_regularizer=keras.regularizers.L1(1e-5)),
    ],
    name="encoder",
)
decoder = models.Sequential(
    [
        keras.Input((CODE,)),
        layers.Dense(24, activation="leaky_relu"),
        layers.Dense(48, activation="leaky_relu"),
        layers.Dense(64, activation="sigmoid"),
    ],
    name="decoder",
)
pixels = keras.Input((64,))
autoencoder = keras.Model(pixels, decoder(encoder(pixels)), name="autoencoder")


def same_start(model):
    """Weights from one NumPy generator, whatever the library would have drawn."""
    model.set_weights(
        [rng.normal(0, np.sqrt(2 / sum(w.shape)), w.shape) if w.ndim == 2 else w for w in model.get_weights()]
    )


same_start(encoder)
same_start(decoder)
autoencoder.summary(expand_nested=True)

# -- denoising: noisy pictures in, clean ones out ---------------------------------------------------------------------

autoencoder.compile(optimizer=keras.optimizers.Adam(2e-3), loss="binary_crossentropy", metrics=["mse"])
history = autoencoder.fit(
    noisy, train, epochs=10, batch_size=50, shuffle=False, validation_data=(test, test), verbose=2
)

# -- the decoder fine-tuned alone, the encoder frozen -----------------------------------------------------------------

encoder.trainable = False
autoencoder.compile(optimizer=keras.optimizers.Adam(5e-4), loss="mse")
frozen = [w.copy() for w in encoder.get_weights()]
tuning = autoencoder.fit(train, train, epochs=3, batch_size=50, shuffle=False, verbose=0)
unchanged = all(np.array_equal(a, b) for a, b in zip(frozen, encoder.get_weights(), strict=True))
print("encoder unchanged by the tuning:", unchanged, "- trainable weights:", len(autoencoder.trainable_weights))

# -- what it is good for ----------------------------------------------------------------------------------------------

codes = encoder.predict(test, verbose=0)
pictures = decoder.predict(codes, verbose=0)
errors = np.mean((pictures - test) ** 2, axis=1)
upside_down = test[:, ::-1]
strange = np.mean((autoencoder.predict(upside_down, verbose=0) - upside_down) ** 2, axis=1)
threshold = float(np.quantile(errors, 0.95))
print(f"error of digits {errors.mean():.4f}, upside down {strange.mean():.4f}")
print(f"{100 * np.mean(strange > threshold):.0f} % of the strange pictures stand out")

results = {
    "history": history.history,
    "tuning": tuning.history,
    "unchanged": unchanged,
    "parameters": [encoder.count_params(), decoder.count_params(), len(autoencoder.trainable_weights)],
    "codes": codes[:5].tolist(),
    "errors": [float(errors.mean()), float(strange.mean()), threshold],
    "interpolated": decoder.predict(np.linspace(codes[0], codes[1], 5), verbose=0)[:, :8].tolist(),
}
print(json.dumps(results["errors"]))
