"""Reading PKCS#12 files: today's ciphers by ourselves, old ones by the fallback, and every way to fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat, pkcs12

from fauxtune_sim.errors import PfxRefused
from fauxtune_sim.keys.keystore import Identity
from fauxtune_sim.keys.pfx import read_pfx

if TYPE_CHECKING:
    from tests.simulator.conftest import Pki

MODERN, TRIPLE_DES = pkcs12.PBES.PBESv2SHA256AndAES256CBC, pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC


def written(
    one: Identity, password: bytes, *, cipher: Any = MODERN, mac: hashes.HashAlgorithm | None = None, rounds: int = 2048
) -> bytes:
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(rounds).key_cert_algorithm(cipher)
    if mac is not None:
        builder = builder.hmac_hash(mac)
    return pkcs12.serialize_key_and_certificates(
        b"name", one.key, one.certificate, list(one.chain), builder.build(password)
    )


@pytest.mark.parametrize("mac", [hashes.SHA256(), hashes.SHA1(), hashes.SHA512()], ids=lambda one: one.name)
@pytest.mark.parametrize("cipher", [MODERN, TRIPLE_DES], ids=["aes", "3des"])
def test_key_certificate_and_chain_come_out(pki: Pki, cipher: Any, mac: hashes.HashAlgorithm) -> None:
    one = pki.issue()
    contents = read_pfx(written(one, b"secret", cipher=cipher, mac=mac), b"secret")
    assert contents.certificate == one.certificate
    assert contents.chain == one.chain
    assert contents.key.private_numbers() == one.key.private_numbers()


def test_an_elliptic_key_comes_out(pki: Pki) -> None:
    one = pki.issue(key=ec.generate_private_key(ec.SECP256R1()))
    assert read_pfx(written(one, b"secret"), b"secret").key.private_numbers() == one.key.private_numbers()


@pytest.mark.parametrize("password", ["", "x" * 63, "x" * 64, "x" * 200, "pässwörd", "пароль"])
def test_any_password_opens_what_it_closed(pki: Pki, password: str) -> None:
    one, closed_with = pki.issue(), password.encode()
    data = (
        written(one, closed_with)
        if password
        else pkcs12.serialize_key_and_certificates(b"name", one.key, one.certificate, None, NoEncryption())
    )
    assert read_pfx(data, closed_with).certificate == one.certificate


def test_a_password_that_arrives_in_latin_1_opens_the_file_too(pki: Pki) -> None:
    one = pki.issue()
    assert read_pfx(written(one, "pässwörd".encode()), "pässwörd".encode("latin-1")).certificate == one.certificate


@pytest.mark.parametrize("cipher", [MODERN, TRIPLE_DES], ids=["aes", "3des"])
def test_a_wrong_password_is_said_to_be_wrong(pki: Pki, cipher: Any) -> None:
    with pytest.raises(PfxRefused, match="the password is wrong"):
        read_pfx(written(pki.issue(), b"secret", cipher=cipher), b"other")


def test_a_file_that_was_changed_does_not_pass_its_mac(pki: Pki) -> None:
    data = bytearray(written(pki.issue(), b"secret"))
    data[len(data) // 2] ^= 1
    with pytest.raises(PfxRefused):
        read_pfx(bytes(data), b"secret")


def test_no_truncation_and_no_flipped_byte_escapes_as_another_error(pki: Pki) -> None:
    data = written(pki.issue(), b"secret", rounds=1)
    for at in range(0, len(data), 23):
        for broken in (data[:at], data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]):
            try:
                read_pfx(broken, b"secret")
            except PfxRefused:
                continue


def test_a_file_without_a_key_is_said_to_have_none(pki: Pki) -> None:
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(1).key_cert_algorithm(MODERN).build(b"secret")
    data = pkcs12.serialize_key_and_certificates(b"name", None, None, [pki.root], builder)
    with pytest.raises(PfxRefused, match="no private key"):
        read_pfx(data, b"secret")


def test_a_key_without_its_certificate_is_refused(pki: Pki) -> None:
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(1).key_cert_algorithm(MODERN).build(b"secret")
    data = pkcs12.serialize_key_and_certificates(b"name", pki.issue().key, None, [pki.root], builder)
    with pytest.raises(PfxRefused, match="no certificate that belongs to it"):
        read_pfx(data, b"secret")
