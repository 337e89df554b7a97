"""Weights as safetensors."""

from __future__ import annotations

from functools import cache
from typing import Any

from fuzz.common import Seeds, dense, folder, in_file, refused_properly


def seeds() -> Seeds:
    path = folder() / "seed.safetensors"
    dense().save_weights(path)
    return {"dense": path.read_bytes()}


@cache
def _target() -> Any:
    return dense()


def check(data: bytes) -> None:
    model = _target()
    before = [w.tobytes() for w in model.get_weights()]
    if refused_properly(lambda: model.load_weights(in_file("m.safetensors", data))):
        assert before == [w.tobytes() for w in model.get_weights()], "a refused file has changed the model"
