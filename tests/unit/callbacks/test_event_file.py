"""Event files: buckets of histograms and images, against NumPy and Pillow."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from chainrule.callbacks.event_file import BUCKETS, EventFile, buckets, png


def test_buckets_are_those_of_numpy() -> None:
    values = np.random.default_rng(0).normal(size=(20, 17))
    table = buckets(values)
    counts, edges = np.histogram(values, BUCKETS)
    np.testing.assert_array_equal(table[:, 2], counts)
    np.testing.assert_allclose(table[:, 0], edges[:-1])
    np.testing.assert_allclose(table[:, 1], edges[1:])


def test_equal_values_are_in_one_bucket_and_none_in_none() -> None:
    table = buckets(np.full(7, 2.5))
    assert table.shape == (BUCKETS, 3)
    assert table[-1].tolist() == [2.5, 2.5, 7]
    assert table[:-1, 2].sum() == 0
    assert buckets(np.zeros(0)).tolist() == np.zeros((BUCKETS, 3)).tolist()


def test_an_image_is_what_pillow_reads() -> None:
    image = pytest.importorskip("PIL.Image")
    grey = np.array([[0.0, 0.5, 1.0], [-3.0, 7.0, 0.25]])
    found = np.asarray(image.open(io.BytesIO(png(grey))))
    assert found.tolist() == [[0, 127, 255], [0, 255, 63]]


def test_two_files_of_one_folder_in_one_second_are_two(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    for value in (1, 2):
        file = EventFile(str(tmp_path))
        file.scalar("a", value, 0)
        file.close()
    assert len(list(tmp_path.iterdir())) == 2
