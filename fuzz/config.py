"""`config.json`: the text of a configuration within an otherwise good file, without the sum of the weights."""

from __future__ import annotations

import io
import zipfile
from functools import cache

from fuzz.common import Seeds, branches, dense, in_file, refused_properly, saved


@cache
def _members(name: str) -> dict[str, bytes]:
    model = dense(optimizer="adam", loss="mse", metrics=["mae"]) if name == "dense" else branches()
    with zipfile.ZipFile(io.BytesIO(saved(model))) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def seeds() -> Seeds:
    return {name: _members(name)["config.json"] for name in ("dense", "branches")}


def check(data: bytes) -> None:
    import chainrule as cr

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("config.json", data)
        name = "branches" if b'"Functional"' in data else "dense"
        archive.writestr("model.weights.h5", _members(name)["model.weights.h5"])
    refused_properly(lambda: cr.models.load_model(in_file("m.keras", buffer.getvalue())))
