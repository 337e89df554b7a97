"""What the page is answered: files, messages, derivations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff.tape import substitute
from chainrule.data.adapters import make_batches
from chainrule.dtype_policies import precision
from chainrule.recording.messages import decode
from chainrule.web.derivation import derive
from chainrule.web.loop import Loop
from chainrule.web.open import Page, dashboard
from chainrule.web.presets import PRESETS, preset
from chainrule.web.protocol import Question

RNG = np.random.default_rng(0)


@pytest.fixture
def play() -> Iterator[Any]:
    """Open playgrounds; they are closed at the end."""
    opened: list[Page] = []

    def play(model: Any, x: Any, y: Any, **more: Any) -> Page:
        opened.append(dashboard(model, x, y, open=False, wait=False, **more))
        return opened[-1]

    yield play
    for playground in opened:
        playground.close()


@pytest.fixture
def lecture(play: Any) -> Page:
    chosen = preset("or")
    return play(chosen.model, chosen.x, chosen.y, batch_size=4)


def test_files_come_with_their_types(lecture: Page, visit: Any) -> None:
    page = visit(lecture.url)
    for path, kind in (("/", "text/html"), ("/static/main.js", "text/javascript"), ("/static/style.css", "text/css"),
                       ("/static/trace.css", "text/css"), ("/static/icon.svg", "image/svg+xml")):  # fmt: skip
        answer = page.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].startswith(kind)
    assert page.http.head("/").status_code == 200


def test_only_files_of_the_static_folder_are_given_out(lecture: Page, visit: Any) -> None:
    page = visit(lecture.url)
    folder = Path(cr.__file__).parent / "web" / "static"
    for path in ("/static/", "/static/nothing.js", "/static/../app.py", "/static/tabs/", f"/static/{folder}/main.js"):
        assert page.get(path).status_code == 404


def test_the_page_gets_start_status_and_frame(lecture: Page, visit: Any, wait: Any) -> None:
    page = visit(lecture.url).listen()
    wait(lambda: page.of("start") and page.of("frame") and page.of("status"))
    assert next(kind for kind, _ in page.heard) == "start"
    start, frame, status = (page.of(kind)[-1] for kind in ("start", "frame", "status"))
    assert start["model"]["name"] == "perceptron"
    assert start["data"]["task"] == "regression" or start["data"]["task"] == "binary"
    weights = decode(json.dumps(frame))["weights"]
    assert weights["perceptron/out/kernel"].tolist() == [[1.0], [-1.0]]
    assert status["state"] == "paused"
    assert status["can"]["step"] == ["sample", "batch", "epoch"]


def test_every_step_is_shown(lecture: Page, visit: Any, wait: Any) -> None:
    page = visit(lecture.url).listen()
    page.command(do="step", by="batch")
    wait(lambda: any(frame["step"] == 1 for frame in page.of("frame")))
    frame = next(decode(json.dumps(f)) for f in page.of("frame") if f["step"] == 1)
    kernel, bias = frame["weights"]["perceptron/out/kernel"], frame["weights"]["perceptron/out/bias"]
    np.testing.assert_allclose(kernel.ravel(), [1.1175, -0.8659], atol=5e-5)  # the lecture's numbers
    np.testing.assert_allclose(bias, [-0.3659], atol=5e-5)


def test_two_pages_see_the_same(lecture: Page, visit: Any, wait: Any) -> None:
    first, second = visit(lecture.url).listen(), visit(lecture.url).listen()
    first.command(do="step", by="batch")
    second.command(do="step", by="batch")
    for page in (first, second):
        wait(lambda page=page: any(frame["step"] == 2 for frame in page.of("frame")))
        wait(lambda page=page: page.of("status")[-1]["step"] == 2)


def test_a_page_that_comes_late_gets_all_epochs(lecture: Page, visit: Any, wait: Any) -> None:
    page = visit(lecture.url)
    for _ in range(5):
        page.command(do="step", by="epoch")
    wait(lambda: lecture.driver.position.step == 5)
    late = visit(lecture.url).listen()
    wait(lambda: len(late.of("epoch")) == 5)
    assert next(kind for kind, _ in late.heard) == "start"


def test_the_derivation_is_that_of_trace(lecture: Page, visit: Any, wait: Any) -> None:
    page = visit(lecture.url)
    wait(lambda: lecture.driver.stage.shown is not None)
    chosen = preset("or")
    mine = page.get("/api/derivation", row=2, weight="perceptron/out/kernel[0,0]", lines=1).json()
    observation = cr.trace(chosen.model, chosen.x, chosen.y)[2]
    assert mine["step"] == 0
    assert mine["row"] == 2
    assert mine["lines"] == observation.to_dict()
    assert (
        mine["node"]["text"]
        == str(observation.node("w1"))
        == "∂ℓ/∂w₁ = ∂ℓ/∂p·∂p/∂h·∂h/∂w₁ = (−0.7551)·0.2350·1 ≈ −0.1774"
    )
    assert mine["node"]["value"] == observation.node("w1").value
    assert mine["check"]["ok"]
    assert mine["check"]["largest"] < 1e-9
    assert mine["update"]["before"] == 1.0
    assert mine["update"]["after"] == pytest.approx(1.1774, abs=5e-5)
    assert "<style" not in mine["html"]
    assert "<math" in mine["html"]
    assert r"\begin{aligned}" in mine["latex"]


def test_an_edited_weight_changes_the_derivation_to_what_trace_says(lecture: Page, visit: Any) -> None:
    page = visit(lecture.url)
    page.command(do="edit", path="perceptron/out/kernel", index=[0, 0], value=2.5)
    chosen = preset("or")
    chosen.model.layers[0].set_weights([np.array([[2.5], [-1.0]]), np.array([-0.5])])
    lines = page.get("/api/derivation", row=1, lines=1).json()["lines"]
    assert lines == cr.trace(chosen.model, chosen.x, chosen.y)[1].to_dict()


@pytest.mark.parametrize("notation", ["lecture", "textbook", "keras"])
def test_notations_and_digits(lecture: Page, visit: Any, notation: str, wait: Any) -> None:
    page = visit(lecture.url)
    wait(lambda: lecture.driver.stage.shown is not None)
    chosen = preset("or")
    found = page.get("/api/derivation", row=0, notation=notation, digits=2, lines=1).json()["lines"]
    assert found == cr.trace(chosen.model, chosen.x, chosen.y, notation=notation, digits=2)[0].to_dict()


def test_twenty_random_networks_every_number_is_the_engines() -> None:
    """The largest difference between the page's gradients and those of the tape in float64 is 1e-12 at most."""
    worst, compared = 0.0, 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        cr.utils.set_random_seed(seed)
        widths, kind = rng.integers(1, 5, rng.integers(1, 3)), str(rng.choice(["tanh", "sigmoid", "softplus"]))
        hidden = [cr.layers.Dense(int(width), kind) for width in widths]
        model = cr.Sequential([cr.Input((3,)), *hidden, cr.layers.Dense(1, "sigmoid")])
        model.compile("sgd", "binary_crossentropy")
        x, y = rng.normal(size=(6, 3)).astype("float32"), rng.integers(0, 2, 6).astype("float32")
        loop = Loop(model, make_batches(x, y))  # type: ignore[arg-type]
        loop.stage.show(True)
        gradients = [*tape_gradients(model, x[3:4], y[3:4]).items()]
        for path, gradient in gradients[:: len(gradients) - 1]:  # the first kernel, the last bias
            at = tuple(int(rng.integers(n)) for n in gradient.shape)
            node = derive(loop.stage, Question(3, f"{path}[{','.join(map(str, at))}]"))["node"]
            worst, compared = max(worst, abs(node["value"] - gradient[at])), compared + 1
        loop.close()
    assert compared == 40
    assert worst <= 1e-12


