"""Seeds, generators and the keys of training steps."""

from __future__ import annotations

import copy
import pickle
import random
import subprocess
import sys
import threading

import numpy as np
import pytest

from chainrule.random import SeedGenerator
from chainrule.random.seeds import draw_seed, key_for, set_random_seed, step_key, step_scope
from chainrule.random.threefry import encrypt, fold_in, key_from_seed
from chainrule.saving.serialization import deserialize_keras_object, serialize_keras_object


def test_set_random_seed_seeds_python_numpy_and_us() -> None:
    drawn = []
    for seed in (5, 5, 6):
        set_random_seed(seed)
        drawn.append((random.random(), np.random.rand(), draw_seed(), draw_seed()))  # noqa: NPY002
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0] + drawn[2])) == 8


def test_seeds_are_the_blocks_of_the_seeds_key() -> None:
    set_random_seed(5)
    for i in range(3):
        high, low = encrypt(key_from_seed(5), (0, i))
        assert draw_seed() == (high * 2**32 + low) // 2**11 < 2**53


def test_unseeded_processes_differ() -> None:
    program = "from chainrule.random.seeds import draw_seed; print(draw_seed())"
    seeds = {subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout for _ in range(2)}
    assert len(seeds) == 2


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "1", None])
def test_set_random_seed_says_what_it_takes(seed: object) -> None:
    with pytest.raises(ValueError, match=r"set_random_seed: expected an integer in \[0, 2\^32\), received"):
        set_random_seed(seed)  # type: ignore[arg-type]


def test_generators_of_one_seed_agree_and_go_on() -> None:
    a, b = SeedGenerator(3), SeedGenerator(np.int64(3))  # type: ignore[arg-type]
    keys = [a.next() for _ in range(5)]
    assert [b.next(ordered=False) for _ in range(5)] == keys
    assert keys == [fold_in(key_from_seed(3), i) for i in range(5)]
    assert len(set(keys)) == 5


def test_generator_without_a_seed_follows_the_process() -> None:
    set_random_seed(1)
    first = SeedGenerator().next()
    set_random_seed(1)
    assert SeedGenerator().next() == first
    assert SeedGenerator().next() != first


def test_threads_share_a_generator_without_repeating_a_key() -> None:
    generator, keys = SeedGenerator(1), []
    threads = [threading.Thread(target=lambda: keys.extend(generator.next() for _ in range(500))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 2000 == generator.drawn


def test_generators_survive_configuration_copying_and_pickling() -> None:
    generator = SeedGenerator(3, name="mine")
    generator.next()
    config = serialize_keras_object(generator)
    assert config["module"] == "keras.random"
    assert config["config"] == {"seed": 3, "name": "mine"}
    assert deserialize_keras_object(config).seed == 3
    following = [g.next() for g in (copy.deepcopy(generator), pickle.loads(pickle.dumps(generator)), generator)]
    assert len(set(following)) == 1
    assert repr(generator) == "SeedGenerator(seed=3, drawn=2)"


def test_generators_say_what_they_take() -> None:
    with pytest.raises(ValueError, match=r"Expected a seed that is an integer, received 'a'\."):
        SeedGenerator("a")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"SeedGenerator: unknown arguments \['seeds'\]"):
        SeedGenerator(seeds=1)


def test_step_scopes_nest_and_end_with_their_block() -> None:
    with step_scope((1, 2)):
        with step_scope((3, 4)):
            assert step_key() == (3, 4)
        assert step_key() == (1, 2)
    with pytest.raises(KeyError), step_scope((1, 2)):
        raise KeyError
    assert step_key() is None


def test_step_scopes_belong_to_their_thread() -> None:
    seen = []
    with step_scope((1, 2)):
        thread = threading.Thread(target=lambda: seen.append(step_key()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_unseeded_draws_within_a_step_depend_on_the_step_alone() -> None:
    def drawn(key: tuple[int, int]) -> list[tuple[int, int]]:
        with step_scope(key):
            return [key_for(None) for _ in range(3)]

    first = drawn((1, 2))
    draw_seed()
    assert drawn((1, 2)) == first
    assert len({*first, *drawn((1, 3))}) == 6


def test_key_for_reads_every_kind_of_seed() -> None:
    assert key_for(7) == key_for(np.uint8(7)) == (0, 7)  # type: ignore[arg-type]
    assert key_for(SeedGenerator(7)) == fold_in((0, 7), 0)
    set_random_seed(2)
    first = key_for(None), key_for(None)
    set_random_seed(2)
    assert (key_for(None), key_for(None)) == first
    with pytest.raises(ValueError, match=r"Expected a seed that is an integer, received 1\.5\."):
        key_for(1.5)  # type: ignore[arg-type]
