import json

import pytest

from chainrule.errors import DataError
from chainrule.tabular.explain import FORMATS, explain_row
from chainrule.tabular.read import read_table
from chainrule.tabular.train import train_table

TABLE = "size,colour,sold\n" + "".join(
    f"{i % 9},{['red', 'blue'][i % 2]},{['no', 'yes'][i % 3 > 0]}\n" for i in range(40)
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    path = folder / "shop.csv"
    path.write_text(TABLE)
    return train_table(path, "sold", folder, epochs=2, hidden=(2,)), read_table(path)


def test_text_leads_from_the_cells_to_the_gradients(trained):
    run, table = trained
    text = explain_row(run, table, 18, "text", "shop.csv", unicode=True)
    lines = text.splitlines()
    assert lines[0] == "Row 18 of shop.csv"
    assert any(line.split()[:3] == ["size", "8", "→"] for line in lines)
    assert any(line.endswith("  (scaled, clipped to ±3)") for line in lines)
    assert any(line.startswith("  colour  blue  →  colour=") for line in lines)
    assert "Prediction: sold = " in text
    assert "Forward pass" in text
    assert "Backward pass" in text
    assert "Update by AdamW" in text


def test_without_the_target_there_is_only_a_forward_pass(trained):
    run, table = trained
    text = explain_row(run, table.drop("sold"), 1, "text", unicode=True)
    assert "Forward pass" in text
    assert "Backward pass" not in text


def test_the_other_formats(trained):
    run, table = trained
    assert FORMATS == ("text", "latex", "html", "json")
    assert explain_row(run, table, 1, "latex").startswith(r"\begin{aligned}")
    assert explain_row(run, table, 1, "html").startswith("<!DOCTYPE html>")
    found = json.loads(explain_row(run, table, 3, "json"))
    assert found["row"] == 3
    assert found["cells"] == {"size": "2", "colour": "red"}
    assert list(found["features"]) == run.preprocessor.features
    assert sum(found["prediction"].values()) == pytest.approx(1)
    assert found["trace"]


def test_a_row_that_is_not_there(trained):
    run, table = trained
    for row in (0, 41):
        with pytest.raises(DataError, match=rf"shop\.csv: there is no row {row}; the rows are 1 to 40"):
            explain_row(run, table, row, "text", "shop.csv")
