"""The table of what a device holds: 80 columns, and no two lines that cannot be told apart."""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fauxtune_sim.cli.owner_commands import WIDTH, listing_lines
from fauxtune_sim.keys.keystore import Identity, KeyEntry, KeyStore
from fauxtune_sim.mail.smime_settings import SmimeSettings
from tests.simulator.conftest import Pki


def holding(pki: Pki, *identities: Identity) -> KeyStore:
    store = KeyStore()
    store.trust(pki.root.public_bytes(Encoding.DER))
    for number, one in enumerate(identities):
        key = one.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        der = one.certificate.public_bytes(Encoding.DER)
        store.install(KeyEntry(f"key-{number}", one.source, der, key, intended_purpose=one.intended_purpose))
    return store


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
