"""`CategoryEncoding`: numbers of categories as vectors of 0 and 1, or as counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import ops
from chainrule._typing import Config, Shape
from chainrule.errors import DataError
from chainrule.layers.preprocessing.base import CategoryLayer, plain, result
from chainrule.layers.preprocessing.encoding import check_mode, check_range, encode, encoded_shape
from chainrule.saving.serialization import public

__all__ = ["CategoryEncoding"]


@public("keras.layers")
class CategoryEncoding(CategoryLayer):
    """Vectors of length `num_tokens` from integers: `one_hot` one per value, `multi_hot` and `count` one per row.

    Args:
        num_tokens: number of categories; values are 0 to `num_tokens - 1`.
        output_mode: `'one_hot'`, `'multi_hot'` (which categories a row holds) or `'count'` (how often).
        sparse: not supported.

    Raises:
        DataError: a value outside of `num_tokens` (Keras leaves it out silently).

    >>> import chainrule as cr
    >>> cr.layers.CategoryEncoding(4)([[0, 1], [3, 3]]).numpy().tolist()
    [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    """

    integer_input = True

    def __init__(
        self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if num_tokens is None or num_tokens < 1:
            raise ValueError(
                f"CategoryEncoding '{self.name}': num_tokens must be at least 1, but is {num_tokens}. If the number of "
                "categories is not known beforehand, use IntegerLookup."
            )
        self.num_tokens = num_tokens
        self.output_mode = check_mode(type(self), output_mode, ("count", "one_hot", "multi_hot"), sparse)
        self.sparse = sparse

    @property
    def output_dtype(self) -> str:  # type: ignore[override]
        return self.compute_dtype

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        weights = None
        if count_weights is not None:
            if self.output_mode != "count":
                raise ValueError(
                    f"CategoryEncoding '{self.name}': count_weights are for output_mode='count', which is "
                    f"{self.output_mode!r}."
                )
            weights = np.asarray(ops.convert_to_numpy(count_weights), self.compute_dtype)
        values = plain(inputs)
        if values.dtype.kind not in "iubf":
            raise DataError(f"CategoryEncoding '{self.name}' takes numbers of categories; use StringLookup for text.")
        indices = values.astype(np.int64)
        check_range(indices, self.num_tokens, f"CategoryEncoding '{self.name}'")
        return result(encode(indices, self.output_mode, self.num_tokens, self.compute_dtype, weights))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if not input_shape:
            return (self.num_tokens,)
        return encoded_shape(input_shape, self.output_mode, self.num_tokens)

    def get_config(self) -> Config:
        return {**self._base_config(), "num_tokens": self.num_tokens, "output_mode": self.output_mode}
