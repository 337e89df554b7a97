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
        0.5,
        "share of a layer's ReLU units that are 0 on every row of the probe",
        "with half of the units dead, half of the layer learns nothing; healthy layers stay well below",
    ),
    "saturated_units": Threshold(
        0.5,
        "share of a layer's sigmoid or tanh units within 1 % of an end of their range on 90 % of the rows",
        "half of the layer passes hardly any gradient back",
    ),
    # gradients
    "vanishing": Threshold(
        1e-4,
        "gradient of the first kernel, as a share of the largest of those behind it (root mean squares)",
        "layers of a healthy network differ by less than a hundred",
    ),
    "exploding": Threshold(
        1e4,
        "norm of a kernel's gradient divided by the norm of the kernel",
        "a plain step with learning rate 0.001 would change the weights by ten times their size",
    ),
    "signal_lost": Threshold(
        1e-3,
        "standard deviation of the outputs of the last hidden layer, as a share of that of the first, that is nothing",
        "healthy networks stay between 0.2 and 5",
    ),
    "signal_grown": Threshold(1e3, "the same share, that is enormous", "healthy networks stay between 0.2 and 5"),
    # progress
    "solved": Threshold(
        0.1,
        "loss, as a share of that of the best constant prediction, below which a network has learnt its task",
        "units saturate and gradients shrink where nothing is left to learn",
    ),
    "half_learnt": Threshold(
        0.5,
        "the same loss, below which units may saturate",
        "the steep units of a hard task that is being learnt do",
    ),
    "jumping_epochs": Threshold(8, "epochs that are looked at for jumps of the loss", "fewer may be an accident"),
    "jump": Threshold(
        0.2,
        "relative rise of the loss from one epoch to the next that counts as a jump",
        "the noise of batches is a few per cent",
    ),
    "jumps": Threshold(3, "jumps among these epochs", "one jump may be an accident"),
    "better": Threshold(
        0.9,
        "median loss of the later half of these epochs, as a share of that of the earlier half, that is better",
        "a loss that jumps and falls gets there",
    ),
    "stuck_steps": Threshold(150, "updates before a loss may be said not to fall", "deep networks start slowly"),
    "worse": Threshold(
        1.2,
        "loss, as a share of that of the best constant prediction, that is worse than that",
        "random weights are somewhat worse, trained ones better",
    ),
    "ran": Threshold(
        1.0,
        "distance of all weights from the first ones, as a share of their norm, that is far",
        "good weights are mostly found nearer, and make the loss fall",
    ),
    "stuck_epochs": Threshold(5, "epochs before a loss may be said not to fall", "some networks start slowly"),
    "stuck": Threshold(
        0.98,
        "loss, as a share of that of the best constant prediction, above which nothing is learnt",
        "the weakest healthy fits leave it further behind",
    ),
    "falling": Threshold(
        0.02,
        "relative fall of the loss in the second half of the epochs that counts as falling",
        "a loss that still falls may get there",
    ),
    "moved": Threshold(
        0.05,
        "distance of all weights from the first ones, as a share of their norm, below which the "
        "learning rate is to blame",
        "healthy weights move by a tenth or more in that time",
    ),
    "still": Threshold(
        0.005,
        "the same distance, that is next to nothing",
        "less than a hundredth of a healthy training",
    ),
    "still_steps": Threshold(30, "updates after which weights that have hardly moved say so", "momentum needs some"),
    "unsolved": Threshold(
        0.9,
        "loss, as a share of that of the best constant prediction, above which weights that do not move should",
        "a network that is trained further may stand still",
    ),
    "creeping": Threshold(
        0.8,
        "share of epochs in which a loss fell that hardly moves, from which on small steps are to blame",
        "a loss that stands still goes up and down",
    ),
    "overfit_epochs": Threshold(5, "epochs since the lowest validation loss", "validation losses are noisy"),
    "overfit_rise": Threshold(
        1.5,
        "median of the last five validation losses divided by the lowest",
        "early stopping with patience 20 stays below",
    ),
    "overfit_part": Threshold(
        0.1,
        "the same rise as a share of the loss of the best constant prediction",
        "beside that, smaller ones do not matter",
    ),
    "overfit_fall": Threshold(0.9, "training loss divided by that of the best epoch", "only then does it memorise"),
    "overfit_gap": Threshold(0.5, "training loss divided by the validation loss", "only then does it memorise"),
    # data
    "rows_looked_at": Threshold(
        2000, "rows of the data that are looked at, evenly spread (constants: all)", "more would tell no more"
    ),
    "fewest_rows": Threshold(
        50, "rows below which duplicates, classes and leaks are not looked for", "few rows agree by accident"
    ),
    "near_rows": Threshold(200, "rows below which no feature is called nearly constant", "one row would decide"),
    "near_constant": Threshold(
        0.995,
        "share of the most frequent value of a feature of more than two values",
        "amounts that are mostly 0 stay below; one-hot columns may be rare",
    ),
    "wide": Threshold(
        64, "features from which on some constant or equal ones are usual", "corners of pictures, rare words"
    ),
    "wide_share": Threshold(0.5, "share of such features that is unusual even then", "half of the data says nothing"),
    "duplicate": Threshold(
        0.01,
        "difference of two standardised features (root mean square) that are called equal",
        "the same in another unit stays below, radius and perimeter of a cell do not",
    ),
    "rare_class": Threshold(
        0.1, "share of the rarest class, as a share of 1 / number of classes", "5 % of two classes: accuracy hides them"
    ),
    "leak_classes": Threshold(
        0.97,
        "how often neighbours in one feature have the same class, beyond chance",
        "the best single feature of the iris data reaches 0.90",
    ),
    "leak_numbers": Threshold(
        0.98,
        "share of the target's variance that one feature explains",
        "by this measure, carat explains 0.77 of the price of diamonds",
    ),
    "mostly_missing": Threshold(
        0.5, "share of missing cells of a column of a table", "what is filled in outweighs the rest"
    ),
    "few_values": Threshold(
        20,
        "different whole numbers that a target may have to be taken for classes",
        "only where no loss says what it is",
    ),
    # frames
    "stale": Threshold(
        1.2,
        "updates so far, divided by those of the last frame, above which that frame is too old to judge by",
        "a recorder may keep frames far apart",
    ),
    "frames_in_a_row": Threshold(
        2,
        "frames in a row that must show it, for what is seen in a frame",
        "one frame may be an accident",
    ),
}


def limit(name: str) -> float:
    """Return the value of a threshold.

    >>> limit("frames_in_a_row")
    2
    """
    return THRESHOLDS[name].value
