"""ONNX models."""

from __future__ import annotations

from fuzz.common import Seeds, branches, dense, folder, in_file, refused_properly


def seeds() -> Seeds:
    found = {}
    for name, model in (("dense", dense()), ("branches", branches(with_op=False))):
        path = folder() / f"{name}.onnx"
        model.export(str(path), format="onnx", verbose=False)
        found[name] = path.read_bytes()
    return found


def check(data: bytes) -> None:
    from chainrule.saving.onnx.build import import_onnx

    refused_properly(lambda: import_onnx(in_file("m.onnx", data)))
