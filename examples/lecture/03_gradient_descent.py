"""Step 3: gradient descent goes down that surface: w <- w - learning_rate * dL/dw, again and again."""

import matplotlib
import numpy as np
from common import OR, X, mean_loss, perceptron, picture

import chainrule as cr

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def main() -> dict[str, list[float]]:
    model = perceptron()
    layer = model.layers[0]
    path = [[*layer.get_weights()[0][:, 0], layer.get_weights()[1][0]]]
    note = cr.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: path.append([*layer.get_weights()[0][:, 0], layer.get_weights()[1][0]])
    )
    history = model.fit(X, OR, batch_size=4, epochs=200, verbose=0, callbacks=[note]).history["loss"]
    steps = np.array(path)
    print("step       w1       w2        b   mean loss before the step")
    for i in (0, 1, 2, 5, 10, 50, 100, 199):
        print(f"{i:4d}  {steps[i, 0]:7.4f}  {steps[i, 1]:7.4f}  {steps[i, 2]:7.4f}   {history[i]:.4f}")
    axis = np.linspace(-2, 5, 121)
    w1, w2 = np.meshgrid(axis, axis)
    figure, axes = plt.subplots(figsize=(6, 5), layout="constrained")
    filled = axes.contourf(w1, w2, mean_loss(w1, w2, float(steps[-1, 2])), levels=24, cmap="cividis")
    figure.colorbar(filled, label="mean squared error at the last bias")
    axes.plot(steps[:, 0], steps[:, 1], ".-", color="#D55E00", markersize=4, linewidth=1, label="200 steps")
    axes.plot(*steps[0, :2], "o", color="white", markeredgecolor="#D55E00", markersize=9, label="start")
    axes.set(xlabel="$w_1$", ylabel="$w_2$", title="Gradient descent, learning rate 1")
    axes.legend(loc="lower right")
    file = picture("03_gradient_descent.png")
    figure.savefig(file, dpi=120)
    plt.close(figure)
    print(f"Picture: {file}")
    return {"first": steps[1].tolist(), "last": steps[-1].tolist(), "loss": [history[0], history[1]]}


if __name__ == "__main__":
    main()
