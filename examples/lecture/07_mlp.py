"""Step 7: an MLP with one hidden layer of three units, in scalar form and in matrix form. They are the same numbers."""

import math

import numpy as np

import chainrule as cr

W = np.array([[0.5, -1.0, 0.25], [1.0, 0.75, -0.5]], dtype="float32")  # (inputs, units): a column per hidden unit
B = np.array([0.1, 0.0, -0.2], dtype="float32")
WO = np.array([[1.0], [-1.0], [0.5]], dtype="float32")
BO = np.array([0.05], dtype="float32")
POINT, TARGET = np.array([[1.0, 2.0]], dtype="float32"), np.array([1.0], dtype="float32")


def sigmoid(h: float) -> float:
    return 1 / (1 + math.exp(-h))


def scalar() -> tuple[float, list[float]]:
    """Return p and dl/dw_1j for the three hidden units, number by number."""
    x1, x2 = (float(v) for v in POINT[0])
    h = [float(W[0, j]) * x1 + float(W[1, j]) * x2 + float(B[j]) for j in range(3)]
    o = [sigmoid(v) for v in h]
    p = sigmoid(sum(float(WO[j, 0]) * o[j] for j in range(3)) + float(BO[0]))
    # The chain goes through dh_out/do_j = w_oj, the factor that the slide drops, and through dl/dp = 2(p - y).
    delta = 2 * (p - float(TARGET[0])) * p * (1 - p)
    return p, [delta * float(WO[j, 0]) * o[j] * (1 - o[j]) * x1 for j in range(3)]


def matrix() -> tuple[float, list[float]]:
    """Return the same by matrices: Z = W^T X + B, with X a column."""
    x = POINT.T.astype(float)
    o = 1 / (1 + np.exp(-(W.T @ x + B[:, None])))
    p = 1 / (1 + np.exp(-(WO.T @ o + BO[:, None])))
    delta_out = 2 * (p - TARGET) * p * (1 - p)
    delta_hidden = (WO @ delta_out) * o * (1 - o)
    return float(p[0, 0]), (x @ delta_hidden.T)[0].tolist()


def main() -> dict[str, list[float]]:
    model = cr.Sequential(
        [cr.Input((2,)), cr.layers.Dense(3, activation="sigmoid"), cr.layers.Dense(1, activation="sigmoid")], name="mlp"
    )
    model.set_weights([W, B, WO, BO])
    model.compile(optimizer=cr.optimizers.SGD(1.0), loss="mean_squared_error")
    p_scalar, g_scalar = scalar()
    p_matrix, g_matrix = matrix()
    with cr.GradientTape() as tape:
        loss = model.compute_loss(y=TARGET, y_pred=model(POINT))
    g_model = tape.gradient(loss, model.trainable_variables)[0].numpy()[0].tolist()
    print(f"scalar form:  p = {p_scalar:.6f}   dl/dw_1j = {[round(v, 6) for v in g_scalar]}")
    print(f"matrix form:  p = {p_matrix:.6f}   dl/dw_1j = {[round(v, 6) for v in g_matrix]}")
    print(f"chainrule:    p = {float(model(POINT)[0, 0]):.6f}   dl/dw_1j = {[round(v, 6) for v in g_model]}")
    print()
    print(cr.trace(model, POINT, TARGET)[0])
    return {
        "p": [p_scalar, p_matrix, float(model(POINT)[0, 0])],
        "scalar": g_scalar,
        "matrix": g_matrix,
        "model": g_model,
    }


if __name__ == "__main__":
    main()
