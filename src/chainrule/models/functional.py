"""`Functional`: a model drawn by calling layers on symbolic tensors."""

from __future__ import annotations

from typing import Any

from chainrule.models.model import Model
from chainrule.saving.serialization import public


@public("keras")
class Functional(Model):
    """What `Model(inputs, outputs)` returns: several inputs and outputs, shared layers, any acyclic wiring.

    >>> import chainrule as cr
    >>> a, b = cr.Input((2,)), cr.Input((3,))
    >>> y = cr.layers.Dense(1)(cr.layers.concatenate([a, b]))
    >>> cr.Model([a, b], y).output_shape
    (None, 1)
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(inputs=inputs, outputs=outputs, name=name, **kwargs)

    def get_config(self) -> dict[str, Any]:
        from chainrule.models.functional_config import describe

        return describe(self)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        from chainrule.models.functional_config import rebuild

        return rebuild(cls, config, custom_objects)
