"""Bad input on the command line: each entry gives one clear message and its exit code, and leaves nothing behind."""

import json
import zipfile
from pathlib import Path

import pytest

from chainrule.cli import common

TRAIN = ("train", "data.csv", "--target", "ill", "--epochs", "2", "--hidden", "4")
GOOD = "a,b,ill\n" + "".join(f"{i % 7},{i * i % 11},{'yes' if i % 3 else 'no'}\n" for i in range(40))


@pytest.fixture
def fails(run, here):
    """Run a command and require its exit code, its one message on stderr, and that no new file is there."""

    def check(arguments, code, message):
        before = sorted(str(p) for p in here.rglob("*"))
        result = run(*arguments)
        assert result.exit_code == code, result.output
        assert message in result.stderr
        assert sum(line.startswith("Error: ") for line in result.stderr.splitlines()) == 1
        assert result.stdout == ""
        assert sorted(str(p) for p in here.rglob("*")) == before
        return result

    return check


def write(content, name="data.csv"):
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())


def changed(line, text):
    """The good table with one line (from 1) replaced."""
    lines = GOOD.splitlines()
    lines[line - 1] = text
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "data.csv: the file is empty."),
        ("a,b,ill\n", "data.csv: the table has a header but no rows."),
        (changed(5, "1,2"), "data.csv, line 5 (row 4): 2 fields, but the header names 3 columns. Column 3 ('ill')"),
        (changed(5, "1,2,no,9"), "data.csv, line 5 (row 4): 4 fields, but the header names 3 columns."),
        (changed(5, '1,"2,no'), "a double quote opens before and is never closed."),
        (
            changed(5, "1,ä,no").encode("latin-1"),
            "data.csv, line 5, row 4, column 2 ('b'): the byte 0xe4 is not UTF-8.",
        ),
        (GOOD.encode("utf-16"), "data.csv: the file is in UTF-16."),
        (changed(1, "a,a,ill"), "data.csv, line 1: the column name 'a' occurs more than once (columns 1, 2)."),
        (changed(1, "1,2,3"), "data.csv, line 1: the first line holds numbers only"),
        (changed(5, "inf,2,no"), "data.csv, row 4, column 'a': the value 'inf' is infinite (1 such cells)."),
        (
            GOOD.replace("yes", "no"),
            "data.csv: the target 'ill' has one value only ('no'), so there is nothing to learn.",
        ),
        ("\n".join(GOOD.splitlines()[:8]), "but at least 10 are needed to train, validate and test."),
        (GOOD.replace("yes", "").replace("no", ""), "0 of 40 rows have a target 'ill'"),
        (changed(1, "a,b,sick"), "data.csv: there is no target column 'ill'. The columns are: a, b, sick."),
        (changed(1, "a,b,ills"), "there is no target column 'ill'. Did you mean 'ills'? The columns are: a, b, ills."),
        (changed(1, "a,b,ill").replace(",b,", ",ill2,"), None),
        ("k1,ill\n" + "".join(f"{i},{i % 2}\n" for i in range(40)), "No column is left to predict from"),
        (b"PK\x03\x04", "this is a zip archive"),
    ],
)
def test_bad_tables(fails, run, content, message):
    write(content)
    if message is None:
        assert run(*TRAIN).exit_code == 0
    else:
        fails(TRAIN, common.DATA, message)


def test_a_missing_file(fails):
    write(GOOD, "house.csv")
    fails(
        ("train", "hous.csv", "--target", "ill"),
        common.DATA,
        "hous.csv: there is no such file. Did you mean house.csv?",
    )


def test_no_target_is_not_guessed(fails):
    write(GOOD)
    message = "The columns of data.csv are: a, b, ill. Did you mean the last one: --target ill?"
    fails(("train", "data.csv"), common.USAGE, message)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--task", "regresion"), "Unknown task 'regresion'. Did you mean 'regression'?"),
        (("--activation", "rellu"), "Unknown activation 'rellu'. Did you mean 'relu'"),
        (("--types", "a=numerical"), "Unknown column kind 'numerical'. Did you mean 'numeric'?"),
        (("--types", "a"), "--types: expected column=kind, such as age=numeric, but received 'a'."),
        (("--hidden", "8,x"), "--hidden: expected units such as 64,32, but received '8,x'."),
        (("--hidden", "-3"), "The setting 'hidden' must be a list of positive whole numbers, but is (-3,)."),
        (("--learning-rate", "0"), "The setting 'learning_rate' must be a positive number, but is 0.0."),
        (("--dropout", "1"), "The setting 'dropout' must be a share from 0 to below 1, but is 1.0."),
        (("--val", "0.6", "--test", "0.5"), "must leave rows for training."),
        (("--name", "../x"), "'../x' is no name for a run"),
        (("--config", "no.toml"), "no.toml: there is no such file."),
    ],
)
def test_bad_flags(fails, flags, message):
    write(GOOD)
    fails((*TRAIN, *flags), common.USAGE, message)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--drop", "c"), "data.csv: there is no column 'c'."),
        (("--types", "age=numeric"), "data.csv: there is no column 'age'."),
        (("--split-by", "who"), "data.csv: there is no column 'who'."),
        (("--types", "a=date"), "column 'a' was to be read as date, but no cell of it can be."),
        (("--task", "regression"), "--task regression needs numbers, but the target 'ill' has 'no' in row 1"),
        (("--val", "0.001"), "0 for validation"),
    ],
)
def test_flags_that_do_not_fit_the_data(fails, flags, message):
    write(GOOD)
    fails((*TRAIN, *flags), common.DATA, message)


