"""Arguments, methods and names of older Keras, and what is out of scope."""

from __future__ import annotations

import pytest

from chainrule.migration.judge import Finding
from chainrule.migration.script import check_text
from chainrule.migration.tensorflow import advice


def problems(text: str) -> dict[str, Finding]:
    report = check_text(f"import keras\nfrom keras import layers\nfrom decimal import Decimal\n{text}\n")
    return {f.name.removeprefix("keras."): f for f in report.problems}


@pytest.mark.parametrize(
    ("text", "name", "state", "words"),
    [
        ("layers.Dense(3, lora_rank=2)", "layers.Dense(lora_rank=)", "left out", "low-rank adaptation is out of"),
        ("m.quantize('int8')", ".quantize()", "left out", "quantised weights are out of"),
        ("m.enable_lora(2)", ".enable_lora()", "left out", "low-rank"),
        ("m.export('x')", ".export()", "left out", "give format='onnx'"),
        ("m.export('x', format='tf_saved_model')", ".export()", "left out", "give format='onnx'"),
        ("m.fit(x, y, nb_epoch=3)", ".fit(nb_epoch=)", "argument", "in Keras 3: epochs"),
        ("m.to_yaml()", ".to_yaml()", "renamed", "model.to_json"),
        ("m.predict_classes(x)", ".predict_classes()", "renamed", "argmax(-1)"),
        ("layers.Dense(3, init='x')", "layers.Dense(init=)", "argument", "in Keras 3: kernel_initializer"),
        ("layers.Dense(output_dim=3)", "layers.Dense(output_dim=)", "argument", "in Keras 3: units"),
        ("layers.Embedding(3, 4, init='x')", "layers.Embedding(init=)", "argument", "embeddings_initializer"),
        ("layers.core.Dropout(p=0.5)", "layers.core.Dropout(p=)", "argument", "in Keras 3: rate"),
        ("keras.Model(input=1)", "Model(input=)", "argument", "in Keras 3: inputs"),
        (
            "layers.CuDNNLSTM(3)",
            "layers.CuDNNLSTM",
            "left out",
            "in Keras 3: keras.layers.LSTM; 'chainrule.layers.LSTM'",
        ),
        ("keras.backend.mean(3)", "backend.mean", "renamed", "in Keras 3: keras.ops.mean"),
        ("keras.applications.VGG16()", "applications.VGG16", "left out", "out of chainrule's scope"),
        ("layers.Dens(3)", "layers.Dens", "missing", "Did you mean 'Dense'"),
    ],
)
def test_what_has_to_change(text: str, name: str, state: str, words: str) -> None:
    finding = problems(text)[name]
    assert finding.state == state
    assert words in finding.advice


@pytest.mark.parametrize(
    "text",
    [
        "layers.Dense(3, lora_rank=None)",
        "m.export('x.onnx')",
        "m.export('x', 'c')",
        "m.export(path, format=chosen)",
        "Decimal(3).quantize('0.1')",
        "d = Decimal(3)\nd.quantize(Decimal('0.1'))",
        "x.quantize(Decimal('0.1'))",
        "layers.Embedding(3, output_dim=4)",
        "m.fit(x, epochs=3)",
        "keras.Model(inputs=x, outputs=y)",
        "class M(keras.Model): pass\nM(units=3)",
    ],
)
def test_what_may_stay(text: str) -> None:
    assert problems(text) == {}


def test_methods_of_other_packages_are_not_judged() -> None:
    text = "import keras\nfrom sklearn.svm import SVC\nclf = SVC()\nclf.predict_proba(x)\n"
    assert check_text(text).problems == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tensorflow.data.Dataset.from_tensor_slices", "arrays, a generator or chainrule.utils.PyDataset"),
        ("tensorflow.nn.relu", "chainrule.ops.relu"),
        ("tensorflow.random.normal", "chainrule.random.normal"),
        ("tensorflow.nn.conv2d", "it belongs to convolutions and what goes with them, out of chainrule's scope"),
        ("tensorflow.image.resize", "TensorFlow itself is not here"),
    ],
)
def test_advice_for_tensorflow(name: str, expected: str) -> None:
    assert advice(name).startswith(expected)


def test_the_script_is_never_run(capsys: pytest.CaptureFixture[str]) -> None:
    text = "import keras\nprint('run')\ndef f(k=print('run')): pass\nkeras.layers.Dense(print('run'))\n"
    assert check_text(text).problems == []
    assert capsys.readouterr().out == ""


def test_private_modules_are_not_imported() -> None:
    assert problems("import keras.__main__")["__main__"].state == "missing"
