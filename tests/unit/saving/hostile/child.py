"""Loads hostile files in a process of its own, under an audit hook, and says in JSON what happened.

python child.py FOLDER        FOLDER/cases.json lists the files; good ones are loaded first, so that all is imported
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.errors import ModelFileError
from chainrule.saving.names import fill_table

_FORBIDDEN = (
    *("socket.", "subprocess.", "os.exec", "os.fork", "os.spawn", "os.system", "os.posix_spawn", "os.remove"),
    *("os.rename", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "os.symlink", "os.truncate", "ctypes.", "pickle."),
    *("shutil.", "tempfile.", "urllib.", "webbrowser.", "marshal.loads", "import", "exec", "compile", "code.__new__"),
)


class Watch:
    """Notes what the process does that no loader may do."""

    def __init__(self) -> None:
        self.allowed = ""
        self.seen: list[str] | None = None

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.seen is None:
            return
        if event == "open":
            path, mode, flags = arguments
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) if isinstance(flags, int) else mode != "r"
            if writes or os.fspath(path) != self.allowed:
                self.seen.append(f"open {path} {mode}"[:200])
        elif event == "compile" and str(arguments[0]).startswith("b'def foo("):
            return  # inspect reads the signature of a built-in function
        elif event.startswith(_FORBIDDEN):
            self.seen.append(f"{event} {arguments}"[:200])


WATCH = Watch()


def load(path: str, safe_mode: bool = True) -> Any:
    """Load a file in the way that its name asks for; a failed load of weights must leave the model as it was."""
    if path.endswith(".json"):
        return cr.models.model_from_json(Path(path).read_text(errors="surrogateescape"))
    if not path.endswith((".weights.h5", ".safetensors")):
        return cr.models.load_model(path, safe_mode=safe_mode)
    before = [w.copy() for w in TARGET.get_weights()]
    try:
        TARGET.load_weights(path)
    except BaseException:
        if any(a.tobytes() != b.tobytes() for a, b in zip(before, TARGET.get_weights(), strict=True)):
            raise AssertionError("the model was changed by a file that was refused") from None
        raise
    return TARGET


def attempt(path: str, safe_mode: bool) -> dict[str, Any]:
    modules = set(sys.modules)
    WATCH.allowed, WATCH.seen = path, []
    began, memory = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kind, message = "", ""
    try:
        load(path, safe_mode)
    except BaseException as error:
        kind, message = type(error).__name__, str(error)
    seconds = time.process_time() - began
    events, WATCH.seen = WATCH.seen, None
    growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) * 1024
    events += [f"module {name}" for name in set(sys.modules) - modules]
    return {"kind": kind, "message": message, "seconds": seconds, "growth": growth, "events": events}


def import_all() -> None:
    """Import our own modules, so that what is imported later comes of a file."""
    for module in pkgutil.walk_packages(cr.__path__, "chainrule."):
        if ".cli" not in module.name and not module.name.endswith("__main__"):
            with contextlib.suppress(ImportError):
                importlib.import_module(module.name)


def main(folder: Path) -> None:
    cases = json.loads((folder / "cases.json").read_text())
    for path in cases["good"]:
        load(path)
    for path in cases["warm"]:
        with contextlib.suppress(ModelFileError):
            load(path)
    fill_table()
    import_all()
    getattr(cr.config, "enable_unsafe_deserialization", lambda: None)()
    sys.addaudithook(WATCH)
    found = {}
    for name, path in cases["files"].items():
        found[name] = [
            attempt(path, safe_mode) for safe_mode in ((True, False) if path.endswith(".keras") else (True,))
        ]
        found[name][0]["known"] = sorted(cr.saving.get_custom_objects())
    (folder / "found.json").write_text(json.dumps(found))


cr.utils.set_random_seed(2)
TARGET = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3, "relu", name="a"), cr.layers.Dense(1, name="b")], name="m")
TARGET.compile("adam", "mse", metrics=["mae"])
TARGET.fit(np.ones((4, 2)), np.ones(4), verbose=0)

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(Path(sys.argv[1]))
