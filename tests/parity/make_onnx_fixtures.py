"""Write small ONNX files as PyTorch, Keras and scikit-learn export them, with inputs and the runtime's outputs.

Needs torch, onnxscript, onnxruntime, scikit-learn, skl2onnx, and for Keras tensorflow with tf2onnx. For each model it
writes `fixtures/onnx/<name>.onnx`; `fixtures/onnx/numbers.npz` holds `<name>/x` and `<name>/y`.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "fixtures" / "onnx"
ROWS = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 2])
NUMBERS: dict[str, Any] = {}


def keep(name: str, data: bytes, output: str | None = None) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(data)
    wanted = [output or session.get_outputs()[0].name]
    (FOLDER / f"{name}.onnx").write_bytes(data)
    NUMBERS[f"{name}/x"] = ROWS
    NUMBERS[f"{name}/y"] = session.run(wanted, {session.get_inputs()[0].name: ROWS})[0]
    print(name, len(data))


def torch_models() -> dict[str, Any]:
    from torch import nn

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 4), nn.Linear(8, 2)

        def forward(self, x: Any) -> Any:
            import torch

            h = x + torch.relu(self.a(x)) * 0.5
            return self.b(torch.cat([h, x - 1.0], dim=1).view(x.size(0), -1))

    return {
        "classifier": nn.Sequential(
            nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(), nn.Linear(6, 3, bias=False), nn.Softmax(dim=1)
        ),
        "modern": nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.GELU(), nn.Linear(6, 5), nn.SiLU(), nn.PReLU()),
        "activations": nn.Sequential(
            nn.Linear(4, 5), nn.LeakyReLU(0.1), nn.Linear(5, 5), nn.ELU(), nn.Linear(5, 5), nn.Softplus(),
            nn.Linear(5, 4), nn.Hardswish(), nn.Hardsigmoid(), nn.SELU(), nn.Mish(), nn.CELU(0.5), nn.LogSoftmax(-1),
        ),
        "residual": Residual(),
        "table": nn.Sequential(nn.Unflatten(1, (2, 2)), nn.Linear(2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(6, 1)),
    }  # fmt: skip


def torch_files() -> None:
    import torch

    for name, model in torch_models().items():
        torch.manual_seed(1)
        model.eval()
        x = torch.tensor(ROWS)
        file = io.BytesIO()
        torch.onnx.export(
            model, (x,), file, dynamo=False, input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "n"}}
        )
        keep(f"torchscript_{name}", file.getvalue())
        program = torch.onnx.export(model, (x,), dynamo=True, dynamic_shapes=({0: torch.export.Dim("n")},))
        proto = program.model_proto
        for node in proto.graph.node:
            del node.metadata_props[:]  # where on this machine the code lies
        keep(f"torch_{name}", proto.SerializeToString())


def sklearn_files() -> None:
    from skl2onnx import to_onnx
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    models: dict[str, Callable[[], Any]] = {
        "multiclass": lambda: make_pipeline(StandardScaler(), MLPClassifier((5,), max_iter=5, random_state=0)),
        "binary": lambda: MLPClassifier((5, 3), activation="tanh", max_iter=5, random_state=0),
        "regressor": lambda: make_pipeline(
            MinMaxScaler(), MLPRegressor(hidden_layer_sizes=(5,), activation="logistic", max_iter=5, random_state=0)
        ),
    }
    for name, make in models.items():
        model = make()
        model.fit(ROWS, LABELS if name == "multiclass" else LABELS > 0 if name == "binary" else ROWS[:, 0])
        classifier = name != "regressor"
        options = {"zipmap": False} if classifier else None
        data = to_onnx(model, ROWS[:1], options=options, target_opset=18).SerializeToString()
        keep(f"sklearn_{name}", data, "probabilities" if classifier else None)


def keras_files() -> None:
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    x = keras.Input((4,))
    h = layers.Dense(6, activation="relu")(layers.Rescaling(0.5, offset=1.0)(x))
    both = layers.Concatenate()([layers.BatchNormalization()(h), layers.Dense(3, activation="silu")(x)])
    models = {
        "sequential": keras.Sequential(
            [keras.Input((4,)), layers.Dense(8, activation="tanh"), layers.Dropout(0.5), layers.Dense(3, "softmax")]
        ),
        "functional": keras.Model(x, layers.Dense(2, activation="sigmoid")(layers.LayerNormalization()(both))),
        "reshaped": keras.Sequential(
            [keras.Input((4,)), layers.Reshape((2, 2)), layers.Dense(3, "elu"), layers.Flatten(), layers.Dense(1)]
        ),
    }
    for name, model in models.items():
        model.predict(ROWS, verbose=0)
        model.export(FOLDER / f"keras_{name}.onnx", format="onnx", verbose=False)
        keep(f"keras_{name}", (FOLDER / f"keras_{name}.onnx").read_bytes())


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    warnings.simplefilter("ignore")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for part in sys.argv[1:] or ("torch", "sklearn", "keras"):
        {"torch": torch_files, "sklearn": sklearn_files, "keras": keras_files}[part]()
    path = FOLDER / "numbers.npz"
    np.savez_compressed(path, **{**(np.load(path) if path.exists() else {}), **NUMBERS})
