"""How to get the same network again: the command, the settings, the versions, the checksum of the data."""

from __future__ import annotations

import platform
import re
from pathlib import Path

import numpy as np

from chainrule.report.facts import Facts
from chainrule.report.html import Html, join, table, tag
from chainrule.report.section import Section
from chainrule.version import __version__


def section(facts: Facts) -> Section:
    """Return how to repeat the run."""
    known = _known(facts)
    body = join(
        [
            tag("p", "The same data, settings and version give the same network, bit for bit:"),
            _command("chainrule train --config config.toml"),
            tag("p", "Predictions for new rows, and every number behind one of them:"),
            _command("chainrule predict RUN new.csv -o predictions.csv"),
            _command("chainrule trace RUN new.csv --row 1"),
            table(["what", "value"], known.items(), label="versions and checksums"),
            tag("h3", "config.toml"),
            tag("pre", tag("code", config_of(facts)), tabindex="0"),
        ]
    )
    return Section("reproduce", "How to reproduce", body, {k: str(v) for k, v in known.items()})


def config_of(facts: Facts) -> str:
    """Return the settings; in a private report without the path to the data, of which the file's name stays."""
    if not facts.private:
        return facts.folder.config
    name = Path(facts.folder.settings.data).name
    return re.sub(r"(?m)^data = .*$", lambda _: f'data = "{_toml_safe(name)}"', facts.folder.config)


def _known(facts: Facts) -> dict[str, str | Html]:
    settings = facts.folder.settings
    found: dict[str, str | Html] = {
        "data": Path(settings.data).name,
        "SHA-256 of the data": tag("code", settings.sha256 or "not recorded"),
        "seed": str(settings.seed),
        "engine of the training": str(facts.metrics.get("engine", "not recorded")),
    }
    trained = _trained_with(facts)
    if trained:
        found["chainrule of the training"] = trained
    found["this report"] = f"chainrule {__version__}, NumPy {np.__version__}, Python {platform.python_version()}"
    found["machine"] = f"{platform.system()} {platform.machine()}"
    return found


def _trained_with(facts: Facts) -> str | None:
    recording = facts.folder.recording
    return None if recording is None else str(recording.start["run"]["chainrule"])


def _command(words: str) -> Html:
    return tag("pre", tag("code", words), tabindex="0")


def _toml_safe(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
