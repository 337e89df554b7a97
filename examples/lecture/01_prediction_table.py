"""Step 1: what a perceptron predicts. It weighs its inputs, adds a bias, and squeezes the sum into (0, 1)."""

from common import OR, X, perceptron

import chainrule as cr


def main() -> dict[str, list[float]]:
    model = perceptron()
    table = cr.trace(model, X, OR)
    print(table)
    print()
    print("The slide prints four slips, of which three are in this table and its formulas:")
    print("  row 3: p is 0.6225, where the slide repeats 0.38 of row 1;")
    print("  row 3: so y_hat is 1, where the slide prints 0;")
    print("  h = -0.5 gives p = 1/(1 + exp(0.5)) = 0.3775, where the slide writes exp(-0.5) beside the right result.")
    p = model.predict(X, verbose=0)[:, 0]
    return {"p": p.tolist(), "y_hat": (p > 0.5).astype(float).tolist()}


if __name__ == "__main__":
    main()
