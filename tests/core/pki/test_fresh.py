"""What is made with fresh randomness, and is the same again in work that can be repeated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from fauxtune.connector.keypool import KeyRing, KeysOfWork
from fauxtune.core import chance
from fauxtune.core.pki import fresh
from fauxtune.core.pki.authority import addresses_for, self_signed_root
from fauxtune.core.pki.cms import envelope, open_envelope
from fauxtune.core.pki.pfx import read_pfx, write_pfx

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@contextmanager
def _work(number: int) -> Iterator[None]:
    with chance.repeatable(chance.Repeatable(chance.Stream(number, "test"), NOW)):
        yield


def _made(number: int, *, legacy: bool) -> tuple[bytes, bytes, bytes]:
    """A file with a key, an envelope and an escrowed password, which are read again."""
    with _work(number):
        key = fresh.rsa_key(1024)
        root = self_signed_root(
            name="root",
            common_name="Root",
            key=key,
            serial=1,
            not_before=NOW,
            not_after=NOW + timedelta(days=1),
            addresses=addresses_for("http://ca.example", tenant_name="lab7", authority="root"),
        )
        certificate = root.certificate
        file = write_pfx(
            key=key, certificate=certificate, chain=[certificate], password="pä", name="Nämé", legacy=legacy
        )
        sealed = envelope(b"secret", certificate)
        escrowed = fresh.encrypted_by_oaep(key.public_key(), b"pw", algorithm=hashes.SHA256())
    contents = read_pfx(file, "pä".encode())
    assert (contents.name, contents.certificate, contents.chain) == ("Nämé", certificate, ())
    library = load_pkcs12(file, "pä".encode())
    assert library.cert is not None
    assert library.cert.friendly_name == "Nämé".encode()
    assert [each.certificate for each in library.additional_certs] == [certificate]
    assert open_envelope(sealed, certificate=certificate, key=key) == b"secret"
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    assert key.decrypt(escrowed, oaep) == b"pw"
    return file, sealed, escrowed


@pytest.mark.parametrize("legacy", [False, True])
def test_the_same_number_gives_the_same_bytes(legacy: bool) -> None:
    fresh._rsa_key_of.cache_clear()
    first = _made(7, legacy=legacy)
    fresh._rsa_key_of.cache_clear()
    assert _made(7, legacy=legacy) == first
    assert all(left != right for left, right in zip(_made(8, legacy=legacy), first, strict=True))


def test_a_computed_rsa_key_passes_the_checks_of_the_library() -> None:
    with _work(3):
        key = fresh.rsa_key(2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    load_pem_private_key(pem, None)  # which tests the primes
    assert key.key_size == 2048


def test_numbers_that_are_no_primes_are_told() -> None:
    prime = (1 << 1279) - 1
    assert fresh._is_prime(prime)
    assert not fresh._is_prime(prime - 2)
    assert not fresh._is_prime(((1 << 607) - 1) * prime)


def test_signatures_on_curves_need_no_chance() -> None:
    with _work(1):
        key = fresh.ec_key(ec.SECP256R1())
    assert key.sign(b"data", fresh.SHA256_ECDSA) == key.sign(b"data", fresh.SHA256_ECDSA)


def test_outside_of_such_work_nothing_is_repeated(rsa_keys: KeyRing) -> None:
    source = KeysOfWork(rsa_keys)
    assert fresh.random_octets(32) != fresh.random_octets(32)
    assert source.take_ready(1)
    with _work(5):
        assert source.take_ready(1) is None
        first = source.take()
    with _work(5):
        assert source.take() is first
        assert fresh.random_octets(16) != fresh.random_octets(16)


def test_a_message_that_is_too_long_for_its_key_is_refused() -> None:
    with _work(5):
        key = fresh.rsa_key(1024).public_key()
        with pytest.raises(ValueError, match="too long"):
            fresh.encrypted_by_oaep(key, bytes(64), algorithm=hashes.SHA256())
