"""`Config`: named values, as attributes and as items, that can be frozen."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, MutableMapping
from typing import Any

from chainrule.errors import unknown_name


class Config(MutableMapping[str, Any]):
    """A dict whose entries are attributes too (`keras.utils.Config`).

    `freeze()` makes every further change an error until `unfreeze()`.

    >>> config = Config(rate=0.1)
    >>> config.seed = 3
    >>> config["rate"], config.seed, config.to_json()
    (0.1, 3, '{"rate": 0.1, "seed": 3}')
    >>> config.freeze()
    >>> config.seed = 4
    Traceback (most recent call last):
    ValueError: Config is frozen, so 'seed' cannot be changed. Call unfreeze() first.
    """

    def __init__(self, **kwargs: Any) -> None:
        object.__setattr__(self, "_config", kwargs)
        object.__setattr__(self, "_frozen", False)

    @property
    def frozen(self) -> bool:
        """Whether changes are errors."""
        return bool(self.__dict__["_frozen"])

    def freeze(self) -> None:
        """Let every further change be an error."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self) -> None:
        """Allow changes again."""
        object.__setattr__(self, "_frozen", False)

    def as_dict(self) -> dict[str, Any]:
        """Return a shallow copy as a dict."""
        return copy.copy(self._entries)

    def to_json(self) -> str:
        """Return the entries as JSON text."""
        return json.dumps(self._entries)

    @property
    def _entries(self) -> dict[str, Any]:
        entries: dict[str, Any] = self.__dict__["_config"]
        return entries

    def _check_change(self, name: str) -> None:
        if self.frozen:
            raise ValueError(f"Config is frozen, so {name!r} cannot be changed. Call unfreeze() first.")

    def __getitem__(self, key: str) -> Any:
        return self._entries[key]

    def __setitem__(self, key: str, item: Any) -> None:
        self._check_change(key)
        self._entries[key] = item

    def __delitem__(self, key: str) -> None:
        self._check_change(key)
        del self._entries[key]

    def pop(self, *args: Any) -> Any:
        """Remove an entry and return it; with a second argument, that one if there is none."""
        self._check_change(args[0] if args else "")
        return self._entries.pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several entries, as `dict.update`."""
        self._check_change(", ".join(dict(*args, **kwargs)))
        self._entries.update(*args, **kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(type(self), name):
            raise AttributeError(f"Config has a method {name!r}: set the entry as config[{name!r}].")
        self[name] = value

    def __getattr__(self, name: str) -> Any:
        entries = self.__dict__.get("_config", {})
        if name in entries:
            return entries[name]
        raise AttributeError(str(unknown_name("entry of a Config", name, entries)))

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def keys(self) -> Any:
        """Return the names, in the order in which they were set."""
        return self._entries.keys()

    def values(self) -> Any:
        """Return the values, in that order."""
        return self._entries.values()

    def items(self) -> Any:
        """Return names and values, in that order."""
        return self._entries.items()

    def __repr__(self) -> str:
        return f"<Config {self._entries}>"
