"""The progress line of `fit`, `evaluate` and `predict`, in Keras's own words.

On a terminal and in a notebook one line is rewritten in place; anywhere else (a file, a pipe, CI) only the finished
line is written, without control characters.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from time import perf_counter
from typing import Any

import numpy as np

from chainrule.callbacks import console

BOLD, GREEN, WHITE, RESET = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"


class Progbar:
    """A line such as `3/3 ━━━━━━━━━━━━━━━━━━━━ 0s 2ms/step - loss: 0.8978` (`keras.utils.Progbar`).

    Values are averaged over the steps since the bar began, unless named in `stateful_metrics`, or left out of
    `stateless_metrics` where that is given.

    Args:
        target: number of steps expected, or None if unknown.
        width: characters of the bar.
        verbose: 0 nothing, 1 the bar, 2 one line at the end. As in Keras, a negative value is written `%.4e` by 2.
        interval: least time between two drawings, in seconds.
        stateful_metrics: names of values shown as they are.
        stateless_metrics: names of values that are averaged; all others are shown as they are.
        unit_name: what is counted.

    Raises:
        ValueError: both lists of names were given.

    >>> Progbar(target=2).update(2, [("loss", 0.25)])
    2/2 ━━━━━━━━━━━━━━━━━━━━ 0s ...s/step - loss: 0.2500
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                "Progbar: expected at most one of `stateful_metrics` (average all but these) and `stateless_metrics` "
                "(average only these), received both. Pass the shorter list."
            )
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self.stateful_metrics = set(stateful_metrics or ()) if stateless_metrics is None else None
        self._averages = self.stateless_metrics is None or bool(self.stateless_metrics)
        self._sums: dict[str, _Sum] = {}
        self._seen_so_far = 0
        self._start = perf_counter()
        self._first_step_end: float | None = None
        self._last_update = float("-inf")
        self._shown = 0

    def due(self) -> bool:
        """Whether enough time has passed since the last drawing."""
        return perf_counter() - self._last_update >= self.interval

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Count `n` further steps."""
        self.update(self._seen_so_far + n, values)

    def update(
        self, current: int, values: Iterable[tuple[str, Any]] | None = None, finalize: bool | None = None
    ) -> None:
        """Say that `current` steps are done.

        Args:
            values: `(name, value)` of the steps since the last call.
            finalize: whether this is the last call; by default when `current` reaches the target.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        now = perf_counter()
        due = finalize or (self.verbose == 1 and now - self._last_update >= self.interval)
        if not due and current > 1:  # the common case: nothing to draw
            if self._averages:
                self._take(values or (), current - self._seen_so_far, False)
            self._seen_so_far = current
            return
        self._take(values or (), current - self._seen_so_far, finalize)
        self._seen_so_far = current
        seconds_per_step = self._seconds_per_step(current, now)
        if self.verbose == 1 and due:
            self._draw(current, now, seconds_per_step, finalize)
            self._last_update = now
        elif self.verbose == 2 and finalize and self.target:
            head = f"{self._count(current)} - {now - self._start:.0f}s -{self._pace(seconds_per_step)}"
            console.write(head + "".join(self._metrics(signed=True)) + "\n")

    def _take(self, values: Iterable[tuple[str, Any]], steps: int, finalize: bool) -> None:
        sums, steps = self._sums, max(steps, 1)
        for name, value in values:
            known = sums.get(name)
            if finalize or known is None or not known.averaged:  # the last values are those of the whole epoch
                averaged = self._is_averaged(name) and not finalize
                sums[name] = _Sum(value * steps, steps, True) if averaged else _Sum(value, 1, False)
            else:
                known.total += value * steps
                known.count += steps

    def _is_averaged(self, name: str) -> bool:
        if self.stateless_metrics is not None:
            return name in self.stateless_metrics
        return name not in (self.stateful_metrics or ())

    def _seconds_per_step(self, current: int, now: float) -> float:
        """Return the mean time of a step; the first one, which sets things up, counts only while it is alone."""
        if not current:
            return 0.0
        if self._first_step_end is not None and current > 1:
            seconds = (now - self._first_step_end) / (current - 1)
        else:
            seconds = (now - self._start) / current
        if current == 1:
            self._first_step_end = now
        return seconds

    # -- the line ------------------------------------------------------------------------------------------------

    def _draw(self, current: int, now: float, seconds_per_step: float, finalize: bool) -> None:
        stream = sys.stdout
        live = console.is_live(stream)
        if not live and not finalize:
            return
        paint = Paint(console.has_colors(stream), console.can_show(stream, "━─…"))
        known = self.target is not None and self.target > 0
        if known and not finalize:
            clock = _clock(seconds_per_step * ((self.target or 0) - current))
        else:
            clock = f"{now - self._start:.0f}s"
        count = f"{paint.bold(self._count(current))} " if known else f"{current:7d}/Unknown"
        bar = paint.bar(self.width, current / (self.target or 1)) if known else ""
        head = f"{count}{bar} {paint.bold(clock)}{self._pace(seconds_per_step)}"
        metrics = self._metrics(signed=False)
        columns = console.width(stream)
        if not live:
            console.write(head + "".join(metrics) + "\n")
        elif finalize:
            self._rewrite("\n".join(_fold(head, metrics, columns)), "\n")
        else:
            self._rewrite(_cut(head + "".join(metrics), columns, paint.ellipsis))

    def _rewrite(self, text: str, end: str = "") -> None:
        first_line = text.partition("\n")[0]
        shown = _visible(first_line)
        padding = " " * max(0, self._shown - shown)
        console.write(f"\r{first_line}{padding}{text[len(first_line) :]}{end}")
        self._shown = shown

    def _count(self, current: int) -> str:
        return f"{current:{len(str(self.target))}d}/{self.target}"

    def _pace(self, seconds: float) -> str:
        if seconds >= 1 or seconds == 0:
            return f" {seconds:.0f}s/{self.unit_name}"
        if seconds >= 1e-3:
            return f" {seconds * 1e3:.0f}ms/{self.unit_name}"
        return f" {seconds * 1e6:.0f}us/{self.unit_name}"

    def _metrics(self, signed: bool) -> list[str]:
        return [f" - {name}: {_number(s.total, s.count, signed)}" for name, s in self._sums.items()]


