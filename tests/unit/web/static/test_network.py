"""The forward pass of the offline page gives Python's outputs."""

import json

import numpy as np
import pytest

import chainrule as cr
from chainrule import activations, layers
from chainrule.recording.forward import forward_of
from chainrule.recording.lines import plain
from chainrule.recording.messages import weights_of

MODULE = """
import { predict, whyNotForward } from "./network.js";
import { decode } from "./numbers.js";

export default function outputs(cases) {
  return cases.map(({ start, weights, inputs }) => {
    const whyNot = whyNotForward(start);
    if (whyNot) return { whyNot };
    const decoded = Object.fromEntries(Object.entries(weights).map(([path, a]) => [path, decode(a)]));
    const given = inputs.map((a) => ({ shape: a.shape.slice(1), data: Float64Array.from(decode(a).data) }));
    const { shape, data } = predict(start, decoded, given);
    return { shape, data: Array.from(data) };
  });
}
"""


def case_of(model, x):
    inputs = x if isinstance(x, list) else [x]
    return json.loads(json.dumps(plain({"start": forward_of(model), "weights": weights_of(model), "inputs": inputs})))


def compare(javascript, models):
    """Hold the script's outputs against `predict` in float64."""
    rng = np.random.default_rng(3)
    cases, expected = [], []
    for model in models:
        for v in model.weights:
            shift = 1.5 if "variance" in v.path else 0.0
            v.assign(np.abs(rng.normal(size=v.shape)) + shift if shift else rng.normal(size=v.shape))
        inputs = [rng.normal(size=(5, *t.shape[1:])) * 2 for t in model.inputs]
        cases.append(case_of(model, inputs))
        expected.append(np.asarray(model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)))
    for found, y, model in zip(javascript(MODULE, cases), expected, models, strict=True):
        assert "whyNot" not in found, found
        assert [5, *found["shape"]] == list(y.shape)
        assert np.allclose(np.reshape(found["data"], y.shape), y, rtol=1e-9, atol=1e-12), model.name


@pytest.fixture(autouse=True)
def float64():
    cr.config.set_floatx("float64")
    yield
    cr.config.set_floatx("float32")


def test_all_activations(javascript):
    takes_numbers = {"threshold"}  # which have no defaults
    names = {n for n, f in vars(activations).items() if hasattr(f, "facts") and f.__name__ == n} - takes_numbers
    assert len(names) >= 26
    models = [cr.Sequential([cr.Input((6,)), layers.Activation(n)], name=n) for n in sorted(names)]
    compare(javascript, models)


def test_activation_layers_with_settings(javascript):
    made = [
        layers.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.2), layers.LeakyReLU(0.2), layers.ELU(0.7),
        layers.PReLU(), layers.Softmax(), layers.Softmax(axis=1), layers.ReLU(),
    ]  # fmt: skip
    compare(javascript, [cr.Sequential([cr.Input((3, 4)), layer]) for layer in made])


def test_layers_of_every_step(javascript):
    made = [
        layers.Dense(5), layers.Dense(5, "tanh", use_bias=False), layers.BatchNormalization(),
        layers.BatchNormalization(axis=1), layers.LayerNormalization(), layers.LayerNormalization(axis=[1, 2]),
        layers.GroupNormalization(2), layers.RMSNormalization(), layers.UnitNormalization(), layers.Rescaling(0.5, 1.0),
        layers.Normalization(mean=[0.0, 1.0, 2.0, 3.0], variance=[1.0, 2.0, 3.0, 4.0]), layers.Flatten(),
        layers.Reshape((2, 6)), layers.Permute((2, 1)), layers.GlobalAveragePooling1D(), layers.GlobalMaxPooling1D(),
        layers.Dropout(0.5), layers.Activation("softmax"),
    ]  # fmt: skip
    compare(javascript, [cr.Sequential([cr.Input((3, 4)), layer], name=f"m{i}") for i, layer in enumerate(made)])


def test_graphs_with_several_inputs(javascript):
    def merged(layer):
        a, b = cr.Input((3,)), cr.Input((3,))
        return cr.Model([a, b], layer([layers.Dense(4, "tanh")(a), layers.Dense(4)(b)]))

    kinds = [layers.Add(), layers.Subtract(), layers.Multiply(), layers.Average(), layers.Maximum(), layers.Minimum()]
    models = [merged(layer) for layer in [*kinds, layers.Concatenate(), layers.Concatenate(axis=1)]]
    x = cr.Input((3,))
    h = layers.Dense(3, "relu")(x)
    models.append(cr.Model(x, layers.Dense(2)(h + x)))
    compare(javascript, models)


def test_products(javascript):
    def product(axes, normalize, *shapes):
        inputs = [cr.Input(shape) for shape in shapes]
        return cr.Model(inputs, layers.Dot(axes, normalize)(inputs))

    models = [product(1, n, (4,), (4,)) for n in (False, True)]
    models += [product((2, 1), True, (3, 4), (4,)), product((1, 2), False, (3, 4), (5, 3, 2))]
    compare(javascript, [*models, product((2, 2), True, (3, 2), (4, 2))])


def test_operations(javascript):
    def made(between):
        x = cr.Input((3, 4))
        return cr.Model(x, between(x))

    keys = [
        np.s_[:, 1:], np.s_[:, ::-1], np.s_[:, :, -1], np.s_[:, 0, 1:3], np.s_[..., 3:0:-2], np.s_[:, -5:2, ::2],
        np.s_[:, None, 2:, :-9:-1], np.s_[:, -1, -1:],
    ]  # fmt: skip
    models = [made(lambda x, key=key: x[key] * 1) for key in keys]
    models += [
        made(lambda x: (1 - x) * x / 2 + abs(x) - np.array([[0.5, 1.0, -1.0, 2.0]])),
        made(lambda x: cr.ops.gelu(x) + cr.ops.leaky_relu(x) * cr.ops.exp(x) - cr.ops.softmax(x, axis=1)),
        made(lambda x: cr.ops.sum(x, axis=1) * cr.ops.max(cr.ops.stack([x, -x], axis=1), axis=2)[:, 1]),
    ]
    compare(javascript, models)


def test_embedding(javascript):
    model = cr.Sequential([cr.Input((4,), dtype="int32"), layers.Embedding(7, 3), layers.Flatten(), layers.Dense(2)])
    x = np.array([[0, 1, 2, 6], [3, 3, 5, 0]], "int32")
    (found,) = javascript(MODULE, [case_of(model, x)])
    assert np.allclose(np.reshape(found["data"], (2, 2)), model.predict(x, verbose=0))


def test_models_in_python_code_say_why(javascript):
    model = cr.Sequential([cr.Input((2,)), layers.Lambda(lambda x: x)])
    (found,) = javascript(MODULE, [case_of(model, np.zeros((1, 2)))])
    assert "lambda" in found["whyNot"]
