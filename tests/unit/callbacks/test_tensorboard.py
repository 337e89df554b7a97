"""TensorBoard's callback beyond what tests/parity compares with Keras."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.callbacks import Callback, TensorBoard
from chainrule.errors import MissingExtraError

pytest.importorskip("tensorboardX")
accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

X = np.arange(12, dtype="float32").reshape(6, 2)
Y = X[:, :1]


def make_model() -> Any:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    model.compile(cr.optimizers.SGD(1e-3), "mse")
    return model


def read(folder: Path) -> Any:
    events = accumulators.EventAccumulator(str(folder))
    events.Reload()
    return events


def test_the_graph_is_one_that_tensorboard_draws(tmp_path: Path) -> None:
    from tensorboard.plugins.graph import keras_util

    a, b = cr.Input((3,), name="a"), cr.Input((2,), name="b")
    both = cr.layers.Concatenate(name="both")([cr.layers.Dense(2, name="hidden")(a), b])
    model = cr.Model([a, b], cr.layers.Dense(1, name="out")(both), name="net")
    model.compile("sgd", "mse")
    model.fit([np.ones((4, 3)), np.ones((4, 2))], np.ones(4), verbose=0, callbacks=[TensorBoard(tmp_path)])
    (event,) = read(tmp_path / "train").Tensors("keras")
    graph = keras_util.keras_model_to_graph_def(json.loads(event.tensor_proto.string_val[0]))
    assert {node.name: list(node.input) for node in graph.node} == {
        "net/a": [],
        "net/b": [],
        "net/hidden": ["net/a"],
        "net/both": ["net/hidden", "net/b"],
        "net/out": ["net/both"],
    }


def test_what_was_written_is_there_when_training_fails(tmp_path: Path) -> None:
    class Fail(Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 2:
                raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        make_model().fit(X, Y, epochs=3, verbose=0, callbacks=[TensorBoard(tmp_path), Fail()])
    assert [e.step for e in read(tmp_path / "train").Tensors("epoch_loss")] == [0, 1]


def test_batches_are_listened_to_only_if_they_are_written(tmp_path: Path) -> None:
    def hooks(**arguments: Any) -> list[str]:
        callback = TensorBoard(tmp_path, **arguments)
        return [h for h in ("on_train_batch_begin", "on_train_batch_end", "on_epoch_end") if callback._listens_to(h)]

    assert hooks() == ["on_epoch_end"]
    assert hooks(write_steps_per_second=True) == ["on_epoch_end"]
    assert hooks(update_freq=5) == ["on_train_batch_begin", "on_train_batch_end", "on_epoch_end"]


def test_a_model_without_a_graph_and_a_metric_of_several_numbers_are_left_out(tmp_path: Path) -> None:
    class Own(cr.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = cr.layers.Dense(2, activation="softmax")

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

    model = Own()
    model.compile("sgd", "categorical_crossentropy", metrics=[cr.metrics.F1Score()])
    model.fit(X / 12, np.eye(2)[[0, 1, 0, 1, 0, 1]], verbose=0, callbacks=[TensorBoard(tmp_path)])
    assert set(read(tmp_path / "train").Tags()["tensors"]) == {"epoch_loss", "epoch_learning_rate"}


def test_embeddings_are_written_for_the_projector(tmp_path: Path) -> None:
    def make() -> Any:
        words = cr.layers.Embedding(5, 3, name="words")
        model = cr.Sequential([cr.Input((2,), dtype="int32"), words, cr.layers.Flatten(), cr.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    tokens = np.array([[1, 2], [3, 4]])
    callback = TensorBoard(tmp_path, embeddings_freq=2, embeddings_metadata={"words": 'a "b".tsv'})
    make().fit(tokens, np.ones(2), epochs=3, verbose=0, callbacks=[callback])
    assert sorted(p.name for p in (tmp_path / "train").glob("*.h5")) == [
        "keras_embedding.ckpt-0.weights.h5",
        "keras_embedding.ckpt-2.weights.h5",
    ]
    from google.protobuf import text_format
    from tensorboard.plugins.projector import ProjectorConfig

    config = text_format.Parse((tmp_path / "projector_config.pbtxt").read_text(), ProjectorConfig())
    assert [e.metadata_path for e in config.embeddings] == ['a "b".tsv']
    with pytest.raises(ValueError, match=r"Unrecognized `Embedding` layer names .*: \['letters'\]"):
        make().fit(
            tokens, np.ones(2), verbose=0,
            callbacks=[TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"letters": "x"})],
        )  # fmt: skip


def test_profiles_are_refused() -> None:
    with pytest.raises(ValueError, match="profile_batch must be 0, received 5"):
        TensorBoard(profile_batch=5)


def test_without_tensorboardx_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.callbacks.tensorboard.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'needs the package .tensorboardX.*"chainrule\[tensorboard\]"'):
        TensorBoard()


def test_importing_the_callback_imports_no_tensorboardx() -> None:
    code = "import sys, chainrule; chainrule.callbacks.TensorBoard('x'); print('tensorboardX' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
