import json
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError
from chainrule.random import threefry
from chainrule.tabular.predict import evaluate_table, predict_table
from chainrule.tabular.read import read_table
from chainrule.tabular.run import MEMBER, load_run, run_folder
from chainrule.tabular.settings import SettingsError
from chainrule.tabular.train import train_table


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    a, b = threefry.uniform((0, 1), (2, 80), "float64")
    lines = ["a,b,y", *(f"{p:.3f},{q:.3f},{2 * p - q:.4f}" for p, q in zip(a, b, strict=True))]
    path = folder / "numbers.csv"
    path.write_text("\n".join(lines))
    run = train_table(path, "y", folder / "out", epochs=5, hidden=(4,), name="first")
    return run, path


def test_a_run_is_loaded_as_it_was_written(trained):
    run, path = trained
    assert run.folder.name == "first"
    table = read_table(path)
    for again in (load_run(run.folder), load_run(run.folder / "model.keras")):
        assert again.preprocessor == run.preprocessor
        assert np.array_equal(predict_table(again, table), predict_table(run, table))
    assert load_run(run.folder).metrics == json.loads((run.folder / "metrics.json").read_text())
    assert load_run(run.folder / "model.keras").metrics == {}
    assert evaluate_table(run, table)["rmse"]["low"] < evaluate_table(run, table)["rmse"]["high"]


def test_the_model_file_is_a_plain_keras_file_with_one_more_member(trained):
    run, _ = trained
    model = cr.models.load_model(run.folder / "model.keras")
    assert [layer.name for layer in model.layers] == ["hidden_1", "dropout_1", "output"]
    import zipfile

    names = zipfile.ZipFile(run.folder / "model.keras").namelist()
    assert names == ["metadata.json", "config.json", "model.weights.h5", MEMBER]


def test_what_is_no_run(trained, tmp_path):
    with pytest.raises(ModelFileError, match=r"there is no such run\. Give a run folder"):
        load_run(tmp_path / "nothing")
    with pytest.raises(ModelFileError, match="there is no such run"):
        load_run(tmp_path)
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    model.save(tmp_path / "plain.keras")
    with pytest.raises(ModelFileError, match="holds a model, but no preprocessing"):
        load_run(tmp_path / "plain.keras")


def test_names_of_run_folders(tmp_path):
    assert run_folder(tmp_path, "x/data.csv.gz", None, False) == tmp_path / "data"
    (tmp_path / "data").mkdir()
    assert run_folder(tmp_path, "data.csv", None, False) == tmp_path / "data-2"
    assert run_folder(tmp_path, "data.csv", None, True) == tmp_path / "data"
    assert run_folder(tmp_path, "data.csv", "data", True) == tmp_path / "data"
    assert run_folder(tmp_path, ".csv", None, False) == tmp_path / "run"
    with pytest.raises(SettingsError, match="exists already"):
        run_folder(tmp_path, "data.csv", "data", False)
    for name in ("a/b", "..", "."):
        with pytest.raises(SettingsError, match="is no name for a run"):
            run_folder(tmp_path, "data.csv", name, False)


def test_nothing_is_left_of_a_run_that_cannot_be_written(trained, tmp_path, monkeypatch):
    _, path = trained

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("chainrule.tabular.curves.save_curves", full)
    with pytest.raises(ModelFileError, match=r"cannot be written: No space left on device\. Nothing was left behind"):
        train_table(path, "y", tmp_path / "out", epochs=1, hidden=(2,))
    assert list((tmp_path / "out").iterdir()) == []


def test_a_replaced_run_survives_a_failed_replacement(trained, tmp_path, monkeypatch):
    _, path = trained
    train_table(path, "y", tmp_path, epochs=1, hidden=(2,), name="r")
    before = (tmp_path / "r" / "model.keras").read_bytes()
    rename, calls = __import__("os").rename, []

    def fail_once(source, destination):
        calls.append(destination)
        if len(calls) == 2:
            raise OSError(5, "Input/output error")
        rename(source, destination)

    monkeypatch.setattr("os.rename", fail_once)
    with pytest.raises(ModelFileError, match="Input/output error"):
        train_table(path, "y", tmp_path, epochs=1, hidden=(2,), name="r", overwrite=True, seed=1)
    assert (tmp_path / "r" / "model.keras").read_bytes() == before
    assert [p.name for p in Path(tmp_path).iterdir()] == ["r"]
