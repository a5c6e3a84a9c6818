"""The connector opens an imported password and seals it for a device, or says why not."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12

from fauxtune.connector import passwords as module
from fauxtune.connector.keypool import KeyRing
from fauxtune.connector.passwords import ImportedOrder, Passwords, open_password
from fauxtune.connector.refusals import (
    REFUSALS,
    KeyMissing,
    PaddingUnsupported,
    PasswordUndecryptable,
    PfxBroken,
    PfxKeyMissing,
    PfxNotOpened,
    RecipientUnfit,
    ThumbprintDiffers,
)
from fauxtune.connector.work import reencrypt
from fauxtune.connector.wrapping import BARE
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.issuance import issue
from fauxtune.core.pki.names import email_name, parse_subject, thumbprint
from fauxtune.core.pki.pfx import write_pfx
from fauxtune.core.pki.template import BUILT_IN
from tests.support.authorities import Authorities

HASHES = {"oaepSha256": hashes.SHA256(), "oaepSha384": hashes.SHA384(), "oaepSha512": hashes.SHA512()}


@pytest.fixture(scope="module")
def connector_key(rsa_keys: KeyRing) -> RSAPrivateKey:
    return rsa_keys.take()


@pytest.fixture(scope="module")
def pfx(authorities: Authorities) -> tuple[x509.Certificate, bytes]:
    """A certificate and its file, password "pw"."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = issue(
        authority=authorities.issuing,
        public_key=key.public_key(),
        subject=parse_subject("CN=alice"),
        alternative_names=[email_name("alice@contoso.example")],
        template=next(template for template in BUILT_IN if template.key_type == "EC"),
        serial=5,
        not_before=authorities.now,
        not_after=authorities.end,
    )
    return certificate, write_pfx(key=key, certificate=certificate, chain=[], password="pw", name="alice")


def encrypted(key: RSAPrivateKey, password: bytes, padding: str = "oaepSha512") -> bytes:
    algorithm = HASHES[padding]
    return key.public_key().encrypt(password, OAEP(MGF1(algorithm), algorithm, None))


@pytest.fixture
def order(authorities: Authorities, connector_key: RSAPrivateKey, pfx: tuple[x509.Certificate, bytes]) -> ImportedOrder:
    return ImportedOrder(
        encrypted_password=encrypted(connector_key, b"pw"),
        pfx=pfx[1],
        padding="oaepSha512",
        thumbprint=thumbprint(pfx[0]),
        already_verified=False,
        provider_name="Microsoft Software Key Storage Provider",
        key_name="PFXEncryptionKey",
    )


class Reencrypted(Protocol):
    """Seals one order's password, for a device unless another recipient is named."""

    def __call__(
        self, order: ImportedOrder, private_key: PrivateKey | None, *, recipient: x509.Certificate | None = None
    ) -> bytes: ...


@pytest.fixture
def sealed(authorities: Authorities) -> Reencrypted:
    def data(
        order: ImportedOrder, private_key: PrivateKey | None, *, recipient: x509.Certificate | None = None
    ) -> bytes:
        recipient = recipient or authorities.devices.certificate
        return reencrypt([(order, private_key)], wrapping=BARE, recipient=recipient, passwords=Passwords()).data

    return data


def opened(authorities: Authorities, sealed: bytes) -> bytes:
    return pkcs7.pkcs7_decrypt_der(sealed, authorities.devices.certificate, authorities.device_key, [])


@pytest.mark.parametrize("padding", HASHES)
def test_the_password_reaches_the_device_whatever_the_hash(
    sealed: Reencrypted, authorities: Authorities, connector_key: RSAPrivateKey, order: ImportedOrder, padding: str
) -> None:
    changed = replace(order, padding=padding, encrypted_password=encrypted(connector_key, b"pw", padding))
    assert opened(authorities, sealed(changed, connector_key)) == b"pw"


def test_the_enums_case_does_not_matter(
    sealed: Reencrypted, authorities: Authorities, connector_key: RSAPrivateKey, order: ImportedOrder
) -> None:
    assert opened(authorities, sealed(replace(order, padding="OaepSha512"), connector_key)) == b"pw"


def test_a_verified_file_is_not_opened_again(
    sealed: Reencrypted, authorities: Authorities, connector_key: RSAPrivateKey, order: ImportedOrder
) -> None:
    changed = replace(order, pfx=b"not even a file", already_verified=True)
    assert opened(authorities, sealed(changed, connector_key)) == b"pw"


def test_a_key_that_the_connector_lacks_is_named(sealed: Reencrypted, order: ImportedOrder) -> None:
    with pytest.raises(KeyMissing, match="'PFXEncryptionKey' of provider 'Microsoft Software Key Storage Provider'"):
        sealed(order, None)


def test_a_record_without_a_key_name_says_how_it_came_about(sealed: Reencrypted, order: ImportedOrder) -> None:
    with pytest.raises(KeyMissing, match="public-key file only"):
        sealed(replace(order, key_name="", provider_name=""), None)


