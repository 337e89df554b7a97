"""The report as a reader has it: what it says, what it never says, and that nothing in it acts."""

import html
import json
import re
import shutil

import numpy as np
import pytest
from report_cases import CITIES, HOSTILE, TARGETS, Balance, make_rows

from chainrule.report import make_report, write_report
from chainrule.report.facts import Facts
from chainrule.report.folder import read_folder

SECTIONS = [
    "verdict", "data", "model", "training", "performance", "matters", "glass-box", "surface", "reproduce", "glossary",
]  # fmt: skip
_pages = {}


@pytest.fixture
def page(trained):
    """Return the report of a run, made once."""

    def make(target, private=False):
        if (target, private) not in _pages:
            _pages[target, private] = make_report(trained(target), private=private)
        return _pages[target, private]

    return make


def numbers(page):
    return json.loads(re.search(r'<script type="application/json" id="numbers">(.*?)</script>', page, re.DOTALL)[1])


def words(page):
    """What a reader sees, as one line."""
    body = re.sub(r"<(style|script|desc|annotation)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


@pytest.mark.parametrize("target", TARGETS)
def test_all_ten_sections_are_there_in_order_and_the_contents_name_them(page, target):
    found = Balance(page(target))
    sections = [a["id"] for name, a in found.elements if name == "section"]
    assert sections == SECTIONS
    assert [a["href"] for name, a in found.elements if name == "a"][: len(SECTIONS)] == [f"#{s}" for s in SECTIONS]
    ids = [a["id"] for _, a in found.elements if "id" in a]
    assert len(ids) == len(set(ids))
    targets = {a["href"][1:] for name, a in found.elements if name == "a"}
    assert targets <= set(ids)


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("target", TARGETS)
def test_nothing_is_loaded_and_nothing_runs(page, target, private):
    made = page(target, private)
    found = Balance(made)
    head = [a for name, a in found.elements if name == "meta"]
    assert head[1]["http-equiv"] == "Content-Security-Policy"
    assert head[1]["content"].startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert "script-src" not in head[1]["content"]
    for name, attributes in found.elements:
        assert name not in ("link", "iframe", "object", "embed", "form", "base", "foreignobject")
        assert name != "script" or attributes == {"type": "application/json", "id": "numbers"}
        for key, value in attributes.items():
            assert not key.startswith("on")
            if key in ("href", "src", "xlink:href", "action"):
                assert value.startswith(("#", "data:image/png;base64,"))
    assert not re.search(r"@import|url\((?!#|['\"]?data:)|javascript:", made)
    assert len(made.encode()) < 1_500_000


def test_hostile_names_are_words(page):
    for private in (False, True):
        made = page("ill", private)
        assert HOSTILE not in made
        assert HOSTILE in words(made)
        assert 'weight "$kg$"' in words(made)
    assert CITIES[1] in words(page("ill"))


@pytest.mark.parametrize("target", TARGETS)
def test_a_private_report_holds_no_cell_and_no_category(page, target):
    made, seen = page(target, True), words(page(target, True))
    cells = {*CITIES, "a secret remark", "sick-person", "healthy-person", "low-level", "mid-level", "high-level"}
    for row in make_rows():
        cells |= {row["note"], row["since"]}
    everything = html.unescape(made) + json.dumps(numbers(made), ensure_ascii=False)
    assert [cell for cell in cells if cell in everything] == []
    assert "category 1" in seen
    assert "Private: rows and category names of the table are left out." in seen
    if TARGETS[target] != "regression":
        assert "class B" in seen
        assert "class class" not in made
    assert str(read_folder.__module__) not in made
    public = page(target)
    assert CITIES[1] in words(public)
    assert "Forward pass" in public
    assert "Forward pass" not in made


@pytest.mark.parametrize("target", TARGETS)
def test_the_verdict_has_the_numbers_of_the_run(page, trained, target):
    metrics = json.loads((trained(target) / "metrics.json").read_text())
    found = numbers(page(target))
    for name, score in metrics["test"].items():
        assert found["test"][name] == pytest.approx(score, rel=1e-9)
    assert found["task"] == TARGETS[target]
    seen = words(page(target))
    if TARGETS[target] == "regression":
        assert f"is {metrics['test']['rmse']['value']:#.4g} in units of cost" in seen
    else:
        assert f"for {100 * metrics['test']['accuracy']['value']:.1f} % of 48 rows that it had never seen" in seen
    assert found["verdict"]["level"] in ("good", "mixed", "bad")
    assert "Few test rows" in seen


def test_every_number_of_the_data_section_can_be_counted(page, trained):
    found = {c["name"]: c for c in numbers(page("ill"))["data"]["columns"]}
    rows = make_rows()
    assert found[HOSTILE]["missing"] == sum(r[HOSTILE] == "" for r in rows)
    assert found["city"]["missing"] == sum(r["city"] == "" for r in rows)
    assert found["member"]["different"] == 2
    assert "explains_alone" not in found["note"]
    assert sum(numbers(page("ill"))["data"]["rows"].values()) == 240


def test_the_columns_that_made_the_target_matter(page):
    each = numbers(page("cost"))["matters"]["importance"]["columns"]
    ranked = sorted(each, key=lambda n: -each[n]["mean"])
    assert set(ranked[:2]) <= {HOSTILE, 'weight "$kg$"', "member", "city"}
    assert abs(each["since"]["mean"]) < each[ranked[0]]["mean"] / 3
    curves = numbers(page("cost"))["matters"]["partial_dependence"]
    assert len(curves) == 4
    if HOSTILE in curves:
        assert np.polyfit(curves[HOSTILE]["at"], curves[HOSTILE]["mean"], 1)[0] > 0


@pytest.mark.parametrize("target", TARGETS)
def test_the_worst_errors_are_derived(page, trained, target):
    folder = read_folder(trained(target))
    facts = Facts(folder)
    found = numbers(page(target))["glass-box"]
    assert [w["row"] for w in found["worst"]] == folder.predictions.rows[facts.worst.rows].tolist()
    made = page(target)
    assert made.count("The whole derivation: forward, backward, update, check") == 6
    assert made.count("Forward pass") == made.count("Backward pass") == 6
    seen = words(made)
    assert seen.count("largest difference") == 6
    assert "differences ✗" not in seen
    row = int(found["worst"][0]["row"])
    cell = make_rows()[row - 1]["member"]
    assert cell in seen


def test_the_same_run_gives_the_same_bytes_and_so_does_the_table_at_hand(page, trained):
    assert make_report(trained("level")) == page("level")
    folder = read_folder(trained("level"))
    assert make_report(trained("level"), prepared=folder.prepared) == page("level")


def test_a_run_in_another_folder_gives_the_same_bytes(page, copied):
    assert make_report(copied("cost")) == page("cost")


def test_without_the_table_the_report_is_made_of_what_is_there(copied):
    run = copied("ill")
    config = run / "config.toml"
    config.write_text(config.read_text().replace("ill.csv", "gone.csv"))
    made = make_report(run)
    sections = [a["id"] for name, a in Balance(made).elements if name == "section"]
    assert sections == SECTIONS
    seen = words(made)
    assert seen.count("The data file gone.csv is no longer where it was when the network was trained.") == 4
    assert "confusion matrix" in seen
    assert "Without its rows there is no derivation." in seen
    assert "importance" not in numbers(made).get("matters", {})


def test_it_is_written_into_the_run_or_where_asked(copied, tmp_path):
    run = copied("cost")
    assert write_report(run) == run / "report.html"
    there = write_report(run, tmp_path / "here.html", private=True)
    assert "left out" in there.read_text(encoding="utf-8")
    assert (run / "report.html").read_text(encoding="utf-8") != there.read_text(encoding="utf-8")
    assert not [p for p in run.iterdir() if p.name.startswith(".")]


def test_formulas_need_an_extra_but_the_report_does_not(copied, monkeypatch):
    import builtins

    real = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith("latex2mathml"):
            raise ImportError(name)
        return real(name, *rest, **more)

    from chainrule.glassbox.render import html as rendered

    rendered.mathml.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    made = make_report(copied("cost"))
    assert made.count("Forward pass") == 6
    assert "<math" not in made
    rendered.mathml.cache_clear()


def test_large_tables_make_no_large_report(tmp_path):
    from chainrule.tabular.train import train_table

    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 120)).round(3)
    text = [",".join([*(f"c{i}" for i in range(120)), "y"])]
    text += [",".join(map(str, [*row, round(float(row[:5].sum()), 3)])) for row in x]
    (tmp_path / "wide.csv").write_text("\n".join(text) + "\n")
    run = train_table(tmp_path / "wide.csv", "y", tmp_path, hidden=(32, 16), epochs=2)
    made = make_report(run.folder)
    assert len(made.encode()) < 1_500_000
    shutil.rmtree(run.folder)


def test_test_rows_that_are_copies_of_training_rows_are_counted(tmp_path, page):
    from report_cases import write_table

    from chainrule.tabular.train import train_table

    write_table(tmp_path / "twice.csv", "ill", make_rows(120) * 2)
    run = train_table(tmp_path / "twice.csv", "ill", tmp_path / "runs", epochs=1, hidden=(2,))
    count = int(re.search(r"(\d+) of the (\d+) test rows are equal to rows", words(make_report(run.folder)))[1])
    assert 15 < count < 48  # each of 48 rows has one copy, which is in the training part three times in five
    assert "test rows are equal" not in words(page("ill"))
