"""The ways in which a script gives names to Keras: TensorFlow, assignments, defaults, stars."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from chainrule.cli import main
from chainrule.migration.script import check_text


def states(text: str) -> dict[str, str]:
    report = check_text(text)
    return {f.name: f.state for f in (*report.findings, *report.tensorflow)}


def changes(text: str) -> dict[str, str]:
    return {old: new for _, old, new in check_text(text).changes}


def test_keras_through_tensorflow_alone(tmp_path: Path) -> None:
    file = tmp_path / "script.py"
    file.write_text("import tensorflow as tf\nm = tf.keras.Sequential([tf.keras.layers.Dense(1)])\n")
    result = CliRunner().invoke(main, ["check-script", str(file)])
    assert result.exit_code == 0, result.output
    assert (
        "line 1: import tensorflow as tf\n       to: import chainrule as keras  # and write keras. for tf.keras."
        in (result.output)
    )
    file.write_text("import tensorflow as tf\ntf.keras.layers.LSTM(1)\n")
    result = CliRunner().invoke(main, ["check-script", str(file)])
    assert result.exit_code == 1
    assert "it belongs to recurrent networks, out of chainrule's scope" in result.output


def test_other_names_of_the_line_stay() -> None:
    text = "import os, tensorflow\ntensorflow.keras.layers.Dense(1)"
    assert changes(text) == {
        "import os, tensorflow": "import os; import chainrule as keras  # and write keras. for tensorflow.keras."
    }


def test_each_line_is_named_once() -> None:
    text = "import tensorflow as tf, keras\ntf.keras.layers.Dense(1), keras.layers.Dense(2)"
    ((_, _, new),) = check_text(text).changes
    assert new == "import chainrule as keras  # and write keras. for tf.keras."
    ((_, _, new),) = check_text("import tensorflow.compat.v1 as tf\ntf.keras.layers.Dense(1)").changes
    assert new == "import chainrule as keras  # and write keras. for tf.keras."


def test_keras_given_a_name_from_tensorflow() -> None:
    text = "import tensorflow as tf\nkeras = tf.keras\nL = tf.keras.layers\nkeras.layers.GRU(1), L.Dense(2)"
    assert changes(text) == {
        "import tensorflow as tf": "# nothing: leave this line out",
        "keras = tf.keras": "import chainrule as keras",
        "L = tf.keras.layers": "from chainrule import layers as L",
    }
    assert states(text) == {
        "keras.layers": "here",
        "keras.layers.GRU": "left out",
        "keras.layers.Dense": "here",
    }


def test_tensorflow_without_keras(tmp_path: Path) -> None:
    file = tmp_path / "script.py"
    file.write_text("import tensorflow as tf\ntf.reduce_mean(1)\n")
    result = CliRunner().invoke(main, ["check-script", str(file)])
    assert result.exit_code == 1
    assert "does not import Keras.\n" in result.output
    assert "tensorflow.reduce_mean: chainrule.ops.mean" in result.output
    file.write_text("import sklearn\nsklearn.x.predict_proba(1)\n")
    result = CliRunner().invoke(main, ["check-script", str(file)])
    assert result.exit_code == 0
    assert "there is nothing to change" in result.output


@pytest.mark.parametrize(
    "text",
    [
        "layers = keras.layers\nL = layers\nL.LSTM(3)",
        "L: object = keras.layers\nL.LSTM(3)",
        "L, other = keras.layers, 3\nL.LSTM(3)",
        "(L := keras.layers).x if False else L.LSTM(3)",
        "def f(k=keras): k.layers.LSTM(2)",
        "def f(a, b=1, *, k=keras.layers, c): k.LSTM(2)",
        "f = lambda k=keras.layers: k.LSTM(2)",
        "def f(): L = keras.layers; return lambda: L.LSTM(2)",
        "def f(): return L.LSTM(2)\nfrom keras import layers as L",
        "class A:\n    def f(self): return L.LSTM(2)\nL = keras.layers",
        "try:\n    L = keras.layers\nexcept ImportError:\n    L = None\nL.LSTM(3)",
        "C = keras.layers.LSTM\nC(3)",
    ],
)
def test_names_given_by_assignment_and_default(text: str) -> None:
    assert states(f"import keras\n{text}\n")["keras.layers.LSTM"] == "left out"


@pytest.mark.parametrize(
    "text",
    [
        "def f(layers): layers.append(3)",
        "def f():\n    layers = []\n    layers.append(3)",
        "def f(*layers, **keras): layers.append(keras.values)",
        "for layers in [[1]]: layers.append(3)",
    ],
)
def test_names_given_to_something_else_are_not_keras(text: str) -> None:
    assert states(f"from keras import layers\n{text}\n") == {"keras.layers": "here"}


def test_star() -> None:
    text = (
        "from keras.layers import *\nfrom keras.models import *\nx = Dense(3)\nLSTM(2)\nSequential([Foo(x), len(x)])\n"
    )
    assert states(text) == {
        "keras.layers.Dense": "here",
        "keras.layers.LSTM": "left out",
        "keras.models.Sequential": "here",
        "Foo": "unknown",
    }
    (unknown,) = [f for f in check_text(text).findings if f.state == "unknown"]
    assert unknown.lines == (5,)
    assert "defined nowhere in the script" in unknown.advice
    assert states("from keras.layers.core import *\nDense(3)") == {"keras.layers.Dense": "here"}


def test_star_beside_the_scripts_own_names() -> None:
    own = "from keras.layers import *\nclass Dense: pass\ndef LSTM(x): return x\nDense(), LSTM(GRU := 3), GRU\n"
    assert states(own) == {}
    assert states("from keras.layers import *\nfrom other import *\nFoo(3)\n") == {}
