"""The state folder: who may read it, what survives, what is forgotten, what damage is noticed.

Exported keys: the files, and who may read them. `tests/interop/test_openssl_mail.py` uses them.
"""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.android.enrollment import AndroidEnrollment
from fauxtune_sim.cli.owner_commands import ExportOptions, export, pem_of_keys
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import StateFolder
from fauxtune_sim.errors import NotFoundHere, StateBroken
from fauxtune_sim.keys.certificates import thumbprint
from fauxtune_sim.platforms import Mode, Platform

if TYPE_CHECKING:
    from tests.simulator.conftest import Enrolled, Pki, Service

if TYPE_CHECKING:
    from tests.simulator.conftest import Pki


def saved_device(folder: Path, pki: Pki, *aliases: str) -> Device:
    device = Device.new("phone", platform=Platform.ANDROID, folder=folder)
    device.keystore = pki.store(*(pki.issue(alias=alias) for alias in aliases))
    device.save()
    return device


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


def test_pem_files_can_be_read_by_their_owner_only(pki: Pki, tmp_path: Path) -> None:
    saved_device(tmp_path / "phone", pki, "one", "two")
    output = export(tmp_path / "phone", ExportOptions(pem=tmp_path / "keys"))
    *keys, trusted = (Path(row["file"]) for row in output.document["files"])
    assert [(path.stat().st_mode & 0o777, path.suffix) for path in keys] == [(0o600, ".pem")] * 2
    assert trusted.read_bytes().count(b"BEGIN CERTIFICATE") == 2
    assert any(line.startswith("  openssl cms -decrypt") for line in output.lines)


def test_a_pfx_opens_with_the_password_that_is_printed(pki: Pki, tmp_path: Path) -> None:
    device = saved_device(tmp_path / "phone", pki, "one")
    output = export(tmp_path / "phone", ExportOptions(pfx=tmp_path / "keys", password="pass word"))
    (row,) = output.document["files"]
    assert "The password of the PFX files: pass word" in output.lines
    opened = pkcs12.load_key_and_certificates(Path(row["file"]).read_bytes(), b"pass word")
    assert opened[1] == next(device.keystore.identities()).certificate
    assert opened[2] == [pki.intermediate]


def test_the_keys_that_a_host_tells_are_those_that_an_owner_can_export(pki: Pki, tmp_path: Path) -> None:
    device = saved_device(tmp_path / "phone", pki, "one", "two")
    first, second = device.keystore.identities()
    rows = pem_of_keys(device.keystore)
    assert [row["thumbprint"] for row in rows] == [thumbprint(identity.certificate) for identity in (first, second)]
    key = load_pem_private_key(rows[0]["pem"].encode(), password=None)
    assert key.public_key() == first.certificate.public_key()
    entry = device.keystore.entries[second.alias]
    device.keystore.entries[second.alias] = replace(entry, extractable=False)
    assert pem_of_keys(device.keystore) == rows[:1]


def test_an_export_without_a_folder_is_refused(pki: Pki, tmp_path: Path) -> None:
    saved_device(tmp_path / "phone", pki, "one")
    with pytest.raises(NotFoundHere, match="--pem or --pfx"):
        export(tmp_path / "phone", ExportOptions())
