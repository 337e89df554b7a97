"""Tables and lines for the eye: columns, scores, progress."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from chainrule.cli.common import Output, plain

if TYPE_CHECKING:
    from rich.table import Table

    from chainrule._typing import Logs
    from chainrule.tabular.encoders import Encoder
    from chainrule.tabular.scores import Scores
    from chainrule.tabular.train import Prepared

SCORE_NAMES = {
    "accuracy": "accuracy", "log_loss": "log loss", "roc_auc": "ROC AUC", "macro_f1": "macro F1", "rmse": "RMSE",
    "mae": "MAE", "r2": "R²",
}  # fmt: skip
_TIMES_TOLD = 20


def new_table(*headers: str, right: Iterable[int] = ()) -> Table:
    """Return an empty table with these headers; the columns numbered in `right` are right-aligned."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for i, header in enumerate(headers):
        table.add_column(header, justify="right" if i in right else "left", overflow="fold")
    return table


def show_columns(out: Output, prepared: Prepared) -> None:
    """Print what was inferred: each column's kind, how it looks, and how it is used."""
    settings, split = prepared.settings, prepared.split
    out.say(f"{settings.data}: {counted(prepared.table.height, 'row')}, {counted(prepared.table.width, 'column')}")
    table = new_table("column", "kind", "missing", "looks like", "used as", right=(2,))
    used = {e.name: counted(len(e.features), "feature") + _treated(e) for e in prepared.preprocessor.encoders}
    for c in prepared.columns:
        features = used.get(c.name, "")
        note = f" ({c.note})" if c.note and features else c.note or ""
        table.add_row(plain(c.name), c.kind, str(c.missing or ""), plain(c.why), plain(features + note))
    out.show(table)
    out.say(f"Target {settings.target!r}: {prepared.task.kind}, {prepared.task.because}.")
    if settings.drop:
        out.say(f"Dropped as you said: {', '.join(settings.drop)}.")
    if settings.split_by:
        unused = "" if settings.split_by in settings.types else " It is not used as a feature."
        out.say(f"Rows with the same {settings.split_by!r} stay in one part.{unused}")
    for remark in prepared.remarks:
        out.say(f"Note: {remark}.")
    out.say(f"Rows: {len(split.train)} to train, {len(split.validation)} to validate, {len(split.test)} to test.")


def _treated(encoder: Encoder) -> str:
    return f": {encoder.treatment}" if encoder.treatment else ""


def show_scores(out: Output, test: Scores, others: Mapping[str, Scores], rows: int, which: str = "test") -> None:
    """Print the scores on some rows with intervals, and those of the baselines beside them."""
    table = new_table(
        f"{which} ({counted(rows, 'row')})", "network", "95 % interval", *others, right=range(1, 3 + len(others))
    )
    for name, score in test.items():
        interval = "" if score["low"] is None else f"{number(score['low'])} to {number(score['high'])}"
        table.add_row(
            SCORE_NAMES[name], number(score["value"]), interval, *(number(o[name]["value"]) for o in others.values())
        )
    out.show(table)


def number(value: float | None) -> str:
    """Return a number with four significant digits, or all before the point if there are at most nine.

    >>> number(0.98550), number(12345.6), number(1.1e30), number(None)
    ('0.9855', '12346', '1.100e+30', '-')
    """
    if value is None:
        return "-"
    return f"{value:.0f}" if 1000 <= abs(value) < 1e9 else f"{value:#.4g}"


def counted(n: int, what: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "row"), counted(2, "row")
    ('1 row', '2 rows')
    """
    return f"{n} {what}{'s' * (n != 1)}"


class Progress:
    """Tells how the training goes: one live line on a terminal, about twenty plain lines elsewhere."""

    def __init__(self, out: Output, epochs: int) -> None:
        self.out = out
        self.epochs = epochs
        self.best = (float("inf"), 0)
        self.started = time.perf_counter()
        self._live: Any = None

    def __enter__(self) -> Progress:
        if self.out.console.is_terminal and not self.out.quiet:
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            self._live = Progress(
                TextColumn("Training"), TextColumn("{task.completed:.0f}/{task.total:.0f}"), BarColumn(24),
                TimeElapsedColumn(), TextColumn("{task.fields[numbers]}", markup=False),
                console=self.out.console, transient=True,
            )  # fmt: skip
            self._live.start()
            self._task = self._live.add_task("", total=self.epochs, numbers="")
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, epoch: int, logs: Logs) -> None:
        """Tell of one epoch (from 0)."""
        loss, val_loss = float(logs["loss"]), float(logs["val_loss"])
        if val_loss < self.best[0]:
            self.best = (val_loss, epoch + 1)
        numbers = f"loss {loss:.4f}  val_loss {val_loss:.4f}  best {self.best[0]:.4f} @{self.best[1]}"
        if self._live is not None:
            self._live.update(self._task, completed=epoch + 1, numbers=numbers)
        elif epoch == 0 or (epoch + 1) % max(self.epochs // _TIMES_TOLD, 1) == 0:
            self.out.say(f"epoch {epoch + 1:>{len(str(self.epochs))}}/{self.epochs}  {numbers}")

    def done(self, epochs: int, stopped_early: bool, patience: int, engine: str) -> None:
        """Say how the training ended, and which engine ran it."""
        best, epoch = self.best
        seconds = time.perf_counter() - self.started
        reason = f", stopped early (no better val_loss for {patience} epochs)" if stopped_early else ""
        self.out.say(
            f"Done: {epochs} epochs in {seconds:.1f} s on the engine {engine}{reason}; "
            f"best val_loss {best:.4f} at epoch {epoch}, weights of that epoch restored."
        )
