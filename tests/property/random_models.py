"""Random models for hypothesis, as source text: what fails can be read, shrunk and pasted into an interpreter.

A specification is a dict of lines of code; `build` evaluates them. `L`, `O`, `R`, `C`, `I` are the modules of layers,
optimizers, regularizers, constraints and initializers.
"""

from __future__ import annotations

import math
from typing import Any

import hypothesis.strategies as st

import chainrule as cr

NAMES: dict[str, Any] = {
    "cr": cr, "L": cr.layers, "O": cr.optimizers, "R": cr.regularizers, "C": cr.constraints, "I": cr.initializers,
    "S": cr.optimizers.schedules,
}  # fmt: skip
SMOOTH = (
    "linear", "sigmoid", "tanh", "relu", "leaky_relu", "relu6", "elu", "selu", "celu", "gelu", "silu", "softplus",
    "softsign", "exponential", "mish", "squareplus", "log_sigmoid", "tanh_shrink", "hard_sigmoid", "hard_silu",
    "hard_tanh", "soft_shrink", "sparse_plus", "sparse_sigmoid",
)  # fmt: skip
JUMPING = ("hard_shrink",)  # a value at the threshold falls to either side
OF_ROWS = ("softmax", "log_softmax", "sparsemax")
ACTIVATIONS = (*SMOOTH, *JUMPING, *OF_ROWS)
INITIALIZERS = (
    "I.GlorotUniform()", "I.HeNormal()", "I.LecunUniform()", "I.RandomNormal(0.0, 0.3)", "I.RandomUniform(-0.5, 0.5)",
    "I.TruncatedNormal(0.1, 0.4)", "I.VarianceScaling(2.0)", "I.Orthogonal()",
)  # fmt: skip
REGULARIZERS = ("R.L1(0.01)", "R.L2(0.02)", "R.L1L2(0.01, 0.03)")
CONSTRAINTS = ("C.MaxNorm(0.8)", "C.NonNeg()", "C.UnitNorm()", "C.MinMaxNorm(0.2, 0.9, 0.5)", "C.MaxNorm(0.7, axis=1)")
MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")

Shape = tuple[int, ...]


def rarely(draw: Any) -> bool:
    return draw(st.integers(0, 4)) == 4


@st.composite
def dense(draw: Any, units: int | None = None, activations: tuple[str, ...] = ACTIVATIONS) -> tuple[str, int]:
    """Return a dense layer, and its units."""
    units = draw(st.integers(1, 9)) if units is None else units
    options = [f"{units}", f"activation='{draw(st.sampled_from(activations))}'"]
    options.append(f"kernel_initializer={draw(st.sampled_from(INITIALIZERS))}")
    if rarely(draw):
        options.append("use_bias=False")
    elif draw(st.booleans()):
        options.append("bias_initializer=I.RandomNormal(0.0, 0.1)")
    for kind in ("kernel_regularizer", "bias_regularizer", "activity_regularizer"):
        if rarely(draw):
            options.append(f"{kind}={draw(st.sampled_from(REGULARIZERS))}")
    if units > 1 and rarely(draw):
        options.append("kernel_constraint=" + draw(st.sampled_from(CONSTRAINTS)))
    if rarely(draw):
        options.append("bias_constraint=C.NonNeg()")
    return f"L.Dense({', '.join(options)}", units


