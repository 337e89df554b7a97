"""Step 2: the squared error (y - p)^2, and its mean over the four rows as a surface over the two weights."""

import matplotlib
import numpy as np
from common import OR, X, mean_loss, perceptron, picture

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def main() -> dict[str, float]:
    loss, accuracy = perceptron().evaluate(X, OR, verbose=0)
    print(f"At w = (1, -1), b = -0.5 the mean squared error is {loss:.4f}, and {accuracy:.0%} of the rows are right.")
    axis = np.linspace(-6, 6, 121)
    w1, w2 = np.meshgrid(axis, axis)
    surface = mean_loss(w1, w2, -0.5)
    lowest = np.unravel_index(surface.argmin(), surface.shape)
    at = f"w = ({w1[lowest]:.1f}, {w2[lowest]:.1f})"
    print(f"On the grid, with b = -0.5, the lowest error is {surface.min():.4f} at {at}.")
    figure, axes = plt.subplots(figsize=(6, 5), layout="constrained")
    filled = axes.contourf(w1, w2, surface, levels=24, cmap="cividis")
    figure.colorbar(filled, label="mean squared error")
    axes.plot(1, -1, "o", color="#D55E00", markeredgecolor="white", markersize=9, label="start: w = (1, -1)")
    axes.set(xlabel="$w_1$", ylabel="$w_2$", title="The error of the OR perceptron, b = -0.5")
    axes.legend()
    path = picture("02_error_surface.png")
    figure.savefig(path, dpi=120)
    plt.close(figure)
    print(f"Picture: {path}")
    return {"loss": loss, "lowest": float(surface.min())}


if __name__ == "__main__":
    main()
