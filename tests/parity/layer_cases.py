"""Layers with inputs and weights, written once for Keras and chainrule.

A case is `(layer class, arguments, shapes of the inputs)`; `make(keras, name)` builds the layer of one of the two
libraries, gives it weights and returns it with its inputs, which are the same on both sides. All numbers are float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Case = tuple[str, dict[str, Any], list[tuple[int, ...]]]


def _square(x: Any) -> Any:
    return x * x


def _weighted(x: Any, by: float) -> Any:
    return x * by + x


TWO: list[tuple[int, ...]] = [(4, 3)]
THREE: list[tuple[int, ...]] = [(3, 2, 4)]
PAIR: list[tuple[int, ...]] = [(4, 3), (4, 3)]
CASES: dict[str, Case] = {
    "dense": ("Dense", {"units": 2}, TWO),
    "dense_tanh_without_bias": ("Dense", {"units": 5, "activation": "tanh", "use_bias": False}, TWO),
    "dense_softmax_on_three_axes": ("Dense", {"units": 3, "activation": "softmax"}, THREE),
    "dense_penalized": (
        "Dense",
        {
            "units": 2,
            "kernel_regularizer": {
                "class_name": "L1L2",
                "config": {"l1": 0.1, "l2": 0.2},
                "module": "keras.regularizers",
            },
            "bias_regularizer": "l2",
            "activity_regularizer": "l1",
        },
        TWO,
    ),
    "activation_tanh": ("Activation", {"activation": "tanh"}, TWO),
    "activation_softmax": ("Activation", {"activation": "softmax"}, THREE),
    "activation_linear": ("Activation", {"activation": "linear"}, TWO),
    "relu": ("ReLU", {}, TWO),
    "relu_capped": ("ReLU", {"max_value": 1.0}, TWO),
    "relu_sloped": ("ReLU", {"negative_slope": 0.2}, THREE),
    "relu_threshold": ("ReLU", {"threshold": 0.5}, TWO),
    "relu_all": ("ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.3}, TWO),
    "leaky_relu": ("LeakyReLU", {}, TWO),
    "leaky_relu_slope": ("LeakyReLU", {"negative_slope": 0.05}, THREE),
    "elu": ("ELU", {}, TWO),
    "elu_alpha": ("ELU", {"alpha": 0.5}, THREE),
    "prelu": ("PReLU", {}, TWO),
    "prelu_on_three_axes": ("PReLU", {}, THREE),
    "prelu_shared": ("PReLU", {"shared_axes": [1]}, THREE),
    "softmax": ("Softmax", {}, TWO),
    "softmax_axis": ("Softmax", {"axis": 1}, THREE),
    "softmax_axes": ("Softmax", {"axis": [1, 2]}, THREE),
    "dropout": ("Dropout", {"rate": 0.5}, TWO),
    "gaussian_noise": ("GaussianNoise", {"stddev": 0.5}, TWO),
    "gaussian_dropout": ("GaussianDropout", {"rate": 0.5}, TWO),
    "batch_normalization": ("BatchNormalization", {}, [(6, 3)]),
    "batch_normalization_on_three_axes": ("BatchNormalization", {"momentum": 0.5, "epsilon": 0.1}, THREE),
    "batch_normalization_axis": ("BatchNormalization", {"axis": 1, "momentum": 0.9}, THREE),
    "batch_normalization_without_center": ("BatchNormalization", {"center": False}, [(6, 3)]),
    "batch_normalization_without_scale": ("BatchNormalization", {"scale": False, "beta_regularizer": "l2"}, [(6, 3)]),
    "batch_normalization_bare": ("BatchNormalization", {"scale": False, "center": False}, [(6, 3)]),
    "batch_normalization_frozen": ("BatchNormalization", {"trainable": False}, [(6, 3)]),
    "layer_normalization": ("LayerNormalization", {}, TWO),
    "layer_normalization_axes": ("LayerNormalization", {"axis": [1, 2], "epsilon": 0.01}, THREE),
    "layer_normalization_axis": ("LayerNormalization", {"axis": 1}, THREE),
    "layer_normalization_without_center": ("LayerNormalization", {"center": False}, THREE),
    "layer_normalization_without_scale": ("LayerNormalization", {"scale": False}, TWO),
    "unit_normalization": ("UnitNormalization", {}, TWO),
    "unit_normalization_axes": ("UnitNormalization", {"axis": [1, 2]}, THREE),
    "embedding": ("Embedding", {"input_dim": 7, "output_dim": 3, "embeddings_regularizer": "l2"}, [(4, 2)]),
    "embedding_of_a_vector": ("Embedding", {"input_dim": 7, "output_dim": 2}, [(5,)]),
    "rescaling": ("Rescaling", {"scale": 0.25, "offset": -1.0}, TWO),
    "rescaling_columns": ("Rescaling", {"scale": [1.0, 2.0, 3.0], "offset": [0.1, 0.2, 0.3]}, TWO),
    "normalization": ("Normalization", {}, TWO),
    "normalization_given": ("Normalization", {"mean": [0.1, 0.2, 0.3], "variance": [1.0, 2.0, 3.0]}, TWO),
    "normalization_one_number": ("Normalization", {"mean": 0.5, "variance": 4.0}, THREE),
    "normalization_inverted": (
        "Normalization",
        {"mean": [0.1, 0.2, 0.3], "variance": [1.0, 2.0, 3.0], "invert": True},
        TWO,
    ),
    "normalization_of_everything": ("Normalization", {"axis": None}, TWO),
    "normalization_axis": ("Normalization", {"axis": 1}, THREE),
    "normalization_axes": ("Normalization", {"axis": [1, 2]}, THREE),
    "flatten": ("Flatten", {}, THREE),
    "flatten_a_vector": ("Flatten", {}, [(4,)]),
    "flatten_channels_first": ("Flatten", {"data_format": "channels_first"}, [(2, 3, 2, 2)]),
    "reshape": ("Reshape", {"target_shape": [4, 2]}, THREE),
    "reshape_rest": ("Reshape", {"target_shape": [-1]}, THREE),
    "reshape_one_unknown": ("Reshape", {"target_shape": [2, -1, 2]}, THREE),
    "permute": ("Permute", {"dims": [2, 1]}, THREE),
    "permute_three": ("Permute", {"dims": [3, 1, 2]}, [(2, 3, 2, 2)]),
    "repeat_vector": ("RepeatVector", {"n": 3}, TWO),
    "identity": ("Identity", {}, TWO),
    "add": ("Add", {}, [(4, 3), (4, 3), (4, 3)]),
    "add_ranks": ("Add", {}, [(4, 3), (4, 2, 3)]),
    "add_one": ("Add", {}, TWO),
    "subtract": ("Subtract", {}, PAIR),
    "multiply": ("Multiply", {}, [(4, 3), (4, 3), (4, 1)]),
    "average": ("Average", {}, [(4, 3), (4, 3), (4, 3)]),
    "maximum": ("Maximum", {}, PAIR),
    "minimum": ("Minimum", {}, PAIR),
    "concatenate": ("Concatenate", {}, [(4, 3), (4, 2)]),
    "concatenate_axis": ("Concatenate", {"axis": 1}, [(3, 2, 4), (3, 1, 4), (3, 2, 4)]),
    "alpha_dropout": ("AlphaDropout", {"rate": 0.5}, TWO),
    "spatial_dropout": ("SpatialDropout1D", {"rate": 0.5}, THREE),
    "activity_regularization": ("ActivityRegularization", {"l1": 0.1, "l2": 0.2}, TWO),
    "batch_renormalization": ("BatchNormalization", {"renorm": True, "epsilon": 0.1}, [(6, 3)]),
    "batch_renormalization_clipped": (
        "BatchNormalization",
        {
            "renorm": True,
            "renorm_clipping": {"rmin": 0.8, "rmax": 1.1, "dmax": 0.2},
            "renorm_momentum": 0.7,
            "momentum": 0.6,
            "scale": False,
        },
        THREE,
    ),
    "group_normalization": ("GroupNormalization", {"groups": 2}, THREE),
    "group_normalization_of_vectors": ("GroupNormalization", {"groups": 1, "epsilon": 0.1}, TWO),
    "group_normalization_axis": ("GroupNormalization", {"groups": 2, "axis": 1, "center": False}, [(3, 4, 2, 2)]),
    "instance_normalization": ("GroupNormalization", {"groups": -1, "scale": False}, THREE),
    "rms_normalization": ("RMSNormalization", {}, TWO),
    "rms_normalization_axes": ("RMSNormalization", {"axis": [1, 2], "epsilon": 0.1}, THREE),
    "einsum_dense": ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 2, "bias_axes": "c"}, TWO),
    "einsum_dense_on_three_axes": (
        "EinsumDense",
        {
            "equation": "abc,cd->abd",
            "output_shape": [None, 5],
            "bias_axes": "d",
            "activation": "tanh",
            "kernel_regularizer": "l2",
        },
        THREE,
    ),
    "einsum_dense_left": ("EinsumDense", {"equation": "...x,xy->...y", "output_shape": 2}, THREE),
    "einsum_dense_right": ("EinsumDense", {"equation": "ab...,bc->ac...", "output_shape": 5, "bias_axes": "c"}, THREE),
    "einsum_dense_heads": (
        "EinsumDense",
        {"equation": "abc,cde->abde", "output_shape": [None, 2, 3], "bias_axes": "de"},
        THREE,
    ),
    "einsum_dense_joined": ("EinsumDense", {"equation": "abc,bcd->ad", "output_shape": 5, "bias_axes": "d"}, THREE),
    "einsum_dense_bias_with_gap": (
        "EinsumDense",
        {"equation": "abc,cd->abd", "output_shape": [2, 5], "bias_axes": "b"},
        THREE,
    ),
    "reversible_embedding": ("ReversibleEmbedding", {"input_dim": 7, "output_dim": 3}, [(4, 2)]),
    "global_average_pooling": ("GlobalAveragePooling1D", {}, THREE),
    "global_average_pooling_first": (
        "GlobalAveragePooling1D",
        {"data_format": "channels_first", "keepdims": True},
        THREE,
    ),
    "global_max_pooling": ("GlobalMaxPooling1D", {"keepdims": True}, THREE),
    "global_max_pooling_first": ("GlobalMaxPooling1D", {"data_format": "channels_first"}, THREE),
    "dot": ("Dot", {"axes": 1}, PAIR),
    "dot_cosine": ("Dot", {"axes": -1, "normalize": True}, PAIR),
    "dot_on_three_axes": ("Dot", {"axes": [2, 1]}, [(3, 2, 4), (3, 4, 5)]),
    "dot_ranks": ("Dot", {"axes": [1, 2], "normalize": True}, [(3, 4), (3, 2, 4)]),
    "time_distributed": ("TimeDistributed", {"layer": ("Dense", {"units": 2, "activation": "tanh"})}, THREE),
    "time_distributed_normalization": (
        "TimeDistributed",
        {"layer": ("BatchNormalization", {"momentum": 0.5, "epsilon": 0.1})},
        [(5, 3, 2)],
    ),
    "spectral_normalization": (
        "SpectralNormalization",
        {"layer": ("Dense", {"units": 2, "kernel_regularizer": "l2"}), "power_iterations": 2},
        TWO,
    ),
    "lambda": ("Lambda", {"function": _square}, TWO),
    "lambda_arguments": ("Lambda", {"function": _weighted, "arguments": {"by": 0.5}}, THREE),
}
RANDOM = ("dropout", "gaussian_noise", "gaussian_dropout", "alpha_dropout", "spatial_dropout")  # compared at rest only
CONSTANT = (  # something they compute in training counts as constant in the derivative
    "batch_renormalization", "batch_renormalization_clipped", "spectral_normalization",
)  # fmt: skip
WITHOUT_KERAS = ("layer_normalization_axis",)  # Keras 3.15.1 on torch normalises the last axes only
MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")
KINKS = (-1.0, 0.0, 0.3, 0.5, 1.0)


def _away(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Return numbers from -1.5 to 1.5 that keep away from places where a layer has no derivative."""
    values = rng.uniform(-1.5, 1.5, shape)
    for kink in KINKS:
        values = np.where(np.abs(values - kink) < 0.04, kink + 0.05, values)
    return values