@pytest.mark.parametrize("padding", ["pkcs1", "oaepSha1", "none", "", "rot13"])
def test_retired_paddings_are_refused_by_name(
    sealed: Reencrypted, connector_key: RSAPrivateKey, order: ImportedOrder, padding: str
) -> None:
    with pytest.raises(PaddingUnsupported, match=repr(padding)):
        sealed(replace(order, padding=padding), connector_key)


def test_a_password_for_another_key_or_hash_does_not_decrypt(
    sealed: Reencrypted, connector_key: RSAPrivateKey, order: ImportedOrder, rsa_keys: KeyRing
) -> None:
    with pytest.raises(PasswordUndecryptable, match="another key or another hash"):
        sealed(order, rsa_keys.take())
    with pytest.raises(PasswordUndecryptable, match="oaepSha256"):
        sealed(replace(order, padding="oaepSha256"), connector_key)
    with pytest.raises(PasswordUndecryptable, match=r"has 3 bytes; .* encrypts to 256"):
        sealed(replace(order, encrypted_password=b"abc"), connector_key)


def test_a_password_that_does_not_open_the_file_is_told_with_its_thumbprint(
    sealed: Reencrypted, connector_key: RSAPrivateKey, order: ImportedOrder
) -> None:
    with pytest.raises(PfxNotOpened, match=order.thumbprint):
        sealed(replace(order, encrypted_password=encrypted(connector_key, b"other")), connector_key)


def test_bytes_that_are_no_file_are_told(
    sealed: Reencrypted, connector_key: RSAPrivateKey, order: ImportedOrder
) -> None:
    with pytest.raises(PfxBroken, match="no PKCS#12"):
        sealed(replace(order, pfx=b"garbage"), connector_key)


def test_a_file_without_a_private_key_is_told(
    sealed: Reencrypted, connector_key: RSAPrivateKey, order: ImportedOrder, pfx: tuple[x509.Certificate, bytes]
) -> None:
    bare = pkcs12.serialize_key_and_certificates(b"a", None, pfx[0], None, serialization.BestAvailableEncryption(b"pw"))
    with pytest.raises(PfxKeyMissing, match="no private key"):
        sealed(replace(order, pfx=bare), connector_key)


def test_another_certificate_than_the_records_is_told(
    sealed: Reencrypted, connector_key: RSAPrivateKey, order: ImportedOrder
) -> None:
    with pytest.raises(ThumbprintDiffers, match=order.thumbprint):
        sealed(replace(order, thumbprint="0" * 40), connector_key)
    assert sealed(replace(order, thumbprint=order.thumbprint.upper()), connector_key)


def test_a_device_that_cannot_read_is_told(
    sealed: Reencrypted, authorities: Authorities, connector_key: RSAPrivateKey, order: ImportedOrder
) -> None:
    with pytest.raises(RecipientUnfit):
        sealed(order, connector_key, recipient=authorities.issuing.certificate)


def test_secrets_do_not_show(order: ImportedOrder) -> None:
    assert "password" not in repr(order)
    assert "pfx=" not in repr(order)


def test_every_refusal_has_a_number_of_its_own_in_32_bits() -> None:
    codes = [refusal("why").code for refusal in REFUSALS]
    assert len(set(codes)) == len(codes)
    assert all(0x87D11000 <= code + (1 << 32) <= 0x87D110FF for code in codes)


def test_a_password_is_decrypted_once_for_all_devices_and_by_each_key_for_itself(
    order: ImportedOrder, connector_key: RSAPrivateKey, rsa_keys: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    decrypted: list[str] = []

    def counted(order: ImportedOrder, private_key: PrivateKey | None) -> bytes:
        decrypted.append(order.padding)
        return open_password(order, private_key)

    monkeypatch.setattr(module, "open_password", counted)
    passwords, other = Passwords(), rsa_keys.take()
    assert [passwords.open(order, connector_key) for _ in range(3)] == [b"pw"] * 3
    assert len(decrypted) == 1
    for key in (other, None):
        with pytest.raises((KeyMissing, PasswordUndecryptable)):
            passwords.open(order, key)
    with pytest.raises(PaddingUnsupported):
        passwords.open(replace(order, padding="pkcs1"), connector_key)
    again = replace(order, encrypted_password=encrypted(connector_key, b"new"))
    assert passwords.open(again, connector_key) == b"new"
    assert passwords.open(order, connector_key) == b"pw"


def test_a_connector_remembers_the_passwords_that_it_used_last(
    order: ImportedOrder, connector_key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST", 2)
    passwords = Passwords()
    orders = [
        replace(order, encrypted_password=encrypted(connector_key, text)) for text in (b"first", b"second", b"third")
    ]
    assert [passwords.open(imported_order, connector_key) for imported_order in orders] == [
        b"first",
        b"second",
        b"third",
    ]
    monkeypatch.setattr(module, "open_password", lambda _order, _key: b"decrypted again")
    known = [passwords.open(orders[place], connector_key) for place in (2, 1, 0)]
    assert known == [b"third", b"second", b"decrypted again"]
    assert "third" not in repr(passwords)
