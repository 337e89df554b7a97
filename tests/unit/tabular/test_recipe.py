import numpy as np
import pytest

from chainrule.errors import UnknownNameError
from chainrule.random import threefry
from chainrule.tabular import recipe
from chainrule.tabular.settings import Settings

BASE = Settings("d.csv", "y")


def data(n, key=1):
    x = threefry.normal((0, key), (n, 3))
    return x, (x[:, 0] * x[:, 1] > 0).astype(np.int64)


def test_what_is_left_open_is_decided_by_size():
    small, large = recipe.resolve(BASE, 200, "binary"), recipe.resolve(BASE, 40_000, "binary")
    assert small.batch_size < large.batch_size
    assert sum(small.hidden) <= sum(large.hidden)
    assert small.dropout > large.dropout
    given = recipe.resolve(Settings("d.csv", "y", hidden=(), dropout=0.0, batch_size=7), 200, "binary")
    assert (given.hidden, given.dropout, given.batch_size) == ((), 0.0, 7)


@pytest.mark.parametrize(
    ("task", "outputs", "activation", "loss"),
    [
        ("binary", 1, "sigmoid", "binary_crossentropy"),
        ("multiclass", 3, "softmax", "sparse_categorical_crossentropy"),
        ("regression", 1, "linear", "mean_squared_error"),
    ],
)
def test_the_network_fits_the_task(task, outputs, activation, loss):
    model = recipe.build(4, outputs, recipe.resolve(Settings("d", "y", hidden=(5,)), 100, task))
    assert [layer.name for layer in model.layers] == ["hidden_1", "dropout_1", "output"]
    assert model.layers[-1].activation.__name__ == activation
    assert model.loss == loss
    assert model.count_params() == 5 * 5 + 6 * outputs


def test_an_unknown_activation_is_refused():
    with pytest.raises(UnknownNameError, match="Unknown activation 'rellu'"):
        recipe.build(2, 1, recipe.resolve(Settings("d", "y", activation="rellu"), 100, "binary"))


def test_fit_keeps_the_best_epoch_and_repeats_with_the_seed():
    settings = recipe.resolve(Settings("d", "y", hidden=(8,), epochs=12, patience=3, dropout=0.1), 200, "binary")
    seen = []
    fitted = recipe.fit(3, 1, settings, data(200), data(100, 2), lambda epoch, logs: seen.append(epoch))
    losses = fitted.history["val_loss"]
    assert seen == list(range(len(losses)))
    assert fitted.best_epoch == int(np.argmin(losses)) + 1
    x, y = data(100, 2)
    now = fitted.model.evaluate(x, y, verbose=0, return_dict=True)["loss"]
    assert now == pytest.approx(min(losses), rel=1e-6)
    again = recipe.fit(3, 1, settings, data(200), data(100, 2))
    assert again.history == fitted.history
    assert all(np.array_equal(a, b) for a, b in zip(again.model.get_weights(), fitted.model.get_weights(), strict=True))


def test_outputs_of_a_row_do_not_depend_on_the_others():
    model = recipe.build(3, 1, recipe.resolve(Settings("d", "y"), 100, "binary"))
    x, _ = data(700)
    whole = recipe.outputs_of(model, x)
    assert whole.shape == (700, 1)
    for rows in (slice(0, 1), slice(300, 301), slice(13, 600), slice(699, 700)):
        assert np.array_equal(recipe.outputs_of(model, x[rows]), whole[rows])
