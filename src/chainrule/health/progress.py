"""Rules about how the loss goes from epoch to epoch: diverged, rising, standing still, creeping, overfitting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.health.finding import Finding
from chainrule.health.thresholds import limit

TRAINING = "training"


def diverged(loss: float, step: int | None = None) -> list[Finding]:
    """Find a loss that is no number any more.

    >>> print(diverged(float("nan"), 40)[0].message)
    The loss is nan: the training has diverged, and nothing more will be learnt.
    """
    if np.isfinite(loss):
        return []
    return [
        Finding(
            "diverged", "error", TRAINING, step,
            f"The loss is {loss}: the training has diverged, and nothing more will be learnt.", {"loss": float(loss)},
            (
                "a learning rate ten times smaller",
                "scaled inputs and targets: x = (x - x.mean(axis=0)) / x.std(axis=0)",
                "an optimizer with clipnorm=1.0",
            ),
        )
    ]  # fmt: skip


def rate_too_high(
    losses: Sequence[float],
    baseline: float | None = None,
    moved: float | None = None,
    rate: float | None = None,
    step: int | None = None,
) -> list[Finding]:
    """Find a loss that jumps up and down without getting better, or stays high while the weights run away.

    Args:
        losses: of the epochs so far.
        baseline: the loss of the best constant prediction, if known.
        moved: how far the weights are from the first ones, as a share of their size, if known.
        rate: the learning rate, for the message.

    >>> print(rate_too_high([0.7, 1.9, 0.8, 2.5, 1.1, 3.0, 0.9, 2.2], baseline=0.69)[0].message)
    The loss jumps: in the last 8 epochs it rose 4 times by more than 20 %, and its lowest is 0.7.
    >>> print(rate_too_high([3.3, 2.7, 2.0, 2.2, 2.0, 2.5], baseline=0.69, moved=59.0, rate=1.0)[0].message)
    With learning rate 1 the weights have moved by 59 times their size, and the loss is 2.5, where predicting the ...
    """
    if not losses or not np.isfinite(losses).all():
        return []
    found = _jumping(losses, baseline, rate)
    if found is None and baseline is not None:
        found = _running_away(losses, baseline, moved, rate)
    if found is None:
        return []
    sentence, numbers = found
    return [
        Finding(
            "learning-rate-high", "warning", TRAINING, step, sentence,
            {**numbers, "last": float(losses[-1]), **({} if rate is None else {"learning_rate": rate})},
            (
                "a learning rate 3 to 10 times smaller; find_learning_rate(model, x, y) suggests one",
                "a larger batch_size, if the batches are small",
                "an optimizer with clipnorm=1.0",
            ),
        )
    ]  # fmt: skip


def _jumping(
    losses: Sequence[float], baseline: float | None, rate: float | None
) -> tuple[str, dict[str, float]] | None:
    window = int(limit("jumping_epochs"))
    if len(losses) < window:
        return None
    last = np.asarray(losses[-window:])
    rises = int((last[1:] > (1 + limit("jump")) * last[:-1]).sum())
    solved = baseline is not None and last.min() < limit("solved") * baseline
    better = np.median(last[window // 2 :]) < limit("better") * np.median(last[: window // 2])
    if solved or better or rises < limit("jumps"):
        return None
    at = "" if rate is None else f" (learning rate {rate:.3g})"
    return (
        f"The loss jumps{at}: in the last {window} epochs it rose {rises} times by more than "
        f"{100 * limit('jump'):.0f} %, and its lowest is {min(losses):.4g}.",
        {"rises": rises, "epochs": window, "lowest": float(min(losses)), "limit": limit("jumps")},
    )


def _running_away(
    losses: Sequence[float], baseline: float, moved: float | None, rate: float | None
) -> tuple[str, dict[str, float]] | None:
    half = len(losses) // 2
    far = losses[-1] > losses[0] if moved is None else moved >= limit("ran")
    if len(losses) < limit("stuck_epochs") or not far:
        return None
    if min(losses[half:]) < limit("worse") * baseline or losses[-1] < 0.9 * losses[half]:
        return None
    at = "this learning rate" if rate is None else f"learning rate {rate:.3g}"
    ran = "it rose" if moved is None else f"the weights have moved by {moved:.2g} times their size"
    return (
        f"With {at} {ran}, and the loss is {losses[-1]:.4g}, where predicting the same for every row gives "
        f"{baseline:.4g}.",
        {
            "first": losses[0],
            "baseline": baseline,
            **({} if moved is None else {"moved": moved, "limit": limit("ran")}),
        },
    )


def stuck(
    losses: Sequence[float],
    probe: float | None,
    baseline: float | None,
    moved: float | None = None,
    rate: float | None = None,
    step: int = 1 << 30,
) -> list[Finding]:
    """Find a loss that does not fall: because the steps are too small, or because nothing is learnt.

    Args:
        losses: of the epochs so far.
        probe, baseline: lowest loss of the model, and loss of the best constant prediction, on the same rows.
        moved: how far the weights are from the first ones, as a share of their size, if known.
        rate: the learning rate, for the message.
        step: updates so far.

    >>> print(stuck([0.7] * 10, 0.7, 0.69)[0].message)
    After 10 epochs the loss is 0.7; predicting the same for every row gives 0.69: nothing has been learnt.
    >>> print(stuck([0.7] * 10, 0.7, 0.69, moved=1e-5, rate=1e-7)[0].code)
    learning-rate-low
    """
    epochs = len(losses)
    if epochs < limit("stuck_epochs") or probe is None or baseline is None or not np.isfinite(losses).all():
        return []
    half = losses[epochs // 2 - 1]
    fell = 1 - losses[-1] / half if half > 0 else 0.0
    if fell > limit("falling"):
        return []
    still = moved is not None and moved < limit("still") and step >= limit("still_steps")
    if still and probe > limit("unsolved") * baseline:
        return [_too_low(losses, moved, rate, step)]
    if probe <= limit("stuck") * baseline or step < limit("stuck_steps"):
        return []
    if moved < limit("moved") if moved is not None else _creeps(losses):
        return [_too_low(losses, moved, rate, step)]
    return [
        Finding(
            "loss-not-falling", "warning", TRAINING, step,
            f"After {epochs} epochs the loss is {probe:.4g}; predicting the same for every row gives {baseline:.4g}: "
            "nothing has been learnt.",
            {"loss": probe, "baseline": baseline, "epochs": epochs, "limit": limit("stuck")},
            (
                "look whether x and y belong together, row by row, and whether x says anything about y",
                "another learning rate; find_learning_rate(model, x, y) suggests one",
                "scaled inputs, more units, or another loss",
            ),
        )
    ]  # fmt: skip


def _creeps(losses: Sequence[float]) -> bool:
    """Whether a loss hardly moves, but always down."""
    falls = float(np.mean(np.diff(losses) < 0))
    return falls > limit("creeping") and losses[-1] > (1 - limit("falling")) * losses[0]


def _too_low(losses: Sequence[float], moved: float | None, rate: float | None, step: int | None) -> Finding:
    at = "" if rate is None else f" with learning rate {rate:.3g}"
    far = "" if moved is None else f"the weights have moved by {100 * moved:.2g} % of their size, and "
    return Finding(
        "learning-rate-low", "warning", TRAINING, step,
        f"In {len(losses)} epochs{at} {far}the loss went from {losses[0]:.6g} to {losses[-1]:.6g}: the steps are too "
        "small.",
        {
            "epochs": len(losses), "first": losses[0], "last": losses[-1],
            **({} if rate is None else {"learning_rate": rate}),
            **({} if moved is None else {"moved": moved, "limit": limit("moved")}),
        },
        (
            "a learning rate 10 to 100 times larger; find_learning_rate(model, x, y) suggests one",
            "scaled inputs and targets",
            "optimizer='adam', whose steps do not depend on the size of the gradient",
        ),
    )  # fmt: skip


def overfitting(
    losses: Sequence[float], validation: Sequence[float], baseline: float | None = None, step: int | None = None
) -> list[Finding]:
    """Find where the validation loss began to rise for good while the training loss goes on falling.

    Args:
        losses, validation: of the epochs so far.
        baseline: the loss of the best constant prediction, if known: a rise that is small beside it counts for nothing.

    >>> falling = [1.0, 0.6, 0.4, 0.3, 0.2, 0.15, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03]
    >>> rising = [1.0, 0.7, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0, 1.1]
    >>> print(overfitting(falling, rising)[0].message)
    The validation loss was lowest after epoch 3 (0.6) and is 1.1 by now, while the training loss fell from 0.4 to 0.03.
    """
    if len(validation) != len(losses) or not losses or not np.isfinite([*losses, *validation]).all():
        return []
    best = int(np.argmin(validation))
    low, recent = validation[best], float(np.median(validation[-5:]))
    rises = recent >= limit("overfit_rise") * low and recent - low >= limit("overfit_part") * (baseline or 0.0)
    memorises = losses[-1] <= limit("overfit_fall") * losses[best] and losses[-1] <= limit("overfit_gap") * recent
    if len(losses) - 1 - best < limit("overfit_epochs") or not rises or not memorises:
        return []
    return [
        Finding(
            "overfitting", "warning", TRAINING, step,
            f"The validation loss was lowest after epoch {best + 1} ({low:.4g}) and is {validation[-1]:.4g} by now, "
            f"while the training loss fell from {losses[best]:.4g} to {losses[-1]:.4g}.",
            {
                "best_epoch": best + 1, "lowest": low, "validation_loss": validation[-1], "loss": losses[-1],
                "limit": limit("overfit_rise"),
            },
            (
                "callbacks.EarlyStopping(patience=10, restore_best_weights=True)",
                "dropout, weight decay (AdamW) or fewer units",
                "more training rows",
            ),
        )
    ]  # fmt: skip
