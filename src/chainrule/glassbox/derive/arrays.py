"""How arrays are printed in a derivation: small ones in full, large ones by their ends or their size."""

from __future__ import annotations

import numpy as np

from chainrule._typing import Array
from chainrule.glassbox.notation import Math, latex_number
from chainrule.glassbox.numbers import Style

_FULL = 8
_MATRIX = 12


def show(array: Array, style: Style) -> tuple[Math, bool]:
    """Return an array as printed, and whether nothing was rounded or left out.

    >>> show(np.array([0.5, -1.0]), Style())[0].text
    '(0.5, −1)'
    >>> show(np.arange(20.0), Style())[0].text
    '(0, 1, 2, …, 19)  20 numbers'
    """
    array = np.asarray(array, np.float64)
    if array.ndim == 0 or array.shape == (1,):
        array = array.reshape(())
        return _number(float(array), style), style.exact(float(array))
    exact = array.size <= _MATRIX and all(style.exact(float(v)) for v in array.ravel())
    if array.ndim == 1:
        return _vector(array, style), exact and array.size <= _FULL
    if array.ndim == 2 and array.size <= _MATRIX:
        return _matrix(array, style), exact
    return _summary(array, style), False


def _number(value: float, style: Style) -> Math:
    text = style.number(value)
    return Math(text, latex_number(text))


def _vector(array: Array, style: Style) -> Math:
    if array.size <= _FULL:
        parts = [style.number(v) for v in array]
        return Math(f"({', '.join(parts)})", f"({', '.join(map(latex_number, parts))})")
    ends = [style.number(v) for v in (*array[:3], array[-1])]
    text, latex = [*ends[:3], "…", ends[3]], [*map(latex_number, ends[:3]), r"\dots", latex_number(ends[3])]
    count = f"{array.size} numbers"
    return Math(f"({', '.join(text)})  {count}", rf"({', '.join(latex)}) \quad \text{{{count}}}")


def _matrix(array: Array, style: Style) -> Math:
    rows = [[style.number(v) for v in row] for row in array]
    text = "[" + ", ".join(f"[{', '.join(row)}]" for row in rows) + "]"
    latex = r" \\ ".join(" & ".join(map(latex_number, row)) for row in rows)
    return Math(text, rf"\begin{{pmatrix}} {latex} \end{{pmatrix}}")


def _summary(array: Array, style: Style) -> Math:
    at = np.unravel_index(int(np.argmax(np.abs(array))), array.shape)
    shape = "×".join(map(str, array.shape))
    norm, peak = style.number(float(np.linalg.norm(array))), style.number(float(array[at]))
    place = ", ".join(str(int(i)) for i in at)
    text = f"{shape} numbers, norm {norm}, largest {peak} at [{place}]"
    latex = [
        rf"\text{{{shape.replace('×', ' x ')} numbers, norm }}",
        latex_number(norm),
        r"\text{, largest }",
        latex_number(peak),
        rf"\text{{ at [{place}]}}",
    ]
    return Math(text, " ".join(latex))
