"""Names are counted per prefix, by the whole process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from chainrule.utils import clear_session
from chainrule.utils.naming import reset_names, unique_name


def test_names_are_counted_per_prefix() -> None:
    reset_names()
    assert [unique_name("dense"), unique_name("dropout"), unique_name("dense"), unique_name("dense")] == [
        "dense",
        "dropout",
        "dense_1",
        "dense_2",
    ]


def test_clear_session_starts_again() -> None:
    unique_name("dense")
    clear_session()
    assert unique_name("dense") == "dense"
    clear_session(free_memory=False)
    assert unique_name("dense") == "dense"


def test_threads_never_get_the_same_name() -> None:
    reset_names()
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: unique_name("dense"), range(2000)))
    assert set(names) == {"dense", *(f"dense_{i}" for i in range(1, 2000))}
