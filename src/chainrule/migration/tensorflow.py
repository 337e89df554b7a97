"""What takes the place of TensorFlow's own names, which chainrule does not have."""

from __future__ import annotations

from chainrule.migration.judge import Finding
from chainrule.migration.lookup import look_up
from chainrule.scope import reason

INSTEAD = {
    "tensorflow.GradientTape": "chainrule.GradientTape",
    "tensorflow.Tensor": "chainrule.Tensor",
    "tensorflow.Variable": "chainrule.Variable",
    "tensorflow.cast": "chainrule.ops.cast",
    "tensorflow.concat": "chainrule.ops.concatenate",
    "tensorflow.config": "leave it out: there are no devices to set",
    "tensorflow.constant": "numpy.asarray",
    "tensorflow.convert_to_tensor": "chainrule.ops.convert_to_tensor",
    "tensorflow.data": "arrays, a generator or chainrule.utils.PyDataset",
    "tensorflow.function": "leave it out: there is nothing to compile",
    "tensorflow.math.reduce_max": "chainrule.ops.max",
    "tensorflow.math.reduce_mean": "chainrule.ops.mean",
    "tensorflow.math.reduce_min": "chainrule.ops.min",
    "tensorflow.math.reduce_sum": "chainrule.ops.sum",
    "tensorflow.random.set_seed": "chainrule.utils.set_random_seed",
    "tensorflow.reduce_max": "chainrule.ops.max",
    "tensorflow.reduce_mean": "chainrule.ops.mean",
    "tensorflow.reduce_min": "chainrule.ops.min",
    "tensorflow.reduce_sum": "chainrule.ops.sum",
    "tensorflow.test.is_gpu_available": "leave it out: there are no devices to set",
}
"""Name, or the start of names -> what takes its place."""


def findings(uses: list[tuple[str, int]]) -> list[Finding]:
    """Return the uses of TensorFlow itself, with what takes their place."""
    found: dict[str, list[int]] = {}
    for full, line in uses:
        if full != "tensorflow":
            found.setdefault(full, []).append(line)
    return [Finding(full, tuple(dict.fromkeys(lines)), "tensorflow", advice(full)) for full, lines in found.items()]


def advice(full: str) -> str:
    """Return what to write for a name of TensorFlow.

    >>> advice("tensorflow.data.Dataset.map")
    'arrays, a generator or chainrule.utils.PyDataset'
    >>> advice("tensorflow.math.log"), advice("tensorflow.random.normal")
    ('chainrule.ops.log', 'chainrule.random.normal')
    """
    start = full
    while start:
        if start in INSTEAD:
            return INSTEAD[start]
        start = start.rpartition(".")[0]
    module, _, leaf = full.rpartition(".")
    if module in ("tensorflow", "tensorflow.linalg", "tensorflow.math", "tensorflow.nn", "tensorflow.random"):
        for there in ("random",) if module.endswith("random") else ("ops",):
            if look_up(f"keras.{there}.{leaf}")[1] is None:
                return f"chainrule.{there}.{leaf}"
    about = reason("chainrule.ops", leaf.rstrip("123d"))
    if about is not None:
        return f"it belongs to {about}, out of chainrule's scope: use TensorFlow or Keras for it"
    return "TensorFlow itself is not here: use NumPy or chainrule.ops"
