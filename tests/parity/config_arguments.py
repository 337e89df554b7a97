"""The arguments with which classes that need some are made, here and in Keras, to compare their configurations."""

from __future__ import annotations

from typing import Any

FEATURE = "src.layers.preprocessing.feature_space.Feature"
WRAPPERS = ("layers.SpectralNormalization", "layers.TimeDistributed", "layers.Wrapper")


def arguments_for(name: str, keras: Any) -> dict[str, Any]:
    """Return the arguments for a class; a layer within is made by `keras`, one library or the other."""
    inner = {"layer": keras.layers.Dense(3, name="inner")} if name in WRAPPERS else {}
    if name == FEATURE:
        inner = {"preprocessor": keras.layers.Rescaling(0.5, name="inner")}
    return {**ARGUMENTS.get(name, {}), **inner, **_inner_optimizers(name, keras)}


def _inner_optimizers(name: str, keras: Any) -> dict[str, Any]:
    """Return the arguments that are optimizers themselves, made by one library or the other."""
    kinds = keras.optimizers
    if name == "optimizers.LossScaleOptimizer":
        return {"inner_optimizer": kinds.Adam(name="inner")}
    if name == "optimizers.OptimizerMap":
        return {"default_optimizer": kinds.SGD(name="one"), "optimizer_map": {"a/.*": kinds.Adam(name="two")}}
    if name == "optimizers.MultiOptimizer":
        return {"optimizer_map": kinds.OptimizerMap(kinds.SGD(name="one"))}
    return {}


ARGUMENTS: dict[str, dict[str, object]] = {
    "layers.Activation": {"activation": "relu"},
    "layers.Dense": {"units": 3},
    "layers.Dropout": {"rate": 0.5},
    "layers.Embedding": {"input_dim": 5, "output_dim": 2},
    "layers.GaussianDropout": {"rate": 0.5},
    "layers.GaussianNoise": {"stddev": 0.5},
    "layers.AlphaDropout": {"rate": 0.5},
    "layers.Input": {"shape": (4,)},
    "layers.InputLayer": {"shape": (4,)},
    "layers.Lambda": {"function": "relu"},
    "layers.Permute": {"dims": (2, 1)},
    "layers.RepeatVector": {"n": 3},
    "layers.Rescaling": {"scale": 0.5},
    "layers.Reshape": {"target_shape": (2, 2)},
    "layers.Dot": {"axes": 1},
    "layers.EinsumDense": {"equation": "ab,bc->ac", "output_shape": 3},
    "layers.Pipeline": {"layers": []},
    "layers.ReversibleEmbedding": {"input_dim": 5, "output_dim": 2},
    "layers.SpatialDropout1D": {"rate": 0.5},
    "layers.CategoryEncoding": {"num_tokens": 3},
    "layers.Discretization": {"bin_boundaries": [0.0, 1.0]},
    "layers.Hashing": {"num_bins": 4},
    "layers.HashedCrossing": {"num_bins": 4},
    "utils.FeatureSpace": {"features": {"a": "float"}},
    "src.layers.preprocessing.feature_space.Cross": {"feature_names": ["a", "b"], "crossing_dim": 4},
    "src.layers.preprocessing.feature_space.Feature": {"dtype": "float32", "output_mode": "float"},
    "src.layers.preprocessing.feature_space.TFDConcat": {"axis": -1},
    "optimizers.schedules.CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 10},
    "optimizers.schedules.CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 10},
    "optimizers.schedules.ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9},
    "optimizers.schedules.InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9},
    "optimizers.schedules.PiecewiseConstantDecay": {"boundaries": [2, 5], "values": [0.3, 0.2, 0.1]},
    "optimizers.schedules.PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10},
    "metrics.IoU": {"num_classes": 3, "target_class_ids": [0, 1]},
    "metrics.MeanIoU": {"num_classes": 3},
    "metrics.OneHotIoU": {"num_classes": 3, "target_class_ids": [0, 1]},
    "metrics.OneHotMeanIoU": {"num_classes": 3},
    "metrics.PrecisionAtRecall": {"recall": 0.8},
    "metrics.RecallAtPrecision": {"precision": 0.8},
    "metrics.SensitivityAtSpecificity": {"specificity": 0.5},
    "metrics.SpecificityAtSensitivity": {"sensitivity": 0.5},
}
