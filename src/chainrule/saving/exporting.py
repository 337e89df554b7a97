"""`Model.export`: a model as a file that other programs run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from chainrule.errors import ModelFileError
from chainrule.saving.archive import write_atomically

FORMATS = ("onnx", "c")


def export(
    model: Any,
    filepath: Any,
    format: str = "tf_saved_model",
    verbose: bool | None = None,
    input_signature: Any = None,
    **kwargs: Any,
) -> None:
    """Write what a model computes when it predicts: as ONNX, or as a C file.

    Args:
        filepath: the file. If it ends in `.onnx` or `.c`, the format need not be given.
        format: 'onnx' or 'c'. Keras's own default is TensorFlow's format, which only TensorFlow writes.
        verbose: print a line when the file is written.
        input_signature: accepted as None only; shapes are those of the model's inputs, with any batch size.
        opset_version: of ONNX (a keyword argument).

    Raises:
        ModelFileError: the format is not written here, a layer has no form in it, or the disk refuses.
    """
    path = Path(filepath)
    chosen = path.suffix.removeprefix(".") if format == "tf_saved_model" and path.suffix in (".onnx", ".c") else format
    if chosen not in FORMATS:
        raise ModelFileError(
            f"export: format={format!r} is not written here. Give format='onnx', which most tools run, or format='c'; "
            "or save() a '.keras' file and export that with Keras."
        )
    if input_signature is not None:
        raise ModelFileError("export: leave input_signature out; the model's inputs have their shapes and types.")
    opset = kwargs.pop("opset_version", None) if chosen == "onnx" else None
    if kwargs:
        raise TypeError(f"export: unknown arguments {sorted(kwargs)}.")
    if chosen == "onnx":
        from chainrule.saving.onnx import export_onnx

        export_onnx(model, path, opset)
    else:
        from chainrule.saving.c99 import export_c

        export_c(model, path)
    if verbose:
        print(f"Saved artifact at '{path}'.")


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that the old or the new one is there, whole.

    Raises:
        ModelFileError: the folder does not exist, or the disk refuses.
    """

    def write(file: BinaryIO) -> None:
        file.write(data)

    write_atomically(path, write)
