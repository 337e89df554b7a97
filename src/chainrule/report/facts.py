"""`Facts`: everything that the sections of a report ask for, computed once, when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._typing import Array
from chainrule.inspect.importance import Importance, permutation_importance
from chainrule.inspect.worst import Worst, worst_errors
from chainrule.report import columns, grids
from chainrule.report.folder import Folder
from chainrule.report.names import Names
from chainrule.tabular import recipe
from chainrule.tabular.train import Prepared, decode

if TYPE_CHECKING:
    from chainrule.report.grids import ColumnDependence

_BUDGET = 1_500_000  # predictions for the importance
_MOST_ROWS = 4000
_MOST_CURVES = 4


class Facts:
    """What is known of a run.

    Args:
        folder: what the run folder holds.
        private: whether cells of the table stay out of the report.
    """

    def __init__(self, folder: Folder, private: bool = False) -> None:
        self.folder = folder
        self.private = private
        self.run = folder.run
        self.metrics = folder.run.metrics
        self.names = Names(folder.run.preprocessor, private)
        self.task: str = self.metrics["task"]
        self.is_classification = self.task != "regression"

    @property
    def prepared(self) -> Prepared | None:
        """The table, if it is at hand."""
        return self.folder.prepared

    def predict(self, matrix: Array) -> Array:
        """Return probabilities (n, classes) or values (n, 1) for encoded rows."""
        found = decode(self.run.preprocessor, recipe.outputs_of(self.run.model, matrix))
        return found if found.ndim == 2 else found[:, None]

    @cached_property
    def columns(self) -> list[columns.ColumnFacts]:
        """What there is to say of each column; empty without the table."""
        return [] if self.prepared is None else columns.facts_of(self.prepared)

    @cached_property
    def importance(self) -> Importance | None:
        """How much the test rows need each column; None without the table."""
        if self.prepared is None:
            return None
        test = self.prepared.split.test
        groups = self.names.columns
        rows = max(200, min(_MOST_ROWS, len(test), _BUDGET // (5 * len(groups))))
        return permutation_importance(
            self.predict, self.prepared.matrix[test], self.prepared.y[test],
            score="log_loss" if self.is_classification else "rmse", groups=groups, max_rows=rows,
            repeats=int(np.clip(_BUDGET // (min(rows, len(test)) * len(groups)), 3, 10)),
            feature_names=self.names.features,
        )  # fmt: skip

    @cached_property
    def ranking(self) -> list[str]:
        """The columns, the most important first; in the table's order if that is not known."""
        found = self.importance
        return list(self.names.columns) if found is None else [found.names[i] for i in found.order]

    @cached_property
    def dependences(self) -> list[ColumnDependence]:
        """How the prediction moves with each of the most important columns; empty without the table."""
        if self.prepared is None:
            return []
        return [grids.dependence_of(self, self.prepared, name) for name in self.ranking[:_MOST_CURVES]]

    @cached_property
    def worst(self) -> Worst:
        """The worst errors among the held-out rows."""
        found = self.folder.predictions
        return worst_errors(found.y, found.outputs, 5, classes=self.is_classification)

    @property
    def positive(self) -> int:
        """Number of the output that curves are of: of two classes the second, of more the most frequent one."""
        if self.task != "multiclass":
            return int(self.folder.predictions.outputs.shape[1]) - 1
        return int(np.bincount(self.folder.predictions.y).argmax())

    @property
    def of_what(self) -> str:
        """What the curves show: the probability of a class, or the value."""
        if not self.is_classification:
            return f"predicted {self.names.target}"
        return f"probability of {self.names.classes[self.positive]}"

    @cached_property
    def findings(self) -> list[dict[str, Any]]:
        """What the training's health gave cause for, in the order of the steps."""
        recording = self.folder.recording
        found = [] if recording is None else list(recording.findings)
        return [
            {**f, "message": self.names.hidden(f["message"]), "where": self.names.hidden(f["where"])} for f in found
        ]
