"""Exported keys: the files, and who may read them. `tests/interop/test_openssl_mail.py` uses them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from fauxtune_sim.cli.owner_commands import ExportOptions, export, pem_of_keys
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.keys.certificates import thumbprint
from fauxtune_sim.platforms import Platform

if TYPE_CHECKING:
    from tests.simulator.conftest import Pki


def saved_device(folder: Path, pki: Pki, *aliases: str) -> Device:
    device = Device.new("phone", platform=Platform.ANDROID, folder=folder)
    device.keystore = pki.store(*(pki.issue(alias=alias) for alias in aliases))
    device.save()
    return device


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
