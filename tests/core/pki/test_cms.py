"""Envelopes that one device can open."""

from __future__ import annotations

from contextlib import suppress

import pytest
from asn1crypto import algos, cms, core
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import pkcs7
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.errors import Invalid, UnknownAlgorithm
from fauxtune.core.pki import cms as readers
from fauxtune.core.pki.cms import NOT_OPENED, envelope, open_envelope
from tests.core.pki.messages import Sealing, seal, self_signed
from tests.support.authorities import Authorities, rsa_key_of


@pytest.mark.parametrize("secret", [b"", b"pw", b"line\nend\r\n", bytes(range(256))])
def test_the_recipient_reads_exactly_what_was_sealed(authorities: Authorities, secret: bytes) -> None:
    sealed = envelope(secret, authorities.devices.certificate)
    opened = pkcs7.pkcs7_decrypt_der(sealed, authorities.devices.certificate, authorities.device_key, [])
    assert opened == secret
    assert not secret or secret not in sealed


def test_an_envelope_is_aes_256_for_issuer_and_serial(authorities: Authorities) -> None:
    content = cms.ContentInfo.load(envelope(b"pw", authorities.devices.certificate))["content"]
    recipient = content["recipient_infos"][0].chosen
    assert recipient["rid"].name == "issuer_and_serial_number"
    assert recipient["rid"].chosen["serial_number"].native == authorities.devices.certificate.serial_number
    assert recipient["key_encryption_algorithm"]["algorithm"].native == "rsaes_pkcs1v15"
    algorithm = content["encrypted_content_info"]["content_encryption_algorithm"]["algorithm"].native
    assert algorithm == "aes256_cbc"


def test_nothing_is_sealed_for_a_key_that_is_not_rsa(authorities: Authorities) -> None:
    with pytest.raises(Invalid):
        envelope(b"pw", authorities.issuing.certificate)


def opened(authorities: Authorities, data: bytes) -> bytes:
    return open_envelope(data, certificate=authorities.devices.certificate, key=authorities.devices.key)


@pytest.mark.parametrize("secret", [b"", b"pw", b"line\nend\r\n", bytes(range(256)) * 40])
def test_what_is_sealed_here_is_opened_here(authorities: Authorities, secret: bytes) -> None:
    assert opened(authorities, envelope(secret, authorities.devices.certificate)) == secret


@pytest.mark.parametrize("by_key_identifier", [False, True], ids=["issuer and serial", "key identifier"])
@pytest.mark.parametrize("cipher", ["des", "tripledes_3key", "aes128_cbc", "aes192_cbc", "aes256_cbc"])
def test_every_cipher_that_clients_use_is_opened(
    authorities: Authorities, cipher: str, by_key_identifier: bool
) -> None:
    sealed = seal(b"request", authorities.devices.certificate, cipher, by_key_identifier=by_key_identifier)
    assert opened(authorities, sealed) == b"request"


def test_single_des_is_des(authorities: Authorities) -> None:
    # FIPS 81, table C2: "Now is the time for all ", and a block of padding after it.
    plain, key, iv = b"Now is the time for all ", bytes.fromhex("0123456789abcdef"), bytes.fromhex("1234567890abcdef")
    known = bytes.fromhex("e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6")
    sealed = cms.ContentInfo.load(envelope(b"", authorities.devices.certificate))
    content = sealed["content"]
    content["recipient_infos"][0].chosen["encrypted_key"] = rsa_key_of(authorities.devices.certificate).encrypt(
        key, PKCS1v15()
    )
    info = content["encrypted_content_info"]
    info["content_encryption_algorithm"] = {"algorithm": "des", "parameters": iv}
    info["encrypted_content"] = known + bytes(8)
    with pytest.raises(Invalid, match="does not open"):
        opened(authorities, sealed.dump(force=True))  # not the padding that belongs there
    info["encrypted_content"] = known + bytes.fromhex("62c16a27e4fcf277")
    assert opened(authorities, sealed.dump(force=True)) == plain


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cipher_name": "1.2.840.113549.3.2", "iv": algos.Rc2Params({"iv": b"12345678"})}, "rc2"),
        ({"cipher_name": "2.16.840.1.101.3.4.1.46", "iv": core.OctetString(b"1" * 12)}, "known are"),
        ({"wrapped_with": "rsaes_oaep"}, "rsaes_oaep"),
    ],
    ids=["rc2", "gcm", "oaep"],
)
def test_an_unknown_algorithm_is_named(authorities: Authorities, changes: Sealing, words: str) -> None:
    with pytest.raises(UnknownAlgorithm, match=words):
        opened(authorities, seal(b"request", authorities.devices.certificate, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"key": b"short"},
        {"key": bytes(24)},
        {"key": bytes(32)},
        {"sealed_key": b""},
        {"sealed_key": bytes(256)},
        {"sealed_key": b"\xff" * 256},
        {"sealed_key": b"\x01" * 255},
        {"padded": b""},
        {"padded": bytes(32)},
        {"padded": b"\x11" * 32},
        {"iv": b"1234"},
    ],
)
def test_whatever_keeps_an_envelope_closed_there_is_one_answer(authorities: Authorities, changes: Sealing) -> None:
    with pytest.raises(Invalid) as refused:
        opened(authorities, seal(b"request", authorities.devices.certificate, **changes))
    assert refused.value.message == NOT_OPENED


