"""Numbers, texts, lists, dicts and NumPy arrays out of pickle files, without unpickling anything.

Pickle is a language in which a file can name any function and have it called. This reader knows the part of it that
builds plain values, and reads the three names that a NumPy array is written with as what they stand for; at any other
name it stops. Nothing is imported, and no object of the file gets to act.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from chainrule.errors import DataError

_ARRAY_NAMES = {
    ("numpy.core.multiarray", "_reconstruct"): "reconstruct",
    ("numpy._core.multiarray", "_reconstruct"): "reconstruct",
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
}
_TYPES = frozenset(f"{kind}{size}" for kind in "iuf" for size in (1, 2, 4, 8)) | {"b1", "O", "O8"}


class _Name(str):
    """One of the names above."""


class _Dtype:
    """A type on its way: its code and, once its state is known, its byte order."""

    def __init__(self, code: str) -> None:
        self.code, self.order = code, "="


class _ArrayToBe:
    """An array whose shape and contents are still to come."""

    def __init__(self) -> None:
        self.array: Any = None


def load(data: bytes, source: str) -> Any:
    """Return the value that pickled `data` describe.

    Args:
        data: of protocol 0 to 5; texts of Python 2 become bytes.
        source: what to call the data in messages.

    Raises:
        DataError: the data name anything but arrays, use any part of the language that plain values do not need, or
            are damaged.

    >>> import pickle
    >>> load(pickle.dumps({b"labels": [3, 500], "x": (1.5, None)}), "here")
    {b'labels': [3, 500], 'x': (1.5, None)}
    >>> load(pickle.dumps(print), "here")
    Traceback (most recent call last):
    chainrule.errors.DataError: here names builtins.print: only plain values and NumPy arrays are read. ...
    """
    try:
        return _settled(_Reader(data, source).run())
    except (IndexError, KeyError, TypeError, ValueError, struct.error, UnicodeError, OverflowError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{source} is damaged: {error or type(error).__name__}.") from error


class _Reader:
    """The stack on which the values grow."""

    def __init__(self, data: bytes, source: str) -> None:
        self.data, self.source, self.at = data, source, 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        data, append, end = self.data, self.stack.append, len(self.data)
        while self.at < end:
            at = self.at
            while True:  # numbers of one and two bytes make up nearly all of a file of texts
                code = data[at]
                if code == 0x4D:
                    append(data[at + 1] | data[at + 2] << 8)
                    at += 3
                elif code == 0x4B:
                    append(data[at + 1])
                    at += 2
                else:
                    break
            self.at = at + 1
            if code == 0x2E:  # the end
                return self.stack.pop()
            step = _STEPS.get(code)
            if step is None:
                raise DataError(
                    f"{self.source} uses the pickle instruction {bytes([code])!r}, which plain values do not need: "
                    "it is not read."
                )
            step(self)
        raise DataError(f"{self.source} is damaged: it ends too early.")

    def take(self, count: int) -> bytes:
        if count < 0 or self.at + count > len(self.data):
            raise DataError(f"{self.source} is damaged: it ends too early.")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> bytes:
        end = self.data.index(b"\n", self.at)
        found, self.at = self.data[self.at : end], end + 1
        return found

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def marked(self) -> list[Any]:
        """Take off what lies above the last mark."""
        at = self.marks.pop()
        found = self.stack[at:]
        del self.stack[at:]
        return found

    def put(self, number: int) -> None:
        self.memo[number] = self.stack[-1]

    def name(self, module: str, name: str) -> None:
        known = _ARRAY_NAMES.get((module, name))
        if known is None:
            raise DataError(
                f"{self.source} names {module}.{name}: only plain values and NumPy arrays are read. "
                "Do not use the file unless you know who made it."
            )
        self.push(_Name(known))

    def extend(self) -> None:
        items = self.marked()
        _checked(self.stack[-1], list).extend(items)

    def update(self, items: list[Any]) -> None:
        _checked(self.stack[-1], dict).update(zip(items[::2], items[1::2], strict=True))

    def pair(self) -> None:
        self.update([self.stack.pop(-2), self.stack.pop()])

    def append(self) -> None:
        value = self.stack.pop()
        _checked(self.stack[-1], list).append(value)

    def call(self) -> None:
        """What a file calls: the beginnings of an array and of its type, made by ourselves."""
        arguments, function = self.stack.pop(), self.stack.pop()
        if not isinstance(function, _Name) or not isinstance(arguments, tuple):
            raise ValueError("a call of something else than NumPy's")
        if function == "dtype" and _text(arguments[0]) in _TYPES:
            self.push(_Dtype(_text(arguments[0])))
        elif function == "reconstruct" and arguments[0] == "ndarray":
            self.push(_ArrayToBe())
        else:
            raise ValueError(f"{function} of {str(arguments)[:60]}")

    def build(self) -> None:
        """The rest of an array or of its type."""
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, _Dtype):
            order = _text(state[1])
            if order not in "<>|=":
                raise ValueError(f"byte order {order!r}")
            target.order = order
        elif isinstance(target, _ArrayToBe):
            _, shape, dtype, fortran, contents = state
            target.array = _array(tuple(shape), dtype, bool(fortran), contents)
        else:
            raise ValueError("a state of something else than an array")


def _array(shape: tuple[int, ...], dtype: Any, fortran: bool, contents: Any) -> Any:
    """Return an array of this shape, whose contents must be just as long as it says."""
    count = 1
    for n in shape:
        if type(n) is not int or n < 0:
            raise ValueError(f"shape {shape}")
        count *= n
    if dtype.code in ("O", "O8"):
        if len(_checked(contents, list)) != count:
            raise ValueError(f"{len(contents)} objects for shape {shape}")
        found = np.empty(count, object)
        for k, value in enumerate(contents):
            found[k] = _settled(value)
    else:
        kind = np.dtype(dtype.code).newbyteorder(dtype.order if dtype.order in "<>" else "=")
        raw = contents.encode("latin-1") if isinstance(contents, str) else bytes(_checked(contents, bytes | bytearray))
        if len(raw) != count * kind.itemsize:
            raise ValueError(f"{len(raw)} bytes for shape {shape} of {kind}")
        found = np.frombuffer(raw, kind).copy()
    return found.reshape(shape, order="F" if fortran else "C")


def _settled(value: Any) -> Any:
    """Return a value with arrays where they were begun; only the containers that data sets use are looked into."""
    if isinstance(value, _ArrayToBe):
        if value.array is None:
            raise ValueError("an array without contents")
        return value.array
    if isinstance(value, dict):
        return {key: _settled(part) for key, part in value.items()}
    return value


def _checked(value: Any, kind: Any) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"{type(value).__name__} where {kind} is expected")
    return value


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(_checked(value, str))


def _quoted(r: _Reader) -> None:
    """A text of protocol 0 in quotes, without escapes."""
    line = r.line()
    if len(line) < 2 or line[:1] not in b"'\"" or line[-1:] != line[:1] or b"\\" in line:
        raise ValueError("a text with escapes")
    r.push(line[1:-1])


def _whole(r: _Reader) -> None:
    line = r.line()
    r.push(line == b"01" if line in (b"00", b"01") else int(line.rstrip(b"L")))


def _named(r: _Reader) -> None:
    module, name = r.line(), r.line()
    r.name(module.decode(), name.decode())


def _stacked_name(r: _Reader) -> None:
    name, module = r.stack.pop(), r.stack.pop()
    r.name(_text(module), _text(name))


def _tuple_of(count: int) -> Any:
    def step(r: _Reader) -> None:
        items = tuple(r.stack[len(r.stack) - count :])
        if len(items) != count:
            raise ValueError("too few values for a tuple")
        del r.stack[len(r.stack) - count :]
        r.push(items)

    return step


def _sized(form: str, decode: str = "") -> Any:
    """A step that pushes bytes or text whose length stands before them."""

    def step(r: _Reader) -> None:
        raw = r.take(r.number(form))
        r.push(raw.decode(decode, "surrogatepass") if decode else raw)

    return step


def _constant(value: Any) -> Any:
    return lambda r: r.push(value)


_STEPS: dict[int, Any] = {
    ord("("): lambda r: r.marks.append(len(r.stack)),
    ord("0"): lambda r: r.stack.pop(),
    ord("2"): lambda r: r.push(r.stack[-1]),
    ord("F"): lambda r: r.push(float(r.line())),
    ord("G"): lambda r: r.push(r.number(">d")),
    ord("I"): _whole,
    ord("J"): lambda r: r.push(r.number("<i")),
    ord("L"): _whole,
    ord("N"): _constant(None),
    ord("S"): _quoted,
    ord("V"): lambda r: r.push(r.line().decode("raw-unicode-escape")),
    ord("R"): _Reader.call,
    ord("b"): _Reader.build,
    ord("c"): _named,
    ord("T"): _sized("<i"),
    ord("U"): _sized("<B"),
    ord("B"): _sized("<I"),
    ord("C"): _sized("<B"),
    ord("X"): _sized("<I", "utf-8"),
    0x8C: _sized("<B", "utf-8"),
    0x8D: _sized("<Q", "utf-8"),
    0x8E: _sized("<Q"),
    0x96: _sized("<Q"),
    0x80: lambda r: r.take(1),
    0x95: lambda r: r.take(8),
    0x88: _constant(True),
    0x89: _constant(False),
    0x8A: lambda r: r.push(int.from_bytes(r.take(r.number("<B")), "little", signed=True)),
    0x93: _stacked_name,
    0x94: lambda r: r.put(len(r.memo)),
    0x85: _tuple_of(1),
    0x86: _tuple_of(2),
    0x87: _tuple_of(3),
    ord("t"): lambda r: r.push(tuple(r.marked())),
    ord(")"): _constant(()),
    ord("]"): lambda r: r.push([]),
    ord("l"): lambda r: r.push(r.marked()),
    ord("a"): _Reader.append,
    ord("e"): _Reader.extend,
    ord("}"): lambda r: r.push({}),
    ord("d"): lambda r: (lambda items: (r.push({}), r.update(items)))(r.marked()),
    ord("s"): _Reader.pair,
    ord("u"): lambda r: r.update(r.marked()),
    ord("p"): lambda r: r.put(int(r.line())),
    ord("q"): lambda r: r.put(r.number("<B")),
    ord("r"): lambda r: r.put(r.number("<I")),
    ord("g"): lambda r: r.push(r.memo[int(r.line())]),
    ord("h"): lambda r: r.push(r.memo[r.number("<B")]),
    ord("j"): lambda r: r.push(r.memo[r.number("<I")]),
}
