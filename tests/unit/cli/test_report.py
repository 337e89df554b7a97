"""`chainrule report`, and the report at the end of `chainrule train`."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from chainrule.cli import main


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Call the command line in an empty folder with a small table."""
    monkeypatch.chdir(tmp_path)
    rows = [f"{i % 7},{'ab'[i % 2]},{(3 * i) % 11}" for i in range(40)]
    (tmp_path / "data.csv").write_text("x,kind,y\n" + "\n".join(rows) + "\n")

    def call(*arguments):
        result = CliRunner().invoke(main, [str(a) for a in arguments])
        assert "Traceback" not in result.stderr
        return result

    return call


SHORT = ("--epochs", "2", "--hidden", "2")


def test_training_ends_with_a_report_unless_told_otherwise(run, tmp_path):
    result = run("train", "data.csv", "-t", "y", *SHORT, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["report"] == "runs/data/report.html"
    assert "Report:     runs/data/report.html" in result.stderr
    page = (tmp_path / "runs/data/report.html").read_text(encoding="utf-8")
    assert "<h1>y</h1>" in page

    result = run("train", "data.csv", "-t", "y", *SHORT, "--json", "--no-report", "--name", "bare")
    assert json.loads(result.stdout)["report"] is None
    assert not (tmp_path / "runs/bare/report.html").exists()

    result = run("report", "runs/bare")
    assert result.exit_code == 0
    assert result.stderr.startswith("Report: runs/bare/report.html  (")
    assert (tmp_path / "runs/bare/report.html").exists()
    assert run("report", "runs/data", "-o", "again.html").exit_code == 0
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == page  # the table at hand, or read again


def test_elsewhere_in_private_and_in_the_browser(run, tmp_path, monkeypatch):
    import webbrowser

    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    run("train", "data.csv", "-t", "y", *SHORT, "--no-report")
    result = run("report", "runs/data", "-o", "r.html", "--private", "--open", "--json", "--quiet")
    found = json.loads(result.stdout)
    assert found["private"] is True
    assert found["bytes"] == (tmp_path / "r.html").stat().st_size
    assert opened == [(tmp_path / "r.html").as_uri()]
    assert result.stderr == ""
    assert not (tmp_path / "runs/data/report.html").exists()


def test_what_is_no_run_is_one_line(run, tmp_path):
    (tmp_path / "empty").mkdir()
    for path, message in (("nothing", "there is no such run"), ("empty", "there is no such run"),
                          ("data.csv", "a report needs the whole run folder")):  # fmt: skip
        result = run("report", path)
        assert result.exit_code == 1
        assert message in result.stderr
        assert result.stderr.count("\n") == 1


def test_a_report_that_fails_does_not_cost_the_run(run, tmp_path, monkeypatch):
    from chainrule import report
    from chainrule.errors import MissingExtraError

    def fails(*_, **__):
        raise MissingExtraError("matplotlib is gone")

    monkeypatch.setattr(report, "write_report", fails)
    result = run("train", "data.csv", "-t", "y", *SHORT)
    assert result.exit_code == 0
    assert "Note: there is no report: matplotlib is gone" in result.stderr
    assert (tmp_path / "runs/data/model.keras").exists()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("metrics.json", '{"main_score": "acc', "metrics.json: this file of the run folder is damaged"),
        ("metrics.json", "[]", "metrics.json: this file of the run folder is damaged: it holds no JSON object."),
        ("run.jsonl", '{"kind": "sta', "run.jsonl, line 1': a message is not valid JSON ("),
        ("predictions.csv", None, "this file of the run folder is damaged: it holds 2 rows, but the network was"),
    ],
)
def test_a_damaged_file_of_a_run_is_one_line(run, tmp_path, name, content, says):
    assert run("train", "data.csv", "-t", "y", *SHORT, "--no-report").exit_code == 0
    shutil.copytree(tmp_path / "runs/data", tmp_path / "runs/damaged")
    file = tmp_path / "runs/damaged" / name
    file.write_text(content or "".join(file.read_text().splitlines(keepends=True)[:3]))
    result = run("report", "runs/damaged")
    assert result.exit_code == 1
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
