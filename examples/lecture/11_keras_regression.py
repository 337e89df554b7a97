"""Step 11: the same script for a number: the progress of diabetes after a year; linear output, squared error."""

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

import chainrule as keras
from chainrule import layers


def main() -> dict[str, float]:
    keras.utils.set_random_seed(1)
    x, y = load_diabetes(return_X_y=True, scaled=False)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.25, random_state=1)
    normalize = layers.Normalization()
    normalize.adapt(x_train)
    model = keras.Sequential([keras.Input((10,)), normalize, layers.Dense(16, activation="relu"), layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mean_squared_error", metrics=["mae"])
    stop = keras.callbacks.EarlyStopping(patience=20, restore_best_weights=True)
    model.fit(x_train, y_train, epochs=200, batch_size=32, validation_split=0.2, callbacks=[stop], verbose=0)
    loss, mae = model.evaluate(x_test, y_test, verbose=0)
    baseline = float(np.abs(y_test - y_train.mean()).mean())
    print(f"mean absolute error on the test rows {mae:.1f} (always the mean: {baseline:.1f}), squared error {loss:.0f}")
    return {"mae": mae, "baseline": baseline}


if __name__ == "__main__":
    main()
