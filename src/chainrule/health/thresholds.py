"""Every limit that a rule compares with, in one table; `docs/health.md` prints it."""

from __future__ import annotations

from chainrule.records import Record


class Threshold(Record):
    """One limit: its value, what it limits, and why it is where it is."""

    value: float
    meaning: str
    reason: str


THRESHOLDS: dict[str, Threshold] = {
    "dead_units": Threshold(
        0.5, "share of a layer's ReLU units that are 0 on every row of the probe",
        "healthy layers stay below a third; with half of the units dead, half of the layer learns nothing",
    ),
    "flat_slope": Threshold(
        0.05, "slope of sigmoid or tanh, as a share of its largest, below which a unit is saturated on a row",
        "the gradient that passes is a twentieth of what it could be",
    ),
    "saturated_rows": Threshold(
        0.9, "share of rows on which a unit is saturated, for the unit to count",
        "trained units are steep and saturate on many rows, but not on nearly all",
    ),
    "saturated_units": Threshold(
        0.5, "share of a layer's sigmoid or tanh units that are saturated",
        "half of the layer passes hardly any gradient back",
    ),
    "solved": Threshold(
        0.1, "loss, as a share of what the best constant prediction has, below which a network has learnt its task",
        "units saturate and gradients shrink where nothing is left to learn",
    ),
    "vanishing": Threshold(
        1e-4, "gradient of a layer's kernel (root mean square), as a share of that of the last layer",
        "layers of a healthy network differ by less than a hundred",
    ),
    "exploding": Threshold(
        1e4, "norm of a kernel's gradient divided by the norm of the kernel",
        "a plain step with learning rate 0.001 would change the weights by ten times their size",
    ),
    "frames_in_a_row": Threshold(
        2, "frames in a row that must show it, for what is seen in a frame", "one frame may be an accident",
    ),
}  # fmt: skip


def limit(name: str) -> float:
    """Return the value of a threshold.

    >>> limit("frames_in_a_row")
    2
    """
    return THRESHOLDS[name].value
