"""Who takes part: the module that measures each system, the environment it needs, and the name it is shown by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class System:
    """One library. `package` is what its version is read from."""

    title: str
    package: str
    module: str
    script: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def _keras(backend: str, title: str, package: str) -> System:
    environment = {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return System(f"Keras on {title}", package, "peers_keras", "iris_keras", environment)


SYSTEMS = {
    "chainrule": System("chainrule", "chainrule", "ours", "iris_chainrule"),
    "torch": System("PyTorch", "torch", "peers_torch", "iris_torch"),
    "keras-jax": _keras("jax", "JAX", "keras"),
    "keras-tensorflow": _keras("tensorflow", "TensorFlow", "tensorflow-cpu"),
    "keras-torch": _keras("torch", "PyTorch", "torch"),
    "jax-scan": System("JAX by hand, `lax.scan`", "jax", "peers_jax"),
    "scikit-learn": System("scikit-learn", "scikit-learn", "peers_sklearn", "iris_sklearn"),
    "onnxruntime": System("ONNX Runtime", "onnxruntime", "peers_onnx"),
    "numpy": System("NumPy, import only", "numpy", "sgemm", "iris_numpy"),
    "sgemm": System("matrix product", "numpy", "sgemm"),
}

VARIANTS = {
    "fused": "fused optimizer",
    "epochs": "all epochs in one call",
    "shuffled": "shuffling",
    "reference": "reference engine",
    "in turn": "one model after the other",
    "predict_on_batch": "`predict_on_batch`",
    "predict": "`predict`",
    "8192": "batch size 8192",
    "one": "one core",
    "all": "all cores",
}


def split(contestant: str) -> tuple[System, str]:
    """Return the system and the variant ("" for the plain one) of `system:variant`."""
    system, _, variant = contestant.partition(":")
    return SYSTEMS[system], variant


def title(contestant: str) -> str:
    """Return the name that is shown, such as "PyTorch, fused optimizer"."""
    system, variant = split(contestant)
    return f"{system.title}, {VARIANTS[variant]}" if variant else system.title
