"""The derivations of the offline page: the same lines and numbers as `chainrule.trace`."""

import json
import re
import shutil

import numpy as np
import pytest

import chainrule as cr
from chainrule.data.adapters import make_batches
from chainrule.glassbox.quiz.blanks import _candidates, blanked, choose
from chainrule.glassbox.quiz.rules import hint
from chainrule.glassbox.render.latex import equation
from chainrule.recording import messages
from chainrule.recording.updates import state_of
from chainrule.web.bundle import STATIC, bundle

MODULE = """
import { derive, equation } from "./derive.js";
import { forward, whyNotForward } from "./network.js";
import { decode } from "./numbers.js";
import { stateOf } from "./derive/update.js";
import { whyNotDerive } from "./derive.js";

export default function answers({ start, frame, questions }) {
  const decoded = Object.fromEntries(Object.entries(frame.weights).map(([path, a]) => [path, decode(a)]));
  return questions.map((q) => {
    const whyNot = whyNotDerive(start) || whyNotForward(start);
    if (whyNot) return { whyNot };
    const made = derive({ start, weights: decoded, rate: frame.learning_rate, state: stateOf(frame.optimizer), ...q });
    const values = forward(start, decoded, [{ shape: start.inputs[0].shape, data: Float64Array.from(q.x) }]);
    const { page, node, check, update } = made;
    const latex = page.sections.flatMap((s) => s.lines).map((line) => equation(line));
    return { page, node, check, update, latex, outputs: Array.from(values[start.outputs[0].value].data) };
  });
}
"""
HIDDEN = [
    "tanh", "relu", "sigmoid", "elu", "selu", "softplus", "silu", "gelu", "leaky_relu", "mish", "hard_sigmoid",
    "softsign", "exponential", "celu", "relu6", "log_sigmoid", "squareplus", "softmax", "hard_silu", "tanh_shrink",
]  # fmt: skip
ENDS = [("sigmoid", "binary_crossentropy"), ("sigmoid", "mean_squared_error"), ("softmax", "categorical_crossentropy"),
        ("softmax", "sparse_categorical_crossentropy"), (None, "mean_squared_error"), (None, "huber"),
        ("tanh", "hinge"), (None, cr.losses.BinaryCrossentropy(from_logits=True)), ("sigmoid", "log_cosh"),
        (None, cr.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1))]  # fmt: skip


def random_model(seed):
    """A network of random depth, widths, activations and loss, and one batch for it."""
    rng = np.random.default_rng(seed)
    features = int(rng.integers(1, 6))
    widths = rng.integers(1, 12, int(rng.integers(0, 3)))
    end, loss = ENDS[seed % len(ENDS)]
    name = loss if isinstance(loss, str) else loss.name
    outputs = int(rng.integers(2, 5)) if "categorical" in name else int(rng.integers(1, 3))
    layers = [cr.Input((features,))]
    for k, n in enumerate(widths):
        regularizer = "l2" if (seed + k) % 5 == 0 else None
        layers.append(cr.layers.Dense(int(n), HIDDEN[(seed + 7 * k) % len(HIDDEN)], kernel_regularizer=regularizer))
        if (seed + k) % 6 == 1:
            layers.append(cr.layers.Dropout(0.5))
    layers.append(cr.layers.Dense(outputs, end, use_bias=seed % 4 != 3))
    model = cr.Sequential(layers, name="net")
    model.compile(cr.optimizers.SGD(0.1), loss)
    for v in model.weights:
        v.assign(rng.normal(size=v.shape).astype("float32"))
    x = rng.normal(size=(3, features)).round(2 if seed % 2 else 6)
    if name == "sparse_categorical_crossentropy":
        y = rng.integers(0, outputs, 3)
    elif "categorical" in name:
        y = np.eye(outputs)[rng.integers(0, outputs, 3)]
    else:
        y = rng.integers(0, 2, (3, outputs)).astype(float)
    return model, x, y


