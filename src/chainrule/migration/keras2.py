"""What Keras 1 and 2 called otherwise, or had in other places, and what Keras 3 says instead."""

from __future__ import annotations

_LAYERS = (
    *("advanced_activations", "convolutional", "convolutional_recurrent", "core", "cudnn_recurrent", "embeddings"),
    *("experimental", "experimental.preprocessing", "local", "merge", "noise", "normalization", "pooling"),
    *("normalization.batch_normalization", "normalization.layer_normalization", "preprocessing", "recurrent"),
    *("core.dense", "core.dropout", "wrappers"),
)
_UTILS = ("data_utils", "generic_utils", "layer_utils", "np_utils", "vis_utils")
_ENGINE = (
    *("engine", "engine.base_layer", "engine.functional", "engine.input_layer", "engine.input_spec"),
    *("engine.network", "engine.sequential", "engine.topology", "engine.training"),
)
_OPTIMIZERS = (
    *("adadelta_v2", "adagrad_v2", "adam_v2", "adamax_v2", "experimental", "ftrl", "gradient_descent_v2", "legacy"),
    *("nadam_v2", "optimizer_v2", "rmsprop_v2"),
)

MOVED = {
    **{f"keras.layers.{name}": "keras.layers" for name in _LAYERS},
    **{f"keras.utils.{name}": "keras.utils" for name in _UTILS},
    **{f"keras.{name}": "keras" for name in _ENGINE},
    **{f"keras.optimizers.{name}": "keras.optimizers" for name in _OPTIMIZERS},
    "keras.callbacks.callbacks": "keras.callbacks",
    "keras.initializers.initializers_v2": "keras.initializers",
    "keras.optimizers.learning_rate_schedule": "keras.optimizers.schedules",
    "keras.wrappers.scikit_learn": "keras.wrappers",
}
"""Modules of Keras 2, and the modules of Keras 3 that have what they had."""

RENAMED = {
    "keras.layers.CuDNNGRU": "keras.layers.GRU",
    "keras.layers.CuDNNLSTM": "keras.layers.LSTM",
    "keras.layers.TimeDistributedDense": "keras.layers.TimeDistributed",
    "keras.losses.cosine_proximity": "keras.losses.cosine_similarity",
    "keras.models.model_from_yaml": "keras.models.model_from_json",
    "keras.wrappers.KerasClassifier": "keras.wrappers.SKLearnClassifier",
    "keras.wrappers.KerasRegressor": "keras.wrappers.SKLearnRegressor",
}
"""Things of Keras 2, in their modules of Keras 3, and what is nearest to them now."""

METHODS = {
    "evaluate_generator": "model.evaluate takes generators",
    "fit_generator": "model.fit takes generators",
    "predict_classes": "model.predict(x).argmax(-1), or (model.predict(x) > 0.5).astype(int) for one sigmoid",
    "predict_generator": "model.predict takes generators",
    "predict_proba": "model.predict",
    "save_model_hdf5": "model.save",
    "to_yaml": "model.to_json",
}
"""Methods that Keras 3 does not have either, and what replaces them."""

_NOTHING = "nothing: leave it out"

ARGUMENTS = {
    "lr": "learning_rate",
    "decay": "a schedule, or weight_decay",
    "nb_epoch": "epochs",
    "build_fn": "model",
    "init": "kernel_initializer",
    "output_dim": "units",
    "bias": "use_bias",
    "p": "rate",
    "sigma": "stddev",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "beta_init": "beta_initializer",
    "gamma_init": "gamma_initializer",
    "input": "inputs",
    "output": "outputs",
    "period": "save_freq",
}
"""Arguments of Keras 1 and 2, and those of Keras 3."""

TRAINING = ("fit", "evaluate", "predict", "compile", "fit_generator", "evaluate_generator", "predict_generator")

ARGUMENTS_OF_TRAINING = {
    "nb_epoch": "epochs",
    "samples_per_epoch": "steps_per_epoch",
    "nb_val_samples": "validation_steps",
    "show_accuracy": "metrics=['accuracy'] in compile",
    "class_mode": _NOTHING,
    "sample_weight_mode": _NOTHING,
    "workers": "workers= of a PyDataset",
    "use_multiprocessing": "use_multiprocessing= of a PyDataset",
    "max_queue_size": "max_queue_size= of a PyDataset",
    "max_q_size": "max_queue_size= of a PyDataset",
}
"""The same for the methods of `TRAINING`."""


def moved(full: str) -> str:
    """Return the name with the module of Keras 3 that has it.

    >>> moved("keras.layers.core.Dense"), moved("keras.layers.Dense"), moved("keras.utils.np_utils")
    ('keras.layers.Dense', 'keras.layers.Dense', 'keras.utils')
    """
    start = full
    while start:
        if start in MOVED:
            return MOVED[start] + full[len(start) :]
        start = start.rpartition(".")[0]
    return full


def in_keras_3(full: str) -> str:
    """Return what Keras 3 calls something of Keras 1 or 2, or the name itself.

    >>> in_keras_3("keras.wrappers.scikit_learn.KerasClassifier")
    'keras.wrappers.SKLearnClassifier'
    """
    place = moved(full)
    return RENAMED.get(place, place)
