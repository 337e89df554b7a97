"""What EarlyStopping, ModelCheckpoint and ReduceLROnPlateau share: a metric to watch, and what counts as better."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from chainrule.callbacks.base import Callback

MODES = ("auto", "min", "max")


class MonitorCallback(Callback):
    """Base of callbacks that watch one metric for improvement.

    Args:
        monitor: name of the metric, as in `History.history`.
        mode: `'min'` if less is better, `'max'` if more is, `'auto'` to go by the metric.
        baseline: the best value to begin with; None takes the first one.
        min_delta: a change of less than this is no improvement.
    """

    def __init__(
        self, monitor: str = "val_loss", mode: str = "auto", baseline: float | None = None, min_delta: float = 0
    ) -> None:
        super().__init__()
        if mode not in MODES:
            warnings.warn(
                f"{type(self).__name__} mode '{mode}' is unknown, falling back to 'auto'. Known: 'auto', 'min', 'max'.",
                stacklevel=3,
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best: Any = baseline
        self.min_delta = abs(min_delta)
        self._more_is_better: bool | None = {"min": False, "max": True}.get(mode)

    def _is_improvement(self, value: Any, reference: Any) -> bool:
        """Whether `value` is better than `reference` by more than `min_delta`."""
        if self._more_is_better is None:  # metrics exist only once the model has seen data
            self._more_is_better = self._infer_direction()
        if reference is None:
            return True
        if self._more_is_better:
            return bool(value - self.min_delta > reference)
        return bool(value + self.min_delta < reference)

    def _infer_direction(self) -> bool:
        """Return whether more is better: no for losses, else as the metric of that name says."""
        name = self.monitor.removeprefix("val_")
        directions = dict(_directions(getattr(self.model, "metrics", ())))
        if name in directions:
            return directions[name]
        if name == "loss" or name.endswith("_loss"):
            return False
        # Models with several outputs put the output's name before the metric's.
        suffixes = [known for known in directions if name.endswith(f"_{known}")]
        if suffixes:
            return directions[max(suffixes, key=len)]
        raise ValueError(
            f"{type(self).__name__}: cannot tell whether monitor='{self.monitor}' should grow or shrink "
            f"(metrics that say so: {', '.join(sorted(directions)) or 'none'}). "
            "Pass mode='max' if more is better, or mode='min' if less is."
        )

    def _missing(self, consequence: str, logs: Iterable[str]) -> None:
        """Warn that the monitored metric is not among the logs."""
        warnings.warn(
            f"{consequence} `{self.monitor}` which is not available. Available metrics are: {','.join(logs)}",
            stacklevel=3,
        )


def _directions(metrics: Iterable[Any]) -> Iterator[tuple[str, bool]]:
    """Yield the name of each metric, and whether more is better, where the metric says so."""
    for metric in metrics:
        yield from _directions(getattr(metric, "metrics", None) or ())
        direction = getattr(metric, "_direction", None)
        if direction is not None:
            yield str(metric.name), direction == "up"
