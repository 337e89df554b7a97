"""A table as a problem for the playground: the preprocessing of `chainrule train`, and a network one can look at."""

from __future__ import annotations

from typing import Any

from chainrule.records import Record
from chainrule.tabular import recipe
from chainrule.tabular.settings import with_changes
from chainrule.tabular.target import ClassTarget
from chainrule.tabular.train import Prepared

HIDDEN = (8,)


class TableProblem(Record):
    """A network and the rows of a table.

    Attributes:
        model: compiled.
        training, validation: matrix and target.
        batch_size: rows per step.
        features, classes, target: names.
    """

    model: Any
    training: tuple[Any, Any]
    validation: tuple[Any, Any]
    batch_size: int
    features: list[str]
    classes: list[str] | None
    target: str


def problem(prepared: Prepared, hidden: tuple[int, ...] | None = None) -> TableProblem:
    """Return the problem; the network is small unless `hidden` says otherwise, so that every weight can be seen."""
    from chainrule.random.seeds import set_random_seed

    settings = with_changes(prepared.settings, hidden=HIDDEN if hidden is None else hidden, dropout=0.0)
    preprocessor = prepared.preprocessor
    set_random_seed(settings.seed)
    model = recipe.build(prepared.matrix.shape[1], preprocessor.outputs, settings)
    target = preprocessor.target
    return TableProblem(
        model, prepared.part(prepared.split.train), prepared.part(prepared.split.validation),
        settings.batch_size or 32, preprocessor.features,
        list(target.classes) if isinstance(target, ClassTarget) else None, settings.target,
    )  # fmt: skip


__all__ = ["TableProblem", "problem"]
