"""Networks and tables far larger than a page can show: it stays quick, and what it answers stays small."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.recording.messages import encode
from chainrule.web import derivation
from chainrule.web.open import dashboard

RNG = np.random.default_rng(0)
MB = 1 << 20


def shown(inputs: int, units: int, rows: int, visit: Any, wait: Any) -> tuple[Any, Any]:
    x = RNG.normal(size=(rows, inputs)).astype("float32")
    layers = [cr.layers.Dense(units, "relu", name="h"), cr.layers.Dense(1, "sigmoid")]
    model = cr.Sequential([cr.Input((inputs,)), *layers])
    model.compile("adam", "binary_crossentropy")
    page = dashboard(model, x, (x[:, 0] > 0) * 1.0, open=False, wait=False)
    client = visit(page.url).listen()
    wait(lambda: client.of("frame"))
    return page, client


@pytest.mark.parametrize(
    ("inputs", "units", "rows"),
    [(20, 10_000, 200), (500, 32, 200), (5, 8, 1_000_000)],
    ids=["10,000 units", "500 columns", "1,000,000 rows"],
)
def test_the_page_works_and_its_answers_stay_small(inputs: int, units: int, rows: int, visit: Any, wait: Any) -> None:
    page, client = shown(inputs, units, rows, visit, wait)
    try:
        client.http.timeout = 60
        start = client.of("start")[0]
        assert start["data"]["rows"] == rows
        assert len(start["data"]["features"]) == inputs
        assert len(start["probe"]["rows"]) <= 256
        for kind in ("start", "frame"):
            assert len(encode(client.of(kind)[0])) < 4 * MB
        path = page.model.layers[0].kernel.path
        status = client.command(do="step", by="batch")
        assert status["state"] in ("playing", "paused")
        wait(lambda: any(frame["step"] == 1 for frame in client.of("frame")))
        answer = client.get("/api/derivation", row=rows - 1, weight=f"{path}[0,0]")
        assert answer.status_code == 200
        assert answer.json()["row"] == rows - 1
        assert set(answer.json()["update"]) == {"before", "after"}
        assert len(answer.content) < 4 * MB
        assert client.command(do="back")["step"] == 0
        for view in ("weights", "region", "table", "gradients"):
            assert len(client.get(f"/api/view/{view}").content) < MB
    finally:
        page.close()


def test_arrays_that_nobody_would_read_are_left_out(visit: Any, wait: Any) -> None:
    page, client = shown(600, 32, 40, visit, wait)
    try:
        lines = [
            line
            for section in client.get("/api/derivation", row=0, lines=1).json()["lines"]["sections"]
            for line in section["lines"]
        ]
        assert [600, 32] in [sorted(line["value"]["shape"])[::-1] for line in lines if isinstance(line["value"], dict)]
        assert all(np.size(line["value"]) <= derivation.MOST_NUMBERS for line in lines)
    finally:
        page.close()
