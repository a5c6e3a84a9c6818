"""SCEP on the authority's side: messages as clients make them, and answers as clients read them."""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import replace
from typing import Protocol, TypedDict, Unpack

import pytest
from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import AttributeOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.errors import Invalid
from fauxtune.core.pki import scep, signed
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.cms import NOT_OPENED
from fauxtune.core.pki.scep import FailInfo, Kind, Refusal, Request
from tests.core.pki.messages import Sealing, Signing, seal, self_signed, sign_as
from tests.support.authorities import Authorities
from tests.support.hostile_der import tlv

KIND, STATUS, FAIL_INFO, SENDER, RECIPIENT, TRANSACTION = (f"2.16.840.1.113733.1.9.{number}" for number in range(2, 8))
FAIL_TEXT = "1.3.6.1.5.5.7.24.1"
NONCE = bytes(range(16))
TRANSACTION_ID = "xPaVKhGmdDSmH+jkpJ8u9K2z/fE="


@pytest.fixture(scope="module")
def device_key(rsa_keys: KeyRing) -> RSAPrivateKey:
    return rsa_keys.take()


@pytest.fixture(scope="module")
def signer_key(rsa_keys: KeyRing) -> RSAPrivateKey:
    """mdmb signs with a key of the moment, not with the one that it wants a certificate for."""
    return rsa_keys.take()


@pytest.fixture(scope="module")
def signer(signer_key: RSAPrivateKey) -> x509.Certificate:
    return self_signed(signer_key)


def request_for(key: PrivateKey, challenge: bytes | None = b"token") -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "device")])
    )
    if challenge is not None:
        builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, challenge)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


class Changes(TypedDict, total=False):
    """Parts of a pkiMessage that are replaced."""

    csr: bytes
    cipher: str
    sealing: Sealing
    kind: str
    transaction: str
    attributes: dict[str, list[core.Asn1Value] | None]
    envelope: bytes | None
    signer: x509.Certificate
    signer_key: RSAPrivateKey
    signing: Signing


class Ask(Protocol):
    """The fixture `ask`."""

    def __call__(self, **changes: Unpack[Changes]) -> bytes: ...


@pytest.fixture(scope="module")
def ask(
    authorities: Authorities,
    device_key: RSAPrivateKey,
    signer_key: RSAPrivateKey,
    signer: x509.Certificate,
) -> Ask:
    """A pkiMessage: single DES and SHA-1, like Go's clients; `changes` replaces parts of it."""

    def make(**changes: Unpack[Changes]) -> bytes:
        csr = changes.get("csr", request_for(device_key))
        envelope = seal(
            csr, authorities.devices.certificate, changes.get("cipher", "des"), **changes.get("sealing", {})
        )
        attributes: dict[str, list[core.Asn1Value] | None] = {
            KIND: [core.PrintableString(changes.get("kind", "19"))],
            TRANSACTION: [core.PrintableString(changes.get("transaction", TRANSACTION_ID))],
            SENDER: [core.OctetString(NONCE)],
            **changes.get("attributes", {}),
        }
        signing: Signing = {
            "attributes": [(oid, *values) for oid, values in attributes.items() if values is not None],
            **changes.get("signing", {}),
        }
        return sign_as(
            changes.get("envelope", envelope),
            changes.get("signer", signer),
            changes.get("signer_key", signer_key),
            **signing,
        )

    return make


def read(authorities: Authorities, message: bytes) -> Request | Refusal:
    return scep.read(message, certificate=authorities.devices.certificate, key=authorities.devices.key)


def said(message: bytes) -> dict[str, object]:
    """The values of an answer's signed attributes."""
    return {oid: core.load(values[0]).native for oid, values in signed.read(message).attributes.items()}


def test_an_old_clients_request_is_understood(
    authorities: Authorities, ask: Ask, device_key: RSAPrivateKey, signer: x509.Certificate
) -> None:
    result = read(authorities, ask())
    assert isinstance(result, Request)
    assert (result.kind, result.challenge) == (Kind.REQUEST, "token")
    assert (result.exchange.transaction, result.exchange.nonce) == (TRANSACTION_ID, NONCE)
    assert result.exchange.signer == signer
    assert x509.load_der_x509_csr(result.csr).public_key() == device_key.public_key()


@pytest.mark.parametrize("cipher", ["des", "tripledes_3key", "aes128_cbc", "aes256_cbc"])
@pytest.mark.parametrize("digest", ["sha1", "sha256"])
def test_newer_clients_are_understood_too(authorities: Authorities, ask: Ask, cipher: str, digest: str) -> None:
    assert isinstance(read(authorities, ask(cipher=cipher, signing={"digest": digest})), Request)


def test_a_renewal_is_signed_by_the_certificate_it_replaces(
    authorities: Authorities, ask: Ask, device_key: RSAPrivateKey
) -> None:
    old = self_signed(device_key, "old identity")
    result = read(authorities, ask(kind="17", csr=request_for(device_key, None), signer=old, signer_key=device_key))
    assert isinstance(result, Request)
    assert (result.kind, result.challenge, result.exchange.signer) == (Kind.RENEWAL, None, old)


