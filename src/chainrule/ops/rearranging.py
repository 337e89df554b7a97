"""`rearrange`: axes by name, as in einops."""

from __future__ import annotations

import math
import re

from chainrule._typing import Value
from chainrule.ops.creation import shape as shape_of
from chainrule.ops.shapes import reshape, transpose

__all__ = ["rearrange"]


def rearrange(tensor: Value, pattern: str, **axes_lengths: int) -> Value:
    """Give axes names, and say in which order and groups they stand in the result.

    Args:
        tensor: the array.
        pattern: names of the axes before and after `->`. `(a b)` is one axis that is `a` times `b` long; `1` is an axis
            of length 1; `...` stands for any further axes.
        axes_lengths: lengths of axes within groups on the left; one in each group may be left out.

    Raises:
        ValueError: the pattern does not fit.

    >>> import numpy as np, chainrule as cr
    >>> x = np.arange(6).reshape(2, 3)
    >>> cr.ops.rearrange(x, "a b -> b a").tolist()
    [[0, 3], [1, 4], [2, 5]]
    >>> cr.ops.rearrange(x, "a (b c) -> (a b) c", c=1).shape
    (6, 1)
    """
    left, arrow, right = pattern.partition("->")
    if not arrow:
        raise ValueError(f"ops.rearrange: a pattern is 'axes -> axes', not {pattern!r}.")
    shape = shape_of(tensor)
    before, after = _groups(left), _groups(right)
    further = [f"...{i}" for i in range(len(shape) - len(before) + 1)]
    before, after = _with_further(before, further), _with_further(after, further)
    if len(before) != len(shape):
        raise ValueError(f"ops.rearrange: {pattern!r} names {len(before)} axes, but the shape is {shape}.")
    lengths = _lengths(before, shape, axes_lengths, pattern)
    names = [name for group in before for name in group]
    wanted = [name for group in after for name in group]
    if sorted(names) != sorted(wanted) or len(set(names)) < len(names):
        raise ValueError(f"ops.rearrange: each axis stands once on both sides of {pattern!r}.")
    x = reshape(tensor, [lengths[name] for name in names])
    x = transpose(x, [names.index(name) for name in wanted])
    return reshape(x, [math.prod(lengths[name] for name in group) for group in after])


def _groups(side: str) -> list[list[str]]:
    """Return the axes of one side, each as the list of names it is made of; none for an axis of length 1.

    >>> _groups("a (b c) 1")
    [['a'], ['b', 'c'], []]
    """
    words = re.findall(r"\([^()]*\)|\.\.\.|\w+", side)
    return [[name for name in re.findall(r"\.\.\.|\w+", word) if name != "1"] for word in words]


def _with_further(groups: list[list[str]], further: list[str]) -> list[list[str]]:
    """Put names in the place of `...`: axes of their own, or members of the group it stands in."""
    result: list[list[str]] = []
    for group in groups:
        if group == ["..."]:
            result += [[name] for name in further]
        else:
            result.append([n for name in group for n in (further if name == "..." else [name])])
    return result


def _lengths(groups: list[list[str]], shape: tuple[int, ...], given: dict[str, int], pattern: str) -> dict[str, int]:
    """Return the length of each named axis."""
    lengths = {}
    for group, length in zip(groups, shape, strict=True):
        known = math.prod(given[name] for name in group if name in given)
        unknown = [name for name in group if name not in given]
        if len(unknown) > 1:
            raise ValueError(
                f"ops.rearrange: the lengths of {', '.join(unknown)} in {pattern!r} must be given, but one."
            )
        if length % known or (not unknown and known != length):
            raise ValueError(f"ops.rearrange: an axis of length {length} cannot be ({' '.join(group)}) in {pattern!r}.")
        lengths.update({name: given[name] if name in given else length // known for name in group})
    return lengths
