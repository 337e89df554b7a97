"""Where seeds and keys come from: the process's sequence, a `SeedGenerator`, or the training step under way."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock, local
from typing import Any

from chainrule.random.threefry import Key, encrypt, fold_in, key_from_seed
from chainrule.saving.serialization import public

_lock = Lock()
_GLOBAL_STREAM = 0x5EED  # keeps keys drawn with seed=None in a step apart from those of its layers


class _Process:
    """The process-wide sequence of seeds: a key and how many were drawn."""

    key: Key = key_from_seed(int.from_bytes(os.urandom(8), "little"))
    drawn: int = 0


class _Step(local):
    """The keys of the training steps that this thread is inside of, innermost last, each with a count of draws."""

    def __init__(self) -> None:
        self.scopes: list[list[Any]] = []


_step = _Step()


def set_random_seed(seed: int) -> None:
    """Seed Python's `random`, NumPy's global generator and chainrule's own sequence, as `keras.utils.set_random_seed`.

    Args:
        seed: an integer in [0, 2^32).

    Raises:
        ValueError: it is not one.

    >>> set_random_seed(7)
    >>> first = draw_seed()
    >>> set_random_seed(7)
    >>> draw_seed() == first
    True
    """
    if not isinstance(seed, int) or not 0 <= seed < 1 << 32:
        raise ValueError(f"set_random_seed: expected an integer in [0, 2^32), received {seed!r}.")
    import random

    import numpy as np

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - users' scripts draw from it
    with _lock:
        _Process.key, _Process.drawn = key_from_seed(seed), 0


def draw_seed() -> int:
    """Return the next seed of the process, in [0, 2^53): fixed by `set_random_seed`, else by the operating system."""
    with _lock:
        index, key = _Process.drawn, _Process.key
        _Process.drawn += 1
    high, low = encrypt(key, (index >> 32, index & 0xFFFFFFFF))
    return (high << 32 | low) >> 11


def process_state() -> tuple[int, int, int]:
    """Return where the process-wide sequence of seeds stands, for `set_process_state`."""
    with _lock:
        return (*_Process.key, _Process.drawn)


def set_process_state(state: Sequence[int]) -> None:
    """Put the process-wide sequence of seeds where `process_state` found it."""
    high, low, drawn = state
    with _lock:
        _Process.key, _Process.drawn = (high, low), drawn


@public("keras.random")
class SeedGenerator:
    """A sequence of keys from one seed, as `keras.random.SeedGenerator`.

    Args:
        seed: an integer; by default the next of the process-wide sequence.
        name: by default `'seed_generator'`, counted.

    Raises:
        ValueError: `seed` is not an integer.

    >>> a, b = SeedGenerator(1), SeedGenerator(1)
    >>> a.next() == b.next(), a.next() == a.next()
    (True, False)
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        kwargs.pop("backend", None)
        if kwargs:
            raise ValueError(f"SeedGenerator: unknown arguments {sorted(kwargs)}.")
        self._initial_seed = seed
        self._name = name
        self.seed = draw_seed() if seed is None else _integer(seed)
        self.drawn = 0

    @property
    def name(self) -> str:
        """The given name, or one taken on first use."""
        if self._name is None:
            from chainrule.utils.naming import unique_name

            self._name = unique_name("seed_generator")
        return self._name

    def next(self, ordered: bool = True) -> Key:
        """Return the next key; `ordered` is accepted for Keras and changes nothing."""
        with _lock:
            index = self.drawn
            self.drawn += 1
        return fold_in(key_from_seed(self.seed), index)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """Build a generator from what `get_config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"SeedGenerator(seed={self.seed}, drawn={self.drawn})"


def _integer(seed: Any) -> int:
    try:
        return operator.index(seed)
    except TypeError:
        raise ValueError(f"Expected a seed that is an integer, received {seed!r}.") from None


@contextmanager
def step_scope(key: Key) -> Iterator[Key]:
    """Within the block, and in this thread, random layers take their keys from `key`, that of a training step.

    >>> with step_scope((1, 2)):
    ...     step_key()
    (1, 2)
    >>> step_key() is None
    True
    """
    scope: list[Any] = [key, 0, {}]
    _step.scopes.append(scope)
    try:
        yield key
    finally:
        _step.scopes.pop()


def step_key() -> Key | None:
    """Return the key of the training step under way in this thread, or None."""
    return _step.scopes[-1][0] if _step.scopes else None


def draws_in_step(index: int) -> int:
    """Return how often a layer of this number has drawn before in the innermost `step_scope`, and count this draw."""
    counts: dict[int, int] = _step.scopes[-1][2]
    before = counts.get(index, 0)
    counts[index] = before + 1
    return before


def key_for(seed: int | SeedGenerator | None) -> Key:
    """Return the key that the `seed` argument of a `keras.random` function stands for.

    An integer always gives the same key. None gives a new one each time: within a training step it depends on that step
    and the number of such calls in it, so that a resumed run repeats it; elsewhere on the process-wide sequence.

    Raises:
        ValueError: `seed` is something else.
    """
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if seed is not None:
        return key_from_seed(_integer(seed))
    if _step.scopes:
        scope = _step.scopes[-1]
        scope[1] += 1
        return fold_in(scope[0], _GLOBAL_STREAM, scope[1])
    return key_from_seed(draw_seed())
