"""The history of a training as a picture."""

from __future__ import annotations

from pathlib import Path

from chainrule.errors import missing_extra
from chainrule.plot.colours import TRAINING, VALIDATION


def require_matplotlib() -> None:
    """Raise now, rather than after the training, if matplotlib is not installed.

    Raises:
        MissingExtraError: it is not.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise missing_extra("matplotlib", "tables", "Drawing the curves") from None


def save_curves(path: Path, history: dict[str, list[float]], best_epoch: int) -> None:
    """Write loss and metrics over the epochs, of training and validation, as a PNG.

    Args:
        best_epoch: from 1; marked by a vertical line.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = [n for n in history if f"val_{n}" in history]
    names.sort(key=lambda n: n != "loss")
    figure = Figure(figsize=(5.5 * len(names), 4), layout="constrained")
    FigureCanvasAgg(figure)
    epochs = range(1, len(history["loss"]) + 1)
    for i, name in enumerate(names, start=1):
        axes = figure.add_subplot(1, len(names), i)
        axes.plot(epochs, history[name], color=TRAINING, label="training")
        axes.plot(epochs, history[f"val_{name}"], color=VALIDATION, linestyle="--", label="validation")
        axes.axvline(best_epoch, color="0.6", linewidth=1, linestyle=":", label=f"best epoch ({best_epoch})")
        axes.set_xlabel("epoch")
        axes.set_ylabel(name)
        axes.legend()
    figure.savefig(path, dpi=120, metadata={"Software": "chainrule"})
