"""`Discretization`: numbers to the numbers of the bins they fall into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array, Config, Shape
from chainrule.data.frames import is_frame
from chainrule.engines.plan import CannotLower, Step
from chainrule.errors import DataError
from chainrule.layers.preprocessing import quantiles
from chainrule.layers.preprocessing.base import CategoryLayer, batches, nothing, plain, result
from chainrule.layers.preprocessing.encoding import check_mode, encode, encoded_shape
from chainrule.saving.serialization import public

__all__ = ["Discretization"]


@public("keras.layers")
class Discretization(CategoryLayer):
    """The bin of each number: 0 below the first boundary, `len(bin_boundaries)` from the last one on.

    Args:
        bin_boundaries: ascending numbers; or
        num_bins: how many bins `adapt` makes, of about equally many observations each.
        epsilon: how exactly `adapt` finds them, as a share of the observations.
        output_mode: `'int'`, `'one_hot'`, `'multi_hot'` or `'count'`.
        sparse: not supported.

    >>> import chainrule as cr
    >>> cr.layers.Discretization([0.0, 1.0])([[-1.0, 0.0, 5.0]]).numpy().tolist()
    [[0, 1, 2]]
    """

    def __init__(
        self,
        bin_boundaries: Sequence[float] | None = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if (num_bins is None) == (bin_boundaries is None):
            raise ValueError(
                f"Discretization '{self.name}': give either num_bins (and use adapt) or bin_boundaries, received "
                f"num_bins={num_bins} and bin_boundaries={bin_boundaries}."
            )
        if num_bins is not None and num_bins < 0:
            raise ValueError(f"Discretization '{self.name}': num_bins must not be negative, but is {num_bins}.")
        if bin_boundaries is not None and (np.diff(np.asarray(bin_boundaries, np.float64)) < 0).any():
            raise ValueError(f"Discretization '{self.name}': bin_boundaries must ascend, but are {bin_boundaries}.")
        self.bin_boundaries = bin_boundaries
        self.num_bins = num_bins
        self.epsilon = epsilon
        self.output_mode = check_mode(type(self), output_mode, ("int", "one_hot", "multi_hot", "count"), sparse)
        self.sparse = sparse
        self._summary = quantiles.EMPTY

    @property
    def output_dtype(self) -> str:  # type: ignore[override]
        return "int32" if self.output_mode == "int" else self.compute_dtype

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Find the boundaries from an array, or from an iterable of batches.

        Args:
            steps: batches to take.

        Raises:
            DataError: no data, or not a number among them.
            ValueError: the boundaries were given.
        """
        if self.num_bins is None:
            raise ValueError(
                f"Discretization '{self.name}': bin_boundaries were given, so there is nothing to adapt. Use num_bins."
            )
        self.reset_state()
        for batch in batches(data, f"Discretization '{self.name}'", steps, lists_are_arrays=False):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Take one batch into account."""
        values = self._floats(data)
        if not np.isfinite(values).all():
            raise DataError(
                f"Discretization '{self.name}': adapt received NaN or infinite values. Fill or drop them first."
            )
        if values.size:
            self._summary = quantiles.merge(quantiles.summarize(values, self.epsilon), self._summary, self.epsilon)

    def finalize_state(self) -> None:
        """Make the boundaries of what was seen."""
        if self.num_bins is None:
            return
        if not self._summary.size:
            raise nothing(f"Discretization '{self.name}'")
        self.bin_boundaries = quantiles.boundaries(self._summary, self.num_bins).tolist()

    def reset_state(self) -> None:
        """Forget what was seen."""
        if self.num_bins is not None:
            self._summary = quantiles.EMPTY

    def _floats(self, data: Any) -> Array:
        values = plain(data) if is_frame(data) or not isinstance(data, np.ndarray) else data
        if values.dtype.kind not in "iufb":
            raise DataError(f"Discretization '{self.name}' takes numbers, but received {values.dtype} data.")
        return values.astype(np.float32)

    def call(self, inputs: Any) -> Any:
        if self.bin_boundaries is None:
            raise ValueError(
                f"Discretization '{self.name}' has no boundaries yet: call adapt(data) first, or give bin_boundaries."
            )
        edges = np.asarray(self.bin_boundaries, np.float32)
        found = np.searchsorted(edges, self._floats(inputs), side="right")
        return result(encode(found, self.output_mode, len(edges) + 1, self.output_dtype))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        depth = self.num_bins if self.bin_boundaries is None else len(self.bin_boundaries) + 1
        return encoded_shape(input_shape, self.output_mode, depth)

    def lower(self) -> Iterator[Step]:
        raise CannotLower(f"layer '{self.name}' (Discretization) puts numbers into bins, in Python")

    def load_own_variables(self, store: Mapping[str, Array]) -> None:
        """Take nothing: the boundaries are in the configuration."""

    def get_config(self) -> Config:
        edges = self.bin_boundaries
        return {
            "bin_boundaries": None if edges is None else [float(e) for e in edges],
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """Make the layer; one that was adapted comes with both its boundaries and the number of bins."""
        arguments = dict(config)
        edges = arguments.pop("bin_boundaries", None) if arguments.get("num_bins") is not None else None
        layer = cls(**arguments)
        if edges is not None:
            layer.bin_boundaries = edges
        return layer
