"""The state folder: who may read it, what survives, what is forgotten, what damage is noticed."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.android.enrollment import AndroidEnrollment
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import StateFolder
from fauxtune_sim.errors import NotFoundHere, StateBroken
from fauxtune_sim.platforms import Mode

if TYPE_CHECKING:
    from tests.simulator.conftest import Enrolled, Pki, Service


async def test_only_the_owner_reads_the_folder_and_its_files(enrolled: Enrolled, tmp_path: Path) -> None:
    agent = await enrolled(Device.new("a phone", folder=tmp_path / "phone"))
    await agent.check_in()
    assert stat.S_IMODE((tmp_path / "phone").stat().st_mode) == 0o700
    files = sorted((tmp_path / "phone").iterdir())
    assert [file.name for file in files] == ["device.json", "keystore.json"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


async def test_everything_of_a_device_is_read_back(
    enrolled: Enrolled, service: Service, pki: Pki, tmp_path: Path
) -> None:
    agent = await enrolled(Device.new("a phone", mode=Mode.FULLY_MANAGED, folder=tmp_path / "phone"))
    served = service.of(agent)
    served.give(pairs=[served.pair(pki.issue())], roots=[pki.root])
    await agent.tenant_now()
    await agent.check_in()
    loaded = load_device(tmp_path / "phone")
    assert loaded.enrollment == agent.device.enrollment
    assert loaded.enrollment is not None
    assert loaded.enrollment.checked_in_at is not None
    assert loaded.hardware == agent.device.hardware
    assert loaded.keystore.entries == agent.device.keystore.entries
    assert loaded.keystore.trusted == agent.device.keystore.trusted


async def test_what_is_forgotten_is_gone_from_the_disk(enrolled: Enrolled, tmp_path: Path) -> None:
    agent = await enrolled(Device.new("a phone", folder=tmp_path / "phone"))
    enrollment = agent.device.enrollment
    assert isinstance(enrollment, AndroidEnrollment)
    await agent.unenroll()
    assert enrollment.credential not in (tmp_path / "phone" / "device.json").read_text()
    loaded = load_device(tmp_path / "phone")
    assert not loaded.is_enrolled
    assert loaded.keystore.is_empty
    assert loaded.ended == "the user removed the work profile"


def test_a_folder_without_a_device_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFoundHere, match="enroll --state"):
        load_device(tmp_path)


@pytest.mark.parametrize("damage", ["{", "[]", "{}", '{"name": 1}'])
def test_a_damaged_file_is_noticed(tmp_path: Path, damage: str) -> None:
    (tmp_path / "device.json").write_text(damage)
    with pytest.raises(StateBroken, match="damaged"):
        load_device(tmp_path)


def test_a_damaged_key_store_is_noticed(tmp_path: Path) -> None:
    Device.new("a phone", folder=tmp_path).save()
    (tmp_path / "keystore.json").write_text(json.dumps({"entries": [{"alias": "x"}], "trusted": []}))
    with pytest.raises(StateBroken, match="damaged"):
        load_device(tmp_path)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    folder.write("file", b"old")
    (tmp_path / "taken").mkdir()
    with pytest.raises(StateBroken, match="cannot be written"):
        folder.write("taken", b"new")
    assert folder.read("file") == b"old"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "taken"]
