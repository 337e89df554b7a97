"""The network as a model of the table's own columns: for pictures whose axes are columns, not encoded inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._typing import Array
from chainrule.report.columns import values_of
from chainrule.tabular import parse
from chainrule.tabular.encoders import BooleanEncoder, CategoryEncoder, DateEncoder, Encoder
from chainrule.tabular.read import import_polars

if TYPE_CHECKING:
    import polars as pl

    from chainrule.report.facts import Facts
    from chainrule.tabular.train import Prepared


class TableModel:
    """Takes a dict of columns: numbers and dates (days since 1970) as floats, truth values as 0 and 1, names as text.

    Args:
        facts: knows the network and what things are called.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.name = "network"
        self.layers: tuple[Any, ...] = ()
        self.encoders: tuple[Encoder, ...] = facts.run.preprocessor.encoders

    def columns(self, prepared: Prepared, rows: Array) -> dict[str, Array]:
        """Return the used columns of some rows; missing numbers become what the network takes them for."""
        return {e.name: self._column(e, prepared.table.get_column(e.name)[rows.tolist()]) for e in self.encoders}

    def predict(self, x: dict[str, Array], **_: Any) -> Array:
        """Return probabilities (n, classes), of two classes that of the second (n, 1), or values (n, 1)."""
        matrix = np.concatenate([e.transform(self._series(e, x[e.name])) for e in self.encoders], axis=1)
        outputs = self.facts.predict(matrix.astype(np.float32))
        return outputs[:, 1:] if self.facts.task == "binary" else outputs

    def _column(self, encoder: Encoder, series: pl.Series) -> Array:
        if isinstance(encoder, CategoryEncoder):
            return np.array([self.facts.names.category(encoder, c) for c in parse.categories(series)])
        if isinstance(encoder, BooleanEncoder):
            values = values_of(series, "boolean")
            return np.where(np.isfinite(values), values, np.nanmedian(values) if np.isfinite(values).any() else 0.0)
        values = values_of(series, "date" if isinstance(encoder, DateEncoder) else "numeric")
        return np.where(np.isfinite(values), values, encoder.fill)  # type: ignore[attr-defined]

    def _series(self, encoder: Encoder, values: Array) -> pl.Series:
        if not isinstance(encoder, CategoryEncoder):
            return series_of(encoder, np.asarray(values, np.float64))
        place = {self.facts.names.category(encoder, n): n for n in encoder.names}
        polars = import_polars()
        made: pl.Series = polars.Series(encoder.name, [place.get(str(v)) for v in values], dtype=polars.String)
        return made


def series_of(encoder: Encoder, values: Array) -> pl.Series:
    """Return numbers as cells that an encoder takes: numbers, truth values, or dates given as days since 1970."""
    polars = import_polars()
    made: pl.Series
    if isinstance(encoder, BooleanEncoder):
        made = polars.Series(encoder.name, values > 0.5)
    elif isinstance(encoder, DateEncoder):
        made = polars.Series(encoder.name, (values * 86_400e6).astype(np.int64)).cast(polars.Datetime("us"))
    else:
        made = polars.Series(encoder.name, values)
    return made
