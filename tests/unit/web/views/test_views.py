"""The data of the tabs: the same numbers as scikit-learn and the library's own functions, within bounds."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, brier_score_loss, confusion_matrix, r2_score

import chainrule as cr
from chainrule.recording import messages
from chainrule.recording.recording import Recording
from chainrule.web.protocol import RequestError
from chainrule.web.stage import Peeked
from chainrule.web.views import calibration, confusion, gradients, importance, region, runs, surface, table, weights


def classifier(features=2, units=4, outputs=1, seed=0):
    cr.utils.set_random_seed(seed)
    end = "sigmoid" if outputs == 1 else "softmax"
    model = cr.Sequential(
        [cr.Input((features,)), cr.layers.Dense(units, "tanh"), cr.layers.Dense(outputs, end)], name="m"
    )
    loss = "binary_crossentropy" if outputs == 1 else "sparse_categorical_crossentropy"
    model.compile(cr.optimizers.SGD(0.5), loss)
    return model


def normalised():
    cr.utils.set_random_seed(0)
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3), cr.layers.BatchNormalization(), cr.layers.Dense(1)])
    model.compile(cr.optimizers.SGD(0.1), "mse")
    return model


def data(rows=200, features=2, classes=2, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, features)).astype("float32")
    return x, (np.digitize(x[:, 0] + 0.3 * rng.normal(size=rows), np.linspace(-1, 1, classes + 1)[1:-1])).astype(float)


def test_confusion_counts_as_scikit_learn(stage_of):
    x, y = data()
    model = classifier()
    model.fit(x, y, epochs=3, verbose=0)
    found = confusion.compute(stage_of(model, x, y, classes=["no", "yes"]))
    said = model.predict(x, verbose=0)[:, 0] > 0.5
    assert found["classes"] == ["no", "yes"]
    assert found["counts"] == confusion_matrix(y, said).tolist()
    assert found["accuracy"] == pytest.approx(accuracy_score(y, said))
    assert (found["rows"], found["of"], found["step"]) == (200, 200, 7)


def test_many_classes_are_put_together(stage_of):
    x, y = data(500, classes=40)
    found = confusion.compute(stage_of(classifier(outputs=40), x, y))
    assert len(found["classes"]) == confusion.MOST_CLASSES
    assert found["classes"][-1] == "others"
    assert sum(map(sum, found["counts"])) == 500


def test_confusion_of_numbers_says_why_not(stage_of):
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, _ = data()
    with pytest.raises(RequestError, match="needs classes"):
        confusion.compute(stage_of(model, x, x[:, 0]))


def test_calibration_and_brier_score(stage_of):
    x, y = data()
    model = classifier()
    model.fit(x, y, epochs=3, verbose=0)
    found = calibration.compute(stage_of(model, x, y), bins="5")
    p = model.predict(x, verbose=0)[:, 0]
    assert found["brier"] == pytest.approx(brier_score_loss(y, p), rel=1e-5)
    assert sum(found["counts"]) == 200
    assert all(lo <= o <= hi for lo, o, hi in zip(found["low"], found["observed"], found["high"], strict=True))


def test_residuals_of_a_regression(stage_of):
    x, _ = data(1000)
    y = x[:, 0] * 2 + 1
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    model.compile("sgd", "mse")
    found = calibration.compute(stage_of(model, x, y))
    assert found["kind"] == "residuals"
    assert found["r2"] == pytest.approx(r2_score(y, model.predict(x, verbose=0)[:, 0]), rel=1e-4)
    assert len(found["predicted"]) == calibration.MOST_POINTS
    assert sum(found["counts"]) == 1000


def test_importance_finds_the_feature_that_is_used(stage_of):
    x, y = data(400, 3)
    model = classifier(3)
    model.fit(x, y, epochs=20, verbose=0)
    found = importance.compute(stage_of(model, x, y, features=["a", "a", "c"]))
    assert found["items"][0]["name"] == "a"
    assert {item["name"] for item in found["items"]} == {"a", "a (2)", "c"}
    assert found["items"][0]["mean"] > 0.2
    assert found["score"] == "accuracy"


def test_region_gives_the_predictions_of_the_grid(stage_of):
    x, y = data(50, 3)
    model = classifier(3)
    stage = stage_of(model, x, y)
    found = region.compute(stage, x="0", y="2", fixed='{"1": 0.5}', size="6", units="true")
    a = found["x"]["low"] + 2.5 / 6 * (found["x"]["high"] - found["x"]["low"])
    b = found["y"]["low"] + 4.5 / 6 * (found["y"]["high"] - found["y"]["low"])
    expected = model.predict(np.array([[a, 0.5, b]], "float32"), verbose=0)[0, 0]
    assert found["values"].shape == (6, 6)
    assert found["values"][4, 2] == pytest.approx(expected, abs=1e-6)
    assert [u["layer"] for u in found["units"]] == [layer.name for layer in model.layers]
    assert found["units"][0]["values"].shape == (4, 36)
    assert region.compute(stage, x="1")["values"].shape == (1, 192)


@pytest.mark.parametrize(
    "given",
    [
        {"x": "9"},
        {"x": "0", "y": "x"},
        {"size": "1000"},
        {"fixed": "["},
        {"fixed": '{"7": 1}'},
        {"fixed": '{"0": "a"}'},
    ],
)
def test_region_refuses_what_there_is_not(stage_of, given):
    x, y = data(20)
    with pytest.raises(RequestError):
        region.compute(stage_of(classifier(), x, y), **given)


def test_surface_has_the_loss_of_the_weights(stage_of):
    x, y = data(100)
    model = classifier(2, 1)
    stage = stage_of(model, x, y)
    before = [v.numpy() for v in stage.twin.model.weights]
    first, second = f"{model.layers[0].kernel.path}[0,0]", f"{model.layers[0].kernel.path}[1,0]"
    found = surface.compute(stage, first=first, second=second, size="5")
    model.layers[0].kernel.assign([[found["x"][3]], [found["y"][1]]])
    assert found["loss"][1, 3] == pytest.approx(model.evaluate(x, y, verbose=0), rel=1e-5)
    assert all(np.array_equal(a, v.numpy()) for a, v in zip(before, stage.twin.model.weights, strict=True))


def test_surface_along_the_way(stage_of):
    x, y = data(100)
    model = classifier()
    way = []
    for _ in range(5):
        model.fit(x, y, verbose=0)
        way.append({v.path: v.numpy() for v in model.weights})
    stage = stage_of(model, x, y)
    stage.trail.clear()
    for step, weights_then in enumerate(way):
        stage.trail.add(step, weights_then)
    found = surface.compute(stage, size="9")
    assert found["path"]["steps"] == [0, 1, 2, 3, 4]
    assert found["path"]["x"][-1] == pytest.approx(0, abs=1e-9)
    assert sum(found["shares"]) <= 1 + 1e-9
    assert found["loss"].shape == (9, 9)
    assert found["loss"].argmin() != 0


def test_surface_on_the_page_is_the_one_of_plot(stage_of):
    x, y = data(100)
    for make in (classifier, normalised):
        model, path = make(), []
        for _ in range(4):
            model.fit(x, y, verbose=0)
            path.append({v.path: v.numpy() for v in model.weights})
        stage = stage_of(model, x, y)
        stage.trail.clear()
        for step, weights_then in enumerate(path):
            stage.trail.add(step, weights_then)
        stage.trail.add(9, {"gone": np.ones(3)})  # of another model than the one shown
        found, expected = surface.compute(stage, size="7"), cr.plot.numbers.surface(model, x, y, path=path, grid=7)
        np.testing.assert_allclose(found["path"]["x"], expected.path[:, 0], atol=1e-6)
        np.testing.assert_allclose(found["x"], expected.x, atol=1e-6)
        np.testing.assert_allclose(found["loss"], expected.loss, rtol=1e-5)
        np.testing.assert_allclose(found["shares"], expected.explained, atol=1e-6)
        assert all(
            np.array_equal(a, b.numpy()) for a, b in zip(path[-1].values(), stage.twin.model.weights, strict=True)
        )


def test_surface_refuses_unknown_weights(stage_of):
    x, y = data(20)
    with pytest.raises(RequestError, match=r"^Unknown weight 'nowhere'"):
        surface.compute(stage_of(classifier(), x, y), first="nowhere[0]", second="m/dense/bias[0]")


def test_weights_and_gradients_are_spread_as_they_are(stage_of):
    x, y = data(100)
    model = classifier(units=60)
    stage = stage_of(model, x, y)
    found = weights.compute(stage, bins="10")
    assert [i["path"] for i in found["items"]] == [v.path for v in model.weights]
    kernel = model.layers[0].kernel.numpy()
    assert found["items"][0]["histogram"]["counts"] == np.histogram(kernel.astype(float), 10)[0].tolist()
    assert found["items"][0]["picture"]["columns"] == 48
    flow = gradients.compute(stage)
    expected = cr.trace(model, stage.probe.x, stage.probe.y).gradients
    for item in flow["items"]:
        assert item["norm"] == pytest.approx(np.linalg.norm(expected[item["path"]]), rel=1e-4)


def test_table_of_rows(stage_of):
    x, y = data(30)
    model = classifier()
    found = table.compute(stage_of(model, x, y), offset="28", limit="10")
    assert found["total"] == 30
    assert [r["row"] for r in found["rows"]] == [28, 29]
    assert found["rows"][1]["x"] == x[29].tolist()
    assert found["rows"][1]["p"] == pytest.approx(model.predict(x[29:], verbose=0)[0].tolist())
    assert table.compute(stage_of(model, x, y), offset="99")["rows"] == []


def test_large_data_and_networks_are_sampled(stage_of):
    x, y = data(100_000, 10)
    model = classifier(10, 10_000)
    stage = stage_of(model, x, y)
    found = confusion.compute(stage)
    assert found["rows"] < 5000
    assert found["of"] == 100_000
    assert importance.compute(stage)["rows"] <= 100
    assert surface.compute(stage, size="61")["loss"].shape[0] <= 9


def test_weights_that_are_no_numbers(stage_of):
    x, y = data(30)
    model = classifier()
    model.layers[0].kernel.assign(np.full((2, 4), np.nan))
    stage = stage_of(model, x, y)
    assert weights.compute(stage)["items"][0]["histogram"]["not_finite"] == 8
    with pytest.raises(RequestError, match=r"^the outputs hold numbers that are not finite"):
        confusion.compute(stage)
    assert np.isnan(region.compute(stage, y="1")["values"]).all()
    with pytest.raises(RequestError, match="not finite"):
        surface.compute(stage)


def test_runs_are_those_that_the_stage_knows_of(stage_of):
    x, y = data(30)
    stage = stage_of(classifier(), x, y)
    assert runs.compute(stage) == {"runs": [], "damaged": []}
    start = stage.hub.newest("start")
    epochs = [messages.epoch(e, e, 0.0, {"loss": 1 / (e + 1)}) for e in range(2500)]
    stage.runs = [Recording([start, *epochs])]
    (run,) = runs.compute(stage)["runs"]
    assert run["settings"] == "sgd, η 0.5, batch 32"
    assert len(run["epochs"]) <= runs.MOST_EPOCHS
    assert run["epochs"][-1]["epoch"] == 2499


def test_rows_of_a_probe_keep_their_numbers(stage_of):
    x, y = data(1000)
    stage = stage_of(classifier(), x, y)
    stage.training = Peeked((stage.probe.x, stage.probe.y, None), 1, 1000, 32)
    found = table.compute(stage, offset="3", limit="2")
    assert found["total"] == 256
    assert [r["row"] for r in found["rows"]] == stage.probe.rows[3:5].tolist()
    assert confusion.compute(stage)["rows"] == 256
