"""`einsum`: products summed over the axes that share a letter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._typing import Value
from chainrule.autodiff.op import op
from chainrule.ops.creation import shape as shape_of
from chainrule.ops.shapes import reshape

__all__ = [
    "contract",
    "einsum",
    "turned",
]

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def einsum(subscripts: str, *operands: Value, **kwargs: Any) -> Value:
    """Products summed over repeated letters: `einsum("bi,io->bo", x, w)` is `x @ w`.

    Args:
        subscripts: the letters of each operand's axes, `->` and those of the result (by default the letters that occur
            once, in alphabetical order). `...` stands for any further axes.
        operands: the arrays.
        kwargs: accepted as in Keras, without effect.
    """
    letters, result = _explicit(subscripts, [len(shape_of(x)) for x in operands])
    inputs = list(operands)
    for i, word in enumerate(letters):
        for place, letter in enumerate(word):
            if letter in word[:place]:  # a diagonal: rename the second axis, and multiply by the identity
                other = next(c for c in _LETTERS if c not in "".join(letters) + result)
                letters[i] = word = word[:place] + other + word[place + 1 :]
                letters.append(letter + other)
                inputs.append(np.eye(shape_of(operands[i])[place], dtype=getattr(operands[i], "dtype", None)))
    return contract(inputs, ",".join(letters) + "->" + result)


def _explicit(subscripts: str, ranks: list[int]) -> tuple[list[str], str]:
    """Return the letters of each operand and of the result, with `...` replaced by letters of its own."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    words = left.split(",")
    if len(words) != len(ranks):
        raise ValueError(f"ops.einsum: {subscripts!r} names {len(words)} operands, but {len(ranks)} were given.")
    spare = [c for c in _LETTERS if c not in text]
    longest = max((rank - len(word) + 3 for word, rank in zip(words, ranks, strict=True) if "..." in word), default=0)
    batch = "".join(spare[:longest])
    if not arrow:
        once = sorted(c for c in set(left) - set(",.") if left.count(c) == 1)
        right = ("..." if "..." in left else "") + "".join(once)
    full = [w.replace("...", batch[longest - (rank - len(w) + 3) :]) for w, rank in zip(words, ranks, strict=True)]
    return full, right.replace("...", batch)


def turned(subscripts: str, index: int) -> str:
    """Return the subscripts that give the gradient of one operand from `g` and the other operands.

    >>> turned("bi,io->bo", 1)
    'bo,bi->io'
    """
    left, _, result = subscripts.partition("->")
    words = left.split(",")
    mine = words.pop(index)
    known = set(result).union(*words)
    return ",".join([result, *words]) + "->" + "".join(c for c in mine if c in known)


def _turn_back(g: Value, index: int, operands: Sequence[Value], subscripts: str) -> Value:
    part = contract([g, *operands[:index], *operands[index + 1 :]], turned(subscripts, index))
    letters = subscripts.split(",")[index].partition("->")[0]
    result = turned(subscripts, index).partition("->")[2]
    lengths = iter(part.shape)
    return reshape(part, [next(lengths) if c in result else 1 for c in letters])


@op(
    operands=(
        "einsum(turned(subscripts, index), g, *operands[:index], *operands[index + 1:])",
        lambda g, y, index, operands, subscripts: _turn_back(g, index, operands, subscripts),
    ),
    variadic=True,
)
def contract(operands: Sequence[Value], subscripts: str) -> Value:
    """The sum of products that `einsum` describes, each operand's letters being different ones."""
    return np.einsum(subscripts, *operands, optimize=True)
