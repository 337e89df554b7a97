"""`fit_many`: trains models side by side on all cores.

give each model its data -> prepare it -> a thread trains it with `fit` -> histories, or which models diverged
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

from chainrule import config
from chainrule.callbacks.progbar import Progbar
from chainrule.config import limited_epochs
from chainrule.data.adapters import make_batches
from chainrule.data.batches import ArrayBatches
from chainrule.data.samples import Samples
from chainrule.data.streams import unpack
from chainrule.errors import ChainruleError, DivergedError, SomeDivergedError
from chainrule.models.crew import Crew, Training, place, raise_unless_diverged
from chainrule.models.each import callbacks_for_each, check_models, check_streams, for_each
from chainrule.models.evaluate import level_of, require_inputs
from chainrule.models.fit import check_count
from chainrule.models.prepare import prepare


def fit_many(
    models: Sequence[Any],
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    epochs: int = 1,
    verbose: Any = "auto",
    callbacks: Any = None,
    validation_split: float = 0.0,
    validation_data: Any = None,
    shuffle: bool = True,
    class_weight: Any = None,
    sample_weight: Any = None,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: Any = 1,
) -> list[Any]:
    """Train several models side by side, one on each core at a time, and return their histories in order.

    Each model gets the weights, the optimizer state and the `History` that `model.fit` alone would give it, bit for
    bit: other seeds, learning rates, folds or weights of rows make an ensemble or a cross-validation. The models may
    differ, but each has an optimizer, metrics and weights of its own. Models on the native engine run in as many
    threads as `chainrule.config.num_threads()` says, those on the reference engine one after the other.

    One for all, or one for each: a *list* with as many entries as there are models gives each model its own `x`, `y`,
    `sample_weight`, `validation_data` (tuples) or `class_weight`; anything else is for all. A list of plain numbers, or
    of lists of them, is one array, as everywhere. For a model with several inputs or outputs pass a tuple or a dict.
    A generator or `PyDataset` serves one model only.

    Args:
        models: compiled models.
        x, y, sample_weight, validation_data, class_weight: as in `Model.fit`, each for all models or one for each.
        verbose: 0 silent, 1 one progress line for all models together, which counts epochs and in the end shows the
            means of the models' last logs, 2 only its end.
        callbacks: a list of K lists, or a function from a model's number (0 to K - 1) to its callbacks, because no two
            models can share one. Their hooks are called in the thread that trains the model.
        batch_size, epochs, validation_split, shuffle, initial_epoch, steps_per_epoch, validation_steps,
            validation_batch_size, validation_freq: as in `Model.fit`, for all models.

    Raises:
        SomeDivergedError: after all models have been trained, if the loss of some became NaN or infinite. It has the
            `histories` of the others; those that failed have the weights from the start of the failing epoch.
        DataError: something else than compiled models, models that share parts, or data that do not fit. This, Ctrl-C,
            and any error in a callback, stops the training of all models at once, each at the end of a step.

    >>> import chainrule as cr, numpy as np
    >>> x = np.linspace(-1, 1, 64)
    >>> def line(rate):
    ...     model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1, kernel_initializer="zeros")])
    ...     model.compile(cr.optimizers.SGD(rate), "mse")
    ...     return model
    >>> models = [line(rate) for rate in (0.01, 0.1, 0.5)]
    >>> histories = fit_many(models, x, 2 * x + 1, epochs=20, batch_size=64, verbose=0)
    >>> [round(history.history["loss"][-1], 3) for history in histories]
    [1.522, 0.092, 0.0]
    """
    nets = check_models(models)
    require_inputs(x, "fit_many")
    level = level_of(verbose)
    epochs = limited_epochs(check_count(epochs, "epochs"))
    per_model = epochs - check_count(initial_epoch, "initial_epoch")
    one_or_each = {
        "x": x, "y": y, "sample_weight": sample_weight, "class_weight": class_weight,
        "validation_data": validation_data,
    }  # fmt: skip
    columns = {name: for_each(name, value, len(nets)) for name, value in one_or_each.items()}
    columns["callbacks"] = callbacks_for_each(callbacks, len(nets))
    for_all = {
        "batch_size": batch_size, "epochs": epochs, "validation_split": validation_split, "shuffle": shuffle,
        "initial_epoch": initial_epoch, "steps_per_epoch": steps_per_epoch, "validation_steps": validation_steps,
        "validation_batch_size": validation_batch_size, "validation_freq": validation_freq, "verbose": 0,
    }  # fmt: skip
    jobs = _Jobs(nets, [{name: column[i] for name, column in columns.items()} for i in range(len(nets))], for_all)
    line = _Line(level, len(nets) * max(per_model, 0))
    trainings = _run(jobs, line)
    line.end(trainings)
    return _histories(trainings)


def _run(jobs: _Jobs, line: _Line) -> list[Training]:
    """Train all models: those on the native engine in threads, then the others."""
    trainings: list[Training] = []
    later: list[Training] = []
    with Crew(min(config.num_threads(), len(jobs)), lambda: line.show(trainings)) as crew:
        for training in jobs:
            trainings.append(training)
            if training.model._engine.name == "native":
                crew.add(training)
            else:
                later.append(training)
        crew.wait()
    for training in later:
        training.run()
        raise_unless_diverged(training)
        line.show(trainings)
    return trainings


def _histories(trainings: list[Training]) -> list[Any]:
    errors = {t.number: t.error for t in trainings if isinstance(t.error, DivergedError)}
    histories = [t.history for t in trainings]
    if not errors:
        return histories
    rest = len(trainings) - len(errors)
    found = "\n".join(f"  {place(i, trainings[i].model)}: {error}" for i, error in errors.items())
    raise SomeDivergedError(
        f"fit_many: {len(errors)} of {len(trainings)} models diverged"
        + (f"; the other {rest} are trained, and the `histories` of this error are theirs" if rest else "")
        + f":\n{found}",
        histories,
        errors,
    )


# -- what each model gets -------------------------------------------------------------------------------------------


class _Jobs:
    """Makes the trainings, in order: each model's data converted, the model built, its engine chosen.

    That happens in one thread, since a model that is built now draws its weights from the sequence of the process.
    Data that several models share are converted once.
    """

    def __init__(self, models: list[Any], own: list[dict[str, Any]], for_all: dict[str, Any]) -> None:
        self.models, self.own, self.for_all = models, own, for_all
        self._known: dict[tuple[int, ...], Any] = {}
        check_streams(own)

    def __len__(self) -> int:
        return len(self.models)

    def __iter__(self) -> Iterator[Training]:
        for number, (model, own) in enumerate(zip(self.models, self.own, strict=True)):
            try:
                arguments = self._prepare(model, own)
            except ChainruleError as error:
                raise type(error)(f"fit_many, {place(number, model)}: {error}") from error
            yield Training(number, model, functools.partial(model.fit, **arguments))

    def _prepare(self, model: Any, own: dict[str, Any]) -> dict[str, Any]:
        if isinstance(own["x"], Samples):
            x, y, w = unpack(own["x"].arrays, "fit")
            own = {**own, "x": x, "y": y, "sample_weight": w}
        batches = self._batches(own)
        prepare(model, batches, "fit")
        if isinstance(batches, ArrayBatches) and batches is not own["x"]:
            own = {**own, "x": batches.arrays()[0], "y": batches.arrays()[1]}
        else:
            own = {**own, "x": batches, "y": None, "class_weight": None}
        return {**self.for_all, **own}

    def _batches(self, own: dict[str, Any]) -> Any:
        given = [own[name] for name in ("x", "y", "sample_weight", "class_weight")]
        key = tuple(map(id, given))
        if key not in self._known:
            x, y, weight, of_classes = given
            self._known[key] = make_batches(
                x, y, weight, batch_size=self.for_all["batch_size"], steps=self.for_all["steps_per_epoch"],
                shuffle=bool(self.for_all["shuffle"]), class_weight=of_classes, where="fit",
            )  # fmt: skip
        return self._known[key]


# -- the line -------------------------------------------------------------------------------------------------------


class _Line:
    """The progress line of all models together: epochs done of all epochs."""

    def __init__(self, level: int, epochs: int) -> None:
        self.bar = Progbar(epochs, verbose=level, stateless_metrics=[], unit_name="epoch") if level and epochs else None

    def show(self, trainings: list[Training]) -> None:
        if self.bar is not None and self.bar.verbose == 1 and self.bar.due():
            self.bar.update(sum(t.epochs for t in trainings), _means(trainings), finalize=False)

    def end(self, trainings: list[Training]) -> None:
        if self.bar is not None:
            self.bar.update(sum(t.epochs for t in trainings), _means(trainings), finalize=True)


def _means(trainings: list[Training]) -> list[tuple[str, float]]:
    """Return the mean of the last logs of the models that are trained, name by name, of numbers."""
    values: dict[str, list[float]] = {}
    for training in trainings:
        for name, per_epoch in getattr(training.history, "history", {}).items():
            if per_epoch and isinstance(per_epoch[-1], int | float):
                values.setdefault(name, []).append(per_epoch[-1])
    return [(name, sum(all_of) / len(all_of)) for name, all_of in values.items()]