class _Sum:
    """A value over the steps so far: their sum, or the latest one if it is not averaged."""

    __slots__ = ("averaged", "count", "total")

    def __init__(self, total: Any, count: int, averaged: bool) -> None:
        self.total, self.count, self.averaged = total, count, averaged


class Paint:
    """How the bar looks on one stream: with or without colours, with or without the letters `━` and `─`."""

    def __init__(self, colors: bool, letters: bool) -> None:
        self.colors = colors
        self.done = "━" if letters else "="
        self.rest = self.done if colors else ("─" if letters else ".")
        self.ellipsis = "…" if letters else "..."

    def bold(self, text: str) -> str:
        """Return `text` in bold."""
        return f"{BOLD}{text}{RESET}" if self.colors else text

    def bar(self, width: int, fraction: float) -> str:
        """Return a bar of `width` characters, `fraction` of it done: told by the colour, or else by the letter."""
        full = min(int(width * fraction), width)
        done, rest = self.done * full, self.rest * (width - full)
        if not self.colors:
            return done + rest
        return (f"{GREEN}{done}{RESET}" if done else "") + f"{WHITE}{rest}{RESET}"


def _number(total: Any, count: int, signed: bool) -> str:
    if isinstance(total, str):
        return total
    mean = (total if isinstance(total, float) else float(np.mean(total))) / max(1, count)
    size = mean if signed else abs(mean)
    return f"{mean:.4f}" if size > 1e-3 else f"{mean:.4e}"


def _clock(seconds: float) -> str:
    """Return a duration as Keras writes it: `59s`, `1:05`, `2:00:07`."""
    if seconds > 3600:
        return f"{int(seconds // 3600)}:{int(seconds % 3600 // 60):02d}:{int(seconds % 60):02d}"
    if seconds > 60:
        return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
    return f"{int(seconds)}s"


def _visible(text: str) -> int:
    return len(console.ESCAPES.sub("", text))


def _cut(text: str, columns: int | None, ellipsis: str) -> str:
    """Return `text` with at most `columns - 1` visible characters: the last column would make some terminals wrap."""
    if columns is None or _visible(text) < columns:
        return text
    room, kept, position = max(columns - 1 - len(ellipsis), 0), 0, 0
    while kept < room:
        escape = console.ESCAPES.match(text, position)
        position, kept = (escape.end(), kept) if escape else (position + 1, kept + 1)
    return text[:position] + (RESET if "\x1b" in text[:position] else "") + ellipsis[: columns - 1]


def _fold(head: str, metrics: list[str], columns: int | None) -> list[str]:
    """Return head and metrics on as many lines as their width asks for, so that the finished line loses nothing."""
    lines = [head]
    for metric in metrics:
        if columns is not None and _visible(lines[-1]) + len(metric) >= columns:
            lines.append(f"   {metric}")
        else:
            lines[-1] += metric
    return lines if columns is None else [_cut(line, columns, "") for line in lines]
