"""HDF5: all that a file says it holds is asked for; then it is loaded into a model, which a refusal does not change."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from typing import Any

import numpy as np

from fuzz.common import Seeds, dense, in_file, refused_properly, saved

_MOST_VISITS = 200


def seeds() -> Seeds:
    import h5py

    with zipfile.ZipFile(io.BytesIO(saved(dense(optimizer="adam", loss="mse")))) as archive:
        found = {"weights": archive.read("model.weights.h5")}
    for version in ("earliest", "latest"):
        buffer = io.BytesIO()
        with h5py.File(buffer, "w", libver=version) as file:
            file.create_dataset("layers/dense/vars/0", data=np.ones((2, 3), "f4"), chunks=(1, 2), compression="gzip")
            file.create_dataset(
                "layers/dense/vars/1", data=np.ones(3, ">f8"), fletcher32=True, shuffle=True, chunks=(2,)
            )
            file["layers"].attrs.update({"a": "text", "b": ["x", "y"], "c": 1.5, "d": np.arange(3)})
            for i in range(12):
                file.create_group(f"many/{i}")
                file["many"].attrs[str(i)] = i
        found[version] = buffer.getvalue()
    return found


@cache
def _target() -> Any:
    return dense()


def check(data: bytes) -> None:
    from chainrule.saving.hdf5 import open_file

    def read() -> None:
        with open_file(data, "m.h5") as file:
            _visit(file, "", [_MOST_VISITS])

    refused_properly(read)
    model = _target()
    before = [w.tobytes() for w in model.get_weights()]
    if refused_properly(lambda: model.load_weights(in_file("m.weights.h5", data))):
        assert before == [w.tobytes() for w in model.get_weights()], "a refused file has changed the model"


def _visit(file: Any, path: str, left: list[int]) -> None:
    from chainrule.errors import ModelFileError

    left[0] -= 1
    if left[0] < 0:
        return
    file.attributes(path)
    store = file.group(path)
    for name in store:
        try:
            store[name]
        except ModelFileError as error:
            if "is not a plain array" not in str(error):
                raise
            _visit(file, f"{path}/{name}", left)
