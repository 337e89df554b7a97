"""Fixed mutations of seeds, for runs without a fuzzer: the same number always gives the same bytes."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, (1 << 63) - 1, (1 << 64) - 1)
_WORDS = (b"null", b"true", b"-1", b"1e999", b"[]", b"{}", b'""', b"9007199254740993", b"\n", b"\0", b"../", b"\xff")


def mutations(seeds: Sequence[bytes], number: int, seed: int = 0) -> Iterator[bytes]:
    """Yield changed seeds, each of one to four changes."""
    for i in range(number):
        draw = random.Random(f"{seed} {i}")
        data = bytearray(draw.choice(seeds))
        for _ in range(draw.randint(1, 4)):
            draw.choice(_CHANGES)(data, draw, seeds)
        yield bytes(data)


def _place(data: bytearray, draw: random.Random) -> int:
    return draw.randrange(len(data)) if data else 0


def _flip(data: bytearray, draw: random.Random, _: Sequence[bytes]) -> None:
    if data:
        data[_place(data, draw)] ^= 1 << draw.randrange(8)


def _byte(data: bytearray, draw: random.Random, _: Sequence[bytes]) -> None:
    if data:
        data[_place(data, draw)] = draw.randrange(256)


def _number(data: bytearray, draw: random.Random, _: Sequence[bytes]) -> None:
    at, size = _place(data, draw), draw.choice((1, 2, 4, 8))
    data[at : at + size] = struct.pack("<Q", draw.choice(_NUMBERS))[:size]


def _word(data: bytearray, draw: random.Random, _: Sequence[bytes]) -> None:
    at = _place(data, draw)
    data[at : at + draw.randrange(8)] = draw.choice(_WORDS)


def _cut(data: bytearray, draw: random.Random, _: Sequence[bytes]) -> None:
    at = _place(data, draw)
    del data[at : at + draw.choice((1, 4, 30, len(data)))]


def _repeat(data: bytearray, draw: random.Random, _: Sequence[bytes]) -> None:
    at, to = _place(data, draw), _place(data, draw)
    data[to:to] = data[at : at + draw.randrange(1, 60)]


def _join(data: bytearray, draw: random.Random, seeds: Sequence[bytes]) -> None:
    other = draw.choice(seeds)
    at = _place(data, draw)
    size = draw.randrange(1, 200)
    data[at : at + size] = other[at : at + size]


_CHANGES = (_flip, _byte, _number, _word, _cut, _repeat, _join)
