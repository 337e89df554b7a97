"""What the live page costs an ordinary `fit`: with no browser, with a page that listens and asks, and with a real one.

20,000 rows of 30 features, 64-64-1, batches of 32. Fits of three kinds follow each other in turn, so that whatever
else the machine does meets all of them alike; the figures are medians of the ratios to the plain fit of the same turn.

    python benchmarks/dashboard.py [--epochs 200] [--turns 15] [--chromium]

`--chromium` has headless Chromium draw the page on the same processors, without a graphics card; it needs Playwright.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.callbacks import Dashboard

PAGE = """
import sys, time, threading
import httpx
base, token = sys.argv[1].split("/#t=")
page = httpx.Client(base_url=base, headers={"Authorization": "Bearer " + token}, timeout=None, trust_env=False)
def ask():
    while True:
        page.get("/api/derivation", params={"row": 0, "weight": sys.argv[2]})
        page.get("/api/view/region")
        time.sleep(0.25)
threading.Thread(target=ask, daemon=True).start()
with page.stream("GET", "/api/events") as stream:
    print("open", flush=True)
    for _ in stream.iter_raw():
        pass
"""
"""A page: it takes all events, and asks for a derivation and the output region four times a second."""


def with_chromium(executable: str, fit: Callable[[Any], tuple[float, ...]]) -> tuple[float, ...]:
    """Fit while Chromium shows the page; it was opened a second and a half before."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, Dashboard(open=None) as page:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.goto(page.url)
        tab.wait_for_timeout(1500)
        try:
            return fit(page)
        finally:
            browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--chromium", nargs="?", const="/usr/bin/chromium", help="where it is")
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20_000, 30)).astype("float32")
    y = (x @ rng.normal(size=30) > 0).astype("float32")

    def fit(*callbacks: Any) -> tuple[float, ...]:
        cr.utils.set_random_seed(1)
        hidden = [cr.layers.Dense(64, "relu", name=f"hidden_{i}") for i in (1, 2)]
        model = cr.Sequential([cr.Input((30,)), *hidden, cr.layers.Dense(1, "sigmoid")], name="table")
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        clocks = (time.perf_counter, time.thread_time, time.process_time)
        began = [clock() for clock in clocks]
        model.fit(x, y, epochs=given.epochs, batch_size=32, verbose=0, callbacks=list(callbacks))
        return tuple(clock() - start for clock, start in zip(clocks, began, strict=True))

    def with_page() -> tuple[float, ...]:
        with Dashboard(open=None) as page:
            command = [sys.executable, "-c", PAGE, page.url, "table/hidden_1/kernel[0,0]"]
            browser = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert browser.stdout is not None
            browser.stdout.readline()
            try:
                return fit(page)
            finally:
                browser.kill()
                browser.wait()

    def without_page() -> tuple[float, ...]:
        with Dashboard(open=None) as nobody:
            return fit(nobody)

    kinds: dict[str, Callable[[], tuple[float, ...]]] = {
        "plain fit": fit, "no browser": without_page, "a browser open": with_page,
    }  # fmt: skip
    if given.chromium:
        kinds["Chromium open"] = lambda: with_chromium(given.chromium, fit)
    without_page()
    turns = []
    for turn in range(given.turns):  # each kind has each place equally often
        names = list(kinds)
        names = names[turn % len(names) :] + names[: turn % len(names)]
        turns.append({name: kinds[name]() for name in names})
    seconds = statistics.median(turn["plain fit"][0] for turn in turns)
    print(f"plain fit: {seconds:.3f} s for {given.epochs} epochs (median of {given.turns})")
    for name in list(kinds)[1:]:
        for i, what in enumerate(("time", "processor time of the training thread", "processor time of all threads")):
            ratios = sorted(turn[name][i] / turn["plain fit"][i] - 1 for turn in turns)
            low, high = ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]
            print(f"{name}, {what}: {statistics.median(ratios):+.1%} (half of the turns {low:+.1%} to {high:+.1%})")


if __name__ == "__main__":
    main()
