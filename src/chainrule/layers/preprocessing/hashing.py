"""`Hashing` and `HashedCrossing`: values, or pairs of them, to bins without a vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array, Config, Shape
from chainrule.autodiff.tensor import Tensor
from chainrule.errors import DataError, ShapeError
from chainrule.layers.preprocessing.base import CategoryLayer, plain, result
from chainrule.layers.preprocessing.buckets import buckets, crossed
from chainrule.layers.preprocessing.encoding import check_mode, encode, encoded_shape
from chainrule.saving.serialization import public
from chainrule.symbolic import is_symbolic

__all__ = ["HashedCrossing", "Hashing"]


def check_bins(layer: Any, num_bins: Any) -> int:
    """Return a number of bins.

    Raises:
        ValueError: it is none.
    """
    if num_bins is None or num_bins <= 0:
        raise ValueError(f"{type(layer).__name__} '{layer.name}': num_bins must be at least 1, but is {num_bins}.")
    return int(num_bins)


def check_salt(layer: Any, salt: Any) -> list[int] | None:
    """Return a salt as two numbers.

    Raises:
        ValueError: it is neither one integer nor two.
    """
    if salt is None:
        return None
    if isinstance(salt, int):
        return [salt, salt]
    if isinstance(salt, tuple | list) and len(salt) == 2:
        return list(salt)
    raise ValueError(f"{type(layer).__name__} '{layer.name}': salt must be an integer or two of them, but is {salt!r}.")


@public("keras.layers")
class Hashing(CategoryLayer):
    """The bin `hash(value) % num_bins` of each value; FarmHash64, or SipHash if a salt is given.

    Args:
        num_bins: number of bins, that of the mask among them.
        mask_value: the value that goes to bin 0, which then is for nothing else.
        salt: one or two integers that make the hash another one.
        output_mode: `'int'`, `'one_hot'`, `'multi_hot'` or `'count'`.
        sparse: not supported.

    >>> import chainrule as cr
    >>> cr.layers.Hashing(num_bins=3)([["A"], ["B"], ["C"], ["D"], ["E"]]).numpy().ravel().tolist()
    [1, 0, 1, 1, 2]
    """

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: int | Sequence[int] | None = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        output_mode = check_mode(type(self), output_mode, ("int", "one_hot", "multi_hot", "count"), sparse)
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else config.floatx()
        super().__init__(**{"autocast": False, **kwargs})
        if output_mode == "int" and self.dtype_policy.name not in ("int32", "int64"):
            raise ValueError(
                f"Hashing '{self.name}': with output_mode='int', dtype must be 'int32' or 'int64', but is "
                f"{self.dtype_policy.name!r}."
            )
        self.num_bins = check_bins(self, num_bins)
        self.mask_value = mask_value
        self.salt = check_salt(self, salt)
        self.output_mode = output_mode
        self.sparse = sparse

    @property
    def output_dtype(self) -> str:  # type: ignore[override]
        return str(self.dtype_policy.name)

    def call(self, inputs: Any) -> Any:
        values = plain(inputs)
        if self.output_mode == "one_hot" and values.ndim and values.shape[-1] == 1:
            values = values[..., 0]
        return result(encode(self._bins(values), self.output_mode, self.num_bins, self.output_dtype))

    def _bins(self, values: Array) -> Array:
        if values.dtype.kind == "f":
            _check_finite(self, values)
            values = values.astype(np.int64)
        if self.mask_value is None or self.num_bins == 1:
            return buckets(values, self.num_bins, self.salt)
        found = buckets(values, self.num_bins - 1, self.salt) + 1
        return np.where(values == self.mask_value, 0, found)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return encoded_shape(input_shape, self.output_mode, self.num_bins)


def _check_finite(layer: Any, values: Array) -> None:
    if not np.isfinite(values).all():
        raise DataError(
            f"{type(layer).__name__} '{layer.name}': the input holds NaN or infinity. Fill or drop it first."
        )


@public("keras.layers")
class HashedCrossing(CategoryLayer):
    """The bin of each row's combination of values, one from each input; as TensorFlow's `cross_hashed`.

    Args:
        num_bins: number of bins.
        output_mode: `'int'` or `'one_hot'`.
        sparse: not supported.

    Its inputs are two or more arrays of integers or text, of shape (batch,) or (batch, 1).

    >>> import chainrule as cr
    >>> feat1, feat2 = np.array(["A", "B", "A", "B", "A"]), np.array([101, 101, 101, 102, 102])
    >>> cr.layers.HashedCrossing(num_bins=5)((feat1, feat2)).numpy().tolist()
    [1, 4, 1, 1, 3]
    """

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        self._mode = check_mode(type(self), output_mode, ("int", "one_hot"), sparse)
        super().__init__(
            name=name, dtype="int64" if self._mode == "int" and dtype is None else dtype, autocast=False, **kwargs
        )
        self.num_bins = check_bins(self, num_bins)
        self.output_mode = self._mode
        self.sparse = sparse

    @property
    def output_dtype(self) -> str:  # type: ignore[override]
        return str(self.dtype_policy.name)

    def _converted(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return each of the inputs as a tensor; two lists are two inputs."""
        first = args[0] if args else kwargs.get("inputs")
        if isinstance(first, list | tuple) and len(first) > 1 and not is_symbolic(first):
            return ([v if isinstance(v, Tensor) else Tensor(plain(v)) for v in first], *args[1:]), {}
        raise ValueError(
            f"HashedCrossing '{self.name}' takes a list or tuple of at least two inputs, received "
            f"{type(first).__name__} {first!r:.60}."
        )

    def call(self, inputs: Any) -> Any:
        columns = [plain(v, f"input {i}") for i, v in enumerate(inputs)]
        self._check([tuple(c.shape) for c in columns])
        for i, column in enumerate(columns):
            if column.dtype.kind not in "iuO":
                raise DataError(
                    f"HashedCrossing '{self.name}': input {i} holds {column.dtype} values, expected integers or text."
                )
        return result(encode(crossed(columns, self.num_bins), self.output_mode, self.num_bins, self.output_dtype))

    def _check(self, shapes: list[Shape]) -> None:
        first = shapes[0]
        if any(s != first for s in shapes[1:]) or len(first) > 2 or (len(first) == 2 and first[1] != 1):
            raise ShapeError(
                f"HashedCrossing '{self.name}': inputs must have one shape, (batch,) or (batch, 1), received {shapes}."
            )

    def compute_output_shape(self, input_shape: Any) -> Shape:
        shapes = [tuple(s) for s in input_shape if isinstance(s, tuple | list)]
        if len(shapes) < 2:
            raise ShapeError(f"HashedCrossing '{self.name}' takes at least two inputs, received shape {input_shape}.")
        self._check(shapes)
        return encoded_shape(shapes[0], self.output_mode, self.num_bins)

    def get_config(self) -> Config:
        return {
            "num_bins": self.num_bins,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }
