"""The simulated devices of snapshots: in memory, or in files that several processes have in common."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import TenantId
from fauxtune.operations.runtime.device_host import HostedSnapshots, StoredSnapshots

ONE, TWO = TenantId("one"), TenantId("two")


@pytest.fixture(params=["memory", "files"])
def snapshots(request: pytest.FixtureRequest, tmp_path: Path) -> HostedSnapshots:
    return HostedSnapshots(limit=10) if request.param == "memory" else StoredSnapshots(tmp_path / "x", limit=10)


def test_devices_of_a_snapshot_are_there_until_they_are_replaced_or_dropped(snapshots: HostedSnapshots) -> None:
    assert snapshots.get(ONE, "@beginning") == b""
    for tenant, name, saved in ((ONE, "@beginning", b"a"), (ONE, "Start of the lab", b"b"), (TWO, "x", b"c")):
        snapshots.put(tenant, name, saved=saved)
    snapshots.put(ONE, "@beginning", saved=b"other")
    assert [snapshots.get(ONE, "@beginning"), snapshots.get(ONE, "Start of the lab")] == [b"other", b"b"]
    snapshots.put(ONE, "Start of the lab", saved=b"")
    assert snapshots.get(ONE, "Start of the lab") == b""
    snapshots.forget(TWO, "y")
    snapshots.forget(ONE)
    snapshots.forget(ONE)
    assert [snapshots.get(ONE, "@beginning"), snapshots.get(TWO, "x")] == [b"", b"c"]
    snapshots.forget(TWO, "x")
    assert snapshots.get(TWO, "x") == b""


def test_devices_of_all_snapshots_have_a_bound_and_what_does_not_fit_changes_nothing(
    snapshots: HostedSnapshots,
) -> None:
    snapshots.put(ONE, "a", saved=b"12345")
    snapshots.put(TWO, "b", saved=b"12345")
    with pytest.raises(Invalid, match="must not take more than"):
        snapshots.put(ONE, "a", saved=b"123456")
    assert snapshots.get(ONE, "a") == b"12345"
    snapshots.put(ONE, "a", saved=b"54321")


def test_files_belong_to_their_owner_alone_and_are_seen_by_another_process(tmp_path: Path) -> None:
    here, there = StoredSnapshots(tmp_path / "x"), StoredSnapshots(tmp_path / "x")
    here.put(ONE, "a", saved=b"keys")
    assert there.get(ONE, "a") == b"keys"
    (file,) = (tmp_path / "x").glob("*/*")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