def asked(model, x, y, **options):
    """Return the messages and the questions for every row, and one weight of each variable."""
    batches = make_batches(x, y, None, where="test")
    start = messages.start(model, batches)
    place = {"step": 0, "epoch": 0, "batch": 0, "seconds": 0.0}
    frame = messages.frame(model, messages.draw(batches), **place, optimizer=state_of(model))
    x, y, _ = batches.arrays()
    paths = list(model.trainable_variables)
    questions = []
    for row in range(len(x)):
        v = paths[row % len(paths)]
        at = ",".join(str(int(n) - 1) for n in v.shape)
        weight = f"{v.path}[{at}]"
        targets = np.atleast_1d(y[row]).astype(float).tolist()
        questions.append({"x": x[row].tolist(), "y": targets, "row": row, "rows": len(x), "weight": weight, **options})
    plain = json.loads(messages.encode(start)), json.loads(messages.encode(frame))
    return {"start": plain[0], "frame": plain[1], "questions": questions}


def text_of(piece):
    return None if piece is None or piece["text"] == "" else piece["text"]


def compare_lines(found, expected):
    """Hold the lines of a page of the script against those of Python, and return the largest difference."""
    assert [line["symbol"]["text"] for line in found] == [line["symbol"] for line in expected]
    worst = 0.0
    for line, other in zip(found, expected, strict=True):
        assert text_of(line["formula"]) == (other["formula"] or None), other
        assert text_of(line["numbers"]) == (other["numbers"] or None), other
        assert text_of(line["shown"]) == other["shown"]
        assert line["exact"] == other["exact"]
        assert line["note"] == other["note"]
        if other["value"] is not None:
            a, b = np.asarray(line["value"], float), np.asarray(other["value"], float)
            worst = max(worst, float(np.max(np.abs(a - b) / np.maximum(1.0, np.abs(b)), initial=0.0)))
    return worst


@pytest.fixture(scope="module")
def inlined(tmp_path_factory):
    """The same module with all that it imports in one script, as in a saved page."""
    folder = tmp_path_factory.mktemp("static") / "static"
    shutil.copytree(STATIC, folder)
    entry = MODULE.replace("export default function answers", "globalThis.answers = answers;\nfunction answers")
    (folder / "entry.js").write_text(entry, encoding="utf-8")
    return f"{bundle('entry.js', folder)}\nexport default globalThis.answers;\n"


@pytest.mark.parametrize("seed", range(20))
def test_random_networks_are_derived_as_python_derives_them(javascript, seed):
    hold(lambda asked: javascript(MODULE, asked), seed)


@pytest.mark.parametrize("seed", range(0, 20, 3))
def test_the_script_of_a_saved_page_derives_the_same(javascript, inlined, seed):
    hold(lambda asked: javascript(inlined, asked), seed)


def hold(ask, seed):
    """Hold the answers for a random network against its trace."""
    options = {"notation": ("lecture", "textbook", "keras")[seed % 3], "digits": (4, 2, 6)[seed % 3 - 1]}
    hold_all(ask, *random_model(seed), **options)


def hold_all(ask, model, x, y, **options):
    """Hold every line of every row's answer against the trace of a model."""
    found = ask(asked(model, x, y, **options))
    t = cr.trace(model, x, y, unicode=True, **options)
    for row, answer in enumerate(found):
        assert "whyNot" not in answer, answer
        expected = t[row].to_dict()
        assert answer["page"]["title"] == expected["title"]
        sections = answer["page"]["sections"]
        assert [s["title"] for s in sections] == [s["title"] for s in expected["sections"]]
        assert [s["notes"] for s in sections] == [s["notes"] for s in expected["sections"]]
        assert [text_of(s["rule"]) for s in sections] == [s["rule"] for s in expected["sections"]]
        for section, other in zip(sections, expected["sections"], strict=True):
            assert compare_lines(section["lines"], other["lines"]) < 1e-9
        assert answer["latex"] == [equation(line) for line in t[row].page.lines()]
        assert answer["check"]["ok"]
        assert answer["check"]["largest"] < 1e-6
        assert answer["page"]["foot"][1] == expected["foot"][1]
        assert np.allclose(answer["outputs"], t.view.recording.outputs[0].value[row], atol=1e-9)


