"""What came and what went is told alike on every platform: what it is for, and the mark of its certificate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fauxtune_sim.device.device import Device
from fauxtune_sim.device.inventory import Inventory, describe_items
from fauxtune_sim.keys.certificates import mark
from fauxtune_sim.keys.keystore import Identity, KeyEntry
from fauxtune_sim.mail.accounts import MailAccount
from fauxtune_sim.platforms import Platform
from tests.simulator.conftest import Pki


def entry(one: Identity, alias: str) -> KeyEntry:
    key = one.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return KeyEntry(alias, one.source, one.certificate.public_bytes(Encoding.DER), key)


@pytest.mark.parametrize("platform", [Platform.ANDROID, Platform.IOS, Platform.WINDOWS])
def test_a_certificate_is_named_by_what_it_is_for_and_its_thumbprint(
    pki: Pki, platform: Platform, tmp_path: Path
) -> None:
    device = Device.new(platform=platform, folder=tmp_path / "device")
    before = Inventory.of(device)
    signing, encryption, both = pki.issue(encrypt=False), pki.issue(sign=False), pki.issue()
    for number, one in enumerate((signing, encryption, both)):
        device.keystore.install(entry(one, f"key-{number}"))
    device.keystore.trust(pki.root.public_bytes(Encoding.DER))
    device.accounts["mail"] = MailAccount("mail", "mail", "1", address="alice@contoso.example")
    after = Inventory.of(device)
    assert describe_items(after.without(before)) == (
        f"signing certificate {mark(signing.certificate)}; encryption certificate {mark(encryption.certificate)}; "
        f"signing and encryption certificate {mark(both.certificate)}; trusted certificate {mark(pki.root)}; "
        "mail account alice@contoso.example"
    )
    assert before.without(after) == []


def test_a_renewed_certificate_comes_and_the_old_one_goes(pki: Pki, tmp_path: Path) -> None:
    device = Device.new(folder=tmp_path / "device")
    old, new = entry(pki.issue(), "pkcs"), entry(pki.issue(), "pkcs")
    device.keystore.install(old)
    before = Inventory.of(device)
    device.keystore.install(new)
    assert (Inventory.of(device).without(before), before.without(Inventory.of(device))) == ([new], [old])
    device.keystore.install(replace(new))
    assert Inventory.of(device).without(before) == [new]