def test_a_poll_names_its_transaction_and_has_no_request(authorities: Authorities, ask: Ask) -> None:
    result = read(authorities, ask(kind="20", csr=b"issuer and subject"))
    assert isinstance(result, Request)
    assert (result.kind, result.csr, result.exchange.transaction) == (Kind.POLL, b"", TRANSACTION_ID)


def test_a_granted_request_is_answered_for_its_signer_alone(
    authorities: Authorities, ask: Ask, signer: x509.Certificate, signer_key: RSAPrivateKey
) -> None:
    own = authorities.devices
    result = read(authorities, ask())
    issued = self_signed(signer_key, "issued")
    answer = scep.grant(result.exchange, issued, certificate=own.certificate, key=own.key, nonce=b"n" * 16)
    message = signed.read(answer)
    assert message.content is not None
    message.verify(message.content)
    assert message.certificate == own.certificate
    assert (
        cms.ContentInfo.load(answer)["content"]["signer_infos"][0]["digest_algorithm"]["algorithm"].native == "sha256"
    )
    facts = said(answer)
    assert facts[KIND] == "3"
    assert facts[STATUS] == "0"
    assert facts[TRANSACTION] == TRANSACTION_ID
    assert (facts[RECIPIENT], facts[SENDER]) == (NONCE, b"n" * 16)
    assert FAIL_INFO not in facts
    inside = pkcs7.pkcs7_decrypt_der(message.content, signer, signer_key, [])
    assert pkcs7.load_der_pkcs7_certificates(inside) == [issued]


def test_a_refused_request_is_answered_without_content(authorities: Authorities, ask: Ask) -> None:
    own = authorities.devices
    refusal = Refusal(read(authorities, ask()).exchange, FailInfo.BAD_REQUEST, "The token is used up: größer.")
    answer = scep.refuse(refusal, certificate=own.certificate, key=own.key, nonce=b"n" * 16)
    message = signed.read(answer)
    message.verify(b"")
    assert message.content is None
    facts = said(answer)
    assert (facts[STATUS], facts[FAIL_INFO], facts[FAIL_TEXT]) == ("2", "2", "The token is used up: größer.")
    assert facts[RECIPIENT] == NONCE
    silent = scep.refuse(replace(refusal, text=""), certificate=own.certificate, key=own.key, nonce=b"n" * 16)
    assert FAIL_TEXT not in said(silent)


@pytest.mark.parametrize(
    ("changes", "reason", "words"),
    [
        ({"signing": {"body": b"other"}}, FailInfo.BAD_MESSAGE_CHECK, "not one over these bytes"),
        ({"signing": {"digest_name": "md5"}}, FailInfo.BAD_ALGORITHM, "md5"),
        ({"sealing": {"cipher_name": "1.2.3.4", "iv": core.Null()}}, FailInfo.BAD_ALGORITHM, "1.2.3.4"),
        ({"sealing": {"wrapped_with": "rsaes_oaep"}}, FailInfo.BAD_ALGORITHM, "rsaes_oaep"),
        ({"sealing": {"sealed_key": bytes(256)}}, FailInfo.BAD_REQUEST, NOT_OPENED),
        ({"sealing": {"padded": bytes(16)}}, FailInfo.BAD_REQUEST, NOT_OPENED),
        ({"csr": b"no request"}, FailInfo.BAD_REQUEST, NOT_OPENED),
        ({"csr": b""}, FailInfo.BAD_REQUEST, NOT_OPENED),
        ({"envelope": b"no envelope"}, FailInfo.BAD_REQUEST, "no CMS envelope"),
        ({"envelope": None}, FailInfo.BAD_REQUEST, "no CMS envelope"),
        ({"kind": "3"}, FailInfo.BAD_REQUEST, "type 3"),
        ({"kind": "22"}, FailInfo.BAD_REQUEST, "type 22"),
        ({"kind": "xx"}, FailInfo.BAD_REQUEST, "type xx"),
    ],
)
def test_a_message_with_a_sender_is_refused_in_its_own_words(
    authorities: Authorities, ask: Ask, changes: Changes, reason: FailInfo, words: str
) -> None:
    own = authorities.devices
    result = read(authorities, ask(**changes))
    assert isinstance(result, Refusal)
    assert result.reason is reason
    assert words in result.text
    answer = scep.refuse(result, certificate=own.certificate, key=own.key, nonce=b"n" * 16)
    assert said(answer)[FAIL_INFO] == reason.value


def test_a_request_must_sign_itself_and_be_about_an_rsa_key(
    authorities: Authorities, ask: Ask, device_key: RSAPrivateKey
) -> None:
    tampered = request_for(device_key).replace(b"device", b"Device")
    result = read(authorities, ask(csr=tampered))
    assert isinstance(result, Refusal)
    assert "own key" in result.text
    elliptic = read(authorities, ask(csr=request_for(ec.generate_private_key(ec.SECP256R1()))))
    assert isinstance(elliptic, Refusal)
    assert elliptic.reason is FailInfo.BAD_ALGORITHM


