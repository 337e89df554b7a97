"""The saved page in a browser: replay, edits, derivations without Python, and no request to anywhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.data.adapters import make_batches
from chainrule.recording import messages
from chainrule.recording.recording import Recording

TABS = ["surface", "gradients", "weights", "confusion", "calibration", "importance"]


def recorded(epochs: int = 12) -> tuple[Any, Recording, Any, Any]:
    """A small network, a recording with a frame after each of its epochs, and its data."""
    cr.utils.set_random_seed(4)
    x = np.random.default_rng(0).normal(size=(40, 2)).astype("float32")
    y = (x[:, 0] * x[:, 1] > 0).astype("float32")
    layers = [cr.Input((2,)), cr.layers.Dense(3, "tanh", name="hidden"), cr.layers.Dense(1, "sigmoid", name="out")]
    model = cr.Sequential(layers, name="net")
    model.compile(cr.optimizers.SGD(0.5), "binary_crossentropy")
    batches = make_batches(x, y, None, where="test")
    probe = messages.draw(batches)
    found = [messages.start(model, batches, probe=probe, name="xor & <b>co</b>", features=["<i>a</i>", "b"])]
    for i in range(epochs):
        loss = float(model.fit(x, y, verbose=0).history["loss"][0])
        found.append(messages.frame(model, probe, step=2 * i + 2, epoch=i, batch=1, seconds=0.0, logs={"loss": loss}))
        found.append(messages.epoch(i, 2 * i + 2, 0.0, {"loss": loss}))
    return model, Recording([*found, messages.end(2 * epochs, epochs, 1.0, "all epochs")]), x, y


class Saved:
    """A saved page in a tab, with the model and the data it is of."""

    def __init__(self, folder: Path, visit: Any, **options: Any) -> None:
        self.model, self.recording, self.x, self.y = recorded()
        self.recording.save_html(folder / "run.html")
        self.tab = visit((folder / "run.html").as_uri(), **options)
        self.page = self.tab.page
        self.page.wait_for_selector(".derived tr")

    def step(self) -> int:
        found = re.search(r"step (\d+)", self.tab.text(".progress"))
        return int(found[1]) if found else -1

    def derived(self) -> str:
        return str(self.page.inner_text("#derivation"))


@pytest.fixture
def saved(tmp_path: Path, visit: Any) -> Saved:
    return Saved(tmp_path, visit)


def test_opens_at_the_last_frame_and_fetches_nothing(saved: Saved) -> None:
    assert saved.step() == 24
    assert saved.tab.requests == [saved.page.url]
    assert saved.page.title().startswith("xor & <b>co</b>")
    assert "<i>a</i>" in saved.page.inner_text("#rows")
    assert saved.page.locator("#rows i").count() == 0


def test_the_derivation_is_that_of_the_trace(saved: Saved) -> None:
    shown = saved.derived()
    assert "check ✓" in shown
    t = cr.trace(saved.model, saved.x[:1], saved.y[:1])
    rows = saved.page.locator(".derived td.cr-value")
    values = [text.replace("\u2062", "") for text in rows.all_inner_texts()]
    scalars = [line for line in t[0].page.lines() if isinstance(line.value, float)]
    expected = [line.shown.text for line in scalars if line.shown is not None and "e" not in line.shown.text]
    plain = [v.replace("\n", "").replace(" ", "") for v in values]
    assert [v for v in plain if "·10" not in v] == expected


def test_replay_by_slider_keys_and_play(saved: Saved) -> None:
    slider = saved.page.locator("#replay input")
    slider.focus()
    saved.page.keyboard.press("ArrowLeft")
    saved.tab.until(lambda: saved.step() == 22)
    assert "frame 11 of 12" in saved.tab.text("#replay")
    saved.page.click("#play")  # goes on to the end and stops there
    saved.tab.until(lambda: saved.step() == 24)
    saved.tab.until(lambda: saved.page.inner_text("#play") == "Play")
    saved.page.click("#back")
    saved.tab.until(lambda: saved.step() == 22)


def test_a_changed_weight_changes_the_numbers_as_python_computes_them(saved: Saved) -> None:
    before = saved.derived()
    saved.page.fill("#weight-value", "1.25")
    saved.page.keyboard.press("Enter")
    saved.tab.until(lambda: saved.derived() != before)
    kernel = saved.model.layers[0].kernel
    changed = kernel.numpy().copy()
    changed[0, 0] = 1.25
    kernel.assign(changed)
    node = cr.trace(saved.model, saved.x[:1], saved.y[:1])[0].node("w11^(1)")
    shown = node.page.sections[0].lines[0].shown.text
    saved.tab.until(lambda: shown in saved.page.inner_text(".node-line").replace("\n", ""))
    saved.page.click("#back")
    saved.tab.until(lambda: saved.derived() == before)


def test_every_tab_shows_something(saved: Saved) -> None:
    saved.page.locator("#views").scroll_into_view_if_needed()
    for name in TABS:
        saved.page.click(f"#tab-{name}")
        panel = f"#view-{name}"
        saved.tab.until(
            lambda panel=panel: saved.page.locator(f"{panel} svg, {panel} table, {panel} canvas").count() > 0
        )
        assert saved.page.locator(f"{panel} .empty:visible").count() == 0


def test_confusion_is_that_of_the_model(saved: Saved) -> None:
    saved.page.locator("#views").scroll_into_view_if_needed()
    saved.page.click("#tab-confusion")
    saved.page.wait_for_selector("table.confusion")
    said = saved.model.predict(saved.x, verbose=0)[:, 0] > 0.5
    right = int((said == saved.y).sum())
    assert f"{right} of 40 right" in saved.page.inner_text("table.confusion caption")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(tmp_path: Path, visit: Any, theme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    saved = Saved(tmp_path, visit, theme=theme)
    saved.page.locator("#views").scroll_into_view_if_needed()
    for name in TABS:
        saved.page.click(f"#tab-{name}")
        saved.page.wait_for_timeout(400)
        found = axe.run(saved.page, context=None if name == TABS[0] else "#views")
        assert found.response["passes"]
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"


def test_nothing_is_wider_than_a_small_screen(tmp_path: Path, visit: Any) -> None:
    saved = Saved(tmp_path, visit, width=320)
    saved.page.locator("#views").scroll_into_view_if_needed()
    for name in TABS:
        saved.page.click(f"#tab-{name}")
        saved.page.wait_for_timeout(300)
        assert saved.page.evaluate("document.documentElement.scrollWidth") <= 320, name


def test_a_changed_input_changes_what_is_predicted(saved: Saved) -> None:
    before = saved.derived()
    saved.page.click(".inputs summary")
    saved.page.locator(".inputs input").first.fill("2.5")
    saved.page.keyboard.press("Enter")
    saved.tab.until(lambda: "x = (2.5, " in saved.derived())
    x = saved.x[:1].copy()
    x[0, 0] = 2.5
    p = float(saved.model.predict(x, verbose=0)[0, 0])
    saved.tab.until(lambda: f"{p:.3f}" in saved.page.inner_text("#rows tbody tr:first-child"))
    assert "check ✓" in saved.derived()
    saved.page.locator("#replay input").focus()
    saved.page.keyboard.press("ArrowLeft")
    saved.tab.until(lambda: saved.step() == 22)
    assert "x = (2.5, " in saved.derived()
    saved.page.click("#back")
    saved.tab.until(lambda: "x = (2.5, " not in saved.derived())
    saved.page.keyboard.press("ArrowRight")
    saved.page.locator("#replay input").focus()
    saved.page.keyboard.press("ArrowRight")
    saved.tab.until(lambda: saved.derived() == before)


def test_the_tour_walks_through_a_saved_page(saved: Saved) -> None:
    page = saved.page
    page.focus("#tour-button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#tour-title:focus")
    titles = [page.inner_text("#tour h2")]
    while page.inner_text("#tour .primary") != "Done":
        assert page.locator(".toured").count() == 1
        assert page.locator("#tour a").count() == 0, "there is no server with the glossary"
        if page.is_visible("#tour .act") and titles[-1] != "Your turn":
            page.click("#tour .act")
        page.click("#tour .primary")
        titles.append(page.inner_text("#tour h2"))
    assert titles[0] == "A neuron"
    assert titles[-1] == "Your turn"
    page.click("#tour .primary")
    assert page.locator("#tour, .toured").count() == 0
    assert page.locator("#notice:visible").count() == 0


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 320)])
def test_the_quiz_judges_answers_on_a_saved_page(tmp_path: Path, visit: Any, theme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    saved = Saved(tmp_path, visit, theme=theme, width=width)
    page = saved.page
    page.click("#quiz-button")
    page.wait_for_selector("#quiz[open] input")
    lines = [line for line in cr.trace(saved.model, saved.x[:1], saved.y[:1])[0].page.lines() if line.shown is not None]
    for name in "ABCDE":
        symbol = str(page.get_attribute(f"#quiz input[name={name}]", "aria-label")).split(": ")[1].rsplit(", ", 1)[0]
        value = next(line.value for line in lines if line.symbol.text == symbol)
        page.fill(f"#quiz input[name={name}]", f"{value + 1:.4f}")
        assert page.inner_text("#quiz [role=status]").startswith(f"{'ABCDE'.index(name)} of 5 right")
        page.fill(f"#quiz input[name={name}]", f"{value:.8f}")
    assert page.inner_text("#quiz [role=status]") == "5 of 5 right: well done."
    page.click("#quiz summary")
    assert page.locator("#quiz .hints li").count() == 5
    assert axe.run(page, context="#quiz").violations_count == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    before = page.inner_text("#quiz .cr-page")
    page.click("#quiz button:text('Other blanks')")
    saved.tab.until(lambda: page.inner_text("#quiz [role=status]") == "0 of 5 right.")
    assert page.inner_text("#quiz .cr-page") != before
    page.click("#quiz button:text('Solution')")
    assert page.inner_text("#quiz [role=status]") == "The answers are shown."
    page.keyboard.press("Escape")
    assert page.locator("#quiz[open]").count() == 0


def test_a_recording_shows_itself_in_a_notebook(tmp_path: Path, visit: Any) -> None:
    recording = recorded(3)[1]
    (tmp_path / "cell.html").write_text(
        f"<!doctype html><title>cell</title>{recording._repr_html_()}", encoding="utf-8"
    )
    tab = visit((tmp_path / "cell.html").as_uri())
    inside = tab.page.frame_locator("iframe")
    inside.locator(".derived tr").first.wait_for()
    assert "check ✓" in inside.locator("#derivation").inner_text()
    assert tab.page.locator("figure img").count() == 1


def classes(optimizer: Any, folder: Path) -> tuple[Any, Any, Any]:
    """A model of three classes that an optimizer has trained, its page in the folder, and its data."""
    cr.utils.set_random_seed(5)
    x = np.random.default_rng(1).normal(size=(12, 2)).round(2).astype("float32")
    y = np.argmax(x @ np.array([[1.0, -1.0, 0.2], [0.3, 0.5, -1.0]]), 1)
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3, "softmax", name="out")], name="three")
    model.compile(optimizer, "sparse_categorical_crossentropy")
    recorder = cr.callbacks.Recorder(folder / "run", every=1, cost=None, classes=["a", "<b>", "c"])
    model.fit(x, y, epochs=4, batch_size=12, verbose=0, callbacks=[recorder])
    cr.recording.load(folder / "run").save_html(folder / "run.html")
    return model, x, y


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_update_by_adam_of_a_model_with_several_outputs(tmp_path: Path, visit: Any, theme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    model, x, y = classes(cr.optimizers.Adam(0.05), tmp_path)
    tab = visit((tmp_path / "run.html").as_uri(), theme=theme)
    tab.page.wait_for_selector(".derived tr")
    own = cr.trace(model, x, y)[0]
    path = "three/out/kernel"
    before, after = (float(a[path][0, 0]) for a in (own.step.before, own.step.after))
    tab.until(lambda: f"update: {before:.4f} → {after:.4f}".replace("-", "−") in tab.text("#derivation"))
    shown = tab.text("#derivation")
    assert "Update by Adam, step t = 5, learning rate η = 0.05, β₁ = 0.9" in shown
    assert "each formula takes the new values of what stands above it" in shown
    tab.page.locator("#replay input").focus()
    tab.page.keyboard.press("ArrowLeft")  # the moments are those of the frame
    frame = cr.recording.load(tmp_path / "run").trace_at(-2)[0].step
    after = float(frame.after[path][0, 0])
    tab.until(lambda: f"→ {after:.4f}".replace("-", "−") in tab.text("#derivation"))
    assert "step t = 4" in tab.text("#derivation")
    assert axe.run(tab.page, context="#derivation").violations_count == 0


def test_an_update_that_only_python_derives_is_named(tmp_path: Path, visit: Any) -> None:
    classes(cr.optimizers.Nadam(0.05), tmp_path)
    tab = visit((tmp_path / "run.html").as_uri(), width=320)
    tab.page.wait_for_selector(".derived tr")
    tab.until(
        lambda: "The update by Nadam is derived in Python: chainrule.trace(model, x, y)." in tab.text("#derivation")
    )
    assert "update:" not in tab.text("#derivation")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 320


def unusual(kind: str) -> Recording:
    """A recording of a model whose page has to say why something is missing."""
    x, y = np.ones((8, 3), "float32"), np.array([0, 1] * 4, "float32")
    x[:, 0] = np.arange(8)
    hidden = {
        "normalised": [cr.layers.Dense(2), cr.layers.BatchNormalization()],
        "code": [cr.layers.Lambda(lambda v: v)],
    }
    layers = [cr.Input((3,)), *hidden.get(kind, []), cr.layers.Dense(1, "sigmoid")]
    model = cr.Sequential(layers, name="net")
    model.compile("sgd", "binary_crossentropy", engine="reference")
    if kind == "nan":
        model.layers[-1].kernel.assign(np.full((3, 1), np.nan))
    batches = make_batches(x, y, None, where="test")
    probe = messages.draw(batches)
    logs = {"loss": float("nan")} if kind == "nan" else {}
    frame = messages.frame(model, probe, step=0, epoch=0, batch=0, seconds=0.0, logs=logs)
    if kind == "endless":
        frame["gradients"] = {path: np.full_like(a, np.inf) for path, a in frame["gradients"].items()}
    return Recording([messages.start(model, batches, probe=probe), *([] if kind == "empty" else [frame])])


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("normalised", "are derived in Python: chainrule.trace"),
        ("code", "is Python code"),
        ("nan", "check ✗"),
        ("empty", "holds no frames"),
        ("endless", "check ✓"),
    ],
)
def test_what_a_page_cannot_show_it_says(tmp_path: Path, visit: Any, kind: str, said: str) -> None:
    unusual(kind).save_html(tmp_path / "run.html")
    tab = visit((tmp_path / "run.html").as_uri())
    tab.until(lambda: said in tab.text("body"))
    tab.page.locator("#views").scroll_into_view_if_needed()
    for name in TABS:
        tab.page.click(f"#tab-{name}")
        tab.page.wait_for_timeout(150)
        if kind == "endless" and name == "gradients":
            tab.until(lambda: "∞" in tab.page.inner_text("#view-gradients"))
