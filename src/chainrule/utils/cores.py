"""How many cores this process may use: those it is bound to, and no more than its control groups grant it time for."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

_GROUPS = Path("/proc/self/cgroup")
_MOUNT = Path("/sys/fs/cgroup")
_V1_FOLDERS = ("cpu", "cpu,cpuacct", "cpuacct,cpu")


def usable_cores() -> int:
    """Return how many threads can run at the same time: bound cores, limited by the quota rounded down, at least 1.

    >>> 1 <= usable_cores() <= bound_cores()
    True
    """
    quota = cpu_quota()
    return bound_cores() if quota is None else min(bound_cores(), max(1, math.floor(quota)))


def bound_cores() -> int:
    """Return how many cores the process is bound to (its affinity; all of them where there is none)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@functools.cache
def cpu_quota() -> float | None:
    """Return the cores' worth of time that control groups grant, for example 1.5; None without a limit (cached)."""
    return read_quota(_GROUPS, _MOUNT)


def read_quota(groups: Path, mount: Path) -> float | None:
    """Return the smallest quota of the process's control groups and the groups above them, versions 1 and 2.

    Args:
        groups: the file that lists the process's groups, one line `id:controllers:path` for each hierarchy.
        mount: the folder that the hierarchies are mounted in.
    """
    try:
        lines = groups.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = [quota for line in lines for quota in _quotas(line, mount)]
    return min(found, default=None)


def _quotas(line: str, mount: Path) -> Iterator[float]:
    """Yield the quotas that one line of the list of groups leads to."""
    _, _, rest = line.partition(":")
    controllers, _, path = rest.partition(":")
    if controllers == "":
        for folder in _upwards([mount, mount / "unified"], path):
            yield from _ratio(_words(folder / "cpu.max"))
    elif "cpu" in controllers.split(","):
        for folder in _upwards([mount / name for name in _V1_FOLDERS], path):
            yield from _ratio([*_words(folder / "cpu.cfs_quota_us"), *_words(folder / "cpu.cfs_period_us")])


def _upwards(roots: Iterable[Path], path: str) -> Iterator[Path]:
    """Yield a group's folder and those above it; a container may see only the last of them."""
    inner = PurePosixPath(path.strip().lstrip("/"))
    for root in roots:
        yield from dict.fromkeys(root / part for part in (inner, *inner.parents) if ".." not in part.parts)


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split()
    except OSError:
        return []


def _ratio(words: list[str]) -> Iterator[float]:
    """Yield quota / period if the words are such a pair of positive numbers (`max` and -1 mean no limit)."""
    try:
        quota, period = (int(word) for word in words)
    except ValueError:
        return
    if quota > 0 and period > 0:
        yield quota / period
