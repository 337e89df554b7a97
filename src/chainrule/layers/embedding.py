"""`Embedding`: a trained vector for each whole number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule import constraints, initializers, ops, regularizers
from chainrule._typing import Array, Shape, Value
from chainrule.engines.plan import CannotLower, Embed, Step, slot_of
from chainrule.errors import DataError
from chainrule.layers.base import Layer
from chainrule.saving.serialization import public

__all__ = ["Embedding"]


@public("keras.layers")
class Embedding(Layer):
    """`y = table[x]`: rows of a trained table by number.

    Shapes: x (batch, ...) of whole numbers, table (input_dim, output_dim), y (batch, ..., output_dim).

    Args:
        input_dim: how many numbers there are: 0 to `input_dim - 1`.
        output_dim: length of each vector.
        mask_zero: whether 0 stands for "nothing here": the output has a mask that is False there (`layers/masks.py`).

    Raises:
        DataError: a number outside of the table.

    >>> import chainrule as cr
    >>> cr.layers.Embedding(10, 4)(np.array([[1, 2, 3]])).shape
    (1, 3, 4)
    """

    integer_input = True

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("input_length", None)  # Keras 2
        super().__init__(**kwargs)
        if lora_rank is not None or quantization_config is not None:
            raise ValueError(
                f"Embedding '{self.name}': lora_rank and quantization_config are not supported; leave them out."
            )
        if input_dim < 1 or output_dim < 1:
            raise ValueError(
                f"Embedding '{self.name}': input_dim and output_dim must be positive, "
                f"but are {input_dim} and {output_dim}."
            )
        self.input_dim = int(input_dim)
        self.output_dim = int(output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = bool(mask_zero)
        if weights is not None:
            self._legacy["weights"] = [weights] if hasattr(weights, "shape") else weights

    def build(self, input_shape: Shape | None = None) -> None:
        self.embeddings = self.add_weight(
            (self.input_dim, self.output_dim), self.embeddings_initializer, regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint, name="embeddings",
        )  # fmt: skip

    def call(self, inputs: Value) -> Value:
        numbers = row_numbers(np.asarray(inputs), self.input_dim, self.name)
        return ops.take(self.embeddings, numbers, axis=0)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.output_dim)

    def lower(self) -> Iterator[Step]:
        if self.mask_zero:
            raise CannotLower(f"layer '{self.name}' makes a mask")
        yield Embed(slot_of(self.embeddings))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for key in ("weights", "lora_rank", "lora_alpha"):
            config.pop(key, None)
        config.setdefault("activity_regularizer", None)
        return config


def row_numbers(numbers: Array, count: int, name: str) -> Array:
    """Return numbers of rows of a table as integers.

    Args:
        count: of the rows.
        name: of the layer, for messages.

    Raises:
        DataError: there are others among them.
    """
    if numbers.dtype.kind not in "iu":
        if numbers.dtype.kind not in "fb" or not (numbers == np.trunc(numbers)).all():
            raise DataError(
                f"Embedding '{name}': expected whole numbers from 0 to {count - 1}, but received "
                f"{numbers.dtype} values with others among them. Map categories to numbers first."
            )
        numbers = numbers.astype(np.int64)
    if numbers.size and not (numbers.min() >= 0 and numbers.max() < count):
        at = tuple(int(i) for i in np.argwhere((numbers < 0) | (numbers >= count))[0])
        raise DataError(
            f"Embedding '{name}': expected whole numbers from 0 to {count - 1}, "
            f"but found {numbers[at]} at {at}. Raise input_dim, or map unknown values to a number of their own."
        )
    return numbers
