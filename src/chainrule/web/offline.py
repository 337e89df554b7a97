"""The page as one file that needs neither Python nor a network: `recording.save_html("run.html")`.

The file holds the page's own style and scripts and the recording. Its Content-Security-Policy allows exactly those
(by their hashes) and no request to anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from chainrule.errors import DataError
from chainrule.recording.lines import Message, plain
from chainrule.saving.archive import write_atomically
from chainrule.web.bundle import STATIC, bundle
from chainrule.web.squeeze_style import squeeze_style

if TYPE_CHECKING:
    import os

    from chainrule.recording.recording import Recording

MOST_BYTES = 10_000_000
"""Of the recording in a saved page."""
NOTEBOOK_BYTES = 2_000_000
"""Of the recording in a page within a notebook."""

_LINK = re.compile(r'<link rel="stylesheet" href="static/([\w.]+)">\n')
_ICON = re.compile(r'<link rel="icon"[^>]*>\n')
_SCRIPT = re.compile(r'<script type="module" src="static/main.js"></script>\n')


def save_html(recording: Recording, path: str | os.PathLike[str], max_bytes: int = MOST_BYTES) -> None:
    """Write the page with a recording in it.

    Args:
        recording: what `recording.load` gives.
        path: of the file; its folder must exist.
        max_bytes: so many the recording may take; of a longer one, frames are left out evenly, and the page says so.
    """
    data = page(recording, max_bytes).encode("utf-8")

    def write(file: BinaryIO) -> None:
        file.write(data)

    write_atomically(Path(path), write)


def page(recording: Recording, max_bytes: int = MOST_BYTES) -> str:
    """Return the page with a recording in it, as HTML.

    Raises:
        DataError: even without most of its frames the recording is too large.
    """
    messages, note = fitted(recording, max_bytes)
    data = f'{{"note":{json.dumps(note)},"messages":[{",".join(messages)}]}}'.replace("<", "\\u003c")
    style, icon, script = _style(), _icon(), bundle("offline_main.js")
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    made = (STATIC / "index.html").read_text(encoding="utf-8")
    made = _ICON.sub(lambda _: f'<link rel="icon" href="{icon}">\n', made)
    made = _LINK.sub("", made)
    made = _SCRIPT.sub(lambda _: f"<style>{style}</style>\n", made)
    made = made.replace('<meta charset="utf-8">\n', f'<meta charset="utf-8">\n{head}', 1)
    name = html.escape(recording.name)
    made = made.replace("<title>chainrule</title>", f"<title>{name} · chainrule</title>", 1)
    scripts = f'<script type="application/json" id="recording">{data}</script>\n<script>{script}</script>\n'
    return _whole(made.replace("</body>", f"{scripts}</body>", 1))


def _whole(text: str) -> str:
    """Return text that UTF-8 can hold: halves of characters, as a name may have, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _style() -> str:
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    return squeeze_style("".join((STATIC / name).read_text(encoding="utf-8") for name in _LINK.findall(index)))


def _icon() -> str:
    data = base64.b64encode((STATIC / "icon.svg").read_bytes()).decode("ascii")
    return f"data:image/svg+xml;base64,{data}"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


# -- size --------------------------------------------------------------------------------------------------------------


def fitted(recording: Recording, max_bytes: int) -> tuple[list[str], str]:
    """Return the messages as JSON within so many bytes, and a sentence on what was left out.

    Frames are left out first, evenly and never the first and the last, then all gradients, then all but one weights.
    """
    others = [recording.start, *recording.epochs, *recording.findings, *([recording.end] if recording.end else [])]
    fixed = [_encoded(m) for m in others]
    room = max_bytes - sum(map(len, fixed))
    frames = [_encoded(f) for f in recording.frames]
    for lean, words in ((False, ""), (True, " without gradients")):
        sizes = [len(f) for f in frames]
        kept = _spread(sizes, room, least=2 if not lean else 1)
        if kept is not None:
            left = "" if len(kept) == len(frames) else f"{len(kept)} of {len(frames)} frames"
            note = f"{left or 'all frames'}{words}, to keep the file small" if left or words else ""
            return [*fixed, *(frames[i] for i in kept)], note
        frames = [_encoded({**f, "gradients": None}) for f in recording.frames]
    if room > 0:
        return fixed, "no frames: each is larger than the file may be"
    raise DataError(
        f"save_html: the recording '{recording.name}' has {sum(map(len, fixed))} bytes without any frame, but "
        f"{max_bytes} are allowed. Pass max_bytes=... to allow more."
    )


def _spread(sizes: Sequence[int], room: int, least: int) -> list[int] | None:
    """Return the numbers of frames to keep: every n-th and the last, n the smallest that fits; None if none does.

    >>> _spread([10] * 9, 50, 2)
    [0, 2, 4, 6, 8]
    >>> _spread([10] * 9, 15, 2) is None
    True
    """
    n, every = len(sizes), 1
    while n:
        kept = sorted({*range(0, n, every), n - 1})
        if sum(sizes[i] for i in kept) <= room:
            return kept
        if every >= n:
            break
        every = every + 1 if every < 8 else every * 2
    last = [n - 1] if n else []
    return last if least == 1 and sum(sizes[i] for i in last) <= room else None


def _encoded(message: Message) -> str:
    return json.dumps(plain(message), separators=(",", ":"), allow_nan=False, ensure_ascii=False)


# -- notebooks ---------------------------------------------------------------------------------------------------------


def notebook(recording: Recording) -> str:
    """Return the page in a frame of its own for a notebook; where frames are not shown, a picture of the loss."""
    try:
        inner = page(recording, NOTEBOOK_BYTES)
    except DataError:
        return _picture(recording)
    frame = (
        '<iframe sandbox="allow-scripts" title="Recording of a training" loading="lazy" '
        'style="position:absolute;inset:0;width:100%;height:100%;border:0;background:Canvas" '
        f'srcdoc="{html.escape(inner)}"></iframe>'
    )
    return f'<div style="position:relative;height:820px;overflow:hidden">{_picture(recording)}{frame}</div>'


def _picture(recording: Recording) -> str:
    """Return the curve of the loss as an image that needs nothing else."""
    losses = [float(v) for v in recording.history.get("loss", []) if isinstance(v, int | float)]
    name, count = html.escape(_whole(recording.name)), len(losses)
    words = f"{name}: {count} epochs" + (f", loss {losses[0]:.4g} to {losses[-1]:.4g}" if losses else "")
    drawn = base64.b64encode(_curve(losses).encode("ascii")).decode("ascii")
    image = f'<img alt="{words}" width="560" src="data:image/svg+xml;base64,{drawn}">'
    return f"<figure>{image}<figcaption>{words}</figcaption></figure>"


def _curve(values: Sequence[float]) -> str:
    width, height = 560, 200
    finite = [v for v in values if v == v and abs(v) != float("inf")]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    span = high - low or 1.0
    every = max(1, len(values) // 500)
    places: list[Any] = [
        f"{10 + (width - 20) * i / max(1, len(values) - 1):.1f},{height - 10 - (height - 20) * (v - low) / span:.1f}"
        for i, v in enumerate(values)
        if i % every == 0 and v == v and abs(v) != float("inf")
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>'
        f'<polyline points="{" ".join(places)}" fill="none" stroke="#0072B2" stroke-width="2"/></svg>'
    )


__all__ = ["fitted", "notebook", "page", "save_html"]
