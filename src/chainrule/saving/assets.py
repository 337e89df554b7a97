"""What layers keep beside their variables: the members `assets/<path of the layer>/<file>`, vocabularies for example.

A layer that has some defines `assets()`, which returns files by name, and `take_assets(files)`. They go from the
file to the layer in memory; nothing is extracted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.errors import ChainruleError, ModelFileError
from chainrule.saving.state import owners

FOLDER = "assets/"


def pack_assets(model: Any) -> dict[str, bytes]:
    """Return the files of all layers by member name."""
    members: dict[str, bytes] = {}
    for path, layer in owners(model, with_optimizer=False):
        _refuse_folders(layer)
        if hasattr(layer, "assets"):
            members.update({_member(path, name): data for name, data in layer.assets().items()})
    return members


def unpack_assets(model: Any, members: Mapping[str, bytes], source: str) -> None:
    """Give each layer its files.

    Raises:
        ModelFileError: one is missing, or does not fit.
    """
    for path, layer in owners(model, with_optimizer=False):
        _refuse_folders(layer)
        if not hasattr(layer, "take_assets"):
            continue
        start = _member(path, "")
        files = {name.removeprefix(start): data for name, data in members.items() if name.startswith(start)}
        try:
            layer.take_assets(files)
        except ChainruleError as error:
            raise ModelFileError(f"'{source}': {error}"[:500]) from None
        except (TypeError, ValueError, KeyError, AttributeError, MemoryError) as error:
            said = f"{type(error).__name__}: {error}".replace("\n", " ")
            raise ModelFileError(
                f"'{source}': the files of layer '{layer.name}' cannot be read: {said}"[:500]
            ) from None


def _refuse_folders(layer: Any) -> None:
    """Refuse a class of the program's own that writes and reads folders, as Keras's hooks do.

    Raises:
        ModelFileError: it does.
    """
    if (hasattr(layer, "save_assets") or hasattr(layer, "load_assets")) and not hasattr(layer, "take_assets"):
        raise ModelFileError(
            f"Layer '{layer.name}' ({type(layer).__name__}) defines save_assets or load_assets, which work on folders; "
            "model files are read and written in memory here. Define assets(), which returns bytes by file name, and "
            "take_assets(files) in their place."
        )


def _member(path: str, name: str) -> str:
    return f"{FOLDER}{path}/{name}" if path else f"{FOLDER}{name}"
