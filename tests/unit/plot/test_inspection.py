"""Pictures of importance and dependence."""

from __future__ import annotations

import re
from typing import Any, cast

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError
from chainrule.inspect import partial_dependence, permutation_importance
from chainrule.inspect.dependence import Dependence

X = np.random.default_rng(0).normal(size=(80, 3))


def model(m: Any) -> Any:
    return 2 * m[:, :1] + m[:, 2:] ** 2


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_bars_are_the_mean_drops_the_largest_first(theme: str) -> None:
    found = permutation_importance(model, X, model(X)[:, 0], feature_names=["a", "$b", "c"])
    ax: Any = cr.plot.importance(found, theme=theme)
    widths = [bar.get_width() for bar in ax.patches]
    np.testing.assert_allclose(widths, found.mean[found.order])
    assert widths == sorted(widths, reverse=True)
    assert [t.get_text() for t in ax.get_yticklabels()][2] == "\\$b"
    assert "r2 falls by" in ax.get_xlabel()
    assert len(cr.plot.importance(found, most=2).patches) == 2
    ax.figure.draw_without_rendering()


def test_curves_are_those_of_the_rows() -> None:
    found = partial_dependence(model, X, 2, grid=11)
    ax: Any = cr.plot.dependence(found, lines=5)
    assert len(ax.lines) == 5 + 1
    np.testing.assert_array_equal(ax.lines[-1].get_ydata(), found.average)
    rows = {tuple(line.get_ydata()) for line in ax.lines[:-1]}
    assert rows <= {tuple(curve) for curve in found.individual}


def test_categories_are_named() -> None:
    ax: Any = cr.plot.dependence(Dependence("sex", np.array(["m", "f"], object), np.array([[0.1, 0.9], [0.3, 0.7]])))
    assert [t.get_text() for t in ax.get_xticklabels()] == ["m", "f"]
    assert ax.lines[-1].get_ydata().tolist() == [0.2, 0.8]
    ax.figure.draw_without_rendering()


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda m: cr.plot.importance(m), "received a Sequential. Write plot.importance(inspect.permutation_importan"),
        (lambda m: cr.plot.importance(m, X, X[:, 0]), "received a Sequential and 2 more. Write plot.importance(insp"),
        (
            lambda m: cr.plot.dependence(cast(Any, 3)),
            "expected what inspect.partial_dependence gives, but received an int.",
        ),
        (lambda m: cr.plot.dependence(m, X, 0), "Write plot.dependence(inspect.partial_dependence(model, x, feature"),
        (lambda m: cr.plot.learning_rates(3), "expected what find_learning_rate gives, but received an int."),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(draw: Any, says: str) -> None:
    net = cr.Sequential([cr.Input((3,)), cr.layers.Dense(1)])
    with pytest.raises(DataError, match=re.escape(says)):
        draw(net)
