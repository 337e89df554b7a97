"""Step 8: overfitting. A network too large for its 30 noisy rows learns them by heart: the error on new rows rises."""

import matplotlib
import numpy as np
from common import picture

import chainrule as cr

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def main() -> dict[str, float]:
    cr.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, (230, 1)).astype("float32")
    y = (np.sin(x) + rng.normal(0, 0.5, x.shape)).astype("float32")
    model = cr.Sequential(
        [cr.Input((1,)), *(cr.layers.Dense(128, activation="relu") for _ in range(3)), cr.layers.Dense(1)],
        name="too_large",
    )
    model.compile(optimizer=cr.optimizers.Adam(0.003), loss="mean_squared_error")
    history = model.fit(x[:30], y[:30], validation_data=(x[30:], y[30:]), epochs=400, batch_size=30, verbose=0).history
    train, validation = np.array(history["loss"]), np.array(history["val_loss"])
    best = int(validation.argmin())
    print(f"{model.count_params():,} parameters for 30 rows.")
    print(f"lowest validation loss: {validation[best]:.3f} in epoch {best + 1}, with training loss {train[best]:.3f}")
    print(f"after {len(train)} epochs:  training loss {train[-1]:.3f}, validation loss {validation[-1]:.3f}")
    print("Stopping at the lowest validation loss (callbacks.EarlyStopping) would have kept the better network.")
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    axes.plot(train, color="#0072B2", label="training")
    axes.plot(validation, color="#D55E00", linestyle="--", label="validation")
    axes.axvline(best, color="0.5", linewidth=1)
    axes.set(xlabel="epoch", ylabel="mean squared error", title="Overfitting", ylim=(0, 1))
    axes.legend()
    path = picture("08_overfitting.png")
    figure.savefig(path, dpi=120)
    plt.close(figure)
    print(f"Picture: {path}")
    return {"train": float(train[-1]), "validation": float(validation[-1]), "best": float(validation[best])}


if __name__ == "__main__":
    main()
