"""Event files as TensorBoard reads them: scalars, histograms, images and models, in the form TensorFlow gives them."""

from __future__ import annotations

import itertools
import os
import struct
import zlib
from time import monotonic
from typing import Any

import numpy as np

from chainrule._typing import Array

BUCKETS = 30
_DT_FLOAT, _DT_DOUBLE, _DT_STRING = 1, 2, 7
_FLUSHED_EVERY_S = 1.0
_numbers = itertools.count()


class EventFile:
    """Writes one event file of a folder, through `tensorboardX`.

    Args:
        folder: made if missing. The file's name holds time, host, process and a number, so that it is always a new one.
    """

    def __init__(self, folder: str) -> None:
        from tensorboardX.event_file_writer import EventsWriter

        os.makedirs(folder, exist_ok=True)
        suffix = f".{os.getpid()}.{next(_numbers)}.v2"
        self._writer = EventsWriter(os.path.join(folder, "events"), suffix)
        self._flushed = monotonic()

    def scalar(self, tag: str, value: Any, step: int) -> None:
        """Write one number."""
        self._write(tag, "scalars", step, dtype=_DT_FLOAT, float_val=[float(value)])

    def histogram(self, tag: str, values: Array, step: int) -> None:
        """Write how often values fall into each of 30 buckets of equal width."""
        table = buckets(values)
        self._write(tag, "histograms", step, table.shape, dtype=_DT_DOUBLE, tensor_content=table.tobytes())

    def image(self, tag: str, grey: Array, step: int) -> None:
        """Write an image of shape (height, width): 0 is black, 1 white, everything beyond is cut off."""
        height, width = grey.shape
        content = [str(width).encode(), str(height).encode(), png(grey)]
        self._write(tag, "images", step, (3,), dtype=_DT_STRING, string_val=content)

    def model(self, tag: str, text: str, step: int) -> None:
        """Write a model's configuration, which TensorBoard draws as a graph."""
        self._write(tag, "graph_keras_model", step, content=b"1", dtype=_DT_STRING, string_val=[text.encode()])

    def text(self, tag: str, text: str, step: int) -> None:
        """Write a text, which may be Markdown."""
        self._write(tag, "text", step, (1,), dtype=_DT_STRING, string_val=[text.encode()])

    def _write(
        self, tag: str, plugin: str, step: int, shape: tuple[int, ...] = (), content: bytes = b"", **tensor: Any
    ) -> None:
        from time import time

        from tensorboardX.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2

        sizes = [tensor_shape_pb2.TensorShapeProto.Dim(size=n) for n in shape]
        value = summary_pb2.Summary.Value(
            tag=tag,
            metadata=summary_pb2.SummaryMetadata(
                plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name=plugin, content=content)
            ),
            tensor=tensor_pb2.TensorProto(tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=sizes), **tensor),
        )
        summary = summary_pb2.Summary(value=[value])
        self._writer.write_event(event_pb2.Event(wall_time=time(), step=int(step), summary=summary))

    def flush(self) -> None:
        """Bring what was written to disk, but not more often than once a second."""
        if monotonic() - self._flushed > _FLUSHED_EVERY_S:
            self._writer.flush()
            self._flushed = monotonic()

    def close(self) -> None:
        """Bring everything to disk and end the file."""
        self._writer.close()


def buckets(values: Array) -> Array:
    """Return (30, 3): left edge, right edge and count of each bucket; equal values are all in the last one.

    >>> buckets(np.array([0.0, 1.0, 3.0]))[[0, 10]].tolist()
    [[0.0, 0.1, 1.0], [1.0, 1.1, 1.0]]
    """
    values = np.asarray(values, np.float64).ravel()
    if not values.size:
        return np.zeros((BUCKETS, 3))
    low, high = values.min(), values.max()
    counts = np.zeros(BUCKETS)
    if low == high:
        counts[-1] = values.size
        return np.column_stack([np.full(BUCKETS, low), np.full(BUCKETS, low), counts])
    edges = np.linspace(low, high, BUCKETS + 1)
    places = np.minimum(((values - low) / ((high - low) / BUCKETS)).astype(np.int64), BUCKETS - 1)
    return np.column_stack([edges[:-1], edges[1:], np.bincount(places, minlength=BUCKETS)])


def png(grey: Array) -> bytes:
    """Return a PNG file of an image of shape (height, width) with numbers from 0 (black) to 1 (white)."""
    height, width = grey.shape
    pixels = np.clip(grey * 255.5, 0, 255).astype(np.uint8)
    rows = np.hstack([np.zeros((height, 1), np.uint8), pixels])  # each row begins with its filter: none
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows.tobytes())),
        (b"IEND", b""),
    ]
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
