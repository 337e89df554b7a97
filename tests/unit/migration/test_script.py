"""`chainrule check-script`: names, arguments and lines to change, found without running the script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chainrule.cli import main
from chainrule.errors import DataError
from chainrule.migration.script import check_script, check_text

SCRIPT = """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers as L
from keras.models import Sequential
import keras.backend as K

raise SystemExit("this script must never run")

model = Sequential([
    keras.Input(shape=(4,)),
    L.Dense(8, activation="relu", kernel_regularizer=keras.regularizers.l2(0.01)),
    L.LSTM(3),
    tf.keras.layers.Dense(1, use_bais=False),
])
model.compile(keras.optimizers.Adam(lr=0.01), loss=keras.losses.mse)
model.fit_generator(None)
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(K.epsilon())
"""


def found(text: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    report = check_text(text)
    return {f.name: (f.state, f.lines) for f in (*report.findings, *report.tensorflow)}


def test_every_use_is_found_with_its_line() -> None:
    names = found(SCRIPT)
    assert names["keras.models.Sequential"] == ("here", (6, 11))
    assert names["keras.layers.Dense"] == ("here", (13, 15))
    assert names["keras.regularizers.l2"] == ("here", (13,))
    assert names["keras.layers.LSTM"] == ("left out", (14,))
    assert names["keras.layers.Dense(use_bais=)"] == ("argument", (15,))
    assert names["keras.optimizers.Adam(lr=)"] == ("argument", (17,))
    assert names[".fit_generator()"] == ("renamed", (18,))
    assert names["keras.backend.epsilon"] == ("here", (20,))
    assert names["tensorflow.GradientTape"] == ("tensorflow", (19,))
    assert names["tensorflow.reduce_mean"] == ("tensorflow", (20,))
    assert "numpy" not in str(names)


def test_the_lines_to_change_are_given_with_what_to_write() -> None:
    changes = {old: new for _, old, new in check_text(SCRIPT).changes}
    assert changes == {
        "import tensorflow as tf": "import chainrule as keras  # and write keras. for tf.keras.",
        "from tensorflow import keras": "import chainrule as keras",
        "from tensorflow.keras import layers as L": "from chainrule import layers as L",
        "from keras.models import Sequential": "from chainrule.models import Sequential",
        "import keras.backend as K": "import chainrule.backend as K",
    }


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("import keras", "import chainrule as keras"),
        ("import keras as k", "import chainrule as k"),
        ("import keras.layers", "import chainrule as keras"),
        ("import os, keras", "import os; import chainrule as keras"),
        ("import tensorflow.keras", "import chainrule as keras  # and write keras. for tensorflow.keras."),
        ("import keras.layers.core as c", "import chainrule.layers as c"),
        ("from keras.layers.core import Dense, Dropout as D", "from chainrule.layers import Dense, Dropout as D"),
        ("from keras.layers.advanced_activations import LeakyReLU", "from chainrule.layers import LeakyReLU"),
        (
            "from keras.layers.normalization import BatchNormalization",
            "from chainrule.layers import BatchNormalization",
        ),
        ("from keras.layers.merge import concatenate", "from chainrule.layers import concatenate"),
        ("from keras.layers.embeddings import Embedding", "from chainrule.layers import Embedding"),
        ("from keras.layers.noise import GaussianNoise", "from chainrule.layers import GaussianNoise"),
        ("from keras.engine.topology import Layer", "from chainrule import Layer"),
        ("from keras import engine", "import chainrule as engine"),
        (
            "from keras.wrappers.scikit_learn import KerasRegressor",
            "from chainrule.wrappers import SKLearnRegressor as KerasRegressor",
        ),
        ("import tensorflow.keras as tk", "import chainrule as tk"),
        ("from keras import layers, losses as ls", "from chainrule import layers, losses as ls"),
        ("from keras.utils import to_categorical", "from chainrule.utils import to_categorical"),
        ("from keras.layers import *", "from chainrule.layers import *"),
    ],
)
def test_each_form_of_import(line: str, instead: str) -> None:
    ((_, old, new),) = check_text(line).changes
    assert (old, new) == (line, instead)
    exec(compile(new, "script", "exec"), {})


def test_a_script_that_runs_here_has_no_problems() -> None:
    text = "import keras\nm = keras.Sequential([keras.layers.Dense(1)])\nm.compile('sgd', 'mse')\n"
    report = check_text(text)
    assert not report.problems
    assert {f.name for f in report.available} == {"keras.Sequential", "keras.layers.Dense"}


def test_the_new_line_of_an_import_takes_care_of_moved_names() -> None:
    report = check_text("from keras.utils import np_utils\ny = np_utils.to_categorical([1])\n")
    assert report.changes[0][2] == "from chainrule import utils as np_utils"
    assert not report.problems
    (problem,) = check_text("import keras\ny = keras.utils.np_utils.to_categorical([1])\n").problems
    assert problem.advice == "in Keras 3: keras.utils.to_categorical"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(:", "line 1: not a Python script"),
        ("a\0b", "not a Python"),
        ("x=" + "+".join("1" * 9999), "nested too deeply"),
    ],
)
def test_what_is_no_script_is_refused(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_text(text)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        check_script(tmp_path / "nothing.py")
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"Cannot read|not a Python"):
        check_script(tmp_path / "bytes.py")


def test_the_command(tmp_path: Path) -> None:
    file = tmp_path / "script.py"
    file.write_text(SCRIPT)
    result = CliRunner().invoke(main, ["check-script", str(file)])
    assert result.exit_code == 1
    assert "line 4: from tensorflow import keras\n       to: import chainrule as keras" in result.output
    assert "it belongs to recurrent networks, out of chainrule's scope" in result.output
    assert "things to change beside the imports." in result.output.splitlines()[-1]
    data = json.loads(CliRunner().invoke(main, ["check-script", str(file), "--json"]).stdout)
    assert data["runs"] is False
    file.write_text("import keras\nkeras.layers.Dense(3)\n")
    result = CliRunner().invoke(main, ["check-script", str(file)])
    assert result.exit_code == 0, result.output
    assert result.output.endswith("All that the script uses of Keras is here: change the lines above, and it runs.\n")
    result = CliRunner().invoke(main, ["check-script", str(tmp_path / "none.py")])
    assert result.exit_code == 3
    assert "Traceback" not in result.output
