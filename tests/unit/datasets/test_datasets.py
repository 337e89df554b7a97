"""What is not in the caches, what is damaged, what is hostile; the contents are compared in tests/parity."""

import importlib
import runpy
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, UnknownNameError

CASES = runpy.run_path(str(Path(__file__).parents[2] / "parity" / "dataset_cases.py"))
LOADERS = ["mnist", "fashion_mnist", "boston_housing", "california_housing", "imdb", "reuters", "cifar10", "cifar100"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    CASES["write_caches"](tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path / "datasets"


@pytest.mark.parametrize("name", LOADERS)
def test_a_missing_file_says_where_it_belongs_and_how_to_get_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(DataError) as caught:
        importlib.import_module(f"chainrule.datasets.{name}").load_data()
    said = str(caught.value)
    assert said.startswith(f"{name}.load_data(): ")
    assert f" is not in {tmp_path / 'datasets'} (the folder of KERAS_HOME, by default ~/.keras)" in said
    assert "does not download unasked. Get it once with utils.get_file('" in said
    assert said.endswith(f"or with keras.datasets.{name}.load_data() of Keras itself.")
    assert not list(tmp_path.iterdir()), "nothing is made by looking"


def test_the_call_that_is_advised_puts_the_file_where_it_is_looked_for(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The advice as it is printed, with the origin on this machine and the hash of the small file."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "other"))
    for name, file in (("mnist", "mnist.npz"), ("fashion_mnist", "fashion-mnist/train-labels-idx1-ubyte.gz")):
        module = getattr(cr.datasets, name)
        with pytest.raises(DataError) as caught:
            module.load_data()
        call = str(caught.value).partition("Get it once with ")[2].partition(", or with")[0]
        call = call.replace("https://storage.googleapis.com/tensorflow/tf-keras-datasets/", f"{home}/")
        call = call.replace(f"{home}/train", f"{home}/fashion-mnist/train")
        if "file_hash" in call:
            call = call[: call.index(", file_hash")] + ")"
        got = eval(call, {"utils": cr.utils})
        assert Path(got) == tmp_path / "other" / "datasets" / file
    assert cr.datasets.mnist.load_data()[0][0].shape == (9, 28, 28)


def test_the_folder_is_that_of_keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    CASES["write_caches"](tmp_path / ".keras")
    assert len(cr.datasets.boston_housing.load_data()[0][0]) == 32


def test_cifar10(home: Path) -> None:
    (x, y), (u, v) = cr.datasets.cifar10.load_data()
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((25, 32, 32, 3), np.uint8, (25, 1), np.uint8)
    assert (u.shape, v.shape, v.dtype) == ((8, 32, 32, 3), (8, 1), np.uint8)
    random = np.random.default_rng(0)
    rows = random.integers(0, 256, (3, 3072)).astype(np.uint8)
    for folder in ("cifar-10-batches-py-target/cifar-10-batches-py", "cifar-10-batches-py"):  # Keras 3, Keras 2
        (home / folder).mkdir(parents=True, exist_ok=True)
        for name in ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"):
            batch = {b"data": rows, b"labels": [4, 5, 6]}
            (home / folder / name).write_bytes(CASES["pickled"](batch))
        (x, y), _ = cr.datasets.cifar10.load_data()
        np.testing.assert_array_equal(x[4], rows[1].reshape(3, 32, 32).transpose(1, 2, 0))
        assert y[:, 0].tolist() == [4, 5, 6] * 5
        for path in (home / folder).iterdir():
            path.unlink()
        (home / folder).rmdir()


def test_wrong_arguments(home: Path) -> None:
    with pytest.raises(
        DataError, match=r"mnist\.load_data\(\): path must be the name of a file in .*, but is '\.\./x'"
    ):
        cr.datasets.mnist.load_data("../x")
    with pytest.raises(DataError, match="expected test_split from 0 to below 1, received 1"):
        cr.datasets.boston_housing.load_data(test_split=1.0)
    with pytest.raises(UnknownNameError, match="Unknown value of version 'tiny'"):
        cr.datasets.california_housing.load_data("tiny")
    with pytest.raises(UnknownNameError, match="Unknown value of label_mode 'all'"):
        cr.datasets.cifar100.load_data("all")
    with pytest.raises(TypeError, match=r"unknown arguments \['nb_words'\]"):
        cr.datasets.imdb.load_data(nb_words=5)
    with pytest.raises(DataError, match="no review has fewer than maxlen=1 numbers"):
        cr.datasets.imdb.load_data(maxlen=1)


@pytest.mark.parametrize("name", LOADERS)
def test_damaged_files_give_one_error(name: str, home: Path) -> None:
    module = importlib.import_module(f"chainrule.datasets.{name}")
    files = [p for p in home.rglob("*") if p.is_file()]
    for cut in (0, 7, 60, -30):
        originals = {p: p.read_bytes() for p in files}
        for p, data in originals.items():
            p.write_bytes(data[:cut])
        with pytest.raises(DataError) as caught:
            module.load_data()
        assert "\n" not in str(caught.value)
        for p, data in originals.items():
            p.write_bytes(data)


def test_objects_are_not_loaded_from_arrays_of_numbers(home: Path) -> None:
    np.savez(home / "mnist.npz", x_train=np.array([print, len], object), y_train=[1], x_test=[1], y_test=[1])
    with pytest.raises(DataError, match="Object arrays cannot be loaded"):
        cr.datasets.mnist.load_data()


class Gadget:
    """Runs code where it is unpickled."""

    def __reduce__(self) -> Any:
        return (exec, ("import sys; sys.modules['gadget_ran'] = 1",))


def test_texts_that_would_run_code_are_refused(home: Path, recwarn: Any) -> None:
    import sys

    lists = np.empty(2, object)
    lists[0], lists[1] = [1, 2], Gadget()
    np.savez(home / "reuters.npz", x=lists, y=[0, 1])
    with pytest.raises(DataError, match=r"x names builtins\.exec: only plain values and NumPy arrays are read"):
        cr.datasets.reuters.load_data()
    with zipfile.ZipFile(home / "reuters.npz", "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x01\x00garbage")
    with pytest.raises(DataError, match=r"reuters\.npz cannot be read"):
        cr.datasets.reuters.load_data()
    assert "gadget_ran" not in sys.modules
