"""The derivations of the offline page: the same lines and numbers as `chainrule.trace`."""

import json
import shutil

import numpy as np
import pytest

import chainrule as cr
from chainrule.data.adapters import make_batches
from chainrule.glassbox.render.latex import equation
from chainrule.recording import messages
from chainrule.web.bundle import STATIC, bundle

MODULE = """
import { derive, equation } from "./derive.js";
import { forward, whyNotForward } from "./network.js";
import { decode } from "./numbers.js";
import { whyNotDerive } from "./derive.js";

export default function answers({ start, frame, questions }) {
  const decoded = Object.fromEntries(Object.entries(frame.weights).map(([path, a]) => [path, decode(a)]));
  return questions.map((q) => {
    const whyNot = whyNotDerive(start) || whyNotForward(start);
    if (whyNot) return { whyNot };
    const made = derive({ start, weights: decoded, rate: frame.learning_rate, ...q });
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
    frame = messages.frame(model, messages.draw(batches), step=0, epoch=0, batch=0, seconds=0.0)
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
        assert line["shown"]["text"] == other["shown"]
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
    model, x, y = random_model(seed)
    options = {"notation": ("lecture", "textbook", "keras")[seed % 3], "digits": (4, 2, 6)[seed % 3 - 1]}
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
