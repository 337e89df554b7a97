"""What of a Keras script chainrule has: each name, each argument, and the lines to change. The script is never run."""

from __future__ import annotations

import tokenize
from pathlib import Path

from chainrule.errors import DataError
from chainrule.migration import judge
from chainrule.migration import names as found_names
from chainrule.migration.judge import Finding
from chainrule.migration.tensorflow import findings as of_tensorflow
from chainrule.records import Record, field

_MOST_BYTES = 8 << 20
_REASONS: dict[type[Exception], str] = {
    RecursionError: "nested too deeply to be read",
    MemoryError: "too large to be read",
}


class Report(Record):
    """What a script uses: `findings` name by name, and `changes`, lines with what to write in their place."""

    findings: list[Finding]
    changes: list[tuple[int, str, str]]
    tensorflow: list[Finding] = field(default_factory=list)

    @property
    def available(self) -> list[Finding]:
        return [f for f in self.findings if f.state == "here"]

    @property
    def problems(self) -> list[Finding]:
        return [f for f in (*self.findings, *self.tensorflow) if f.state != "here"]


def check_script(path: str | Path) -> Report:
    """Read a Keras script and say what of it runs on chainrule, without running it.

    Args:
        path: the `.py` file.

    Raises:
        DataError: it cannot be read, or is not Python.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "script.py"
    >>> _ = file.write_text("from keras.layers import Dense, LSTM\\nDense(8, activation='relu')\\n")
    >>> [(f.name, f.state) for f in check_script(file).findings]
    [('keras.layers.Dense', 'here'), ('keras.layers.LSTM', 'left out')]
    """
    return check_text(_text(Path(path)), str(path))


def check_text(text: str, source: str = "<script>") -> Report:
    """Do the same for a script's text.

    Raises:
        DataError: it is not Python.
    """
    try:
        names = found_names.read(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        where = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        reason = error.msg if isinstance(error, SyntaxError) else _REASONS.get(type(error), str(error))
        raise DataError(f"'{source}'{where}: not a Python script: {reason}.") from None
    findings = [judge.name(full, uses) for full, uses in found_names.distinct(names.uses)]
    for use in names.uses:
        findings += judge.arguments(use)
    if names.uses or names.imports:
        findings += [finding for method in names.methods for finding in judge.method(method)]
    findings += judge.unknown(names.unknown)
    changes = [(i.line, i.text, i.instead) for i in names.imports]
    return Report(findings, changes, of_tensorflow(names.tensorflow))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"'{path}' has more than {_MOST_BYTES >> 20} MB: expected a Python script.")
        with tokenize.open(path) as file:
            return file.read()
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in the encoding that it names"
        raise DataError(f"Cannot read '{path}': {reason}. Give the name of a Python script.") from None
