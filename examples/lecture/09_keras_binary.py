"""Step 9: the generic Keras script, for two classes (breast cancer). Only the imports name chainrule."""

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

import chainrule as keras
from chainrule import layers


def main() -> dict[str, float]:
    keras.utils.set_random_seed(1)
    x, y = load_breast_cancer(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.25, random_state=1, stratify=y)
    normalize = layers.Normalization()
    normalize.adapt(x_train)
    model = keras.Sequential(
        [keras.Input((30,)), normalize, layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")]
    )
    model.summary()
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=40, batch_size=32, validation_split=0.2, verbose=0)
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    majority = max(y_test.mean(), 1 - y_test.mean())
    print(f"test accuracy {accuracy:.3f} (always the larger class: {majority:.3f}), test loss {loss:.3f}")
    print(
        "probability of 'benign' for three patients:", [f"{p:.3f}" for p in model.predict(x_test[:3], verbose=0)[:, 0]]
    )
    return {"accuracy": accuracy, "baseline": float(majority)}


if __name__ == "__main__":
    main()
