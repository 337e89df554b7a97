"""What a diagram shows agrees with the model and with the trace."""

import numpy as np

import chainrule as cr
from chainrule.diagram.content import read
from chainrule.diagram.diagram import view_of
from chainrule.glassbox.derive.view import Options
from chainrule.glassbox.numbers import Style


def content(model, largest=16, **options):
    return read(view_of(model, Options(Style(2), **options)), largest)


def weights(found):
    """Return the weights at the lines, by the names of their ends."""
    made = {}
    for wires in found.wires:
        for edge in wires.edges:
            if edge.weight is not None:
                a = found.stages[wires.source].units[edge.source].symbol.text
                b = found.stages[wires.target].units[edge.target].symbol.text
                made[a, b] = found.view.value(edge.weight)
    return made


def test_each_line_carries_its_own_weight(perceptron):
    found = content(perceptron)
    assert [(s.title, s.detail, s.size) for s in found.stages] == [("inputs", "", 2), ("dense", "sigmoid", 1)]
    assert [s.kind for s in found.stages] == ["input", "dense"]
    assert weights(found) == {("x₁", "p"): 1.0, ("x₂", "p"): -1.0}
    assert [found.view.value(e.weight) for e in found.biases[1]] == [-0.5]
    assert [symbol.text for symbol, _ in found.stages[1].units[0].cells] == ["h", "p"]
    assert found.stages[1].output == 0


def test_kernels_are_read_by_rows_of_inputs():
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3), cr.layers.Dense(2)])
    kernel = np.arange(6, dtype="float32").reshape(2, 3)
    model.layers[0].set_weights([kernel, np.zeros(3)])
    found = weights(content(model))
    assert found["x₁", "h₃⁽¹⁾"] == kernel[0, 2] == 2.0
    assert found["x₂", "h₁⁽¹⁾"] == kernel[1, 0] == 3.0


def test_the_notation_is_that_of_the_trace(perceptron):
    assert weights(content(perceptron, notation="keras")) == {("x[0]", "y_pred[0]"): 1.0, ("x[1]", "y_pred[0]"): -1.0}
    assert content(perceptron, notation="textbook").stages[1].units[0].symbol.text == "a"


def test_large_layers_are_blocks_with_bands(table):
    found = content(table)
    assert [s.block for s in found.stages] == [True, True, True, False]
    assert [s.parameters for s in found.stages] == [0, 32 * 20 + 20, 20 * 20 + 20, 20 * 3 + 3]
    assert [w.weights for w in found.wires] == [32 * 20, 20 * 20, 20 * 3]
    assert not any(w.edges for w in found.wires)
    assert len(found.biases[3]) == 3
    assert found.notes == ["dropout (Dropout) passes its input through: it acts only while training"]


def test_the_limit_of_units_can_be_chosen(table):
    assert not any(s.block for s in content(table, largest=32).stages)


def test_joined_layers_are_linked_to_where_their_numbers_come_from(branched):
    found = content(branched)
    names = {s.title: k for k, s in enumerate(found.stages)}
    links = {(found.stages[w.source].title, found.stages[w.target].title) for w in found.wires}
    assert links == {
        ("a", "h"), ("h", "norm"), ("b", "norm"), ("norm", "one"), ("norm", "inner"), ("h", "added"),
        ("inner", "added"), ("added", "two"),
    }  # fmt: skip
    from_b = next(w for w in found.wires if (w.source, w.target) == (names["b"], names["norm"]))
    assert [(e.source, e.target, e.weight) for e in from_b.edges] == [(0, 3, None), (1, 4, None), (2, 5, None)]
    assert [found.stages[names[n]].output for n in ("one", "two")] == [0, 1]


def test_names_of_features_and_classes(branched, perceptron):
    found = content(perceptron, feature_names=("age", "fare"))
    assert [u.name for u in found.stages[0].units] == ["age", "fare"]
    found = content(branched, feature_names=tuple("pqrst"), class_names=("no", "yes"))
    assert [[u.name for u in s.units] for s in found.stages[:2]] == [["p", "q"], ["r", "s", "t"]]
    assert [u.name for s in found.stages if s.title == "two" for u in s.units] == ["no", "yes"]


def test_one_output_for_two_classes_is_that_of_the_second(perceptron):
    found = content(perceptron, class_names=("no", "yes"))
    assert [u.name for u in found.stages[-1].units] == ["yes"]


def test_positions_of_a_sequence_are_a_block():
    model = cr.Sequential([cr.Input((4, 2)), cr.layers.Dense(3, name="each"), cr.layers.Flatten(), cr.layers.Dense(1)])
    found = content(model)
    assert [(s.title, s.block, s.size) for s in found.stages][:2] == [("inputs", True, 8), ("each", True, 12)]
    assert [w.weights for w in found.wires] == [6, 12]


def test_an_activation_layer_joins_the_layer_before():
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3, name="d"), cr.layers.LeakyReLU(), cr.layers.Dense(1)])
    assert [(s.title, s.detail) for s in content(model).stages[:2]] == [("inputs", ""), ("d", "leaky_relu")]