SGD, ADAM = cr.optimizers.SGD, cr.optimizers.Adam
OPTIMIZERS = {
    "momentum": lambda: SGD(0.1, momentum=0.9),
    "nesterov": lambda: SGD(0.1, momentum=0.8, nesterov=True),
    "rmsprop": lambda: cr.optimizers.RMSprop(0.01),
    "centred rmsprop with momentum": lambda: cr.optimizers.RMSprop(0.01, centered=True, momentum=0.5),
    "adam": lambda: ADAM(0.02),
    "amsgrad": lambda: ADAM(amsgrad=True, beta_1=0.8, epsilon=1e-4),
    "adamw": lambda: cr.optimizers.AdamW(0.01, weight_decay=0.1),
    "adagrad": lambda: cr.optimizers.Adagrad(0.05),
    "adadelta": lambda: cr.optimizers.Adadelta(0.5),
    "adamax": lambda: cr.optimizers.Adamax(0.01),
    "lion": lambda: cr.optimizers.Lion(0.01),
    "decay": lambda: SGD(0.1, weight_decay=0.05),
    "clipvalue": lambda: SGD(0.1, clipvalue=0.02),
    "clipnorm": lambda: ADAM(0.01, clipnorm=0.05),
    "global_clipnorm": lambda: SGD(0.1, momentum=0.5, global_clipnorm=0.05),
    "schedule": lambda: ADAM(cr.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)),
}
NETWORKS = {
    "softmax": ([3, 4], "softmax", "categorical_crossentropy"),
    "classes": ([2, 3], "softmax", "sparse_categorical_crossentropy"),
    "several linear outputs": ([2, 3], None, "mean_squared_error"),
    "several sigmoids": ([3, 2], "sigmoid", "binary_crossentropy"),
    "wide": ([12, 3], "softmax", "categorical_crossentropy"),
    "one": ([1], "sigmoid", "mean_squared_error"),
}


def network(kind, optimizer, steps=4):
    """A network of a kind after some steps by an optimizer, so that it has moments, and its data."""
    widths, end, loss = NETWORKS[kind]
    rng = np.random.default_rng(len(kind))
    dense = [cr.layers.Dense(n, "tanh") for n in widths[:-1]] + [cr.layers.Dense(widths[-1], end)]
    model = cr.Sequential([cr.Input((2,)), *dense], name="net")
    model.compile(optimizer, loss)
    for v in model.weights:
        v.assign(rng.normal(size=v.shape).astype("float32"))
    x = rng.normal(size=(3, 2)).round(3)
    classes = rng.integers(0, widths[-1], 3)
    y = classes if kind == "classes" else np.eye(max(widths[-1], 2))[classes][:, : widths[-1]]
    if steps:
        model.fit(x, y, epochs=steps, batch_size=3, verbose=0)
    return model, x, y


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_update_of_every_optimizer_is_pythons(javascript, name):
    number = list(OPTIMIZERS).index(name)
    model, x, y = network(list(NETWORKS)[number % len(NETWORKS)], OPTIMIZERS[name]())
    hold_all(lambda asked: javascript(MODULE, asked), model, x, y, notation="lecture", digits=4)
    hold_updates(javascript, model, x, y)


@pytest.mark.parametrize("kind", NETWORKS)
def test_several_outputs_are_derived_with_the_update_by_adam(javascript, kind):
    for notation, steps in (("textbook", 0), ("keras", 3)):
        model, x, y = network(kind, ADAM(0.05), steps)
        hold_all(lambda asked: javascript(MODULE, asked), model, x, y, notation=notation, digits=5)
        hold_updates(javascript, model, x, y)


def hold_updates(javascript, model, x, y):
    """Hold the new value of a weight, unrounded, against the optimizer's own."""
    made, t = asked(model, x, y), cr.trace(model, x, y)
    for question, answer in zip(made["questions"], javascript(MODULE, made), strict=True):
        path, _, inside = question["weight"].partition("[")
        place = tuple(int(i) for i in inside.rstrip("]").split(","))
        step = t[question["row"]].step
        assert answer["update"]["before"] == float(step.before[path][place])
        assert answer["update"]["after"] == pytest.approx(float(step.after[path][place]), rel=1e-12)


