"""Whole models in the form of Keras 2."""

from __future__ import annotations

from fuzz.common import Seeds, dense, folder, in_file, refused_properly


def seeds() -> Seeds:
    import warnings

    path = folder() / "seed.h5"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dense(optimizer="adam", loss="mse").save(path)
    return {"dense": path.read_bytes()}


def check(data: bytes) -> None:
    import chainrule as cr

    refused_properly(lambda: cr.models.load_model(in_file("m.h5", data)))
