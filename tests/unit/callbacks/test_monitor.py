from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from chainrule.callbacks.monitor import MonitorCallback


def metric(name: str, direction: str | None) -> Any:
    return SimpleNamespace(name=name) if direction is None else SimpleNamespace(name=name, _direction=direction)


def monitored(name: str, *metrics: Any, **arguments: Any) -> MonitorCallback:
    callback = MonitorCallback(name, **arguments)
    callback.set_model(SimpleNamespace(metrics=list(metrics)))
    return callback


@pytest.mark.parametrize(
    ("name", "more_is_better"),
    [
        ("loss", False),
        ("val_loss", False),
        ("accuracy", True),
        ("val_accuracy", True),
        ("mae", False),
        ("val_head_accuracy", True),
        ("head_loss", False),
        ("val_head_top_k_mae", True),
    ],
)
def test_direction_is_that_of_the_metric_of_that_name(name: str, more_is_better: bool) -> None:
    metrics = [metric("loss", None), metric("accuracy", "up"), metric("mae", "down"), metric("top_k_mae", "up")]
    callback = monitored(name, *metrics)
    assert callback._is_improvement(2.0, 1.0) is more_is_better
    assert callback._is_improvement(1.0, 2.0) is not more_is_better


def test_metrics_may_be_grouped_as_compile_does() -> None:
    group = SimpleNamespace(name="compile_metrics", metrics=[metric("auc", "up")])
    assert monitored("val_auc", metric("loss", None), group)._is_improvement(2.0, 1.0)


def test_a_users_metric_called_loss_says_its_own_direction() -> None:
    assert monitored("val_loss", metric("loss", "up"))._is_improvement(2.0, 1.0)


def test_an_unknown_direction_is_an_error_that_says_what_to_pass() -> None:
    with pytest.raises(ValueError, match="cannot tell whether monitor='val_mine' should grow or shrink") as raised:
        monitored("val_mine", metric("mine", None), metric("auc", "up"))._is_improvement(1.0, None)
    assert "(metrics that say so: auc). Pass mode='max' if more is better, or mode='min' if less is." in str(
        raised.value
    )


def test_mode_goes_before_the_metric() -> None:
    assert monitored("accuracy", metric("accuracy", "up"), mode="min")._is_improvement(1.0, 2.0)
    assert monitored("loss", mode="max")._is_improvement(2.0, 1.0)


@pytest.mark.parametrize("sign", [1, -1])
def test_an_improvement_must_exceed_min_delta(sign: int) -> None:
    less = monitored("loss", min_delta=sign * 0.25)
    assert not less._is_improvement(0.75, 1.0)
    assert less._is_improvement(0.7, 1.0)
    more = monitored("loss", mode="max", min_delta=sign * 0.25)
    assert not more._is_improvement(1.25, 1.0)
    assert more._is_improvement(1.3, 1.0)


def test_the_first_value_is_an_improvement_and_nan_never_is_one_after_it() -> None:
    callback = monitored("loss")
    assert callback._is_improvement(float("nan"), None)
    assert not callback._is_improvement(float("nan"), 1.0)


def test_an_unknown_mode_is_auto_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="MonitorCallback mode 'lowest' is unknown, falling back to 'auto'"):
        callback = monitored("loss", mode="lowest")
    assert callback.mode == "auto"
    assert callback._is_improvement(1.0, 2.0)
