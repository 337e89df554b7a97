"""`Mean`: the derivatives of all observations beside each other, and the gradient of the batch below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chainrule._typing import Array
from chainrule.glassbox.derive.view import View
from chainrule.glassbox.network import Activation, Affine
from chainrule.glassbox.notation import Math, latex_number
from chainrule.glassbox.observation import Observation
from chainrule.glassbox.render.printable import Printable
from chainrule.glassbox.rows import Choice

_WIDE = 8
_TALL = 64
_SIDE = 6


@dataclass(frozen=True)
class _Row:
    label: str
    cells: list[float | None]


class Mean(Printable):
    """Table of the derivatives of each observation and of the batch.

    Args:
        observation: gives the observation of a row.
        choice: which rows are shown.
        view: the recorded batch.
        label: how the batch's loss is made of the observations': `"mean"`, `"sum"`.
    """

    def __init__(self, observation: Callable[[int], Observation], choice: Choice, view: View, label: str) -> None:
        self.observation = observation
        self.choice = choice
        self.view = view
        self.options = view.options
        self.label = label

    @cached_property
    def gradients(self) -> dict[str, Array]:
        """The gradient of the batch's loss, by path of the variable."""
        variables = [q for q in self.view.network.variables.values() if q.variable.trainable]
        return {q.variable.path: self.view.gradient(q) for q in variables}

    # -- what is listed -----------------------------------------------------------------------------------------------

    @cached_property
    def _weights(self) -> list[int]:
        """The ids of all trainable numbers, unit by unit."""
        found: list[int] = []
        for q in self.view.network.variables.values():
            if q.variable.trainable:
                ids = self.view.network.ids[id(q.tensor)]
                found += [int(n) for n in (ids.T if ids.ndim == 2 else ids).ravel()]
        return found

    @cached_property
    def _factors(self) -> bool:
        """Whether ∂ℓ/∂p, ∂p/∂h and ∂ℓ/∂h are listed too: for a single unit."""
        return _single_unit(self.view) is not None

    def _factor_symbols(self) -> list[Math]:
        view, pair = self.view, _single_unit(self.view)
        assert pair is not None
        h, p = (view.whole(block.out) for block in pair)
        return [view.partial(p), view.names.partial(p, h), view.partial(h)]

    def _factor_values(self, o: Observation) -> list[float]:
        pair = _single_unit(o.view)
        assert pair is not None
        h, p = (o.view.ids(block.out)[0] for block in pair)
        return [o.view.slope(p), o.backward.local.outputs_of(pair[1], 0)[0][1], o.view.slope(h)]

    def _columns(self) -> tuple[list[Math], list[_Row]]:
        view = self.view
        symbols = [view.partial(view.symbol(n)) for n in self._weights]
        rows = []
        for sentence, row in self.choice.walk():
            if row is None:
                rows.append(_Row(f"… {sentence}", []))
                continue
            o = self.observation(row)
            values = [o.view.slope(n) for n in _same_weights(self._weights, self.view, o.view)]
            rows.append(_Row(str(row + 1), [*(self._factor_values(o) if self._factors else []), *values]))
        total = [view.slope(n) for n in self._weights]
        rows.append(_Row(self.label, [*([None] * 3 if self._factors else []), *total]))
        return [*(self._factor_symbols() if self._factors else []), *symbols], rows

    # -- text ---------------------------------------------------------------------------------------------------------

    def text(self, unicode: Any = None) -> str:
        """Return the table: a column for each weight; beyond 8 weights a row for each."""
        from chainrule.glassbox.ascii import to_ascii

        convert = str if self._unicode(unicode) else to_ascii
        if len(self._weights) <= _WIDE:
            return self._by_observation(convert)
        return self._by_weight(convert) if len(self._weights) <= _TALL else self._by_variable(convert)

    def _by_observation(self, convert: Callable[[str], str]) -> str:
        symbols, rows = self._columns()
        fixed = self.options.style.fixed
        heads = [convert(s.text) for s in symbols]
        cells = [[convert("" if v is None else fixed(v)) for v in r.cells] for r in rows]
        width = 2 + max(len(c) for c in [*heads, *(c for row in cells for c in row)])
        lines = ["  obs" + "".join(f"{h:>{width}}" for h in heads)]
        for row, texts in zip(rows[:-1], cells[:-1], strict=True):
            lines.append(
                f"{convert(row.label):>5}" + "".join(f"{c:>{width}}" for c in texts)
                if row.cells
                else f"  {convert(row.label)}"
            )
        # The foot stands one column to the left of the body.
        foot = f"{'':>4}" + "".join(f"{c:>{width}}" for c in cells[-1])
        label = f"  {rows[-1].label}"
        return "\n".join(
            [*lines, label + foot[len(label) :] if foot[: len(label)].isspace() else f"{label}  {foot.strip()}"]
        )

    def _by_weight(self, convert: Callable[[str], str]) -> str:
        shown = self.choice.rows[:_SIDE]
        view, fixed = self.view, self.options.style.fixed
        observations = [self.observation(i) for i in shown]
        heads = [
            *(f"obs {i + 1}" for i in shown),
            *(["…"] if len(shown) < view.recording.batch.rows else []),
            self.label,
        ]
        table = []
        for n in self._weights:
            values = [fixed(o.view.slope(_same_weights([n], view, o.view)[0])) for o in observations]
            table.append(
                [convert(c) for c in [*values, *(["…"] if len(heads) > len(values) + 1 else []), fixed(view.slope(n))]]
            )
        names = [convert(view.partial(view.symbol(n)).text) for n in self._weights]
        first = max(map(len, names))
        widths = [2 + max(len(convert(h)), *(len(row[k]) for row in table)) for k, h in enumerate(heads)]
        lines = ["  " + " " * first + "".join(f"{convert(h):>{w}}" for h, w in zip(heads, widths, strict=True))]
        lines += [
            f"  {name:<{first}}" + "".join(f"{c:>{w}}" for c, w in zip(row, widths, strict=True))
            for name, row in zip(names, table, strict=True)
        ]
        return "\n".join(lines)

    def _by_variable(self, convert: Callable[[str], str]) -> str:
        from chainrule.glassbox.derive.arrays import show

        rows = []
        for q in self.view.network.variables.values():
            if q.variable.trainable:
                rows.append(
                    (
                        self.view.partial(self.view.whole(q)).text,
                        show(self.view.oriented(q, self.view.gradient(q)), self.options.style)[0].text,
                    )
                )
        first = max(len(convert(a)) for a, _ in rows)
        title = f"  gradient of the {self.label} over {self.view.recording.batch.rows} observations"
        return "\n".join(
            [
                title,
                *(
                    f"  {convert(a):<{first}}  ≈  {b}"
                    if convert is str
                    else f"  {convert(a):<{first}}  ~  {convert(b)}"
                    for a, b in rows
                ),
            ]
        )

    # -- other forms --------------------------------------------------------------------------------------------------

    def latex(self) -> str:
        """Return the table as a LaTeX array."""
        symbols, rows = self._columns()
        fixed = self.options.style.fixed
        lines = [r"\text{obs} & " + " & ".join(s.latex for s in symbols) + r" \\ \hline"]
        for row in rows:
            if row.cells:
                cells = ["" if v is None else latex_number(fixed(v)) for v in row.cells]
                lines.append(
                    " & ".join([row.label if row.label.isdigit() else rf"\hline \text{{{row.label}}}", *cells]) + r" \\"
                )
        return "\\begin{array}{r" + "r" * len(symbols) + "}\n" + "\n".join(lines) + "\n\\end{array}"

    def html(self, full: bool = False) -> str:
        from chainrule.glassbox.render.html import table, wrap

        symbols, rows = self._columns()
        fixed = self.options.style.fixed
        body = [[r.label, *("" if v is None else fixed(v) for v in r.cells)] for r in rows if r.cells]
        return wrap(table([Math("obs", r"\text{obs}"), *symbols], body, last_is_sum=True), full)

    def to_dict(self) -> dict[str, Any]:
        """Return the derivatives by observation (from 0) and of the batch, by printed name."""
        symbols, rows = self._columns()
        names = [s.text for s in symbols]
        made = {
            (int(r.label) - 1 if r.label.isdigit() else r.label): dict(zip(names, r.cells, strict=True))
            for r in rows
            if r.cells
        }
        batch = made.pop(self.label)
        return {"observations": made, self.label: {k: v for k, v in batch.items() if v is not None}}

    def to_frame(self, library: Any = None) -> Any:
        from chainrule.glassbox.render.data import to_frame

        symbols, rows = self._columns()
        columns: dict[str, list[Any]] = {"observation": [_index(r.label) for r in rows if r.cells]}
        for k, s in enumerate(symbols):
            columns[s.text] = [float("nan") if r.cells[k] is None else r.cells[k] for r in rows if r.cells]
        return to_frame(columns, library)


def _index(label: str) -> str:
    """Return a row's label as code counts, from 0."""
    return str(int(label) - 1) if label.isdigit() else label


def _single_unit(view: View) -> tuple[Affine, Activation] | None:
    """Return the two blocks of a network that is one unit with an activation, else None."""
    blocks = view.network.blocks
    if len(blocks) != 2 or not isinstance(blocks[0], Affine) or not isinstance(blocks[1], Activation):
        return None
    return (blocks[0], blocks[1]) if blocks[0].out.size == 1 and view.is_scalar(blocks[0]) else None


def _same_weights(ids: list[int], view: View, other: View) -> list[int]:
    """Return the ids that the same weights have in another recorded run."""
    found = []
    for n in ids:
        q, at = view.network.quantity_of(n)
        found.append(other.network.variables[id(q.variable)].start + at)
    return found
