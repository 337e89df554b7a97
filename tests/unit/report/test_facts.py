"""What sections are told: predictions on columns, names in private, and the verdict's levels."""

import copy

import numpy as np
import pytest

from chainrule.inspect.dependence import dependence
from chainrule.report.facts import Facts
from chainrule.report.folder import read_folder
from chainrule.report.grids import days_as_text, grid_of
from chainrule.report.sections.verdict import judgement
from chainrule.report.table_model import TableModel


@pytest.fixture
def facts(trained):
    def make(target, private=False):
        return Facts(read_folder(trained(target)), private)

    return make


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("target", ["ill", "level", "cost"])
def test_the_model_of_columns_predicts_as_the_network_does_where_nothing_is_missing(facts, target, private):
    found = facts(target, private)
    prepared = found.prepared
    whole = [
        i
        for i in prepared.split.test
        if all(prepared.table.get_column(e.name)[int(i)] is not None for e in prepared.preprocessor.encoders)
    ]
    rows = np.array(whole)
    model = TableModel(found)
    outputs = model.predict(model.columns(prepared, rows))
    expected = found.predict(prepared.matrix[rows])
    np.testing.assert_allclose(outputs, expected[:, 1:] if target == "ill" else expected, rtol=1e-6, atol=1e-9)


def test_a_grid_holds_the_columns_own_values_encoded_as_the_network_takes_them(facts):
    found = facts("ill")
    prepared = found.prepared
    for name in found.names.columns:
        grid = grid_of(found, prepared, name)
        assert grid.encoded.shape == (len(grid.labels), len(found.names.columns[name]))
        curves, _ = dependence(found.predict, prepared.matrix[:3], found.names.columns[name], grid.encoded)
        assert np.isfinite(curves).all()
    assert list(grid_of(found, prepared, "member").labels) == ["no", "yes"]
    since = grid_of(found, prepared, "since")
    assert days_as_text(since.labels[0]) >= "2010-01-01"
    assert days_as_text(since.labels[-1]) <= "2024-12-31"


def test_sentences_of_others_lose_their_names_in_private(facts):
    said = "'city=Rome & sons' alone predicts 'sick-person'"
    assert facts("ill").names.hidden(said) == said
    hidden = facts("ill", True).names.hidden(said)
    assert "Rome" not in hidden
    assert "sick" not in hidden
    assert "'city=category " in hidden
    assert "'class " in hidden


@pytest.mark.parametrize(
    ("guess", "linear", "level", "words"),
    [
        ((0.2, 0.1, 0.3), (0.1, 0.05, 0.15), "good", "Better than both baselines, by more than chance may give"),
        ((0.2, 0.1, 0.3), (0.0, -0.05, 0.05), "mixed", "and about as good as a linear model"),
        ((0.2, 0.1, 0.3), (-0.1, -0.2, -0.05), "mixed", "but a linear model does better"),
        ((0.02, -0.01, 0.05), (0.02, -0.01, 0.05), "mixed", "Hardly better than always naming"),
        ((-0.02, -0.05, 0.01), (0.02, -0.01, 0.05), "bad", "No better than always naming the most frequent class"),
    ],
)
def test_the_verdict_goes_by_the_intervals_of_the_gains(facts, guess, linear, level, words):
    found = facts("ill")
    found.metrics = copy.deepcopy(found.metrics)
    for name, gain in (("majority", guess), ("linear", linear)):
        found.metrics["margin"][name] = dict(zip(("value", "low", "high"), gain, strict=True))
        found.metrics["beats"][name] = gain[0] > 0
    (found_level, _), found_words = judgement(found)
    assert found_level == level
    assert words in found_words


@pytest.mark.parametrize(
    ("guess", "linear", "words"),
    [
        (0.02, -0.03, "chance may give as much; a linear model scores higher (accuracy 76.0 % against 73.0 %)"),
        (-0.02, -0.03, "most frequent class; a linear model scores higher (accuracy 76.0 % against 73.0 %)"),
        (0.2, -0.03, "as good as a linear model, which scores higher (accuracy 76.0 % against 73.0 %)"),
        (0.2, 0.0, "about as good as a linear model"),
    ],
)
def test_the_verdict_says_that_a_linear_model_scores_higher(facts, guess, linear, words):
    found = facts("ill")
    found.metrics = copy.deepcopy(found.metrics)
    found.metrics["test"]["accuracy"]["value"] = 0.73
    found.metrics["baseline"]["linear"]["accuracy"]["value"] = 0.73 - linear
    for name, gain in (("majority", guess), ("linear", linear)):
        found.metrics["margin"][name] = {"value": gain, "low": gain - 0.05, "high": gain + 0.05}
        found.metrics["beats"][name] = gain > 0
    assert judgement(found)[1].endswith(words)


def test_older_runs_without_intervals_of_gains_have_a_verdict(facts):
    found = facts("ill")
    found.metrics = copy.deepcopy(found.metrics)
    del found.metrics["margin"]
    assert judgement(found)[0][0] in ("good", "mixed", "bad")
