"""What the targets share: a small model, a file to put bytes into, and how a refusal must look."""

from __future__ import annotations

import atexit
import io
import shutil
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.errors import ModelFileError

Seeds = dict[str, bytes]


@cache
def folder() -> Path:
    made = Path(tempfile.mkdtemp(prefix="fuzz-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def in_file(name: str, data: bytes) -> Path:
    path = folder() / name
    path.write_bytes(data)
    return path


def dense(**compile_with: Any) -> Any:
    """A small model, trained for one step if it is compiled."""
    cr.utils.set_random_seed(1)
    model = cr.Sequential(
        [cr.Input((2,)), cr.layers.Dense(3, "relu", name="a"), cr.layers.Dense(1, name="b")], name="m"
    )
    if compile_with:
        model.compile(**compile_with)
        model.fit(np.ones((4, 2)), np.ones(4), verbose=0)
    return model


def branches(with_op: bool = True) -> Any:
    """A functional model with two inputs, an op between layers and a layer within a layer."""
    L = cr.layers
    x, c = cr.Input((3,), name="x"), cr.Input((2,), dtype="int32", name="c")
    embedded = L.Flatten()(L.Embedding(5, 2)(c))
    joined = L.Concatenate()([L.BatchNormalization()(L.Normalization(mean=0.5, variance=2.0)(x)), embedded])
    inner = cr.Sequential([cr.Input((7,)), L.Dense(2, "tanh", kernel_regularizer="l2"), L.Dropout(0.1)])
    hidden = inner(joined)
    end = hidden + 1.0 if with_op else hidden
    return cr.Model({"x": x, "c": c}, [L.Dense(1, "sigmoid")(end), hidden], name="branches")


def saved(model: Any) -> bytes:
    buffer = io.BytesIO()
    model.save(buffer)
    return buffer.getvalue()


def refused_properly(action: Callable[[], Any], error_type: type[Exception] = ModelFileError) -> bool:
    """Run a reader; return whether it refused.

    Raises:
        AssertionError: the refusal is no short line.
        Exception: anything but a refusal.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            action()
        except error_type as error:
            said = str(error)
            assert said, "the message is empty"
            assert error_type is not ModelFileError or (len(said) <= 500 and said.isprintable()), (
                f"the message: {said!r}"
            )
            return True
    return False