def test_an_envelope_for_others_says_so(authorities: Authorities, rsa_keys: KeyRing) -> None:
    other = self_signed(rsa_keys.take())
    with pytest.raises(Invalid, match="for other recipients"):
        opened(authorities, seal(b"request", other))
    with pytest.raises(Invalid, match="RSA"):
        open_envelope(seal(b"request", other), certificate=other, key=authorities.issuing.key)


def test_a_message_costs_one_decryption_however_often_it_names_us(authorities: Authorities) -> None:
    sealed = seal(b"request", authorities.devices.certificate, recipients=90, sealed_key=b"\1" * 256)
    with pytest.raises(Invalid, match="does not open"):
        opened(authorities, sealed)


@pytest.mark.parametrize(
    "data", [b"", b"0", b"\x30\x80", b"\x30\x82\xff\xff", b"\x30\x80" * 5000, b"no envelope", bytes(100_000)]
)
def test_garbage_is_no_envelope(authorities: Authorities, data: bytes) -> None:
    with pytest.raises(Invalid, match="no CMS envelope"):
        opened(authorities, data)


def test_a_message_of_another_kind_is_no_envelope(authorities: Authorities) -> None:
    signed = cms.ContentInfo({"content_type": "data", "content": b"x"}).dump()
    absent = cms.ContentInfo({"content_type": "enveloped_data"}).dump()
    for data in (signed, absent, envelope(b"x", authorities.devices.certificate) + b"0"):
        with pytest.raises(Invalid, match="no CMS envelope"):
            opened(authorities, data)


@pytest.fixture(scope="module")
def message(authorities: Authorities) -> bytes:
    return seal(b"request", authorities.devices.certificate)


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_damage_anywhere_is_refused_or_opens_to_something(
    authorities: Authorities, message: bytes, data: st.DataObject
) -> None:
    damaged = bytearray(message)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(message)) | st.just(len(message)))
    with suppress(Invalid):
        assert isinstance(opened(authorities, bytes(damaged[:end])), bytes)


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_refused(authorities: Authorities, data: bytes) -> None:
    with pytest.raises(Invalid):
        opened(authorities, data)


@pytest.mark.parametrize("cipher", ["des", "tripledes_3key", "aes128_cbc", "aes192_cbc", "aes256_cbc"])
def test_the_usual_form_is_read_without_asn1crypto(authorities: Authorities, cipher: str) -> None:
    certificate = authorities.devices.certificate
    for sealed in (seal(b"request", certificate, cipher), envelope(b"request", certificate)):
        assert readers._usual(sealed, certificate) == readers._unusual(sealed, certificate) is not None


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_both_readers_agree_on_damaged_envelopes(authorities: Authorities, message: bytes, data: st.DataObject) -> None:
    """What asn1crypto does not even look at must be nothing that matters."""
    certificate = authorities.devices.certificate
    damaged = bytearray(message)
    damaged[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    usual = readers._usual(bytes(damaged), certificate)
    if usual is not None:
        assert usual == readers._unusual(bytes(damaged), certificate)
