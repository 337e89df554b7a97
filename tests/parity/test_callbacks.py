"""Our callbacks do, epoch by epoch and letter by letter, what Keras's do (fixtures from make_callback_fixtures.py)."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import re
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from chainrule import callbacks
from chainrule.callbacks.progbar import Progbar

HERE = Path(__file__).parent
KERAS: dict[str, Any] = json.loads((HERE / "fixtures" / "callbacks.json").read_text(encoding="utf-8"))
SCENARIOS = runpy.run_path(str(HERE / "callback_scenarios.py"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@contextlib.contextmanager
def clock(read: Callable[[], float]) -> Iterator[None]:
    with mock.patch("chainrule.callbacks.progbar.perf_counter", read):
        yield


@pytest.fixture(autouse=True)
def wide_colored_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    return dict(json.loads(json.dumps(SCENARIOS["run"](callbacks))))


def cases(part: str) -> list[str]:
    return list(KERAS["scenarios"][part])


@pytest.mark.parametrize("name", cases("early_stopping"))
def test_early_stopping_stops_and_restores_at_the_same_epochs(ours: dict[str, Any], name: str) -> None:
    assert ours["early_stopping"][name] == KERAS["scenarios"]["early_stopping"][name]


@pytest.mark.parametrize("name", cases("plateau"))
def test_reduce_lr_on_plateau_sets_the_same_rates(ours: dict[str, Any], name: str) -> None:
    assert ours["plateau"][name] == KERAS["scenarios"]["plateau"][name]


@pytest.mark.parametrize("name", cases("schedule"))
def test_learning_rate_scheduler_sets_the_same_rates(ours: dict[str, Any], name: str) -> None:
    assert ours["schedule"][name] == KERAS["scenarios"]["schedule"][name]


@pytest.mark.parametrize("name", cases("checkpoint"))
def test_model_checkpoint_saves_under_the_same_names(ours: dict[str, Any], name: str) -> None:
    assert ours["checkpoint"][name] == KERAS["scenarios"]["checkpoint"][name]


@pytest.mark.parametrize("name", cases("csv"))
def test_csv_logger_writes_the_same_text(ours: dict[str, Any], name: str) -> None:
    assert ours["csv"][name] == KERAS["scenarios"]["csv"][name]


def test_history_has_the_same_keys_in_the_same_order(ours: dict[str, Any]) -> None:
    theirs = KERAS["scenarios"]["history"]
    assert ours["history"] == theirs
    assert (
        list(ours["history"]["history"]) == list(theirs["history"]) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    )


def test_hooks_are_called_in_the_same_order_with_the_same_logs(ours: dict[str, Any]) -> None:
    assert ours["batches"] == KERAS["scenarios"]["batches"]


def test_terminate_on_nan_stops_at_the_same_batch(ours: dict[str, Any]) -> None:
    mine, theirs = dict(ours["nan"]), dict(KERAS["scenarios"]["nan"])
    assert mine.pop("error").startswith(theirs.pop("error"))  # ours goes on with what to try
    assert mine == theirs


@pytest.fixture(scope="module")
def bars() -> dict[str, str]:
    with pytest.MonkeyPatch.context() as patch:
        wide_colored_terminal.__wrapped__(patch)  # type: ignore[attr-defined]
        return dict(SCENARIOS["run_bars"](Progbar, clock, Terminal))


@pytest.mark.parametrize("name", list(KERAS["bars"]))
def test_progbar_draws_the_same_text(bars: dict[str, str], name: str) -> None:
    assert bars[name] == KERAS["bars"][name]


@pytest.mark.parametrize("name", list(KERAS["logger"]))
def test_progbar_logger_writes_the_same_text(name: str) -> None:
    written = SCENARIOS["run_logger"](callbacks, clock, Terminal)
    assert written[name] == KERAS["logger"][name]


@pytest.mark.parametrize("name", list(KERAS["logger"]))
def test_in_a_file_only_the_finished_lines_remain(name: str) -> None:
    """What Keras leaves visible at the end of each line, without what was drawn over and without control characters."""
    lines = [line.rpartition("\r")[2].rstrip(" ") for line in KERAS["logger"][name].split("\n")]
    expected = re.sub(r"\x1b\[\d+m", "", "\n".join(lines))
    written = SCENARIOS["run_logger"](callbacks, clock, io.StringIO)[name]
    assert re.sub(r"\d+ms/", "_ms/", written) == re.sub(r"\d+ms/", "_ms/", expected)  # batches are not timed here


def test_signatures_are_the_same() -> None:
    def plain(function: Callable[..., Any]) -> str:
        parameters = [p.replace(annotation=p.empty) for p in inspect.signature(function).parameters.values()]
        return str(inspect.Signature(parameters))

    theirs = {name: text.replace(": bool = False", "=False") for name, text in KERAS["signatures"].items()}
    names = sorted({*callbacks.__all__} - {"Dashboard", "Recorder"})  # which Keras has not
    assert {n: plain(getattr(callbacks, n).__init__) for n in names} == {n: theirs[n] for n in names}
    assert plain(Progbar.__init__) == KERAS["progbar_signature"]


def test_there_is_every_hook() -> None:
    ours = {name for name in vars(callbacks.Callback) if name.startswith("on_")}
    assert ours == set(KERAS["hooks"])


def test_metrics_say_the_same_direction() -> None:
    metrics = pytest.importorskip("chainrule.metrics")
    ours = {}
    for name in KERAS["directions"]:
        cls = getattr(metrics, name, None)
        if cls is not None:
            ours[name] = cls(**SCENARIOS["METRIC_ARGUMENTS"].get(name, {}))._direction
    assert len(ours) > 20
    assert ours == {name: KERAS["directions"][name] for name in ours}


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    import chainrule

    return dict(SCENARIOS["run_fit"](chainrule, tmp_path_factory.mktemp("fit")))


@pytest.mark.parametrize("verbose", [1, 2])
def test_a_training_prints_the_same_lines(fitted: dict[str, Any], verbose: int) -> None:
    assert fitted[f"verbose={verbose}"] == KERAS["fit"][f"verbose={verbose}"]


def test_a_training_leaves_the_same_record(fitted: dict[str, Any]) -> None:
    theirs = KERAS["fit"]
    assert list(fitted["history"]) == list(theirs["history"])
    for name, values in theirs["history"].items():
        np.testing.assert_allclose(fitted["history"][name], values, rtol=1e-5, err_msg=name)
        assert {type(v) for v in fitted["history"][name]} == {float}
    assert len(set(theirs["history"]["learning_rate"])) > 1
    assert fitted["epoch"] == theirs["epoch"]
    assert fitted["params"] == theirs["params"]
    assert fitted["header"] == theirs["header"]


def test_early_stopping_restores_the_same_weights(fitted: dict[str, Any]) -> None:
    for ours, theirs in zip(fitted["weights"], KERAS["fit"]["weights"], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