def last_section(javascript, model, x, y, change=lambda made: None):
    made = asked(model, x, y)
    change(made)
    answer = javascript(MODULE, made)[0]
    section = answer["page"]["sections"][-1]
    assert section["title"] == f"Update by {type(model.optimizer).__name__}"
    assert section["lines"] == []
    assert answer["update"] is None
    assert answer["node"]["value"] is not None
    return section["notes"][0]


WITHOUT = {
    "Nadam": (lambda: cr.optimizers.Nadam(), "The update by Nadam is derived in Python: chainrule.trace"),
    "Muon": (lambda: cr.optimizers.Muon(), "The update by Muon is derived in Python: chainrule.trace"),
    "averages": (lambda: SGD(use_ema=True), "has a moving average of the weights besides and is derived in Python"),
    "several batches": (lambda: ADAM(gradient_accumulation_steps=2), "has gradients of several batches besides"),
}


@pytest.mark.parametrize("name", WITHOUT)
def test_what_no_formula_says_is_told(javascript, name):
    optimizer, said = WITHOUT[name]
    model, x, y = network("one", optimizer(), steps=0)
    assert said in last_section(javascript, model, x, y)


def test_no_number_is_shown_without_the_moments_it_takes(javascript):
    model, x, y = network("one", ADAM())

    def forget(made):
        made["frame"]["optimizer"] = None

    assert "does not hold what Adam goes on from" in last_section(javascript, model, x, y, forget)

    def others(made):
        made["frame"]["optimizer"]["name"] = "SGD"

    assert "does not hold what Adam goes on from" in last_section(javascript, model, x, y, others)

    def empty(made):
        made["frame"]["optimizer"]["moments"] = {}

    assert "does not hold the moments of Adam" in last_section(javascript, model, x, y, empty)

    def rateless(made):
        made["frame"]["learning_rate"] = None

    assert "does not hold the learning rate" in last_section(javascript, model, x, y, rateless)


def test_large_models_record_no_moments(javascript):
    model = cr.Sequential([cr.Input((50,)), cr.layers.Dense(50, "tanh"), cr.layers.Dense(1)], name="net")
    model.compile("adam", "mse")
    x, y = np.ones((2, 50)), np.ones((2, 1))
    assert "moments of Adam are recorded for models of at most 2000 weights" in last_section(javascript, model, x, y)
    model.compile("sgd", "mse")
    made = asked(model, x, y)
    assert made["frame"]["optimizer"] == {"name": "SGD", "steps": 0, "moments": {}}
    assert javascript(MODULE, made)[0]["update"] is not None
    made["frame"]["optimizer"] = None  # which plain gradient descent does not need
    assert javascript(MODULE, made)[0]["update"] is not None


@pytest.mark.parametrize("seed", range(0, 20, 3))
def test_single_weights_have_the_chain_of_each_path(javascript, seed):
    model, x, y = random_model(seed)
    made = asked(model, x, y, notation="lecture", digits=4)
    t = cr.trace(model, x, y, unicode=True)
    for question, answer in zip(made["questions"], javascript(MODULE, made), strict=True):
        node = t[question["row"]].node(question["weight"])
        assert answer["node"]["value"] == pytest.approx(node.value, rel=1e-9, abs=1e-12)
        assert compare_lines(answer["node"]["lines"], node.to_dict()["sections"][0]["lines"]) < 1e-9
        assert node.paths is None or answer["node"]["latex"] == node.latex()
        step = t[question["row"]].step
        path, _, inside = question["weight"].partition("[")
        place = tuple(int(i) for i in inside.rstrip("]").split(","))
        assert answer["update"]["after"] == pytest.approx(float(step.after[path][place]), rel=1e-9)


# -- exercises ---------------------------------------------------------------------------------------------------------

QUIZZES = """
import { derive } from "./derive.js";
import { blanked } from "./derive/blanks.js";
import { pageToHtml } from "./derive/html.js";
import { stateOf } from "./derive/update.js";
import { decode } from "./numbers.js";

export default function quizzes({ start, frame, questions, count, seeds }) {
  const weights = Object.fromEntries(Object.entries(frame.weights).map(([path, a]) => [path, decode(a)]));
  const made = derive({ start, weights, rate: frame.learning_rate, state: stateOf(frame.optimizer), ...questions[0] });
  return seeds.map((seed) => {
    const { page, blanks } = blanked(made.page, made.loss, count, seed);
    return { page, blanks: blanks.map(({ line, ...blank }) => blank), html: pageToHtml(page) };
  });
}
"""
ASKED_OF = {
    "one by SGD": ("one", lambda: SGD(0.5), "lecture"),
    "one by Adam": ("one", lambda: ADAM(0.1), "keras"),
    "several sigmoids": ("several sigmoids", lambda: SGD(0.1), "textbook"),
    "softmax": ("softmax", lambda: SGD(0.1, momentum=0.9), "lecture"),
}


