"""Step 10: the same script for several classes: which of three iris species, with softmax and one output per class."""

from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

import chainrule as keras
from chainrule import layers


def main() -> dict[str, float]:
    keras.utils.set_random_seed(1)
    x, y = load_iris(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.25, random_state=1, stratify=y)
    normalize = layers.Normalization()
    normalize.adapt(x_train)
    model = keras.Sequential(
        [keras.Input((4,)), normalize, layers.Dense(16, activation="relu"), layers.Dense(3, activation="softmax")]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=60, batch_size=16, verbose=0)
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"test accuracy {accuracy:.3f} (guessing: 0.333), test loss {loss:.3f}")
    print(
        "probabilities of the three species for one flower:",
        [f"{p:.3f}" for p in model.predict(x_test[:1], verbose=0)[0]],
    )
    return {"accuracy": accuracy}


if __name__ == "__main__":
    main()
