"""Networks to draw."""

import pytest

import chainrule as cr


@pytest.fixture
def perceptron():
    """The lecture's: w1 = 1, w2 = -1, b = -0.5."""
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid", name="dense")], name="perceptron")
    model.layers[0].set_weights([[[1.0], [-1.0]], [-0.5]])
    model.compile(optimizer=cr.optimizers.SGD(1.0), loss="mean_squared_error")
    return model


@pytest.fixture
def table():
    """32 rows into blocks of 20 and 20 units, and three classes."""
    cr.utils.set_random_seed(1)
    layers = [cr.layers.Dense(20, activation="relu", name="first"), cr.layers.Dense(20, activation="relu")]
    last = cr.layers.Dense(3, activation="softmax", name="last")
    return cr.Sequential([cr.Input((32,)), *layers, cr.layers.Dropout(0.5, name="dropout"), last], name="table")


@pytest.fixture
def branched():
    """Two inputs, two outputs, a skip connection, a concatenation, a normalisation, an addition."""
    a, b = cr.Input((2,), name="a"), cr.Input((3,), name="b")
    h = cr.layers.Dense(3, activation="relu", name="h")(a)
    joined = cr.layers.BatchNormalization(name="norm")(cr.layers.Concatenate()([h, b]))
    one = cr.layers.Dense(1, activation="sigmoid", name="one")(joined)
    added = cr.layers.Add(name="added")([h, cr.layers.Dense(3, name="inner")(joined)])
    return cr.Model([a, b], [one, cr.layers.Dense(2, activation="softmax", name="two")(added)], name="branched")
