"""Mean and maximum over the steps of a sequence: `GlobalAveragePooling1D`, `GlobalMaxPooling1D`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule import config, ops
from chainrule._typing import Shape, Value
from chainrule.engines.plan import Pool, Step
from chainrule.layers.base import Layer
from chainrule.layers.input_spec import InputSpec
from chainrule.saving.serialization import public

__all__ = ["GlobalAveragePooling1D", "GlobalAvgPool1D", "GlobalMaxPool1D", "GlobalMaxPooling1D"]


class _OverSteps(Layer):
    """One vector of features for each sequence.

    Args:
        data_format: `'channels_last'` (default) for (batch, steps, features), `'channels_first'` for
            (batch, features, steps).
        keepdims: leave an axis of length 1 for the steps.
    """

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if data_format not in (None, "channels_last", "channels_first"):
            raise ValueError(
                f"{type(self).__name__} '{self.name}': data_format must be 'channels_last' or 'channels_first', "
                f"but is {data_format!r}."
            )
        self.data_format = data_format or config.image_data_format()
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=3)

    @property
    def _steps(self) -> int:
        """The axis of the steps."""
        return 1 if self.data_format == "channels_last" else 2

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, features = input_shape[0], input_shape[3 - self._steps]
        if not self.keepdims:
            return (batch, features)
        return (batch, 1, features) if self._steps == 1 else (batch, features, 1)

    def lower(self) -> Iterator[Step]:
        kind = "mean" if isinstance(self, GlobalAveragePooling1D) else "max"
        yield Pool(kind, self._steps, self.keepdims)


@public("keras.layers", "GlobalAvgPool1D")
class GlobalAveragePooling1D(_OverSteps):
    """`y = mean of x over the steps`, of those that the mask includes if there is one.

    Args:
        data_format: `'channels_last'` (default) for (batch, steps, features), `'channels_first'` for
            (batch, features, steps).
        keepdims: leave an axis of length 1 for the steps.

    >>> import chainrule as cr
    >>> cr.layers.GlobalAveragePooling1D()([[[1.0, 2.0], [3.0, 4.0]]]).numpy().tolist()
    [[2.0, 3.0]]
    """

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(data_format, keepdims, **kwargs)

    def call(self, inputs: Value, mask: Any = None) -> Value:
        if mask is None:
            return ops.mean(inputs, axis=self._steps, keepdims=self.keepdims)
        counts = np.expand_dims(np.asarray(mask, bool), 3 - self._steps)
        included = ops.where(counts, inputs, np.zeros((), inputs.dtype))
        number = counts.sum(self._steps, keepdims=self.keepdims).astype(inputs.dtype)
        with np.errstate(invalid="ignore"):  # a sequence without any step has no mean: NaN, as in Keras
            return ops.sum(included, axis=self._steps, keepdims=self.keepdims) / number

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None


@public("keras.layers", "GlobalMaxPool1D")
class GlobalMaxPooling1D(_OverSteps):
    """`y = largest x over the steps`

    Args:
        data_format: `'channels_last'` (default) for (batch, steps, features), `'channels_first'` for
            (batch, features, steps).
        keepdims: leave an axis of length 1 for the steps.
    """

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(data_format, keepdims, **kwargs)

    def call(self, inputs: Value) -> Value:
        return ops.max(inputs, axis=self._steps, keepdims=self.keepdims)


GlobalAvgPool1D = GlobalAveragePooling1D
GlobalMaxPool1D = GlobalMaxPooling1D