def quizzes(javascript, name, count, seeds):
    kind, optimizer, notation = ASKED_OF[name]
    model, x, y = network(kind, optimizer())
    options = {"notation": notation, "digits": 4}
    trace = cr.trace(model, x, y, unicode=True, **options)
    found = javascript(QUIZZES, {**asked(model, x, y, **options), "count": count, "seeds": seeds})
    return found, trace[0]


@pytest.mark.parametrize("name", ASKED_OF)
def test_blanks_hints_and_what_is_hidden_are_pythons(javascript, name):
    (found,), observation = quizzes(javascript, name, 26, [0])
    page = observation.page
    symbols = [b["symbol"] for b in found["blanks"]]
    possible = {b.line.symbol.text: b for b in _candidates(page)}
    assert set(symbols) <= possible.keys()
    assert len(symbols) == min(26, len(_candidates(page)))
    if len(_candidates(page)) > 26:
        return
    own = choose(page, 26, 0)
    assert symbols == [b.symbol for b in own]
    for blank, expected in zip(found["blanks"], own, strict=True):
        assert (blank["name"], blank["shown"], blank["decimals"]) == (expected.name, expected.shown, expected.decimals)
        assert blank["low"] == pytest.approx(expected.value - expected.tolerance, rel=1e-12, abs=1e-15)
        assert blank["high"] == pytest.approx(expected.value + expected.tolerance, rel=1e-12, abs=1e-15)
        assert blank["hint"] == hint(expected, observation.view.target.text)
    fields = {id(b.line) for b in own}
    lines = [line for section in found["page"]["sections"] for line in section["lines"]]
    for line, mine, whole in zip(lines, blanked(page, own).lines(), page.lines(), strict=True):
        for part in ("formula", "numbers", "shown"):
            expected = getattr(mine, part)
            if expected is not None and expected.text and not (part == "shown" and id(whole) in fields):
                assert line[part]["text"] == expected.text
                assert line[part]["latex"] == expected.latex
        assert ("field" in line and line["field"] is not None) == (id(whole) in fields)


@pytest.mark.parametrize("name", ASKED_OF)
def test_a_seed_draws_some_from_every_part_and_shows_none_of_them(javascript, name):
    found, _ = quizzes(javascript, name, 5, [0, 1, 2, 1])
    assert found[1] == found[3]
    assert len({tuple(b["symbol"] for b in quiz["blanks"]) for quiz in found}) > 1
    for quiz in found:
        blanks = quiz["blanks"]
        assert [b["name"] for b in blanks] == list("ABCDE")
        assert len({b["part"] for b in blanks}) == 3
        assert re.findall(r'<input type="number"[^>]* name="(\w)"', quiz["html"]) == list("ABCDE")
        for blank in blanks:
            size = re.escape(blank["shown"].removeprefix("−"))
            assert not re.search(rf"<mn>{size}</mn>", quiz["html"])
            assert np.isfinite([blank["low"], blank["high"]]).all()
            assert blank["low"] < float(blank["shown"].replace("−", "-")) < blank["high"]


def test_a_derivation_without_numbers_of_its_own_has_nothing_to_ask(javascript):
    model, x, y = network("one", SGD(0.5), steps=0)
    for v in model.weights:
        v.assign(np.zeros(v.shape))
    module = QUIZZES.replace(
        "return seeds.map",
        "try { blanked({ sections: [] }, 'l', 5, 0); } catch (e) { return e.message; } return seeds.map",
    )
    said = javascript(module, {**asked(model, x, y), "count": 5, "seeds": [0]})
    assert said == "This derivation has no line with a number of its own to ask for."
