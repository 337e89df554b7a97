"""Models whose vocabularies, which are members of the archive, are not what they should be."""

from __future__ import annotations

import io
import zipfile
from functools import cache

from hostile_parts import Cases, Make, archive, members

import chainrule as cr

SUFFIX = ".keras"


@cache
def good_texts() -> bytes:
    """A model that looks words up."""
    L = cr.layers
    cr.utils.set_random_seed(1)
    words = L.StringLookup(name="words", output_mode="multi_hot")
    words.adapt(["a", "b", "c"])
    model = cr.Sequential([cr.Input((1,), dtype="string"), words, L.Dense(1, name="d")], name="m")
    buffer = io.BytesIO()
    model.save(buffer)
    return buffer.getvalue()


GOOD = [good_texts]


def asset() -> str:
    (name,) = (n for n in members(good_texts()) if n.startswith("assets/"))
    return name


def vocabulary(data: bytes | None, compression: int = zipfile.ZIP_STORED) -> Make:
    def make() -> bytes:
        content = dict(members(good_texts()))
        content.pop(asset())
        return archive(content if data is None else {**content, asset(): data}, compression)

    return make


def link() -> bytes:
    info = zipfile.ZipInfo(asset())
    info.external_attr = 0xA1FF << 16
    content = [(k, v) for k, v in members(good_texts()).items() if k != asset()]
    return archive([*content, (info, b"/etc/passwd")])


def renamed(new: str) -> Make:
    def make() -> bytes:
        content = dict(members(good_texts()))
        content[new] = content.pop(asset())
        return archive(content)

    return make


CASES: Cases = {
    "no vocabulary": vocabulary(None),
    "a longer vocabulary": vocabulary(b"a\nb\nc\nd\ne"),
    "a shorter vocabulary": vocabulary(b"a"),
    "a word twice": vocabulary(b"a\na\nc"),
    "no text": vocabulary(b"\xff\xfe\xfd"),
    "a pickle": vocabulary(b"\x80\x04\x95\x10\x00\x00\x00."),
    "half a million words": vocabulary(b"\n".join(b"%d" % i for i in range(500_000)), zipfile.ZIP_DEFLATED),
    "40 MB of line ends": vocabulary(b"\n" * (40 << 20), zipfile.ZIP_DEFLATED),
    "one word of 40 MB": vocabulary(b"x" * (40 << 20), zipfile.ZIP_DEFLATED),
    "a bomb": vocabulary(bytes(70 << 20), zipfile.ZIP_DEFLATED),
    "a link": link,
    "a path upwards": renamed("assets/../words/vocabulary.txt"),
    "an absolute path": renamed("/etc/vocabulary.txt"),
    "another layer's": renamed("assets/layers/other/vocabulary.txt"),
    "another name": renamed("assets/layers/string_lookup/words.txt"),
    "a folder": renamed("assets/layers/string_lookup/vocabulary.txt/"),
}
