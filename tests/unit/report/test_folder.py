"""Reading run folders: whole ones, damaged ones, and ones whose table is gone."""

import csv

import numpy as np
import pytest
from report_cases import make_rows, write_table

import chainrule as cr
from chainrule.errors import ChainruleError, ModelFileError
from chainrule.report.folder import read_folder
from chainrule.tabular.train import train_table


@pytest.mark.parametrize("target", ["ill", "level", "cost"])
def test_the_held_out_rows_are_found_again(trained, target):
    folder = read_folder(trained(target))
    assert folder.without == ""
    prepared, found = folder.prepared, folder.predictions
    np.testing.assert_array_equal(found.rows, prepared.rows[prepared.split.test])
    np.testing.assert_allclose(found.y, prepared.y[prepared.split.test], rtol=1e-12)
    from chainrule.report.facts import Facts

    np.testing.assert_allclose(Facts(folder).predict(prepared.matrix[prepared.split.test]), found.outputs, rtol=1e-5)
    assert len(folder.recording.epochs) == 25
    assert len(folder.history["loss"]) == 25


def test_a_table_that_is_gone_or_changed_is_said(copied, tmp_path):
    run = copied("ill")
    config = run / "config.toml"
    text = config.read_text()
    config.write_text(text.replace("ill.csv", "elsewhere.csv"))
    assert read_folder(run).without == (
        "The data file elsewhere.csv is no longer where it was when the network was trained."
    )
    (tmp_path / "other.csv").write_text("ill,a\n1,2\n")
    data = next(line for line in text.splitlines() if line.startswith("data = "))
    config.write_text(text.replace(data, f'data = "{tmp_path / "other.csv"}"'))
    found = read_folder(run)
    assert found.prepared is None
    assert found.without == (
        "The data file other.csv has changed since the network was trained (its SHA-256 is another)."
    )


def test_another_preprocessing_is_not_mistaken_for_the_models(copied):
    run = copied("ill")
    config = run / "config.toml"
    config.write_text(config.read_text().replace("seed = 0", "seed = 1"))
    assert "gives another preprocessing" in read_folder(run).without


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("metrics.json", '{"task": "binary"}', "metrics.json: the field 'target' is missing"),
        ("history.csv", "epoch,loss\n1,zero\n", "history.csv: this file of the run folder is damaged (ValueError)"),
        ("history.csv", "", "history.csv: this file of the run folder is damaged (ValueError)"),
        ("history.csv", "epoch,accuracy\n1,0.5\n", "history.csv: this file of the run folder is damaged (KeyError)"),
        ("history.csv", None, "history.csv: this file of the run folder is missing"),
        ("predictions.csv", "row,ill,prediction\n1,a,b\n", "predictions.csv: this file of the run folder is damaged"),
        ("predictions.csv", None, "predictions.csv: this file of the run folder is missing"),
        ("config.toml", None, "config.toml: there is no such file"),
        ("config.toml", "data = 3\n", "config.toml"),
        ("run.jsonl", "{}\n", "run.jsonl"),
    ],
)
def test_damaged_files_are_one_line(copied, name, content, message):
    run = copied("ill")
    if content is None:
        (run / name).unlink()
    else:
        (run / name).write_text(content)
    with pytest.raises(ChainruleError) as caught:
        read_folder(run)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_file_is_no_run(trained):
    for name in ("model.keras", "run.jsonl"):
        with pytest.raises(ModelFileError, match=r"a report needs the whole run folder"):
            read_folder(trained("ill") / name)


@pytest.mark.parametrize("name", ["", "run.jsonl"])
def test_of_a_recording_alone_it_is_said_how_to_look_at_it(tmp_path, name):
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.zeros((4, 2)), np.zeros(4), verbose=0, callbacks=[cr.callbacks.Recorder(tmp_path / "run")])
    path = tmp_path / "run" / name
    with pytest.raises(ModelFileError) as caught:
        read_folder(path)
    assert str(caught.value) == (
        f"{path}: a recording of callbacks.Recorder, without the table that a report is about; `chainrule train` keeps "
        f"both. Look at this one with `chainrule view {path}`, or write its page: "
        f'chainrule.recording.load("{path}").save_html("run.html").'
    )


def test_classes_that_a_spreadsheet_would_compute_are_found_again(tmp_path):
    rows = make_rows()
    names = {"sick-person": "=cmd|' /C calc'!A0", "healthy-person": "-2+3"}
    data = write_table(tmp_path / "formulas.csv", "ill", [{**row, "ill": names[row["ill"]]} for row in rows])
    run = train_table(data, "ill", tmp_path / "runs", hidden=(4,), epochs=2).folder
    with open(run / "predictions.csv", newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert any(cell.startswith("'=cmd|") for cell in cells)
    assert not any(cell[:1] in "=+-@" for cell in cells if cell)
    prepared, found = read_folder(run).prepared, read_folder(run).predictions
    np.testing.assert_array_equal(found.y, prepared.y[prepared.split.test])
