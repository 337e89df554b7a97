"""Texts in place of configurations."""

from __future__ import annotations

import json
import zipfile

from hostile_parts import Cases, Make, archive, changed_members, good_keras, members

SUFFIX = ".keras"
GOOD = [good_keras]


def config(text: str | bytes) -> Make:
    return lambda: changed_members(config=text if isinstance(text, bytes) else text.encode())


def metadata(text: str) -> Make:
    return lambda: changed_members(metadata=text.encode())


def with_text(old: str, new: str) -> Make:
    """The good configuration after a change of its text."""

    def make() -> bytes:
        text = members(good_keras())["config.json"].decode()
        assert old in text
        return changed_members(config=text.replace(old, new, 1).encode())

    return make


def deflated(text: bytes) -> Make:
    return lambda: archive({**members(good_keras()), "config.json": text}, zipfile.ZIP_DEFLATED)


CASES: Cases = {
    "100,000 lists deep": config("[" * 100_000),
    "100,000 objects deep": config('{"a":' * 100_000),
    "201 deep": config("[" * 201 + "]" * 201),
    "deep within a layer": with_text('"units": 3', '"units": ' + "[" * 190 + "]" * 190),
    "deep, and opened in a string": config('"' + "[" * 300 + '"'),
    "a name twice": with_text('"units": 3', '"units": 3, "units": 3'),
    "class_name twice": with_text('"class_name": "Dense"', '"class_name": "Dense", "class_name": "Lambda"'),
    "NaN": with_text('"units": 3', '"units": NaN'),
    "Infinity": with_text('"units": 3', '"units": -Infinity'),
    "1e999": with_text('"units": 3', '"units": 1e999'),
    "2^53 + 1": with_text('"units": 3', '"units": 9007199254740993'),
    "5,000 digits": with_text('"units": 3', '"units": ' + "9" * 5000),
    "no end": config('{"class_name": "Sequential"'),
    "two texts": config("{}{}"),
    "a trailing comma": config('{"class_name": "Sequential",}'),
    "single quotes": config("{'class_name': 'Sequential'}"),
    "a comment": config("{} // comment"),
    "no utf-8": config(b'{"class_name": "\xff\xfe"}'),
    "utf-16": config('{"class_name": "Sequential"}'.encode("utf-16")),
    "a byte order mark": config(b"\xef\xbb\xbf{}"),
    "half a surrogate": config('{"class_name": "\\ud800", "config": {}}'),
    "a null": config("null"),
    "a list": config("[]"),
    "a number": config("3"),
    "a text": config('"Sequential"'),
    "an empty object": config("{}"),
    "no config": config('{"class_name": "Sequential"}'),
    "no class": config('{"config": {}}'),
    "class_name is a list": config('{"class_name": ["Sequential"], "config": {}}'),
    "class_name is an object": config('{"class_name": {"a": 1}, "config": {}}'),
    "class_name is null": config('{"class_name": null, "config": {}}'),
    "config is a text": config('{"module": "keras", "class_name": "Sequential", "config": "layers"}'),
    "config is a list": config('{"module": "keras", "class_name": "Sequential", "config": []}'),
    "module is a list": config('{"module": ["keras"], "class_name": "Sequential", "config": {"layers": 1}}'),
    "python as text": config("__import__('os').system('echo executed')"),
    "two million brackets": deflated(b"[" + b"[]," * ((2 << 20) // 3 - 2) + b"[]]"),
    "250,000 names": deflated(json.dumps({str(i): i for i in range(250_000)}).encode()),
    "60 MB of brackets": deflated(b"[]," * (20 << 20)),
    "a text of 2 MB as class": deflated(json.dumps({"class_name": "x" * (2 << 20), "config": {}}).encode()),
    "metadata that is no object": metadata("[1, 2"),
    "metadata with a name twice": metadata('{"a": 1, "a": 2}'),
    "metadata with another sum": metadata('{"weights_sha256": "00"}'),
    "metadata with a sum that is no text": metadata('{"weights_sha256": [1]}'),
}
