"""`ReversibleEmbedding`: a table of vectors that also turns vectors back into scores of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainrule import ops
from chainrule._typing import Shape, Value
from chainrule.autodiff.masks import set_mask
from chainrule.engines.plan import CannotLower, Step
from chainrule.layers.embedding import Embedding
from chainrule.saving.serialization import public

__all__ = ["ReversibleEmbedding"]


@public("keras.layers")
class ReversibleEmbedding(Embedding):
    """`y = table[x]`, and with `reverse=True` the scores `y = x @ table.T` of all rows.

    Shapes: x (batch, ...), y (batch, ..., output_dim); reversed x (batch, ..., output_dim), y (batch, ..., input_dim).

    Args:
        input_dim: how many numbers there are: 0 to `input_dim - 1`.
        output_dim: length of each vector.
        tie_weights: use the one table both ways; otherwise there is a second one, `reverse_embeddings`.
        mask_zero: whether 0 stands for "nothing here": the output has a mask that is False there.
        reverse_dtype: float type of the reverse computation.
        logit_soft_cap: bend the scores to `cap * tanh(scores / cap)`.

    >>> import chainrule as cr
    >>> layer = cr.layers.ReversibleEmbedding(10, 4)
    >>> h = layer(cr.ops.convert_to_tensor([[1, 2, 3]]))
    >>> h.shape, layer(h, reverse=True).shape
    ((1, 3, 4), (1, 3, 10))
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer=embeddings_initializer,
            embeddings_regularizer=embeddings_regularizer,
            embeddings_constraint=embeddings_constraint,
            mask_zero=mask_zero,
            **kwargs,
        )
        self.tie_weights = tie_weights
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape: Shape | None = None) -> None:
        super().build(input_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                (self.output_dim, self.input_dim), self.embeddings_initializer, name="reverse_embeddings"
            )

    def call(self, inputs: Value, reverse: bool = False) -> Value:
        if not reverse:
            outputs = super().call(inputs)
            if self.mask_zero:
                set_mask(outputs, super().compute_mask(inputs))
            return outputs
        kernel = ops.transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings
        if self.reverse_dtype is not None:
            inputs, kernel = ops.cast(inputs, self.reverse_dtype), ops.cast(kernel, self.reverse_dtype)
        scores = ops.matmul(inputs, kernel)
        cap = self.logit_soft_cap
        return scores if cap is None else ops.tanh(scores / cap) * cap

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None  # `call` has given the output its mask

    def compute_output_shape(self, input_shape: Shape, reverse: bool = False) -> Shape:
        return (*input_shape[:-1], self.input_dim) if reverse else (*input_shape, self.output_dim)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "quantization_config": None}

    def lower(self) -> Iterator[Step]:
        for node in self._nodes:
            if node.kwargs.get("reverse") or len(node.args) > 1:
                raise CannotLower(f"layer '{self.name}' is called in reverse")
        yield from super().lower()
