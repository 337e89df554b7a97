"""Step 4: backpropagation of one observation, worked out by the chain rule with the numbers put in."""

from common import OR, X, perceptron

import chainrule as cr


def main() -> dict[str, float]:
    table = cr.trace(perceptron(), X, OR)
    print(table[2])
    print()
    print("All four observations, and the mean that one step with the whole batch follows:")
    print()
    print(table.mean())
    print()
    print("A slip of the MLP slides: dl/dp is 2(p - y); the 2 must not be dropped.")
    check = table.check()
    return {"difference": check.max_abs}


if __name__ == "__main__":
    main()
