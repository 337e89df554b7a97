"""What a training run is told: every setting, its default, and the `config.toml` that repeats the run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from chainrule.errors import ChainruleError, unknown_name


class SettingsError(ChainruleError, ValueError):
    """A setting of a run, on the command line or in `config.toml`, is wrong."""


@dataclass(frozen=True)
class Settings:
    """The settings of `train_table`; None means "decided from the data" (see `recipe.py`).

    Args:
        data: path of the table.
        target: the column to predict.
        task: `'binary'`, `'multiclass'` or `'regression'`.
        hidden: units of each hidden layer; empty for a linear model.
        activation: of the hidden layers.
        dropout: share of hidden outputs set to 0 in each training step.
        epochs: the most epochs to train.
        batch_size: rows per step.
        learning_rate: of Adam, at the start.
        weight_decay: of AdamW, per step, as a share of the learning rate.
        patience: epochs without a better validation loss before training stops.
        validation, test: shares of the rows.
        split_by: column whose values stay together in one part.
        seed: of the split, the initial weights, the order of rows and the dropout.
        types: column to kind, against what would be inferred.
        drop: columns to leave out.
        sha256: of the data file, as it was when the run was made.
    """

    data: str
    target: str
    task: str | None = None
    hidden: tuple[int, ...] | None = None
    activation: str = "relu"
    dropout: float | None = None
    epochs: int = 200
    batch_size: int | None = None
    learning_rate: float | None = None
    weight_decay: float | None = None
    patience: int = 20
    validation: float = 0.2
    test: float = 0.2
    split_by: str | None = None
    seed: int = 0
    types: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    sha256: str | None = None

    def __post_init__(self) -> None:
        """Refuse values of the wrong type or range.

        Raises:
            SettingsError: naming the setting.
        """
        for name, (good, wanted) in _RULES.items():
            value = getattr(self, name)
            if value is not None and not good(value):
                raise SettingsError(f"The setting {name!r} must be {wanted}, but is {value!r}.")
        if self.validation + self.test >= 1:
            raise SettingsError(
                f"The shares for validation ({self.validation}) and test ({self.test}) must leave rows for training."
            )

    def to_toml(self) -> str:
        """Return the settings as the text of a `config.toml`; those that are None are left out."""
        lines = ["# This repeats the run bit for bit:  chainrule train --config config.toml"]
        for name, value in asdict(self).items():
            if value is not None and not isinstance(value, dict):
                lines.append(f"{name} = {_toml(value)}")
        if self.types:
            lines += ["", "[types]", *(f"{_toml(k)} = {_toml(v)}" for k, v in self.types.items())]
        return "\n".join(lines) + "\n"


def read_toml(path: str | Path) -> dict[str, Any]:
    """Return what a `config.toml` sets, as arguments of `Settings`.

    Raises:
        SettingsError: the file is not there or not TOML.
        UnknownNameError: it has a setting that does not exist, with the nearest known ones.
    """
    try:
        found = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such file. Give the config.toml of a run.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: not readable as TOML: {error}") from None
    known = [f.name for f in fields(Settings)]
    for name in found:
        if name not in known:
            raise unknown_name(f"setting in {path}", name, known)
    return {name: tuple(v) if isinstance(v, list) else v for name, v in found.items()}


def override(settings: Mapping[str, Any], flags: Mapping[str, Any]) -> Settings:
    """Return the settings of a file with those given as flags (not None) in their place.

    Raises:
        SettingsError: the data or the target is given by neither.
    """
    merged = {**settings, **{k: v for k, v in flags.items() if v is not None}}
    for name, flag in (("data", "the data file"), ("target", "--target")):
        if name not in merged:
            raise SettingsError(f"Missing: {flag}.")
    return Settings(**merged)


def with_changes(settings: Settings, **changes: Any) -> Settings:
    """Return the settings with some replaced."""
    return replace(settings, **changes)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(_toml(v) for v in value)}]"
    import json

    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _whole(low: int) -> Any:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= low


def _between(low: float, high: float) -> Any:
    return lambda v: isinstance(v, int | float) and not isinstance(v, bool) and low < v < high


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_RULES: dict[str, tuple[Any, str]] = {
    "data": (_is_text, "a path"),
    "target": (_is_text, "a column name"),
    "task": (_is_text, "binary, multiclass or regression"),
    "hidden": (lambda v: isinstance(v, tuple) and all(_whole(1)(u) for u in v), "a list of positive whole numbers"),
    "activation": (_is_text, "the name of an activation"),
    "dropout": (lambda v: v == 0 or _between(0, 1)(v), "a share from 0 to below 1"),
    "epochs": (_whole(1), "a positive whole number"),
    "batch_size": (_whole(1), "a positive whole number"),
    "learning_rate": (_between(0, float("inf")), "a positive number"),
    "weight_decay": (lambda v: v == 0 or _between(0, float("inf"))(v), "a number of at least 0"),
    "patience": (_whole(1), "a positive whole number"),
    "validation": (_between(0, 1), "a share between 0 and 1"),
    "test": (_between(0, 1), "a share between 0 and 1"),
    "split_by": (_is_text, "a column name"),
    "seed": (_whole(0), "a whole number of at least 0"),
    "types": (lambda v: isinstance(v, Mapping) and all(isinstance(k, str) for k in v.values()), "column = kind"),
    "drop": (lambda v: isinstance(v, tuple) and all(isinstance(c, str) for c in v), "a list of column names"),
    "sha256": (_is_text, "a checksum"),
}
