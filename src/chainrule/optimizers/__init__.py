"""Optimizers, one per file, as `keras.optimizers`; learning rate schedules are in `chainrule.optimizers.schedules`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.errors import UnknownNameError
from chainrule.lazy import refuser
from chainrule.optimizers import schedules
from chainrule.optimizers.adadelta import Adadelta
from chainrule.optimizers.adafactor import Adafactor
from chainrule.optimizers.adagrad import Adagrad
from chainrule.optimizers.adam import Adam
from chainrule.optimizers.adamax import Adamax
from chainrule.optimizers.adamw import AdamW
from chainrule.optimizers.base import Optimizer
from chainrule.optimizers.ftrl import Ftrl
from chainrule.optimizers.lamb import Lamb
from chainrule.optimizers.lion import Lion
from chainrule.optimizers.loss_scale_optimizer import LossScaleOptimizer
from chainrule.optimizers.multi_optimizer import MultiOptimizer, OptimizerMap
from chainrule.optimizers.muon import Muon
from chainrule.optimizers.nadam import Nadam
from chainrule.optimizers.rmsprop import RMSprop
from chainrule.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from chainrule.optimizers.sgd import SGD
from chainrule.saving.serialization import deserialize_keras_object, get_object, names_of, serialize_keras_object

__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "OptimizerMap",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]


_NOT_BY_STRING = ("Lamb", "Optimizer")  # nor are they in Keras
_WRAPPERS = {"LossScaleOptimizer": "LossScaleOptimizer(Adam())", "MultiOptimizer": "MultiOptimizer(optimizer_map)"}


def _by_lower_case() -> dict[str, Any]:
    known = names_of("keras.optimizers", Optimizer)
    return {name.lower(): cls for name, cls in known.items() if name not in _NOT_BY_STRING}


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return an optimizer as a configuration, without its moments.

    >>> serialize(SGD(0.5))["class_name"], serialize(SGD(0.5))["config"]["learning_rate"]
    ('SGD', 0.5)
    """
    description: dict[str, Any] = serialize_keras_object(optimizer)
    return description


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> Any:
    """Return the optimizer a configuration describes; the built-in names are read in any case.

    >>> deserialize({"class_name": "adam", "config": {"beta_1": 0.5}}).beta_1
    0.5
    """
    built_in = _by_lower_case().get(str(config.get("class_name", "")).lower())
    if built_in is not None and config.get("registered_name") in (None, config["class_name"], built_in.__name__):
        config = {**config, "class_name": built_in.__name__, "registered_name": None, "module": "keras.optimizers"}
    return deserialize_keras_object(config, custom_objects)


def get(identifier: Any) -> Any:
    """Return an optimizer from its name (any case), configuration, class or instance; None stays None.

    Raises:
        UnknownNameError: anything else.

    >>> get("rmsprop")
    RMSprop(learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-07, centered=False, use_ema=False, ema_momentum=0.99)
    """
    if isinstance(identifier, dict):
        identifier = deserialize(identifier)
    elif isinstance(identifier, str) and identifier.lower() in _by_lower_case():
        identifier = identifier.lower()
        wrapper = _WRAPPERS.get(_by_lower_case()[identifier].__name__)
        if wrapper:
            raise UnknownNameError(
                f"The optimizer '{identifier}' needs an argument, so its name alone is not enough: {wrapper}"
            )
    found = get_object(identifier, "optimizer", "keras.optimizers", _by_lower_case(), Optimizer)
    if found is None or isinstance(found, Optimizer):
        return found
    raise UnknownNameError(
        f"Cannot read {identifier!r} as an optimizer: expected a name such as 'adam', an instance of "
        "chainrule.optimizers.Optimizer, its configuration or None."
    )


if not TYPE_CHECKING:  # type checkers know what is there
    __getattr__ = refuser("chainrule.optimizers")
