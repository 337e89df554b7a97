"""Named values that can be frozen."""

import copy
import pickle

import pytest

from chainrule.utils import Config


def test_attributes_and_items_are_the_same() -> None:
    config = Config(rate=0.1, momentum=0.9)
    config.use_ema = True
    config["a"] = 1
    assert (config.a, config["use_ema"], config.get("b", 5), "a" in config, len(config)) == (1, True, 5, True, 4)
    assert list(config) == ["a", "momentum", "rate", "use_ema"]
    assert list(config.keys()) == ["rate", "momentum", "use_ema", "a"]
    assert dict(config.items()) == config.as_dict()
    config.as_dict()["a"] = 2
    assert list(config.values()) == [0.1, 0.9, True, 1]
    assert repr(Config(x=1)) == "<Config {'x': 1}>"
    assert config.pop("a") == 1
    assert config.pop("a", None) is None


def test_frozen() -> None:
    config = Config(seed=1)
    config.freeze()
    assert config.frozen
    for change in (
        lambda: setattr(config, "seed", 2), lambda: config.update(seed=2), lambda: config.pop("seed"),
        lambda: config.__delitem__("seed"), lambda: config.__setitem__("seed", 2),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="Config is frozen, so 'seed' cannot be changed"):
            change()
    config.unfreeze()
    config.update({"seed": 2})
    assert config.seed == 2


def test_unknown_entries_and_methods() -> None:
    with pytest.raises(AttributeError, match=r"Unknown entry of a Config 'rat'\. Did you mean 'rate'\?"):
        _ = Config(rate=1).rat
    with pytest.raises(AttributeError, match=r"Config has a method 'items': set the entry as config\['items'\]"):
        Config().items = 3
    assert not hasattr(Config(), "__deepcopy__")


def test_copies() -> None:
    config = Config(a=[1])
    other = copy.deepcopy(config)
    other.a.append(2)
    assert config.a == [1]
    assert pickle.loads(pickle.dumps(config)).as_dict() == {"a": [1]}
