"""OpenBLAS is found, single-threaded, and does what its functions promise when called by address."""

import ctypes
import os

import numpy as np
import pytest

from chainrule.engines.native import openblas as module

ROWS, PLAIN = 101, 111  # row by row; not transposed


@pytest.fixture
def library():
    found = module.openblas()
    if found is None:
        pytest.skip("there is no wheel of OpenBLAS for this system")
    return found


@pytest.mark.parametrize(
    ("name", "number", "dtype"), [("sgemm", ctypes.c_float, "f4"), ("dgemm", ctypes.c_double, "f8")]
)
def test_products_by_address(library, name, number, dtype):
    i, p = ctypes.c_int, ctypes.c_void_p
    gemm = ctypes.CFUNCTYPE(None, i, i, i, i, i, i, number, p, i, p, i, number, p, i)(getattr(library, name))
    a = np.arange(12, dtype=dtype).reshape(3, 4)
    b = np.arange(20, dtype=dtype).reshape(4, 5)
    c = np.ones((3, 5), dtype)
    gemm(ROWS, PLAIN, PLAIN, 3, 5, 4, 2.0, a.ctypes.data, 4, b.ctypes.data, 5, 1.0, c.ctypes.data, 5)
    np.testing.assert_array_equal(c, 2 * (a @ b) + 1)


def test_one_thread(library):
    loaded = ctypes.CDLL(str(library.path))
    assert loaded.scipy_openblas_get_num_threads() == 1


def test_facts(library):
    assert library.path.exists()
    assert library.version[0].isdigit()
    assert library.core
    assert module.openblas() is library


@pytest.mark.parametrize("value", [None, "3"])
def test_the_environment_is_as_before(library, monkeypatch, value):
    if value is None:
        monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    else:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", value)
    module._loaded(library.path)
    assert os.environ.get("OPENBLAS_NUM_THREADS") == value


def test_without_the_wheel(monkeypatch):
    monkeypatch.setattr(module, "PACKAGE", "no_such_package")
    assert module.openblas.__wrapped__() is None


def test_a_broken_file_is_none(monkeypatch, tmp_path):
    broken = tmp_path / "libscipy_openblas.so"
    broken.write_bytes(b"no library")
    monkeypatch.setattr(module, "_files", lambda: [broken])
    assert module.openblas.__wrapped__() is None
