"""The Python operators (`+ * @ [] ...`) of tensors, variables and symbolic tensors: each calls the op of the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any


class _Ops(dict[str, Callable[..., Any]]):
    def __missing__(self, name: str) -> Callable[..., Any]:
        """A variable's operators work in a program that has not used `chainrule.ops` yet."""
        import chainrule.ops  # noqa: F401  # fills the table

        if name not in self:
            raise KeyError(name)
        return self[name]


TABLE: dict[str, Callable[..., Any]] = _Ops()
"""Every op by name; filled as the modules of `chainrule.ops` define them."""


class Operators:
    """Mixin that sends Python's operators to the ops of the same meaning.

    `==` and `!=` compare values, element by element; those of symbolic tensors identity, as in Keras. Hashes go by
    identity, so that tensors and variables can be keys of a dict. Whether a list has one: `any(t is u for u in list)`.
    """

    __slots__ = ()
    __array_priority__ = 1000
    symbolic = False

    if TYPE_CHECKING:  # what those who mix it in have

        @property
        def value(self) -> Any: ...
        @property
        def shape(self) -> Any: ...

        dtype: Any

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Send NumPy's element-wise functions to the ops, so that `np.tanh(tensor)` keeps its gradient."""
        from chainrule.autodiff.interop import call_ufunc

        return call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Send NumPy's other functions (`np.sum`, `np.where`) to the ops."""
        from chainrule.autodiff.interop import call_function

        return call_function(function, args, kwargs)

    @property
    def mT(self) -> Any:
        """The matrix transposed: the last two axes exchanged."""
        from chainrule.ops.shapes import swapaxes

        return swapaxes(self, -1, -2)

    def __add__(self, other: Any) -> Any:
        return TABLE["add"](self, other)

    def __radd__(self, other: Any) -> Any:
        return TABLE["add"](other, self)

    def __sub__(self, other: Any) -> Any:
        return TABLE["subtract"](self, other)

    def __rsub__(self, other: Any) -> Any:
        return TABLE["subtract"](other, self)

    def __mul__(self, other: Any) -> Any:
        return TABLE["multiply"](self, other)

    def __rmul__(self, other: Any) -> Any:
        return TABLE["multiply"](other, self)

    def __truediv__(self, other: Any) -> Any:
        return TABLE["divide"](self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return TABLE["divide"](other, self)

    def __floordiv__(self, other: Any) -> Any:
        return TABLE["floor_divide"](self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return TABLE["floor_divide"](other, self)

    def __mod__(self, other: Any) -> Any:
        return TABLE["mod"](self, other)

    def __rmod__(self, other: Any) -> Any:
        return TABLE["mod"](other, self)

    def __pow__(self, other: Any) -> Any:
        return TABLE["power"](self, other)

    def __rpow__(self, other: Any) -> Any:
        return TABLE["power"](other, self)

    def __matmul__(self, other: Any) -> Any:
        return TABLE["matmul"](self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return TABLE["matmul"](other, self)

    def __neg__(self) -> Any:
        return TABLE["negative"](self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return TABLE["abs"](self)

    def __invert__(self) -> Any:
        return TABLE["logical_not"](self)

    def __and__(self, other: Any) -> Any:
        return TABLE["logical_and"](self, other)

    def __or__(self, other: Any) -> Any:
        return TABLE["logical_or"](self, other)

    def __eq__(self, other: Any) -> Any:
        if self.symbolic or other is None or isinstance(other, str):
            return self is other
        return TABLE["equal"](self, other) if _takes_part(other) else NotImplemented

    def __ne__(self, other: Any) -> Any:
        if self.symbolic or other is None or isinstance(other, str):
            return self is not other
        return TABLE["not_equal"](self, other) if _takes_part(other) else NotImplemented

    __hash__ = object.__hash__

    def __lt__(self, other: Any) -> Any:
        return TABLE["less"](self, other)

    def __le__(self, other: Any) -> Any:
        return TABLE["less_equal"](self, other)

    def __gt__(self, other: Any) -> Any:
        return TABLE["greater"](self, other)

    def __ge__(self, other: Any) -> Any:
        return TABLE["greater_equal"](self, other)

    def __getitem__(self, key: Any) -> Any:
        return TABLE["getitem"](self, key=key)


def _takes_part(other: Any) -> bool:
    """Whether a thing leaves the comparison with arrays to them (NumPy's rule); `pytest.approx` makes it itself."""
    return getattr(other, "__array_ufunc__", True) is not None
