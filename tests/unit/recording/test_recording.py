"""Recordings as they are read: damaged and hostile files, models rebuilt, TensorBoard, the trace of a frame."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, ModelFileError
from chainrule.recording import load
from chainrule.recording.reader import read_lines

RNG = np.random.default_rng(0)
X = RNG.normal(size=(32, 2)).astype("float32")
Y = (X[:, 0] > 0).astype("float32")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    cr.utils.set_random_seed(0)
    model = cr.Sequential(
        [
            cr.Input((2,)),
            cr.layers.Dense(3, "relu", kernel_regularizer="l2", name="a"),
            cr.layers.BatchNormalization(name="bn"),
            cr.layers.Dropout(0.2, name="drop"),
            cr.layers.Dense(1, "sigmoid", name="b"),
        ],
        name="m",
    )
    model.compile(cr.optimizers.Adam(0.05), "binary_crossentropy", metrics=["accuracy"])
    path = tmp_path_factory.mktemp("run") / "run.jsonl"
    recorder = cr.callbacks.Recorder(path, every=1, cost=None)
    model.fit(X, Y, epochs=4, verbose=0, callbacks=[recorder], validation_split=0.25)
    return model, path


@pytest.fixture
def edited(trained: tuple[Any, Path], tmp_path: Path) -> Callable[[Callable[[list[dict[str, Any]]], Any]], Path]:
    """Return a function that writes the run file anew, its messages changed by another function."""

    def write(change: Callable[[list[dict[str, Any]]], Any]) -> Path:
        messages = [json.loads(line) for line in trained[1].read_text().splitlines()]
        change(messages)
        path = tmp_path / "edited.jsonl"
        path.write_text("".join(json.dumps(m) + "\n" for m in messages))
        return path

    return write


# -- models -----------------------------------------------------------------------------------------------------------


def test_the_model_of_the_last_frame_is_the_model(trained: tuple[Any, Path]) -> None:
    model, path = trained
    again = load(path).model_at()
    assert again is not model
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    assert type(again.optimizer) is cr.optimizers.Adam
    assert float(again.optimizer.learning_rate) == pytest.approx(0.05)
    assert not load(path).model_at(compile=False).compiled


def test_models_of_earlier_frames_give_what_was_recorded(trained: tuple[Any, Path]) -> None:
    run = load(trained[1])
    for i in (0, 1, -1):
        found = run.model_at(i).predict(run.start["probe"]["x"], verbose=0)
        np.testing.assert_allclose(found, run.frames[i]["outputs"], rtol=1e-6)
    np.testing.assert_array_equal(run.model_at(run.frames[1]).get_weights()[0], run.frames[1]["weights"]["m/a/kernel"])
    with pytest.raises(DataError, match="has 5 frames; there is no frame 5"):
        run.model_at(5)


def test_the_trace_of_a_frame_derives_its_gradients(trained: tuple[Any, Path]) -> None:
    run = load(trained[1])
    trace = run.trace_at(2)
    for path, gradient in trace.gradients.items():
        np.testing.assert_allclose(gradient, run.frames[2]["gradients"][path], rtol=1e-4, atol=1e-7)
    assert trace.check().ok


def test_a_model_of_several_kinds_of_layers_comes_back(tmp_path: Path) -> None:
    a, c = cr.Input((2,), name="a"), cr.Input((1,), dtype="int32", name="c")
    inner = cr.Sequential([cr.Input((2,)), cr.layers.Dense(2, "tanh")], name="inner")
    embedded = cr.layers.Flatten()(cr.layers.Embedding(4, 3)(c))
    hidden = cr.layers.Concatenate()([inner(a), cr.layers.Normalization(mean=0.5, variance=4.0)(a), embedded])
    model = cr.Model({"a": a, "c": c}, cr.layers.Dense(1)(hidden))
    model.compile("sgd", "mse")
    x = {"a": X, "c": np.arange(32)[:, None] % 4}
    model.fit(x, Y, verbose=0, callbacks=[cr.callbacks.Recorder(tmp_path)])
    run = load(tmp_path)
    np.testing.assert_array_equal(run.model_at().predict(x, verbose=0), model.predict(x, verbose=0))
    assert [f["name"] for f in run.start["data"]["features"]] == ["a[0]", "a[1]", "c"]


def test_text_goes_into_the_probe_and_out_again(tmp_path: Path) -> None:
    words = np.array([["red"], ["<b>"], ["=1+1"], ["blue"]] * 4, dtype=object)
    lookup = cr.layers.StringLookup(vocabulary=["red", "blue"], output_mode="one_hot")
    model = cr.Sequential([cr.Input((1,), dtype="string"), lookup, cr.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(words, np.zeros(16), verbose=0, callbacks=[cr.callbacks.Recorder(tmp_path)])
    run = load(tmp_path)
    assert run.start["probe"]["x"].tolist() == words.tolist()
    assert run.start["data"]["features"][0]["kind"] == "category"
    assert set(run.start["data"]["features"][0]["choices"]) == {"red", "<b>", "=1+1", "blue"}
    np.testing.assert_array_equal(run.model_at().predict(words, verbose=0), model.predict(words, verbose=0))


# -- damaged files ----------------------------------------------------------------------------------------------------


def test_wherever_a_file_is_cut_the_whole_lines_are_read(trained: tuple[Any, Path], tmp_path: Path) -> None:
    data = trained[1].read_bytes()
    first = data.index(b"\n") + 1
    for cut in [*range(first, len(data), 997), first, len(data) - 1]:
        path = tmp_path / "cut.jsonl"
        path.write_bytes(data[:cut])
        whole = data[:cut].count(b"\n")
        found = sum(1 for _ in read_lines(path))
        assert found in (whole, whole + 1)  # the last line may lack nothing but its end
        assert load(path).end is None or cut == len(data) - 1


def test_a_file_cut_within_its_first_line_is_no_run_file(trained: tuple[Any, Path], tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl"
    path.write_bytes(trained[1].read_bytes()[:100])
    with pytest.raises(ModelFileError, match="line 1': a message is not valid JSON"):
        load(path)


def test_a_broken_line_in_the_middle_is_named(trained: tuple[Any, Path], tmp_path: Path) -> None:
    lines = trained[1].read_bytes().splitlines(keepends=True)
    path = tmp_path / "broken.jsonl"
    path.write_bytes(b"".join([*lines[:3], b'{"kind": "epoch"\n', *lines[3:]]))
    with pytest.raises(ModelFileError, match=r"broken\.jsonl, line 4': a message is not valid JSON"):
        load(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "does not begin with a 'start' message"),
        (b'{"kind": "later"}\n', "does not begin with a 'start' message"),
        (b"\x00\x01\x02\n\x03", "not valid JSON"),
        (b"PK\x03\x04 a zip\n", "not valid JSON"),
    ],
)
def test_what_is_no_run_file_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=says):
        load(path)


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"File not found: .*nothing'"):
        load(tmp_path / "nothing")
    with pytest.raises(ModelFileError, match=r"File not found: .*run\.jsonl'"):
        load(tmp_path)


def test_a_later_version_is_refused_and_unknown_messages_are_not(edited: Any) -> None:
    with pytest.raises(ModelFileError, match="written by a later version of chainrule"):
        load(edited(lambda messages: messages[0].update(version=2)))
    run = load(edited(lambda messages: messages.insert(2, {"kind": "weather", "wind": [3]})))
    assert len(run.frames) == 5


# -- hostile files ----------------------------------------------------------------------------------------------------


def _config(messages: list[dict[str, Any]]) -> Any:
    return messages[0]["model"]["config"]


def _dense(messages: list[dict[str, Any]]) -> Any:
    return _config(messages)["config"]["layers"][1]


HOSTILE_MODELS: list[tuple[Callable[[list[dict[str, Any]]], Any], str]] = [
    (lambda m: _dense(m)["config"].update(units=10**9), "far more than there are weights"),
    (lambda m: _dense(m).update(module="os", class_name="system"), "system"),
    (lambda m: _dense(m).update(class_name="Lambda", config={"function": {"class_name": "__lambda__"}}), "."),
    (lambda m: _dense(m)["config"].update(activation="__import__"), "__import__"),
    (lambda m: _config(m)["config"].update(layers=[]), "."),
    (lambda m: m[0]["model"].update(config=None), "no description"),
    (lambda m: m[0]["model"].update(config={"class_name": "Dense", "config": {"units": 1}}), "not a model"),
    (lambda m: m[0]["model"].update(config=[1]), "no description"),
    (lambda m: m[-2]["weights"].popitem(), "weights, but the frame"),
    (lambda m: m[-2]["weights"].update({"m/b/bias": {"dtype": "float32", "shape": [0], "b64": ""}}), "has shape"),
    (lambda m: m[-2]["weights"].update({"m/b/bias": {"dtype": "int32", "shape": [1], "b64": "AAAAAA=="}}), "has shape"),
    (lambda m: m[-2].update(weights={}), "holds no weights"),
]


@pytest.mark.parametrize(("change", "says"), HOSTILE_MODELS, ids=range(len(HOSTILE_MODELS)))
def test_hostile_descriptions_and_weights_are_refused(edited: Any, change: Any, says: str) -> None:
    run = load(edited(change))
    with pytest.raises(ModelFileError, match=says) as refused:
        run.model_at()
    assert len(str(refused.value)) <= 500


@pytest.mark.parametrize("nothing", [{}, [], [[]]])
def test_a_probe_of_no_arrays_is_refused(edited: Any, nothing: Any) -> None:
    with pytest.raises(ModelFileError, match="expected an array as 'x'"):
        load(edited(lambda m: m[0]["probe"].update(x=nothing)))


def test_hostile_names_stay_names(edited: Any) -> None:
    names = ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "\u202ea", "__class__", "../../etc/passwd"]

    def rename(messages: list[dict[str, Any]]) -> None:
        messages[0]["run"]["name"] = names[0]
        messages[0]["data"]["features"] = [{**messages[0]["data"]["features"][0], "name": name} for name in names]

    run = load(edited(rename))
    assert run.name == names[0]
    assert [f["name"] for f in run.start["data"]["features"]] == names


def test_too_many_lines_are_refused(trained: tuple[Any, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.recording.reader.MOST_LINES", 3)
    with pytest.raises(ModelFileError, match="more than 3 lines"):
        load(trained[1])
    monkeypatch.setattr("chainrule.recording.reader.MOST_BYTES", 100)
    with pytest.raises(ModelFileError, match="at most 100 are read"):
        load(trained[1])


# -- other forms ------------------------------------------------------------------------------------------------------


def test_tensorboard_reads_what_is_written(trained: tuple[Any, Path], tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    tensors = pytest.importorskip("tensorboard.util.tensor_util")
    run = load(trained[1])
    run.findings.append(
        {"kind": "finding", "code": "x", "severity": "note", "where": "a", "step": 2, "message": "Look.", "tries": []}
    )
    run.to_tensorboard(tmp_path)

    def read(part: str) -> dict[str, list[tuple[int, Any]]]:
        events = accumulators.EventAccumulator(str(tmp_path / part), size_guidance={"tensors": 0})
        events.Reload()
        return {
            tag: [(e.step, tensors.make_ndarray(e.tensor_proto)) for e in events.Tensors(tag)]
            for tag in events.Tags()["tensors"]
        }

    train, validation = read("train"), read("validation")
    assert [s for s, _ in train["epoch_loss"]] == [0, 1, 2, 3]
    np.testing.assert_allclose([float(v) for _, v in train["epoch_loss"]], run.history["loss"], rtol=1e-6)
    assert [s for s, _ in validation["epoch_accuracy"]] == [0, 1, 2, 3]
    assert [s for s, _ in train["weights/m/a/kernel"]] == run.steps
    assert train["weights/m/a/kernel"][0][1][:, 2].sum() == 6
    assert float(train["gradient_norm/m/b/bias"][1][1]) == pytest.approx(run.frames[1]["flow"][-1]["norm"], rel=1e-6)
    assert float(train["units_mean/a"][0][1]) == pytest.approx(run.frames[0]["units"][0]["mean"], rel=1e-6)
    assert "health" in train


def test_arrays_in_a_description_are_written_for_tensorboard_too(edited: Any, tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    given = {"dtype": "int8", "shape": [1], "b64": "AA=="}
    load(edited(lambda m: _dense(m)["config"].update(note=given))).to_tensorboard(tmp_path / "events")


def test_weights_that_are_no_numbers_have_no_histogram(trained: tuple[Any, Path], tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    run = load(trained[1])
    run.frames[1]["weights"]["m/a/kernel"] = np.full((2, 3), np.nan, "float32")
    run.to_tensorboard(tmp_path)


def test_the_history_is_drawn(trained: tuple[Any, Path]) -> None:
    pytest.importorskip("matplotlib")
    drawn = load(trained[1]).plot()
    assert drawn is not None
