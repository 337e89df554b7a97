"""Whole numbers and their bits. None of it has a derivative."""

from __future__ import annotations

import numpy as np

from chainrule._typing import Value
from chainrule.autodiff.op import op

__all__ = [
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "gcd",
    "lcm",
    "left_shift",
    "right_shift",
]


@op("x", "y", broadcasts=True)
def bitwise_and(x: Value, y: Value) -> Value:
    """The bits that are set in both."""
    return np.bitwise_and(x, y)


@op("x", "y", broadcasts=True)
def bitwise_or(x: Value, y: Value) -> Value:
    """The bits that are set in one or both."""
    return np.bitwise_or(x, y)


@op("x", "y", broadcasts=True)
def bitwise_xor(x: Value, y: Value) -> Value:
    """The bits that are set in exactly one."""
    return np.bitwise_xor(x, y)


@op("x")
def bitwise_invert(x: Value) -> Value:
    """The bits that are not set."""
    return np.bitwise_not(x)


def bitwise_not(x: Value) -> Value:
    """The same as `bitwise_invert`."""
    return bitwise_invert(x)


@op("x", "y", broadcasts=True)
def bitwise_left_shift(x: Value, y: Value) -> Value:
    """The bits moved by `y` places: `x * 2**y`."""
    return np.left_shift(x, y)


@op("x", "y", broadcasts=True)
def bitwise_right_shift(x: Value, y: Value) -> Value:
    """The bits moved back by `y` places: `x // 2**y`."""
    return np.right_shift(x, y)


def left_shift(x: Value, y: Value) -> Value:
    """The same as `bitwise_left_shift`."""
    return bitwise_left_shift(x, y)


def right_shift(x: Value, y: Value) -> Value:
    """The same as `bitwise_right_shift`."""
    return bitwise_right_shift(x, y)


@op("x1", "x2", broadcasts=True)
def gcd(x1: Value, x2: Value) -> Value:
    """The greatest common divisor."""
    return np.gcd(x1, x2)


@op("x1", "x2", broadcasts=True)
def lcm(x1: Value, x2: Value) -> Value:
    """The least common multiple."""
    return np.lcm(x1, x2)
