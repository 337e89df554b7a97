"""Learning rates that change with the iteration, as `keras.optimizers.schedules`."""

from __future__ import annotations

from typing import Any

from chainrule.optimizers.schedules.base import LearningRateSchedule
from chainrule.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from chainrule.optimizers.schedules.decay import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from chainrule.saving.serialization import deserialize_keras_object, serialize_keras_object

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """Return a schedule as a configuration.

    >>> serialize(PiecewiseConstantDecay([1], [0.5, 0.25]))["config"]
    {'boundaries': [1], 'values': [0.5, 0.25], 'name': 'PiecewiseConstant'}
    """
    description: dict[str, Any] = serialize_keras_object(learning_rate_schedule)
    return description


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> Any:
    """Return the schedule a configuration describes.

    >>> deserialize({"class_name": "CosineDecay", "config": {"initial_learning_rate": 1.0, "decay_steps": 2}})(0)
    np.float32(1.0)
    """
    return deserialize_keras_object(config, custom_objects)
