"""`chainrule export`: a model as a file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chainrule.cli.common import Output, foreseen
from chainrule.cli.use import AsJson, Quiet, features_of
from chainrule.errors import ModelFileError

_ENDINGS = {".onnx": "onnx", ".c": "c", ".safetensors": "safetensors"}


@foreseen
def export(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A run folder, a .keras file, or an .onnx file.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="File to write.")],
    to: Annotated[str | None, typer.Option(help="onnx, c, safetensors or keras. [by the ending of OUT]")] = None,
    function: Annotated[str, typer.Option(help="Name of the C function, and prefix of every name.")] = "predict",
    opset: Annotated[int | None, typer.Option(help="Version of ONNX's operators, 13 to 22. [17]")] = None,
    json_output: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write a model as ONNX, as one C file, or its weights as safetensors."""
    from chainrule.tabular.settings import SettingsError

    output = Output(json_output, quiet)
    form = to or {**_ENDINGS, ".keras": "keras"}.get(out.suffix)
    if form not in {*_ENDINGS.values(), "keras"}:
        raise SettingsError(f"--to: expected onnx, c, safetensors or keras, but received {form or out.suffix!r}.")
    file = model / "model.keras" if model.is_dir() else model
    loaded = _load(file)
    _write(loaded, out, form, function, opset)
    features = features_of(file) if file.suffix == ".keras" else []
    output.say(f"{loaded.name}: written to {out} as {form}.")
    if features and form != "safetensors":
        output.say(f"It takes {len(features)} numbers, as `chainrule summary` lists them: preprocessing is not in it.")
    output.result({"out": str(out), "format": form, "features": features, "parameters": loaded.count_params()})


def _load(file: Path) -> Any:
    if file.suffix == ".onnx":
        from chainrule.saving.onnx import import_onnx

        return import_onnx(file)
    from chainrule.saving.keras_format import load_model

    return load_model(file, compile=False)


def _write(model: Any, out: Path, form: str, function: str, opset: int | None) -> None:
    if form == "onnx":
        model.export(out, format="onnx", opset_version=opset)
    elif form == "c":
        model.export_c(out, function)
    elif form == "keras":
        model.save(out)
    elif out.suffix != ".safetensors":
        raise ModelFileError(f"Cannot write weights to '{out}': the name must end in '.safetensors'.")
    else:
        model.save_weights(out)
