"""Every limit that a rule compares with, in one table; `docs/health.md` prints it."""

from __future__ import annotations

from chainrule.records import Record


class Threshold(Record):
    """One limit: its value, what it limits, and why it is where it is."""

    value: float
    meaning: str
    reason: str


THRESHOLDS: dict[str, Threshold] = {
    # units
    "dead_units": Threshold(
        0.5, "share of a layer's ReLU units that are 0 on every row of the probe",
        "with half of the units dead, half of the layer learns nothing; healthy layers stay well below",
    ),
    "saturated_units": Threshold(
        0.5, "share of a layer's sigmoid or tanh units within 1 % of an end of their range on 95 % of the rows",
        "half of the layer passes hardly any gradient back",
    ),
    # gradients
    "vanishing": Threshold(
        1e-4, "gradient of the first kernel, as a share of the largest of those behind it (root mean squares)",
        "layers of a healthy network differ by less than a hundred",
    ),
    "exploding": Threshold(
        1e4, "norm of a kernel's gradient divided by the norm of the kernel",
        "a plain step with learning rate 0.001 would change the weights by ten times their size",
    ),
    # progress
    "solved": Threshold(
        0.1, "loss, as a share of that of the best constant prediction, below which a network has learnt its task",
        "units saturate and gradients shrink where nothing is left to learn",
    ),
    "jumping_epochs": Threshold(8, "epochs that are looked at for jumps of the loss", "fewer may be an accident"),
    "jump": Threshold(0.2, "relative rise of the loss from one epoch to the next that counts as a jump",
                      "the noise of batches is a few per cent"),
    "jumps": Threshold(3, "jumps among these epochs", "one jump may be an accident"),
    "stuck_steps": Threshold(150, "updates before a loss may be said not to fall", "deep networks start slowly"),
    "worse": Threshold(1.2, "loss, as a share of that of the best constant prediction, that is worse than that",
                       "random weights are somewhat worse, trained ones better"),
    "ran": Threshold(1.0, "distance of all weights from the first ones, as a share of their norm, that is far",
                     "good weights are mostly found nearer, and make the loss fall"),
    "stuck_epochs": Threshold(5, "epochs before a loss may be said not to fall", "some networks start slowly"),
    "stuck": Threshold(0.98, "loss, as a share of that of the best constant prediction, above which nothing is learnt",
                       "the weakest healthy fits leave it further behind"),
    "falling": Threshold(0.02, "relative fall of the loss in the second half of the epochs that counts as falling",
                         "a loss that still falls may get there"),
    "moved": Threshold(0.05, "distance of all weights from the first ones, as a share of their norm, below which the "
                       "learning rate is to blame", "healthy weights move by a tenth or more in that time"),
    "overfit_epochs": Threshold(5, "epochs since the lowest validation loss", "validation losses are noisy"),
    "overfit_rise": Threshold(1.5, "median of the last five validation losses divided by the lowest",
                              "early stopping with patience 20 stays below"),
    "overfit_part": Threshold(0.1, "the same rise as a share of the loss of the best constant prediction",
                              "beside that, smaller ones do not matter"),
    "overfit_fall": Threshold(0.9, "training loss divided by that of the best epoch", "only then does it memorise"),
    "overfit_gap": Threshold(0.5, "training loss divided by the validation loss", "only then does it memorise"),
    # frames
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
