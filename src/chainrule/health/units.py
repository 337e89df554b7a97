"""Rules about hidden units: ReLU units that never fire, sigmoid and tanh units that hardly move."""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.health.finding import Finding
from chainrule.health.measure import Units
from chainrule.health.thresholds import limit


def dead_relu(units: Iterable[Units], step: int | None = None) -> list[Finding]:
    """Find layers in which many ReLU units are 0 on every row: no gradient reaches their weights any more.

    >>> print(dead_relu([Units("dense", "relu", 8, 5, 0, 891)])[0])
    warning, dense: 5 of 8 relu units are dead: they give 0 on all 891 rows, so their weights no longer change.
      try: a smaller learning rate (a large step can push a unit below 0 for every row)
      try: kernel_initializer='he_normal', bias_initializer=0.01 or scaled inputs, if they are dead from the start
      try: activation='leaky_relu' or 'elu', whose slope is nowhere 0
    """
    found = []
    for u in units:
        if u.dead and u.dead >= limit("dead_units") * u.count:
            found.append(
                Finding(
                    "dead-relu", "error" if u.dead == u.count else "warning", u.layer, step,
                    f"{u.dead} of {u.count} {u.activation} units are dead: they give 0 on all {u.rows} rows, so their "
                    "weights no longer change.",
                    {"dead": u.dead, "units": u.count, "rows": u.rows, "limit": limit("dead_units")},
                    (
                        "a smaller learning rate (a large step can push a unit below 0 for every row)",
                        "kernel_initializer='he_normal', bias_initializer=0.01 or scaled inputs, if they are dead from "
                        "the start",
                        "activation='leaky_relu' or 'elu', whose slope is nowhere 0",
                    ),
                )
            )  # fmt: skip
    return found


def saturated(units: Iterable[Units], step: int | None = None) -> list[Finding]:
    """Find layers in which many sigmoid or tanh units sit in their flat parts: hardly any gradient passes.

    >>> print(saturated([Units("dense", "tanh", 4, 0, 4, 100)])[0].message)
    4 of 4 tanh units are saturated: on 90 % of 100 rows or more their slope is below 5 % of the largest.
    """
    found = []
    for u in units:
        if u.saturated and u.saturated >= limit("saturated_units") * u.count:
            found.append(
                Finding(
                    "saturated-units", "warning", u.layer, step,
                    f"{u.saturated} of {u.count} {u.activation} units are saturated: on "
                    f"{100 * limit('saturated_rows'):.0f} % of {u.rows} rows or more their slope is below "
                    f"{100 * limit('flat_slope'):.0f} % of the largest.",
                    {"saturated": u.saturated, "units": u.count, "rows": u.rows, "limit": limit("saturated_units")},
                    (
                        "scale the inputs: x = (x - x.mean(axis=0)) / x.std(axis=0)",
                        "smaller initial weights, such as kernel_initializer='glorot_uniform'",
                        "a smaller learning rate, or activation='relu'",
                    ),
                )
            )  # fmt: skip
    return found
