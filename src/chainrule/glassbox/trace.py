"""`trace`: every number of a model's forward and backward pass on your own data, with the formula that made it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ChainruleError, DataError, unknown_name
from chainrule.glassbox import network, table
from chainrule.glassbox.derive import update
from chainrule.glassbox.derive.predict import decision_of
from chainrule.glassbox.derive.view import Options, View
from chainrule.glassbox.mean import Mean
from chainrule.glassbox.numbers import Style
from chainrule.glassbox.numeric import CheckResult, check
from chainrule.glassbox.observation import Derivation, Observation
from chainrule.glassbox.page import Page
from chainrule.glassbox.record import Batch, Runner
from chainrule.glassbox.render.printable import Printable
from chainrule.glassbox.rows import Choice, choose
from chainrule.glassbox.step import Step, take

if TYPE_CHECKING:
    from chainrule.glassbox.quiz import Quiz

_FORMS = ("auto", "scalar", "matrix")
_COMPILE = (
    "Compile it first: model.compile(optimizer='sgd', loss='mean_squared_error'); "
    "or trace the forward pass alone, without y."
)


def trace(
    model: Any,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    digits: int = 4,
    notation: str = "lecture",
    form: str = "auto",
    unicode: Any = "auto",
    feature_names: Sequence[str] | None = None,
    class_names: Sequence[str] | None = None,
    rows: int | None = None,
    training: bool = False,
) -> Trace:
    """Return all numbers of the forward and the backward pass of `model` on `x`, in float64. The model is not changed.

    Args:
        model: built, and compiled if `y` is given.
        x: inputs as `fit` takes them.
        y: targets; without them only the forward pass is traced.
        sample_weight: one weight per row.
        digits: decimals shown.
        notation: `'lecture'` (h, p, w), `'textbook'` (z, a, w_ji) or `'keras'` (kernel[i,j]).
        form: `'scalar'` writes every unit, `'matrix'` every layer; `'auto'` units where there are at most 8.
        unicode: whether to print `∂ℓ/∂w₁` or `dl/dw1`; `'auto'` asks the terminal.
        feature_names, class_names: shown in tables; one for each number of an input, one for each class.
        rows: at most so many rows in tables: the first, the worst, the last.
        training: trace as in training, with dropout masks (from a fixed key) and batch statistics.

    Raises:
        ChainruleError: the model is not built, or not compiled.
        DataError, ShapeError: the data or the names do not fit the model.
        UnknownNameError: an unknown notation or form.

    >>> import numpy as np, chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid")])
    >>> model.layers[0].set_weights([[[1.0], [-1.0]], [-0.5]])
    >>> model.compile(optimizer=cr.optimizers.SGD(1.0), loss="mean_squared_error")
    >>> t = trace(model, np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 1]))
    >>> print(t[2].node("w1"))
    ∂ℓ/∂w₁ = ∂ℓ/∂p·∂p/∂h·∂h/∂w₁ = (−0.7551)·0.2350·1 ≈ −0.1774
    """
    _check_model(model, y)
    if form not in _FORMS:
        raise unknown_name("form", form, _FORMS)
    if not isinstance(digits, int) or not 1 <= digits <= 15:
        raise DataError(f"trace: digits must be a whole number from 1 to 15, but is {digits!r}.")
    single = any(v.dtype == np.float32 for v in model.variables)
    options = Options(
        Style(digits, single),
        notation,
        form,
        unicode,
        tuple(map(str, feature_names or ())),
        tuple(map(str, class_names or ())),
        rows,
    )
    return Trace(Runner(model, training), _batch(x, y, sample_weight), options)


def _check_model(model: Any, y: Any) -> None:
    from chainrule.models import Model

    if not isinstance(model, Model):
        raise TypeError(f"trace takes a model, x and y, but the first argument is a {type(model).__name__}.")
    if not model.built or any(not layer.built for layer in model._flatten_layers()):
        raise ChainruleError(
            f"trace: model '{model.name}' has no weights yet. Give it an Input, or call it once: model(x[:1])."
        )
    if y is not None and not model.compiled:
        raise ChainruleError(f"trace: model '{model.name}' has no loss yet, so there is no backward pass. {_COMPILE}")


def _batch(x: Any, y: Any, sample_weight: Any) -> Batch:
    from chainrule.data.adapters import make_batches
    from chainrule.data.batches import ArrayBatches

    batches = make_batches(x, y, sample_weight, where="trace")
    if not isinstance(batches, ArrayBatches):
        raise DataError(
            f"trace: expected arrays or data frames, received {type(x).__name__}. "
            "Pass one batch: x, y = next(iter(data))."
        )
    batch = Batch(*batches.arrays())
    if batch.rows == 0:
        raise DataError("trace: x has no rows.")
    return batch


def _check_names(view: View) -> None:
    """Refuse names of features or classes that are too few or too many."""
    names, widths = view.options, [q.size for q in view.network.inputs]
    if names.feature_names and len(names.feature_names) != sum(widths):
        raise DataError(_wrong_names("feature_names", names.feature_names, sum(widths), "for each number of an input"))
    if not names.class_names:
        return
    counts = []
    for position, tensor in enumerate(view.recording.outputs):
        kind = decision_of(view.network, position).kind
        size = tensor.shape[-1] if tensor.ndim else 1
        counts.append(2 if kind == "threshold" or (not kind and size == 1) else size)
    if len(names.class_names) not in counts:
        raise DataError(_wrong_names("class_names", names.class_names, counts[0], "for each class"))


def _wrong_names(argument: str, names: tuple[str, ...], expected: int, each: str) -> str:
    return f"trace: {argument} must hold {expected} names, one {each}, but holds {len(names)}: {list(names)}."


class Trace(Printable):
    """All observations of a batch. `t[i]` is one of them (from 0), `t.mean()` the gradient of all.

    Args:
        runner: runs the model on copies.
        batch: the data.
        options: how to write.
    """

    def __init__(self, runner: Runner, batch: Batch, options: Options) -> None:
        self.runner = runner
        self.batch = batch
        self.options = options
        self._observations: dict[int, Observation] = {}
        recording = runner.record(batch, with_loss=batch.y is not None)
        if batch.y is not None and recording.loss is None:
            raise ChainruleError(f"trace: model '{runner.model.name}' is compiled without a loss. {_COMPILE}")
        self.view = View(network.build(recording), options)
        _check_names(self.view)

    def __len__(self) -> int:
        return self.batch.rows

    def __getitem__(self, index: int) -> Observation:
        """Return the observation of this row, counted from 0.

        Raises:
            IndexError: there is no such row.
        """
        n = len(self)
        if not isinstance(index, int | np.integer):
            raise TypeError(f"t[i] takes the number of a row, but received {index!r}.")
        if not -n <= index < n:
            raise IndexError(f"t[{index}]: the trace has {n} observations, t[0] to t[{n - 1}].")
        index = int(index) % n
        if index not in self._observations:
            self._observations[index] = Observation(self.runner, self.batch, index, self.options)
        return self._observations[index]

    # -- the table ----------------------------------------------------------------------------------------------------

    @cached_property
    def losses(self) -> Array | None:
        """The loss of each observation, without penalties; None without targets."""
        recording = self.view.recording
        if recording.loss is None:
            return None
        if not recording.parts:
            return np.array(
                [self.runner.loss(self.batch.take(slice(i, i + 1)), self.runner.copies()) for i in range(len(self))]
            )
        total = np.zeros(len(self))
        for part in recording.parts:
            each = np.asarray(part.losses, np.float64)
            each = (
                each.reshape(len(self), -1).mean(axis=1)
                if each.ndim and len(each) == len(self)
                else np.full(len(self), float(each.mean()))
            )
            if part.weight is not None and part.loss.reduction != "mean_with_sample_weight":
                each = each * np.asarray(part.weight, np.float64).reshape(len(self), -1).mean(axis=1)
            total += each * (1.0 if part.factor is None else part.factor)
        return total

    @cached_property
    def choice(self) -> Choice:
        """Which rows are printed."""
        return choose(len(self), self.losses, self.options.rows)

    @cached_property
    def table(self) -> table.Table:
        """The table as data."""
        columns, verdicts, right = table.columns(self.view, self.choice, self.losses)
        return table.Table(table.header(self.view), columns, verdicts, self.choice, self._summary(right))

    def _summary(self, right: Array | None) -> str:
        recording, style = self.view.recording, self.options.style
        if recording.loss is None:
            return f"{len(self)} observations, forward pass only"
        data = recording.data_loss if recording.data_loss is not None else recording.loss
        parts = [f"{self._label_of_loss()} {style.fixed(float(data))}"]
        if recording.penalties and recording.data_loss is not None:
            penalty = recording.value - float(data)
            parts[0] += f" + penalties {style.fixed(penalty)} = {style.fixed(recording.value)}"
        if right is not None:
            parts.append(f"accuracy {int(right.sum())} of {len(right)} ({right.mean():.2f})")
        return "     ".join(parts)

    def _label_of_loss(self) -> str:
        return {"sum": "sum of losses", "weighted mean": "weighted mean loss"}.get(self._reduction, "mean loss")

    @property
    def _reduction(self) -> str:
        kinds = {p.loss.reduction for p in self.view.recording.parts}
        if kinds & {"sum", "none", None}:
            return "sum"
        return "weighted mean" if "mean_with_sample_weight" in kinds else "mean"

    def text(self, unicode: Any = None) -> str:
        """Return the table, a row for each observation."""
        return self.table.text() if self._unicode(unicode) else table.in_ascii(self.table).text()

    @property
    def page(self) -> Page:
        """The derivations of all rows that are shown, as one page."""
        pages = [self[i].page for i in self.choice.rows]
        from chainrule.glassbox.page import Section

        return Page("", [s for p in pages for s in [Section(p.title, level=1), *p.sections]], pages[0].foot[-1:])

    # -- the batch ----------------------------------------------------------------------------------------------------

    def mean(self) -> Mean:
        """Return the derivatives of each observation and the gradient of the batch."""
        self._need_loss("mean()")
        return Mean(self.__getitem__, self.choice, self.view, self._reduction if self._reduction == "sum" else "mean")

    @cached_property
    def gradients(self) -> dict[str, Array]:
        """The gradient of the batch's loss by path of the trainable variable: `t.gradients["dense/kernel"]`."""
        self._need_loss("gradients")
        return self.view.by_path(self.view.learned)

    def check(self, limit: int | None = None) -> CheckResult:
        """Compare the gradient of the batch's loss with central differences.

        Args:
            limit: at most so many weights are tried; by default 200, fewer for thousands of rows.
        """
        return check(self.runner, self.batch, self.view.learned, limit=limit)

    def step(self) -> Step:
        """Return what the compiled optimizer would do with the gradient of the batch."""
        self._need_loss("step()")
        return take(self.runner, self.view.learned)

    def update(self) -> Derivation:
        """Return the update by the gradient of the whole batch, with the loss before and after."""
        step = self.step()
        after = self.runner.loss(self.batch, step.stand_ins)
        section = update.section(self.view, step, self.view.recording.value, after)
        return Derivation(Page("", [section]), self.options)

    def _need_loss(self, what: str) -> None:
        if self.view.recording.loss is None:
            raise ChainruleError(f"trace: {what} needs the loss. Pass y to trace, and compile the model with a loss.")

    def quiz(self, blanks: int = 5, seed: int = 0, row: int | None = None) -> Quiz:
        """Return the derivation of one observation with blanks to work out by hand; see `Observation.quiz`.

        Args:
            blanks: how many numbers are hidden.
            seed: which ones, and of which observation if `row` is None.
            row: of this observation, from 0.
        """
        return self[random.Random(seed).randrange(len(self)) if row is None else row].quiz(blanks, seed)

    def diagram(self, gradients: bool = False, labels: str = "auto", digits: int | None = None, ax: Any = None) -> Any:
        """Return the network with its weights, or with the gradient of the batch's loss at its lines.

        `t[i].diagram()` shows the numbers of one observation in the units; the arguments are the same.
        """
        from chainrule.diagram.diagram import of_view

        return of_view(self.view, gradients=gradients, labels=labels, digits=digits, ax=ax)

    # -- other forms --------------------------------------------------------------------------------------------------

    def latex(self) -> str:
        """Return the table as a LaTeX array."""
        return table.as_latex(self.table)

    def html(self, full: bool = False) -> str:
        """Return the table and, folded below it, the derivation of every row shown.

        Raises:
            MissingExtraError: latex2mathml is not installed.
        """
        from chainrule.glassbox.render.html import write_trace

        return write_trace(self, full)

    def to_dict(self) -> dict[str, Any]:
        """Return the table, the weights and the derivations of the rows shown as plain data."""
        columns = {c.name: c.values for c in self.table.columns}
        weights = {v.path: v.numpy().tolist() for v in self.runner.variables}
        recording = self.view.recording
        made: dict[str, Any] = {
            "table": columns,
            "weights": weights,
            "loss": None if recording.loss is None else recording.value,
        }
        if recording.loss is not None:
            made["gradient"] = {
                q.variable.path: self.view.gradient(q).tolist()
                for q in self.view.network.variables.values()
                if q.variable.trainable
            }
        made["observations"] = {i: self[i].to_dict() for i in self.choice.rows}
        return made

    def to_frame(self, library: Any = None) -> Any:
        """Return the table as a data frame, all rows.

        Args:
            library: the frame's class or library (`pandas`, `polars`, ...); by default whichever is installed.
        """
        from chainrule.glassbox.render.data import to_frame

        return to_frame({c.name: c.values for c in self.table.columns}, library)


__all__ = ["Trace", "trace"]