def tape_gradients(model: Any, x: Any, y: Any) -> dict[str, Any]:
    """Return the gradients in float64 by the tape that training uses, by path of the weight."""
    wide = {id(v): cr.Tensor(v.numpy().astype("float64")) for v in model.trainable_variables}
    with substitute(wide), precision("float64"), cr.GradientTape() as tape:
        tape.watch(list(wide.values()))
        loss = cr.losses.binary_crossentropy(y.astype("float64")[:, None], model(x.astype("float64")))
    found = tape.gradient(loss, list(wide.values()))
    return {v.path: np.asarray(g) for v, g in zip(model.trainable_variables, found, strict=True)}


def test_a_view_is_answered_and_an_unknown_one_refused(lecture: Page, visit: Any, wait: Any) -> None:
    page = visit(lecture.url)
    wait(lambda: lecture.driver.stage.shown is not None)
    assert page.get("/api/view/weights").status_code == 200
    for name in ("nothing", "os", "__init__", "weights.py", "..%2Fapp"):
        assert page.get(f"/api/view/{name}").status_code == 404
    answer = page.get("/api/view/weights", nonsense=1)
    assert answer.status_code == 400
    assert "error" in answer.json()


def test_hostile_names_come_as_data(play: Any, visit: Any, wait: Any) -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    names = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>']
    playground = play(
        model, RNG.normal(size=(5, 2)), [0, 1, 0, 1, 1], feature_names=names, class_names=["=cmd", "</script>"]
    )
    page = visit(playground.url).listen()
    wait(lambda: page.of("start"))
    assert [f["name"] for f in page.of("start")[0]["data"]["features"]] == names
    html = page.get("/api/derivation", row=0).json()["html"]
    assert "<script" not in html
    assert "<img" not in html
    assert "application/json" in page.get("/api/derivation", row=0).headers["content-type"]


def test_weights_that_are_no_numbers_are_shown_and_named(play: Any, visit: Any, wait: Any) -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, "sigmoid", name="out")], name="m")
    model.compile("sgd", "binary_crossentropy")
    model.layers[0].set_weights([[[np.nan], [np.inf]], [0.0]])
    playground = play(model, RNG.normal(size=(5, 2)), [0, 1, 0, 1, 1])
    page = visit(playground.url).listen()
    wait(lambda: page.of("frame"))
    page.command(do="step", by="batch")
    wait(lambda: any(f["code"] == "diverged" for f in page.of("finding")))
    assert page.get("/api/derivation", row=0, weight="m/out/kernel[0,0]").status_code == 200
    page.command(do="edit", path="m/out/kernel", index=[0, 0], value=0.5)
    page.command(do="edit", path="m/out/kernel", index=[1, 0], value=0.5)
    page.command(do="step", by="batch")
    wait(lambda: playground.driver.position.step == 1)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_can_be_learnt(name: str) -> None:
    cr.utils.set_random_seed(0)  # the order of rows
    chosen = preset(name)
    again = preset(name)
    np.testing.assert_array_equal(chosen.x, again.x)
    for a, b in zip(chosen.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    epochs = {"or": 200, "mlp": 3000, "spiral": 400}.get(name, 150)
    chosen.model.fit(chosen.x, chosen.y, batch_size=chosen.batch_size, epochs=epochs, verbose=0)
    accuracy = chosen.model.evaluate(chosen.x, chosen.y, verbose=0, return_dict=True)["accuracy"]
    assert accuracy >= (0.97 if name != "mlp" else 0.75)
    assert chosen.about.endswith(".")