def inputs_of(name: str) -> list[Any]:
    """Return the inputs of a case."""
    rng = np.random.default_rng(sorted(CASES).index(name))
    kind, arguments, shapes = CASES[name]
    if kind.endswith("Embedding"):
        return [rng.integers(0, arguments["input_dim"], shapes[0]).astype("int32")]
    inputs = [_away(rng, shape) for shape in shapes]
    if kind in ("Maximum", "Minimum"):
        inputs[1] = np.where(np.abs(inputs[0] - inputs[1]) < 0.1, inputs[1] + 0.3, inputs[1])
    return inputs


def weights_of(name: str, layer: Any) -> list[Any]:
    """Return weights for a built layer: variances positive, counts zero, the others of either sign."""
    rng = np.random.default_rng(1000 + sorted(CASES).index(name))
    found = []
    for v in layer.weights:
        value = rng.uniform(0.5, 1.5, tuple(v.shape)) if _is_positive(v.name) else rng.normal(size=tuple(v.shape))
        found.append(np.zeros((), "int32") if v.name == "count" else value)
    return found


def _is_positive(name: str) -> bool:
    return "variance" in name or "stddev" in name


def factors_of(name: str, shape: tuple[int, ...]) -> Any:
    """Return the random factors with which outputs are summed up to a number."""
    return np.random.default_rng(2000 + sorted(CASES).index(name)).normal(size=shape)


def make(keras: Any, name: str) -> Any:
    """Return the layer of a case, built and with its weights."""
    kind, arguments, shapes = CASES[name]
    arguments = {k: _inner(keras, *v) if k == "layer" else v for k, v in arguments.items()}
    layer = getattr(keras.layers, kind)(**arguments, dtype="float64", name=name)
    several = kind in MERGES
    layer.build([(None, *s[1:]) for s in shapes] if several else (None, *shapes[0][1:]))
    layer.set_weights(weights_of(name, layer))
    if kind == "Normalization" and hasattr(layer, "finalize_state"):
        layer.finalize_state()  # Keras computes with copies of its weights
    return layer


def _inner(keras: Any, kind: str, arguments: dict[str, Any]) -> Any:
    """Return the layer within a wrapper."""
    return getattr(keras.layers, kind)(**arguments, dtype="float64", name="inner")


def argument(name: str, inputs: list[Any]) -> Any:
    """Return the inputs as the layer takes them."""
    return inputs if CASES[name][0] in MERGES else inputs[0]