@st.composite
def layer(draw: Any, shape: Shape) -> tuple[str, Shape]:
    """Return a layer for one input of this shape, without the closing parenthesis, and the shape of its output."""
    width = shape[-1]
    kinds = ["Dense"] * 4 + ["Activation", "layer", "Dropout", "Noise", "Batch", "LayerNorm", "Scale", "Prelu", "Shape"]
    kinds += ["Root", "Axes"]
    kind = draw(st.sampled_from(kinds))
    if kind == "Dense":
        code, units = draw(dense())
        return code, (*shape[:-1], units)
    if kind == "Activation":
        name = draw(st.sampled_from((*ACTIVATIONS, "glu") if width % 2 == 0 else ACTIVATIONS))
        return f"L.Activation('{name}'", (*shape[:-1], width // 2 if name == "glu" else width)
    if kind == "layer":
        return draw(st.sampled_from((
            "L.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.2", "L.LeakyReLU(0.15", "L.ELU(0.7", "L.Softmax(",
            "L.ReLU(", "L.Identity(",
        ))), shape  # fmt: skip
    if kind == "Dropout":
        seed = draw(st.sampled_from(("", ", seed=5")))
        noise = f", noise_shape={(None, *shape[:-1], 1)}" if rarely(draw) else ""
        return f"L.Dropout({draw(st.sampled_from((0.0, 0.1, 0.5)))}{seed}{noise}", shape
    if kind == "Noise":
        return draw(st.sampled_from(("L.GaussianNoise(0.1", "L.GaussianDropout(0.2", "L.AlphaDropout(0.3"))), shape
    if kind == "Batch":
        axis = draw(st.integers(1, len(shape)))
        return draw(st.sampled_from((
            f"L.BatchNormalization(axis={axis}", "L.BatchNormalization(scale=False, momentum=0.5, epsilon=0.01",
            "L.BatchNormalization(center=False, gamma_initializer=I.RandomNormal(1.0, 0.1)",
            "L.BatchNormalization(trainable=False",
        ))), shape  # fmt: skip
    if kind == "LayerNorm":
        axes = draw(st.sampled_from([-1, *range(1, len(shape) + 1), list(range(1, len(shape) + 1))]))
        return f"L.LayerNormalization(axis={axes}, epsilon=0.01" + draw(st.sampled_from(("", ", scale=False"))), shape
    if kind == "Root":
        axes = draw(st.sampled_from([-1, *range(1, len(shape) + 1), list(range(1, len(shape) + 1))]))
        groups = draw(st.sampled_from([n for n in range(1, width + 1) if width % n == 0]))
        return draw(st.sampled_from((
            f"L.RMSNormalization(axis={axes}, epsilon=0.01", f"L.UnitNormalization(axis={axes}",
            f"L.GroupNormalization({groups}, epsilon=0.01", f"L.GroupNormalization({groups}, epsilon=0.1, scale=False",
        ))), shape  # fmt: skip
    if kind == "Axes" and len(shape) == 1:
        return "L.RepeatVector(3", (3, width)
    if kind == "Axes" and len(shape) == 2:
        pool = draw(st.sampled_from(("L.GlobalAveragePooling1D(", "L.GlobalMaxPooling1D(")))
        return draw(st.sampled_from((
            ("L.Permute((2, 1)", (width, shape[0])), ("L.Softmax(axis=1", shape), ("L.SpatialDropout1D(0.3", shape),
            (pool, (width,)), (f"{pool}keepdims=True", (1, width)),
        )))  # fmt: skip
    if kind == "Scale":
        return draw(st.sampled_from((
            "L.Rescaling(0.5, 0.25", f"L.Rescaling({[0.5 + i / 8 for i in range(width)]}, 0.1",
            f"L.Normalization(mean={[i / 4 for i in range(width)]}, variance={[1.0 + i for i in range(width)]}",
            "L.Normalization(axis=None, mean=0.2, variance=2.0, invert=True",
        ))), shape  # fmt: skip
    if kind == "Prelu":
        shared = ", shared_axes=[1]" if len(shape) > 1 and draw(st.booleans()) else ""
        return f"L.PReLU(I.RandomUniform(0.0, 0.5){shared}", shape
    if len(shape) > 1:
        return "L.Flatten(", (math.prod(shape),)
    parts = next((n for n in (3, 2) if width % n == 0), 1)
    return f"L.Reshape({(parts, width // parts)}", (parts, width // parts)


@st.composite
def architectures(draw: Any, max_layers: int = 7) -> dict[str, Any]:
    """Return inputs, and layers with what they are called on; every value leads to `trunk`, a matrix.

    `inputs` maps names to (width, classes): whole numbers below `classes` for an embedding, or real ones (0).
    """
    shapes: dict[str, Shape] = {}
    inputs: dict[str, tuple[int, int]] = {}
    layers: list[tuple[str, str, list[str]]] = []
    unread: list[str] = []

    def add(code: str, on: list[str], shape: Shape) -> None:
        name = f"n{len(layers)}"
        layers.append(
            (name, code if code in shapes else f"{code}{'' if code.endswith('(') else ', '}name='{name}')", on)
        )
        shapes[name] = shape
        unread[:] = [v for v in unread if v not in on] + [name]

    sequential = draw(st.booleans())
    for i in range(1 if sequential else draw(st.integers(1, 2))):
        classes = draw(st.integers(2, 6)) if rarely(draw) else 0
        inputs[f"x{i}"] = (draw(st.integers(1, 7)), classes)
        shapes[f"x{i}"] = (inputs[f"x{i}"][0],)
        unread.append(f"x{i}")
        if classes:
            dim = draw(st.integers(1, 4))
            regularizer = ", embeddings_regularizer=R.L2(0.01)" if rarely(draw) else ""
            add(f"L.Embedding({classes}, {dim}{regularizer}", [f"x{i}"], (inputs[f"x{i}"][0], dim))
    for _ in range(draw(st.integers(0, max_layers))):
        ready = unread if sequential else [v for v in shapes if not inputs.get(v, (0, 0))[1]]
        chosen = draw(st.sampled_from(ready))
        kind = "layer" if sequential else draw(st.sampled_from(("layer", "layer", "merge", "again")))
        others = [v for v in ready if shapes[v] == shapes[chosen]]
        if kind == "merge":
            merge = draw(st.sampled_from(MERGES))
            count = 2 if merge == "Subtract" else draw(st.integers(2, 3))
            on = [chosen, *(draw(st.sampled_from(others)) for _ in range(count - 1))]
            shape = shapes[chosen]
            add(f"L.{merge}(", on, (*shape[:-1], shape[-1] * count) if merge == "Concatenate" else shape)
            continue
        shared = [n for n, code, on in layers if code.startswith(("L.Dense", "L.Dropout", "L.PReLU", "L.BatchN"))
                  and shapes[on[0]] == shapes[chosen]]  # fmt: skip
        if kind == "again" and shared:
            name = draw(st.sampled_from(shared))
            add(name, [chosen], shapes[name])
        else:
            code, shape = draw(layer(shapes[chosen]))
            add(code, [chosen], shape)
    return {"sequential": sequential, "inputs": inputs, "layers": layers, "loose": unread, "shapes": shapes}


def build(spec: dict[str, Any], heads: list[str], deep: list[str]) -> Any:
    """Return the model of a specification with heads `out0`, `out1`, ... on the flattened rest.

    Args:
        heads: code of the layers that end it.
        deep: which values the heads see: those nobody else reads.
    """
    inputs = {
        name: cr.Input((width,), dtype="int32" if classes else cr.config.floatx(), name=name)
        for name, (width, classes) in spec["inputs"].items()
    }
    made = {
        name: eval(code, dict(NAMES)) for name, code, _ in spec["layers"] if code not in dict.fromkeys(spec["shapes"])
    }
    tops = [eval(code, dict(NAMES)) for code in heads]
    if spec["sequential"] and len(tops) == 1:
        flatten = [cr.layers.Flatten(name="flat")] if len(spec["shapes"][deep[0]]) > 1 else []
        return cr.Sequential([*inputs.values(), *made.values(), *flatten, tops[0]])
    values: dict[str, Any] = dict(inputs)
    for name, code, on in spec["layers"]:
        arguments = [values[v] for v in on]
        values[name] = made.get(name, made.get(code))(arguments[0] if len(arguments) == 1 else arguments)
    flat = [cr.layers.Flatten(name=f"flat_{v}")(values[v]) if len(spec["shapes"][v]) > 1 else values[v] for v in deep]
    trunk = flat[0] if len(flat) == 1 else cr.layers.Concatenate(name="trunk")(flat)
    outputs = [top(trunk) for top in tops]
    first = list(inputs.values())
    return cr.Model(first[0] if len(first) == 1 else first, outputs[0] if len(outputs) == 1 else outputs)
