"""`Record`: classes of named values that do not change, written as for `dataclasses.dataclass(frozen=True)`.

`dataclass` writes and compiles six functions for every class, half a millisecond each time, which is most of what an
import of ours would cost. All records share their functions.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar, NoReturn, Self, TypeVar, dataclass_transform

R = TypeVar("R", bound="Record")


class _Field:
    def __init__(self, default_factory: Callable[[], Any] | None, repr: bool, compare: bool) -> None:
        self.default_factory, self.repr, self.compare = default_factory, repr, compare

    def make(self) -> Any:
        return self.default_factory() if self.default_factory is not None else None


def field(*, default_factory: Callable[[], Any] | None = None, repr: bool = True, compare: bool = True) -> Any:
    """Say more of a field than its type, as `dataclasses.field`.

    Args:
        default_factory: gives the default value, anew each time.
        repr, compare: whether the field is printed and compared.
    """
    return _Field(default_factory, repr, compare)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Record:
    """Base of classes whose annotations name the arguments of their constructor.

    >>> class Point(Record):
    ...     x: float
    ...     y: float = 0.0
    >>> Point(1.0), Point(1.0) == Point(x=1.0, y=0.0), replace(Point(1.0), y=2.0)
    (Point(x=1.0, y=0.0), True, Point(x=1.0, y=2.0))
    >>> Point()
    Traceback (most recent call last):
    TypeError: Point: missing argument 'x'
    """

    __match_args__: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[dict[str, Any]] = {}
    _compared: ClassVar[tuple[str, ...]] = ()
    _printed: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = [name for name, kind in inspect.get_annotations(cls).items() if not str(kind).startswith("ClassVar")]
        given = {name: cls.__dict__[name] for name in own if name in cls.__dict__}
        special = {name: value for name, value in given.items() if isinstance(value, _Field)}
        for name in special:
            delattr(cls, name)
        names = (*cls.__match_args__, *(n for n in own if n not in cls.__match_args__))
        cls.__match_args__ = names  # type: ignore[misc]
        without_default = {name for name, value in special.items() if value.default_factory is None}
        cls._defaults = {**cls._defaults, **{n: v for n, v in given.items() if n not in without_default}}
        cls._compared = (*cls._compared, *(n for n in own if n not in special or special[n].compare))
        cls._printed = (*cls._printed, *(n for n in own if n not in special or special[n].repr))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        names, values = self.__match_args__, self.__dict__
        values.update(zip(names, args, strict=False))
        if len(args) > len(names):
            raise TypeError(f"{type(self).__name__}: expected at most {len(names)} arguments, received {len(args)}")
        for name in names[len(args) :]:
            if name in kwargs:
                values[name] = kwargs.pop(name)
            elif name in self._defaults:
                default = self._defaults[name]
                values[name] = default.make() if isinstance(default, _Field) else default
            else:
                raise TypeError(f"{type(self).__name__}: missing argument '{name}'")
        if kwargs:
            raise TypeError(f"{type(self).__name__}: unknown or repeated argument '{next(iter(kwargs))}'")

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} does not change: cannot set '{name}'; make another with replace")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} does not change: cannot delete '{name}'")

    def _key(self) -> tuple[Any, ...]:
        # Not of a generator: Python makes such a tuple too long, cuts it, and keeps thousands of them for later.
        return tuple([self.__dict__[name] for name in self._compared])

    def __eq__(self, other: object) -> bool:
        return (
            self._key() == other._key() if isinstance(other, Record) and type(other) is type(self) else NotImplemented
        )

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{n}={self.__dict__[n]!r}' for n in self._printed)})"

    def __copy__(self) -> Self:
        return self


def replace(record: R, **changes: Any) -> R:
    """Return a copy with some values changed, as `dataclasses.replace`."""
    return type(record)(**{**record.__dict__, **changes})
