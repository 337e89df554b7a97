"""The metrics of a compiled model: which apply to which output, what they are called, and who gets sample weights."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.autodiff.masks import array_or_masked
from chainrule.errors import ChainruleError, DataError
from chainrule.metrics.base import Metric
from chainrule.metrics.lookup import make_metric
from chainrule.variables import Variable

__all__ = ["CompileMetrics", "MetricsList"]


class MetricsList(Metric):
    """Several metrics of one output.

    Args:
        metrics: they receive the same targets, predictions and weights.
        output_name: comes before each metric's name, where the model has several outputs.
    """

    def __init__(self, metrics: Sequence[Metric], name: str = "metrics_list", output_name: str | None = None) -> None:
        super().__init__(name=name)
        self.metrics = list(metrics)
        self.output_name = output_name

    @property
    def variables(self) -> list[Variable]:
        return [v for metric in self.metrics for v in metric.variables]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        for metric in self.metrics:
            if sample_weight is None:
                metric.update_state(y_true, y_pred)
            else:
                metric.update_state(y_true, y_pred, sample_weight=sample_weight)

    def reset_state(self) -> None:
        for metric in self.metrics:
            metric.reset_state()

    def result(self) -> dict[str, Any]:
        return {metric.name: metric.result() for metric in self.metrics}


def _make_list(metrics: Any, y_true: Array, y_pred: Array, output_name: str | None) -> MetricsList | None:
    if metrics is None:
        return None
    entries = metrics if isinstance(metrics, list | tuple) else [metrics]
    return MetricsList([make_metric(m, y_true, y_pred) for m in entries], output_name=output_name)


class CompileMetrics(Metric):
    """All metrics of a compiled model, built at the first batch, when the shapes are known.

    With one output, all metrics apply to it. With several, `metrics` is a list with one entry per output, a dict by
    output name, or has the structure of the outputs. `sample_weight` reaches `weighted_metrics` only.

    >>> metrics = CompileMetrics(["accuracy", "mae"], ["mae"])
    >>> metrics.update_state(np.array([0.0, 1.0]), np.array([[0.25], [0.25]]), np.array([3.0, 1.0]))
    >>> metrics.result()
    {'accuracy': 0.5, 'mae': 0.5, 'weighted_mae': 0.375}

    Args:
        metrics: as in `compile`: None, list, tuple or dict of names, metrics and functions.
        weighted_metrics: likewise.
        name: is always 'compile_metrics', as in Keras.
        output_names: the names of the model's outputs, in order.

    Raises:
        DataError: `metrics` is of another type, or does not match the outputs.
        UnknownNameError: a name we do not know, with the nearest known ones.
    """

    def __init__(
        self,
        metrics: Any,
        weighted_metrics: Any,
        name: str = "compile_metric",
        output_names: Sequence[str] | None = None,
    ) -> None:
        super().__init__(name="compile_metrics")
        for argument, given in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if given and not isinstance(given, list | tuple | dict):
                raise DataError(
                    f"compile: expected `{argument}` to be a list, tuple or dict, received {given!r} of type "
                    f"{type(given).__name__}. Write {argument}=[...]."
                )
        self._user_metrics = metrics
        self._user_weighted_metrics = weighted_metrics
        self.built = False
        self.output_names = list(output_names) if output_names else None
        self._flat_metrics: list[MetricsList | None] = []
        self._flat_weighted_metrics: list[MetricsList | None] = []
        self._order: list[str] | None = None

    @property
    def metrics(self) -> list[Metric]:
        """The metrics, those of `metrics` before those of `weighted_metrics`; none before the first batch."""
        return [metric for part in self._parts() for metric in part.metrics]

    @property
    def variables(self) -> list[Variable]:
        return [v for metric in self.metrics for v in metric.variables]

    def _parts(self) -> Iterator[MetricsList]:
        return (part for part in (*self._flat_metrics, *self._flat_weighted_metrics) if part is not None)

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Make the metrics for targets and predictions of these shapes."""
        n = len(tree.flatten(y_pred))
        flat = tree.is_nested(y_pred) and len(y_pred) == n
        names = self.output_names
        if flat and isinstance(y_pred, dict) and not (names and set(names) == set(y_pred)):
            names = list(y_pred) if isinstance(y_pred, OrderedDict) else sorted(y_pred)
        self._order = names if n > 1 and flat else None
        arguments = (n, flat, names, y_true, y_pred)
        self._flat_metrics = self._build_set(self._user_metrics, "metrics", *arguments)
        self._flat_weighted_metrics = self._build_set(self._user_weighted_metrics, "weighted_metrics", *arguments)
        self.built = True

    def _build_set(
        self, metrics: Any, argument: str, n: int, flat: bool, names: list[str] | None, y_true: Any, y_pred: Any
    ) -> list[MetricsList | None]:
        if not metrics:
            return [None] * n
        if n == 1:
            return [_make_list(tree.flatten(metrics), self._flatten(y_true)[0], self._flatten(y_pred)[0], None)]
        entries = None
        if flat and isinstance(metrics, list | tuple) and len(metrics) == n:
            entries = list(metrics)
        elif flat and names and isinstance(metrics, dict) and set(metrics) <= set(names):
            entries = [metrics.get(name) for name in names]
        labels: list[str] | list[None] = names or [None] * n
        if entries is None:
            try:
                entries = list(_leaves_up_to(y_pred, metrics))
                targets = [np.asarray(y) for y in _leaves_up_to(y_pred, y_true)]
            except (TypeError, KeyError, IndexError) as error:
                raise self._mismatch(argument, metrics, y_pred) from error
        else:
            targets = self._flatten(y_true)
        try:
            parts = zip(entries, targets, self._flatten(y_pred), labels, strict=True)
            return [_make_list(m, t, p, name) for m, t, p, name in parts]
        except ChainruleError as error:
            raise type(error)(f"{error}\nReceived: {argument}={metrics}") from error

    def heed(self, compiled_loss: Any) -> None:
        """Tell the metrics of each output which label its loss ignores: it may be none of the classes."""
        for output in compiled_loss.outputs or () if compiled_loss is not None else ():
            ignored = getattr(output.loss, "parameters", {}).get("ignore_class")
            for parts in (self._flat_metrics, self._flat_weighted_metrics):
                part = parts[output.position] if output.position < len(parts) else None
                for metric in part.metrics if part is not None else ():
                    metric._ignored_by_loss = ignored

    def _mismatch(self, argument: str, metrics: Any, y_pred: Any) -> DataError:
        structure = tree.map_structure(lambda _: "X", y_pred)
        outputs = f"be a list or dict that matches the outputs {self.output_names}, or " if self.output_names else ""
        return DataError(
            f"compile: `{argument}` must {outputs}have the structure of the model's outputs, {structure}; "
            f"received {argument}={metrics}."
        )

    def _flatten(self, y: Any) -> list[Array]:
        """Return one array per output, in the order of the outputs."""
        if isinstance(y, dict) and self._order is not None:
            return [array_or_masked(y[name]) for name in self._order]
        return [array_or_masked(leaf) for leaf in tree.flatten(y)]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch: arrays, or lists or dicts of them by output."""
        if not self.built:
            self.build(y_true, y_pred)
        targets, predictions = self._flatten(y_true), self._flatten(y_pred)
        for part, target, prediction in zip(self._flat_metrics, targets, predictions, strict=False):
            if part is not None:
                part.update_state(target, prediction)
        weights: list[Any] = [None] * len(targets)
        if sample_weight is not None:
            weights = self._flatten(sample_weight)
            if len(weights) < len(targets):
                weights = weights[:1] * len(targets)
        for part, target, prediction, weight in zip(
            self._flat_weighted_metrics, targets, predictions, weights, strict=False
        ):
            if part is not None:
                part.update_state(target, prediction, weight)

    def reset_state(self) -> None:
        for part in self._parts():
            part.reset_state()

    def result(self) -> dict[str, Any]:
        """Return all values by name, in the order of `metrics`, then `weighted_metrics`.

        Raises:
            DataError: before the first batch.
        """
        if not self.built:
            raise DataError("CompileMetrics: there is no result before the first batch.")
        return {name: metric.result() for name, metric in self.named()}

    def named(self) -> Iterator[tuple[str, Metric]]:
        """Yield all metrics with their names in logs.

        A name that is taken gets a number, or, in `weighted_metrics`, first the prefix 'weighted_'.
        """
        taken: dict[str, int] = {}
        for weighted, parts in ((False, self._flat_metrics), (True, self._flat_weighted_metrics)):
            for part in parts:
                for metric in part.metrics if part is not None else ():
                    prefix = f"{part.output_name}_" if part is not None and part.output_name else ""
                    name = prefix + metric.name
                    if weighted and name in taken:
                        name = f"{prefix}weighted_{metric.name}"
                    yield _unique(name, taken), metric


def _unique(name: str, taken: dict[str, int]) -> str:
    """Return the name, with `_1`, `_2`, ... where it is taken."""
    count = taken.get(name, 0)
    taken[name] = count + 1
    return f"{name}_{count}" if count else name


def _leaves_up_to(structure: Any, nested: Any) -> Iterator[Any]:
    """Yield the parts of `nested` that stand where `structure` has its leaves; they may be nested further.

    Raises:
        TypeError, KeyError, IndexError: `nested` lacks the structure.
    """
    if isinstance(structure, dict):
        if not isinstance(nested, dict) or nested.keys() != structure.keys():
            raise KeyError("keys differ")
        for key in sorted(structure):
            yield from _leaves_up_to(structure[key], nested[key])
    elif isinstance(structure, list | tuple):
        if not isinstance(nested, list | tuple) or len(nested) != len(structure):
            raise IndexError("lengths differ")
        for inner, part in zip(structure, nested, strict=True):
            yield from _leaves_up_to(inner, part)
    else:
        yield nested
