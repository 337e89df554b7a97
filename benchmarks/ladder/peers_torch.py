"""PyTorch as its tutorials train: `nn.Sequential` on tensors in memory, batches by index, no data loader in the way."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from benchmarks.ladder.data import arrays
from benchmarks.ladder.timing import Prepared, calls, training
from benchmarks.ladder.workloads import Network, Workload
from torch import nn

MODELS_IN_TURN = 2
ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh}
LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def build(network: Network) -> nn.Sequential:
    """Return the network up to its last product; the losses below take that."""
    layers: list[nn.Module] = []
    for inputs, outputs in network.shapes:
        layers += [nn.Linear(inputs, outputs), ACTIVATIONS.get(network.activation, nn.Identity)()]
    return nn.Sequential(*layers[:-1])


def loss_function(network: Network) -> LossFunction:
    if network.loss == "sparse_categorical_crossentropy":
        return nn.CrossEntropyLoss()
    if network.loss == "binary_crossentropy":
        return lambda out, y: nn.functional.binary_cross_entropy_with_logits(out[:, 0], y)
    if network.head == "sigmoid":
        return lambda out, y: nn.functional.mse_loss(torch.sigmoid(out[:, 0]), y)
    return nn.MSELoss()


def optimizer_for(network: Network, model: nn.Module, fused: bool) -> torch.optim.Optimizer:
    """Return the default optimizer or, with `fused`, the one that updates everything in one kernel."""
    if network.optimizer == "sgd":
        return torch.optim.SGD(model.parameters(), lr=0.5, fused=fused or None)
    return torch.optim.Adam(model.parameters(), fused=fused or None)


def prepare(workload: Workload, variant: str) -> Prepared:
    network = workload.network
    if workload.kind in ("one-row", "all-rows"):
        return calls(prediction(network, 1 if workload.kind == "one-row" else network.rows))
    count = MODELS_IN_TURN if workload.kind == "many" else 1
    trainers = [trainer(network, variant == "fused") for _ in range(count)]

    def train(epochs: int) -> tuple[float, float]:
        start = time.perf_counter()
        losses = [run(epochs) for run in trainers]
        return time.perf_counter() - start, losses[-1]

    return training(train, network.steps * count, network.epochs, threads=torch.get_num_threads())


def trainer(network: Network, fused: bool) -> Callable[[int], float]:
    """Return a function that trains one model some epochs further and gives its last loss."""
    x, y = (torch.from_numpy(a) for a in arrays(network))
    y = y.long() if network.loss == "sparse_categorical_crossentropy" else y
    model, loss_of = build(network), loss_function(network)
    optimizer = optimizer_for(network, model, fused)

    def step(rows: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        optimizer.zero_grad()
        loss = loss_of(model(rows), labels)
        loss.backward()
        optimizer.step()
        return loss

    def shuffled_epoch() -> torch.Tensor:
        for chosen in torch.randperm(network.rows).split(network.batch):
            loss = step(x[chosen], y[chosen])
        return loss

    def run(epochs: int) -> float:
        for _ in range(epochs):
            loss = shuffled_epoch() if network.shuffles else step(x, y)
        return loss.item()

    return run


def prediction(network: Network, rows: int) -> Callable[[], object]:
    model = nn.Sequential(build(network), nn.Sigmoid()).eval()
    x = arrays(network)[0][:rows]

    @torch.inference_mode()
    def predict() -> object:
        return model(torch.from_numpy(x)).numpy()

    return predict