def test_bad_config_files(fails):
    write(GOOD)
    for text, message in (
        ("data = ", "c.toml: not readable as TOML"),
        ('epoch = 3\ndata = "data.csv"', "Unknown setting in c.toml 'epoch'. Did you mean 'epochs'?"),
        (
            'data = "data.csv"\ntarget = "ill"\nhidden = 64',
            "The setting 'hidden' must be a list of positive whole numbers",
        ),
        ('target = "ill"', "Missing: the data file."),
    ):
        write(text, "c.toml")
        fails(("train", "--config", "c.toml"), common.USAGE, message)


def test_a_diverging_loss(fails):
    write("a,b,y\n" + "".join(f"{i % 7},{i * i % 11},{i * 1.5}\n" for i in range(40)))
    command = ("train", "data.csv", "--target", "y", "--learning-rate", "1e20", "--weight-decay", "0", "--quiet")
    result = fails((*command, "--hidden", "8"), common.DIVERGED, "fit: the loss became")
    assert "Try a smaller learning rate" in result.stderr


def test_errors_as_json(run, here):
    result = run("train", "no.csv", "--target", "y", "--json")
    assert json.loads(result.stdout) == {"error": "no.csv: there is no such file.", "exit_code": 3}
    assert result.stderr == "Error: no.csv: there is no such file.\n"


def test_unknown_options_and_commands_are_usage_errors(run):
    assert run("train", "data.csv", "--targt", "y").exit_code == common.USAGE
    assert run("fly").exit_code == common.USAGE
    assert run("train", "data.csv", "--epochs", "many").exit_code == common.USAGE


def test_a_taken_name(fails, run):
    write(GOOD)
    assert run(*TRAIN, "--name", "x").exit_code == 0
    fails(
        (*TRAIN, "--name", "x"),
        common.USAGE,
        "runs/x exists already. Choose another --name, or replace it: --overwrite.",
    )


def test_bad_input_to_a_run(fails, run):
    write(GOOD)
    assert run(*TRAIN).exit_code == 0
    write("a,ill\n1,no\n", "new.csv")
    fails(("predict", "runs/data", "new.csv"), common.DATA, "new.csv: the model was trained with the column 'b', which")
    write("a,b,ill\n1,2,no\n1,2,perhaps\n", "new.csv")
    fails(
        ("evaluate", "runs/data", "new.csv"),
        common.DATA,
        "new.csv, row 2: the target 'ill' 'perhaps' is none of the classes. The model knows: 'no', 'yes'.",
    )
    write("a,b\n1,2\n", "new.csv")
    fails(("evaluate", "runs/data", "new.csv"), common.DATA, "new.csv: there is no target column 'ill'.")
    fails(("predict", "runs/other", "new.csv"), common.FAILED, "runs/other: there is no such run.")
    fails(
        ("trace", "runs/data", "data.csv", "--row", "41"),
        common.DATA,
        "data.csv: there is no row 41; the rows are 1 to 40",
    )
    fails(
        ("trace", "runs/data", "data.csv", "--format", "pdf"),
        common.USAGE,
        "--format: expected one of text, latex, html",
    )
    fails(("predict", "runs/data", "new.csv", "-o", "no/out.csv"), common.FAILED, "Cannot write 'no/out.csv'")


def test_damaged_and_foreign_models(fails, run):
    write(GOOD)
    assert run(*TRAIN).exit_code == 0
    good = Path("runs/data/model.keras").read_bytes()
    write(good[: len(good) // 2], "cut.keras")
    fails(("predict", "cut.keras", "data.csv"), common.FAILED, "cut.keras")
    with zipfile.ZipFile("runs/data/model.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name, state, message in (
        ("plain.keras", None, "holds a model, but no preprocessing"),
        (
            "evil.keras",
            b'{"format": 1, "task": "binary", "target": {"kind": "os.system"}, "columns": []}',
            "'os.system'",
        ),
        ("short.keras", members["preprocessing.json"].replace(b'"indicator": false', b'"indicator": true'), "features"),
        ("broken.keras", b"{", "preprocessing.json is not valid JSON"),
    ):
        with zipfile.ZipFile(name, "w") as archive:
            for member, data in {**members, "preprocessing.json": state}.items():
                if data is not None:
                    archive.writestr(member, data)
        fails(("predict", name, "data.csv"), common.FAILED, message)


def test_an_interrupted_training_leaves_nothing(fails, monkeypatch):
    write(GOOD)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("chainrule.tabular.recipe.fit", interrupt)
    fails(TRAIN, common.INTERRUPTED, "Interrupted. Nothing was written.")


def test_a_full_disk_leaves_nothing(fails, monkeypatch):
    write(GOOD)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    Path("runs").mkdir()
    monkeypatch.setattr("chainrule.tabular.curves.save_curves", full)
    fails(TRAIN, common.FAILED, "runs/data: cannot be written: No space left on device. Nothing was left behind.")


def test_names_from_a_file_cannot_steer_the_terminal(run, here):
    write(changed(1, "a\x1b[31m,b,ill"))
    result = run(*TRAIN)
    assert result.exit_code == 0
    assert "a?[31m" in result.stderr
    assert "\x1b" not in result.stderr


def test_a_folder_that_cannot_be_written_is_found_before_the_training(fails, monkeypatch):
    write(GOOD)
    write("", "taken")

    def never(*_):
        raise AssertionError("it trained")

    monkeypatch.setattr("chainrule.tabular.recipe.fit", never)
    for out in ("taken", "taken/deeper"):
        message = f"{out}: cannot be written: Not a directory. Choose another folder: --out DIR."
        fails((*TRAIN, "--out", out), common.FAILED, message)


def test_a_run_that_is_not_there(fails):
    write(GOOD)
    fails(("predict", "runs/none", "data.csv"), common.FAILED, "runs/none: there is no such run.")