def test_a_request_signed_with_sha1_is_taken_as_the_capabilities_say(
    authorities: Authorities, ask: Ask, device_key: RSAPrivateKey
) -> None:
    signed = x509.load_der_x509_csr(request_for(device_key)).tbs_certrequest_bytes
    signature = device_key.sign(signed, PKCS1v15(), hashes.SHA1())
    csr = tlv(0x30, signed, bytes.fromhex("300d06092a864886f70d0101050500"), tlv(0x03, b"\0", signature))
    assert isinstance(read(authorities, ask(csr=csr)), Request)
    tampered = read(authorities, ask(csr=csr.replace(b"device", b"Device")))
    assert isinstance(tampered, Refusal)
    assert "own key" in tampered.text


def test_an_envelope_for_another_authority_says_so(
    authorities: Authorities, ask: Ask, device_key: RSAPrivateKey, signer: x509.Certificate
) -> None:
    result = read(authorities, ask(envelope=seal(request_for(device_key), signer)))
    assert isinstance(result, Refusal)
    assert "for other recipients" in result.text


def test_a_signer_without_an_rsa_key_gets_no_certificate(authorities: Authorities, device_key: RSAPrivateKey) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = {
        KIND: core.PrintableString("19"),
        TRANSACTION: core.PrintableString("1"),
        SENDER: core.OctetString(NONCE),
    }
    envelope = seal(request_for(device_key), authorities.devices.certificate)
    message = signed.sign(envelope, certificate=self_signed(key), key=key, attributes=attributes)
    result = read(authorities, message)
    assert isinstance(result, Refusal)
    assert result.reason is FailInfo.BAD_ALGORITHM


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({TRANSACTION: None}, "transactionID"),
        ({TRANSACTION: [core.PrintableString("")]}, "transactionID"),
        ({TRANSACTION: [core.PrintableString("x" * 256)]}, "transactionID"),
        ({TRANSACTION: [core.UTF8String("ü")]}, "transactionID"),
        ({TRANSACTION: [core.PrintableString("a\nb")]}, "transactionID"),
        ({TRANSACTION: [core.Integer(1)]}, "transactionID"),
        ({TRANSACTION: [core.PrintableString("a"), core.PrintableString("b")]}, "transactionID"),
        ({SENDER: None}, "senderNonce"),
        ({SENDER: [core.OctetString(b"")]}, "senderNonce"),
        ({SENDER: [core.OctetString(b"x" * 65)]}, "senderNonce"),
        ({SENDER: [core.PrintableString("nonce")]}, "senderNonce"),
        ({KIND: None}, "messageType"),
        ({KIND: [core.Integer(19)]}, "messageType"),
    ],
)
def test_a_message_that_no_answer_could_repeat_is_invalid(
    authorities: Authorities, ask: Ask, attributes: dict[str, list[core.Asn1Value] | None], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        read(authorities, ask(attributes=attributes))


@pytest.mark.parametrize("data", [b"", b"\x30\x80" * 5000, b"garbage", bytes(100_000)])
def test_garbage_is_invalid(authorities: Authorities, data: bytes) -> None:
    with pytest.raises(Invalid):
        read(authorities, data)


def test_a_get_brings_the_message_in_either_alphabet(ask: Ask) -> None:
    message = ask()
    standard, for_urls = base64.b64encode(message).decode(), base64.urlsafe_b64encode(message).decode()
    assert {"+", "/"} <= set(standard)
    for text in (
        standard,
        for_urls,
        standard.replace("+", " "),
        for_urls.rstrip("="),
        base64.encodebytes(message).decode(),
    ):
        assert scep.message_from_query(text) == message
    assert scep.message_from_query("") == b""


@pytest.mark.parametrize("text", ["a", "!!!!", "ab=cd", "ä" * 4, "\0" * 8])
def test_what_is_no_base64_is_invalid(text: str) -> None:
    with pytest.raises(Invalid, match="base64"):
        scep.message_from_query(text)


def test_capabilities_are_one_a_line() -> None:
    words = scep.CAPABILITIES.splitlines()
    assert {"POSTPKIOperation", "Renewal", "SHA-1", "SHA-256", "AES", "DES3", "SCEPStandard"} <= set(words)


@pytest.fixture(scope="module")
def message(ask: Ask) -> bytes:
    return ask()


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_damage_anywhere_is_refused_or_invalid(authorities: Authorities, message: bytes, data: st.DataObject) -> None:
    own = authorities.devices
    damaged = bytearray(message)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Invalid):
        result = read(authorities, bytes(damaged))
        if isinstance(result, Refusal):
            assert said(scep.refuse(result, certificate=own.certificate, key=own.key, nonce=b"n"))[STATUS] == "2"
