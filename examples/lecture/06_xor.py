"""Step 6: XOR, and why one neuron cannot learn it: it draws one straight line, and no line parts these four points."""

import numpy as np
from common import XOR, X, perceptron

import chainrule as cr


def best_line() -> int:
    """Return how many of the four rows the best of many thousand straight lines gets right."""
    directions = np.linspace(0, 2 * np.pi, 721)
    offsets = np.linspace(-2, 2, 401)
    h = np.cos(directions)[:, None] * X[:, 0] + np.sin(directions)[:, None] * X[:, 1]
    right = ((h[:, None, :] + offsets[None, :, None] > 0) == XOR).sum(-1)
    return int(right.max())


def main() -> dict[str, float]:
    one = perceptron()
    one.fit(X, XOR, batch_size=4, epochs=2000, verbose=0)
    loss_one, accuracy_one = one.evaluate(X, XOR, verbose=0)
    print(f"One neuron after 2000 steps: mean loss {loss_one:.4f}, {accuracy_one:.0%} right; p is near 0.5 everywhere.")
    print(f"The best straight line of all tried gets {best_line()} of 4 rows right.")
    cr.utils.set_random_seed(3)
    many = cr.Sequential(
        [cr.Input((2,)), cr.layers.Dense(3, activation="tanh"), cr.layers.Dense(1, activation="sigmoid")], name="mlp"
    )
    many.compile(optimizer=cr.optimizers.SGD(1.0), loss="mean_squared_error", metrics=["accuracy"])
    many.fit(X, XOR, batch_size=4, epochs=2000, verbose=0)
    loss_many, accuracy_many = many.evaluate(X, XOR, verbose=0)
    print(f"Three hidden neurons after 2000 steps: mean loss {loss_many:.4f}, {accuracy_many:.0%} right.")
    print()
    print(cr.trace(many, X, XOR))
    return {
        "one": accuracy_one,
        "line": best_line(),
        "loss_one": loss_one,
        "many": accuracy_many,
        "loss_many": loss_many,
    }


if __name__ == "__main__":
    main()
