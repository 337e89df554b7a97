"""JAX written by hand: one compiled call trains an epoch with `lax.scan`. The strongest peer on a CPU."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from benchmarks.ladder.data import arrays
from benchmarks.ladder.timing import Prepared, training
from benchmarks.ladder.workloads import Network, Workload

Parameters = list[tuple[jax.Array, jax.Array]]
RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-7


def initial(network: Network) -> Parameters:
    keys = jax.random.split(jax.random.key(0), len(network.shapes))
    scale = [(2 / inputs) ** 0.5 for inputs, _ in network.shapes]
    return [
        (s * jax.random.normal(key, shape), jnp.zeros(shape[1]))
        for key, shape, s in zip(keys, network.shapes, scale, strict=True)
    ]


def outputs(network: Network, parameters: Parameters, x: jax.Array) -> jax.Array:
    """Return the last product plus its bias; the losses take that."""
    between: Callable[[jax.Array], jax.Array] = jnp.tanh if network.activation == "tanh" else jax.nn.relu
    *hidden, (kernel, bias) = parameters
    for k, b in hidden:
        x = between(x @ k + b)
    return x @ kernel + bias


def loss(network: Network, parameters: Parameters, x: jax.Array, y: jax.Array) -> jax.Array:
    out = outputs(network, parameters, x)
    if network.loss == "sparse_categorical_crossentropy":
        return -jnp.take_along_axis(jax.nn.log_softmax(out), y[:, None], 1).mean()
    if network.loss == "binary_crossentropy":
        z = out[:, 0]
        return (jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z)))).mean()
    if network.head == "sigmoid":
        return ((jax.nn.sigmoid(out[:, 0]) - y) ** 2).mean()
    return ((out - y) ** 2).mean()


def descend(p: Any, gradient: Any) -> Any:
    return jax.tree.map(lambda a, g: a - 0.5 * g, p, gradient)


def adam(p: Any, m: Any, v: Any, t: jax.Array, gradient: Any) -> tuple[Any, Any, Any]:
    m = jax.tree.map(lambda a, g: BETA_1 * a + (1 - BETA_1) * g, m, gradient)
    v = jax.tree.map(lambda a, g: BETA_2 * a + (1 - BETA_2) * g * g, v, gradient)
    rate = RATE * jnp.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
    return jax.tree.map(lambda a, i, j: a - rate * i / (jnp.sqrt(j) + EPSILON), p, m, v), m, v


def epoch_of(network: Network) -> Callable[..., Any]:
    """Return `epoch(state, x, y) -> (state, losses)`: a scan over the whole batches of a fresh permutation."""
    slope = jax.value_and_grad(partial(loss, network))
    whole = network.rows // network.batch

    def step(state: Any, batch: tuple[jax.Array, jax.Array]) -> tuple[Any, jax.Array]:
        p, m, v, t, key = state
        value, gradient = slope(p, *batch)
        if network.optimizer == "sgd":
            return (descend(p, gradient), m, v, t, key), value
        p, m, v = adam(p, m, v, t + 1, gradient)
        return (p, m, v, t + 1, key), value

    def epoch(state: Any, x: jax.Array, y: jax.Array) -> tuple[Any, jax.Array]:
        if not network.shuffles:
            return jax.lax.scan(lambda s, _: step(s, (x, y)), state, length=1)
        *rest, key = state
        key, now = jax.random.split(key)
        order = jax.random.permutation(now, network.rows)[: whole * network.batch].reshape(whole, network.batch)
        return jax.lax.scan(lambda s, rows: step(s, (x[rows], y[rows])), (*rest, key), order)

    return epoch


def prepare(workload: Workload, variant: str) -> Prepared:
    network = workload.network
    x, y = (jnp.asarray(a) for a in arrays(network))
    epoch = epoch_of(network)

    @partial(jax.jit, donate_argnums=0)
    def one(state: Any, x: jax.Array, y: jax.Array) -> Any:
        return epoch(state, x, y)

    @partial(jax.jit, donate_argnums=0, static_argnums=3)
    def several(state: Any, x: jax.Array, y: jax.Array, epochs: int) -> Any:
        return jax.lax.scan(lambda s, _: epoch(s, x, y), state, length=epochs)

    p = initial(network)
    zeros = jax.tree.map(jnp.zeros_like, p)
    state = (p, zeros, jax.tree.map(jnp.zeros_like, p), jnp.zeros(()), jax.random.key(1))

    def train(epochs: int) -> tuple[float, float]:
        nonlocal state
        start = time.perf_counter()
        if variant == "epochs":
            state, losses = several(state, x, y, epochs)
        else:
            for _ in range(epochs):
                state, losses = one(state, x, y)
        last = float(losses.reshape(-1)[-1])
        return time.perf_counter() - start, last

    whole = network.rows // network.batch
    return training(train, whole, network.epochs, fixed=variant == "epochs")
