"""The command line from the outside: a table goes in, a run folder and predictions come out."""

import csv
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from chainrule import recording
from chainrule.saving.keras_format import load_model

FILES = ["config.toml", "curves.png", "history.csv", "metrics.json", "model.keras", "predictions.csv", "run.jsonl"]
SHORT = ("--epochs", "4", "--hidden", "8")
OTHERS = {"ill": ["level", "cost"], "level": ["ill", "cost"], "cost": ["ill", "level"]}


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def weights(folder):
    return load_model(Path(folder) / "model.keras").get_weights()


@pytest.mark.parametrize(
    ("target", "task", "scores"),
    [
        ("ill", "binary", ["accuracy", "log_loss", "roc_auc", "macro_f1"]),
        ("level", "multiclass", ["accuracy", "log_loss", "macro_f1"]),
        ("cost", "regression", ["rmse", "mae", "r2"]),
    ],
)
def test_train_predict_evaluate(run, table, target, task, scores):
    data = table(*OTHERS[target])
    result = run("train", data, "--target", target, "--epochs", 30, "--hidden", "16", "--patience", 30, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["run"] == "runs/data"
    assert found["task"] == task
    assert list(found["test"]) == scores
    assert found["beats"]["mean" if task == "regression" else "majority"]
    assert found["rows"] == {"train": 96, "validation": 32, "test": 32}
    assert sorted(p.name for p in Path("runs/data").iterdir()) == FILES
    assert [p.name for p in Path("runs").iterdir()] == ["data"]
    assert len(read_csv("runs/data/history.csv")) == found["epochs"] == 30
    assert Path("runs/data/curves.png").read_bytes()[:4] == b"\x89PNG"
    recorded = recording.load("runs/data")
    assert len(recorded.epochs) == 30
    assert recorded.start["data"]["features"][0]["name"] == "age"
    assert recorded.model_at(-1).get_weights()[0].shape == weights("runs/data")[0].shape
    assert "preprocessing.json" in zipfile.ZipFile("runs/data/model.keras").namelist()

    # a file without the target gives the predictions of the held-out rows again, to the last digit
    blind = table(*OTHERS[target], target, name="blind.csv")
    assert run("predict", "runs/data", blind, "-o", "out.csv", "--proba").exit_code == 0
    predicted = {row["row"]: row for row in read_csv("out.csv")}
    held_out = read_csv("runs/data/predictions.csv")
    assert len(predicted) == 160
    assert len(held_out) == 32
    for row in held_out:
        del row[target]
        assert row == predicted[row["row"]]

    # scoring the held-out rows alone gives the scores of metrics.json
    all_rows = read_csv(data)
    table(*OTHERS[target], name="test.csv", rows=[all_rows[int(r["row"]) - 1] for r in held_out])
    evaluated = json.loads(run("evaluate", "runs/data", "test.csv", "--json").stdout)
    for name in scores:
        assert evaluated["scores"][name]["value"] == pytest.approx(found["test"][name]["value"], rel=1e-12)


def test_the_same_seed_gives_the_same_run_and_the_config_repeats_it(run, table):
    data = table("level", "cost")
    for name, extra in (("a", ()), ("b", ()), ("c", ("--seed", 1))):
        assert run("train", data, "--target", "ill", *SHORT, "--dropout", 0.1, "--name", name, *extra).exit_code == 0
    assert run("train", "--config", "runs/a/config.toml", "--name", "d").exit_code == 0
    for other in "bd":
        assert all(np.array_equal(v, w) for v, w in zip(weights("runs/a"), weights(f"runs/{other}"), strict=True))
        for file in set(FILES) - {"run.jsonl"}:  # which tells of seconds, too
            assert Path("runs/a", file).read_bytes() == Path(f"runs/{other}", file).read_bytes()
    assert Path("runs/a/predictions.csv").read_text() != Path("runs/c/predictions.csv").read_text()


def test_flags_override_the_config(run, table):
    data = table("level", "cost")
    run("train", data, "--target", "ill", *SHORT, "--types", "group=category", "--drop", "weight")
    assert run("train", "--config", "runs/data/config.toml", "--epochs", 2, "--name", "again").exit_code == 0
    text = Path("runs/again/config.toml").read_text()
    assert "epochs = 2\n" in text
    assert "hidden = [8]\n" in text
    assert 'drop = ["weight"]' in text
    assert '"group" = "category"' in text
    with open(data, "a") as file:
        file.write("30,60,Oslo,yes,g1,no\n")
    result = run("train", "--config", "runs/data/config.toml", "--epochs", 1, "--name", "changed")
    assert "is not the file of the earlier run: its contents have changed" in result.stderr


def test_what_was_inferred_is_printed_first(run, table):
    result = run("train", table("level", "cost"), "--target", "ill", *SHORT)
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[0].endswith("data.csv: 160 rows, 6 columns")
    age = next(line for line in lines if line.split()[:1] == ["age"])
    assert age.split()[1] == "numeric"
    assert "2 features: scaled, clipped to ±3" in age
    text = result.stderr
    order = [
        "Target 'ill': binary, because the target has two values.",
        "Rows: 96 to train, 32 to validate, 32 to test.",
        "Network: ",
        "epoch 1/4",
        "Done: 4 epochs in",
        "95 % interval",
        "The network ",
        "Run folder: runs/data",
        "chainrule predict runs/data new.csv -o predictions.csv",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "\x1b" not in text
    assert "\r" not in text


def test_json_is_one_object_and_quiet_is_silent(run, table):
    data = table("level", "cost")
    result = run("train", data, "--target", "ill", *SHORT, "--json", "--quiet")
    assert json.loads(result.stdout)["columns"][0]["name"] == "age"
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""
    assert run("train", data, "--target", "ill", *SHORT, "--quiet").output == ""


def test_columns_left_out_are_named(run, table, rows):
    rows = [{"id": i, **row, "note": f"he said on day {i} that"} for i, row in enumerate(rows)]
    result = run("train", table("level", "cost", rows=rows), "--target", "ill", *SHORT, "--json")
    columns = {c["name"]: c for c in json.loads(result.stdout)["columns"]}
    assert not columns["id"]["used"]
    assert not columns["note"]["used"]
    assert "left out: it numbers the rows" in result.stderr
    assert "left out: it looks like free text" in result.stderr


def test_rows_without_a_target_are_left_out_and_said(run, table, rows):
    rows[3]["ill"] = rows[70]["ill"] = ""
    result = run("train", table("level", "cost", rows=rows), "--target", "ill", *SHORT)
    assert "Note: 2 rows without a target 'ill' are left out." in result.stderr
    held_out = [int(r["row"]) for r in read_csv("runs/data/predictions.csv")]
    assert 4 not in held_out
    assert [rows[r - 1]["ill"] for r in held_out] == [r["ill"] for r in read_csv("runs/data/predictions.csv")]


def test_split_by_keeps_groups_together(run, table):
    data = table("level", "cost")
    assert run("train", data, "--target", "ill", "--split-by", "group", *SHORT).exit_code == 0
    groups = [row["group"] for row in read_csv(data)]
    held_out = {int(r["row"]) - 1 for r in read_csv("runs/data/predictions.csv")}
    assert not {groups[i] for i in held_out} & {g for i, g in enumerate(groups) if i not in held_out}


def test_run_folders_get_names_of_their_own(run, table):
    data = table("level", "cost")
    for _ in range(2):
        run("train", data, "--target", "ill", *SHORT)
    assert sorted(p.name for p in Path("runs").iterdir()) == ["data", "data-2"]
    before = Path("runs/data/model.keras").read_bytes()
    assert run("train", data, "--target", "ill", *SHORT, "--seed", 5, "--overwrite").exit_code == 0
    assert Path("runs/data/model.keras").read_bytes() != before
    assert sorted(p.name for p in Path("runs").iterdir()) == ["data", "data-2"]
    assert run("train", data, "--target", "ill", *SHORT, "--out", "elsewhere", "--name", "x").exit_code == 0
    assert sorted(p.name for p in Path("elsewhere/x").iterdir()) == FILES


def test_a_dry_run_writes_nothing(run, table):
    result = run("train", table("level", "cost"), "--target", "ill", "--dry-run", "--json")
    found = json.loads(result.stdout)
    assert found["hidden"] == [64, 32]
    assert "age missing" in found["features"]
    assert found["parameters"] == (len(found["features"]) + 1) * 64 + 65 * 32 + 33
    assert "Nothing was trained." in result.stderr
    assert not Path("runs").exists()


def test_predictions_on_stdout_and_surprises_in_new_data(run, table):
    run("train", table("level", "cost"), "--target", "ill", *SHORT)
    Path("new.csv").write_text("age,weight,city,member,group\nold,60,Lima,yes,g1\n30,70,Oslo,no,g2\n")
    result = run("predict", "runs/data", "new.csv")
    assert [line.split(",")[0] for line in result.stdout.splitlines()] == ["row", "1", "2"]
    assert "Note: column 'age': 1 of 2 cells are no numbers and count as missing." in result.stderr
    assert "such as 'Lima'" in result.stderr
    found = json.loads(run("predict", "runs/data", "new.csv", "--proba", "--json").stdout)
    assert found["rows"] == 2
    assert sum(float(found["predictions"][0][f"probability_{c}"]) for c in ("no", "yes")) == pytest.approx(1, abs=1e-6)
    assert json.loads(run("predict", "runs/data", "new.csv", "-o", "p.csv", "--json").stdout)["out"] == "p.csv"


def test_a_linear_network(run, table):
    result = run("train", table("ill", "level"), "--target", "cost", "--hidden", "0", "--epochs", 3)
    assert result.exit_code == 0
    assert len(weights("runs/data")) == 2


def test_summary(run, table):
    run("train", table("level", "cost"), "--target", "ill", *SHORT)
    for path in ("runs/data", "runs/data/model.keras"):
        result = run("summary", path)
        assert "hidden_1 (Dense)" in result.stdout
        assert "Features (" in result.stdout
    found = json.loads(run("summary", "runs/data", "--json").stdout)
    assert found["layers"][0] == {"name": "hidden_1", "type": "Dense", "parameters": 8 * (len(found["features"]) + 1)}


def test_doctor(run):
    result = run("doctor")
    assert result.exit_code == 0, result.stdout
    assert "FAILED" not in result.stdout
    last = result.stdout.strip().splitlines()[-1]
    assert last.startswith(("All is well: the native engine runs, with ", "All works, but slowly: the native engine "))
    found = json.loads(run("doctor", "--json").stdout)
    assert found["ok"]
    assert found["verdict"] == last
    assert "0.3352 -> 0.2873" in found["checks"]["training"]
    assert found["numpy"] == np.__version__


def test_python_m_chainrule(here):
    result = subprocess.run(
        [sys.executable, "-m", "chainrule", "--version"], capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith("chainrule ")
    result = subprocess.run(
        [sys.executable, "-m", "chainrule", "train", "no.csv", "-t", "y"], capture_output=True, text=True
    )
    assert result.returncode == 3
    assert result.stderr.strip() == "Error: no.csv: there is no such file."


@pytest.mark.parametrize("name", ["penguins", "wine_white"])
def test_small_development_data_beat_the_baseline(run, shared_data, name):
    path, described = shared_data[name]
    found = json.loads(run("train", path, "--target", described["target"], "--json", "--quiet").stdout)
    assert found["task"] == described["task"]
    assert found["beats"]["mean" if described["task"] == "regression" else "majority"]


@pytest.mark.parametrize("name", ["german_credit", "california_housing", "adult"])
def test_larger_development_data_go_through(run, shared_data, name):
    path, described = shared_data[name]
    result = run("train", path, "--target", described["target"], "--json", "--quiet", "--epochs", 1, "--hidden", 16)
    assert json.loads(result.stdout)["task"] == described["task"]
    assert run("predict", next(Path("runs").iterdir()), path, "-o", "out.csv").exit_code == 0
    assert len(read_csv("out.csv")) == described["rows"]


def test_trace(run, table):
    data = table("level", "cost")
    run("train", data, "--target", "ill", "--epochs", 2, "--hidden", 2)
    result = run("trace", "runs/data", data, "--row", 17)
    assert result.exit_code == 0
    assert result.stdout.startswith("Row 17 of data.csv\n")
    assert "Backward pass" in result.stdout
    assert json.loads(run("trace", "runs/data", data, "--row", 17, "--format", "json").stdout)["row"] == 17
    assert run("trace", "runs/data", data, "--row", 17, "--format", "html", "-o", "row.html").stdout == ""
    assert Path("row.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_scoring_the_file_of_the_run_says_so(run, table):
    data = table("level", "cost")
    run("train", data, "--target", "ill", *SHORT)
    result = run("evaluate", "runs/data", data)
    assert "Note: this is the file of the run, so these rows include the training rows" in result.stderr
    assert "training rows included (160 rows)" in result.stderr
    result = run("evaluate", "runs/data", table("level", "cost", name="other.csv", rows=read_csv(data)[:50]))
    assert "test (50 rows)" in result.stderr
    assert "training rows" not in result.stderr


def test_printed_commands_can_be_copied(run, table):
    data = table("level", "cost")
    result = run("train", data, "--target", "ill", *SHORT, "--name", "my run")
    assert "Predict:    chainrule predict 'runs/my run' new.csv" in result.stderr


def test_what_the_user_said_is_not_called_a_reason(run, table):
    result = run("train", table("level", "cost"), "--target", "ill", "--task", "binary", "--dry-run")
    assert "Target 'ill': binary, as you said." in result.stderr


def test_one_row_is_one_row(run, table, rows):
    rows[3]["ill"] = ""
    data = table("level", "cost", rows=rows)
    result = run("train", data, "--target", "ill", *SHORT)
    assert "Note: 1 row without a target 'ill' is left out." in result.stderr
    result = run("evaluate", "runs/data", table("level", "cost", name="one.csv", rows=rows[:1]))
    assert "test (1 row)" in result.stderr
