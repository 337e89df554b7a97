"""Rules about hidden units: ReLU units that never fire, sigmoid and tanh units that hardly move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chainrule.health.finding import Finding
from chainrule.health.thresholds import limit

Entry = Mapping[str, Any]
"""What one layer's units give on the probe: an entry of `units` in a frame, with `dead` and `saturated` counts."""


def dead_relu(units: Iterable[Entry], rows: int, step: int | None = None) -> list[Finding]:
    """Find layers in which many ReLU units are 0 on every row: no gradient reaches their weights any more.

    >>> print(dead_relu([{"layer": "dense", "activation": "relu", "units": 8, "dead": 5}], rows=891)[0])
    warning, dense: 5 of 8 relu units are dead: they give 0 on all 891 rows, so their weights no longer change.
      try: a smaller learning rate (a large step can push a unit below 0 for every row)
      try: kernel_initializer='he_normal' and scaled inputs, if they are dead from the start
      try: activation='leaky_relu' or 'elu', whose slope is nowhere 0
    """
    found = []
    for u in units:
        dead, count = u.get("dead") or 0, u["units"]
        if dead and dead >= limit("dead_units") * count:
            found.append(
                Finding(
                    "dead-relu", "error" if dead == count else "warning", u["layer"], step,
                    f"{dead} of {count} {u['activation']} units are dead: they give 0 on all {rows} rows, so their "
                    "weights no longer change.",
                    {"dead": dead, "units": count, "rows": rows, "limit": limit("dead_units")},
                    (
                        "a smaller learning rate (a large step can push a unit below 0 for every row)",
                        "kernel_initializer='he_normal' and scaled inputs, if they are dead from the start",
                        "activation='leaky_relu' or 'elu', whose slope is nowhere 0",
                    ),
                )
            )  # fmt: skip
    return found


def saturated(units: Iterable[Entry], rows: int, step: int | None = None) -> list[Finding]:
    """Find layers in which many sigmoid or tanh units sit in their flat parts: hardly any gradient passes.

    >>> print(saturated([{"layer": "dense", "activation": "tanh", "units": 4, "saturated": 4}], rows=100)[0].message)
    4 of 4 tanh units are saturated: on nearly all of 100 rows they are at an end of their range, where the slope is ...
    """
    found = []
    for u in units:
        flat, count = u.get("saturated") or 0, u["units"]
        if flat and flat >= limit("saturated_units") * count:
            found.append(
                Finding(
                    "saturated-units", "warning", u["layer"], step,
                    f"{flat} of {count} {u['activation']} units are saturated: on nearly all of {rows} rows they are "
                    "at an end of their range, where the slope is near 0, so hardly any gradient passes.",
                    {"saturated": flat, "units": count, "rows": rows, "limit": limit("saturated_units")},
                    (
                        "scaled inputs: x = (x - x.mean(axis=0)) / x.std(axis=0)",
                        "smaller initial weights, such as kernel_initializer='glorot_uniform'",
                        "a smaller learning rate, or activation='relu'",
                    ),
                )
            )  # fmt: skip
    return found
