"""What a device holds: what came and what went is told alike on every platform, with the mark of its certificate.

The table of it has 80 columns, and no two lines that cannot be told apart.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fauxtune_sim.cli.owner_commands import WIDTH, listing_lines
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.inventory import Inventory, describe_items
from fauxtune_sim.keys.certificates import mark
from fauxtune_sim.keys.keystore import Identity, KeyEntry, KeyStore
from fauxtune_sim.mail.accounts import MailAccount
from fauxtune_sim.mail.smime_settings import SmimeSettings
from fauxtune_sim.platforms import Platform
from tests.simulator.conftest import Pki


def entry(one: Identity, alias: str) -> KeyEntry:
    key = one.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return KeyEntry(alias, one.source, one.certificate.public_bytes(Encoding.DER), key)


def holding(pki: Pki, *identities: Identity) -> KeyStore:
    store = KeyStore()
    store.trust(pki.root.public_bytes(Encoding.DER))
    for number, one in enumerate(identities):
        key = one.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        der = one.certificate.public_bytes(Encoding.DER)
        store.install(KeyEntry(f"key-{number}", one.source, der, key, intended_purpose=one.intended_purpose))
    return store


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


def test_two_certificates_of_one_person_are_told_apart_by_what_they_are_for(pki: Pki) -> None:
    store = holding(pki, pki.issue(encrypt=False), pki.issue(sign=False), pki.issue())
    rows = store.listing()
    assert [row["usage"] for row in rows] == ["authority", "signing", "encryption", "both"]
    assert rows[1]["issuer"] == "CN=Test Issuing"
    assert rows[1]["emailAddresses"] == ["alice@contoso.example"]
    head, *lines = listing_lines(rows, [])
    assert head.split() == ["source", "for", "key", "until", "certificate"]
    certificates = [line.split() for line in lines if not line.startswith(" ")]
    assert [row[:3] for row in certificates] == [
        ["root", "authority", "no"],
        ["pkcs", "signing", "yes"],
        ["pkcs", "encryption", "yes"],
        ["pkcs", "both", "yes"],
    ]
    assert [row[4] for row in certificates] == [row["thumbprint"][:8] for row in rows]
    assert any("issued by CN=Test Issuing" in line for line in lines)


def test_the_table_keeps_to_80_columns_whatever_the_names_are(pki: Pki) -> None:
    store = holding(pki, pki.issue(f"{'a' * 44}@contoso.example"))
    account = {
        "address": "alice@contoso.example",
        "host": f"{'mail.' * 20}contoso.example",
        "package": "com.apple.mail",
        "smime": SmimeSettings(signs=True, signing_identity="a" * 40, encryption_identity="b" * 40).document(),
    }
    assert max(map(len, listing_lines(store.listing(), [account]))) <= WIDTH
