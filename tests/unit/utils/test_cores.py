"""Cores that the process may use, with control groups written as Linux and container tools write them."""

import os

import pytest

from chainrule.utils import cores


@pytest.fixture
def quota(tmp_path):
    """Write a list of groups and the files they lead to, and read the quota."""

    def read(groups, **files):
        (tmp_path / "list").write_text(groups)
        for name, text in files.items():
            path = tmp_path / "mount" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return cores.read_quota(tmp_path / "list", tmp_path / "mount")

    return read


@pytest.mark.parametrize(
    ("text", "expected"), [("max 100000", None), ("150000 100000", 1.5), ("50000 25000\n", 2.0), ("", None)]
)
def test_version_2(quota, text, expected):
    assert quota("0::/user.slice/app.scope\n", **{"user.slice/app.scope/cpu.max": text}) == expected


def test_version_2_the_tightest_group_above_counts(quota):
    files = {"a/cpu.max": "100000 100000", "a/b/cpu.max": "max 100000", "a/b/c/cpu.max": "300000 100000"}
    assert quota("0::/a/b/c\n", **files) == 1.0


def test_version_2_in_a_container_that_sees_only_its_own_group(quota):
    assert quota("0::/kubepods/pod1/abc\n", **{"cpu.max": "200000 100000"}) == 2.0


def test_version_1(quota):
    files = {"cpu,cpuacct/docker/x/cpu.cfs_quota_us": "250000\n", "cpu,cpuacct/docker/x/cpu.cfs_period_us": "100000\n"}
    assert quota("5:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n1:name=systemd:/\n", **files) == 2.5


def test_version_1_without_a_limit(quota):
    assert quota("3:cpu:/\n", **{"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}) is None


def test_both_versions_at_once(quota):
    files = {
        "unified/cpu.max": "400000 100000",
        "cpu/cpu.cfs_quota_us": "300000",
        "cpu/cpu.cfs_period_us": "100000",
    }
    assert quota("1:cpu:/\n0::/\n", **files) == 3.0


@pytest.mark.parametrize("text", ["100000", "a b", "100000 0", "-5 100000", "1 2 3"])
def test_files_of_another_kind_are_no_limit(quota, text):
    assert quota("0::/../x\n", **{"cpu.max": text}) is None


def test_no_control_groups(tmp_path):
    assert cores.read_quota(tmp_path / "missing", tmp_path) is None


@pytest.mark.parametrize(
    ("bound", "granted", "usable"), [(8, None, 8), (8, 2.9, 2), (2, 16.0, 2), (4, 0.5, 1), (1, None, 1)]
)
def test_usable(monkeypatch, bound, granted, usable):
    monkeypatch.setattr(cores, "bound_cores", lambda: bound)
    monkeypatch.setattr(cores, "cpu_quota", lambda: granted)
    assert cores.usable_cores() == usable


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not bind processes to cores")
def test_affinity_is_looked_up_anew():
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert cores.bound_cores() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert cores.bound_cores() == len(before)


def test_without_affinity_all_cores_count(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cores.bound_cores() == 6
