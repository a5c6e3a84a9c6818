"""Signatures over bytes (CMS SignedData): of this package, of older clients, and manipulated ones."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.errors import Invalid, UnknownAlgorithm
from fauxtune.core.pki import signed
from fauxtune.core.pki.authority import PrivateKey
from tests.core.pki.messages import Signing, self_signed, sign_as
from tests.support import certificates
from tests.support.authorities import NOW, Authorities

_DETACHED = pkcs7.PKCS7Options.DetachedSignature
BODY = b"<?xml version='1.0'?>\n<plist><dict/></plist>\n"
SIGNING_TIME = "1.2.840.113549.1.9.5"


@pytest.fixture(scope="module")
def key(rsa_keys: KeyRing) -> RSAPrivateKey:
    return rsa_keys.take()


@pytest.fixture(scope="module")
def certificate(key: RSAPrivateKey) -> x509.Certificate:
    return self_signed(key, "device")


@pytest.fixture(scope="module")
def elliptic() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A P-384 key and its certificate."""
    generate_private_key = ec.generate_private_key(ec.SECP384R1())
    return generate_private_key, self_signed(generate_private_key, "elliptic")


def by_builder(
    certificate: x509.Certificate,
    key: PrivateKey,
    *options: pkcs7.PKCS7Options,
    algorithm: pkcs7.PKCS7HashTypes | None = None,
    padding: PSS | None = None,
) -> bytes:
    """A signature over BODY by cryptography's own writer."""
    builder = pkcs7.PKCS7SignatureBuilder().set_data(BODY)
    builder = builder.add_signer(certificate, key, algorithm or hashes.SHA256(), rsa_padding=padding)
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary, *options])


@pytest.mark.parametrize("embedded", [False, True], ids=["detached", "attached"])
@pytest.mark.parametrize("algorithm", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()], ids=lambda a: a.name)
def test_the_signer_of_a_body_is_found(
    certificate: x509.Certificate,
    key: RSAPrivateKey,
    elliptic: tuple[ec.EllipticCurvePrivateKey, x509.Certificate],
    algorithm: pkcs7.PKCS7HashTypes,
    embedded: bool,
) -> None:
    options = () if embedded else (pkcs7.PKCS7Options.DetachedSignature,)
    assert signed.verify(by_builder(certificate, key, *options, algorithm=algorithm), BODY) == certificate
    other_key, other = elliptic
    assert signed.verify(by_builder(other, other_key, *options, algorithm=algorithm), BODY) == other


def test_a_signature_by_pss_is_right(certificate: x509.Certificate, key: RSAPrivateKey) -> None:
    padding = PSS(MGF1(hashes.SHA256()), salt_length=32)
    assert signed.verify(by_builder(certificate, key, padding=padding), BODY) == certificate


def test_a_signature_over_the_bytes_themselves_is_right(certificate: x509.Certificate, key: RSAPrivateKey) -> None:
    data = by_builder(certificate, key, pkcs7.PKCS7Options.NoAttributes)
    assert signed.read(data).attributes == {}
    assert signed.verify(data, BODY) == certificate
    with pytest.raises(Invalid, match="not one over these bytes"):
        signed.verify(data, BODY + b" ")


@pytest.mark.parametrize("signed_with", ["sha1_rsa", "rsassa_pkcs1v15"])
def test_sha_1_counts_under_both_names_of_its_algorithm(
    certificate: x509.Certificate, key: RSAPrivateKey, signed_with: str
) -> None:
    assert signed.verify(sign_as(None, certificate, key, body=BODY, signed_with=signed_with), BODY) == certificate


def test_what_is_embedded_does_not_count(certificate: x509.Certificate, key: RSAPrivateKey) -> None:
    message = sign_as(b"something else", certificate, key, body=BODY)
    assert signed.verify(message, BODY) == certificate
    with pytest.raises(Invalid, match="not one over these bytes"):
        signed.verify(sign_as(BODY, certificate, key, body=b"something else"), BODY)


def test_what_is_signed_here_is_verified_here(authorities: Authorities) -> None:
    for authority in (authorities.devices, authorities.issuing):
        message = signed.sign(BODY, certificate=authority.certificate, key=authority.key, chain=authority.chain)
        result = signed.read(message)
        assert result.content == BODY
        assert signed.verify(message, BODY) == authority.certificate
        # No time is signed: it would be the machine's.
        assert SIGNING_TIME not in result.attributes


def test_attributes_can_be_all_that_is_said(authorities: Authorities) -> None:
    own = authorities.devices
    message = signed.sign(
        None, certificate=own.certificate, key=own.key, attributes={"1.2.3.4": core.PrintableString("said")}
    )
    result = signed.read(message)
    result.verify(b"")
    assert result.content is None
    assert result.attributes["1.2.3.4"] == (core.PrintableString("said").dump(),)


def test_what_is_written_is_der_as_asn1crypto_writes_it(authorities: Authorities) -> None:
    devices, root = authorities.devices, authorities.root.certificate
    text = {"1.3.6.1.5.5.7.24.1": core.UTF8String("not this phone")}
    for content in (None, b"", b"body" * 50, b"body" * 20_000):
        signed_here = signed.sign(
            content, certificate=devices.certificate, key=devices.key, chain=[root], attributes=text
        )
        assert cms.ContentInfo.load(signed_here, strict=True).dump(force=True) == signed_here
    for bundle in ([], [root], [root, devices.certificate]):
        data = signed.certificates_only(bundle)
        assert cms.ContentInfo.load(data, strict=True).dump(force=True) == data


def test_certificates_travel_without_a_signer(authorities: Authorities) -> None:
    data = signed.certificates_only([authorities.devices.certificate])
    assert pkcs7.load_der_pkcs7_certificates(data) == [authorities.devices.certificate]
    with pytest.raises(Invalid, match="one signer, not 0"):
        signed.read(data)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"signers": 2}, "one signer, not 2"),
        ({"signers": 0}, "one signer, not 0"),
        ({"certificates": []}, "certificates, the signer's among them"),
        ({"content_type": "1.2.3.4"}, "not about data"),
        ({"signed": []}, "attributes is empty"),
        ({"attributes": [(f"1.2.{index}", core.Null()) for index in range(50)]}, "too many signed attributes"),
        ({"attributes": [("1.2.3", *[core.Integer(index) for index in range(11)])]}, "too many signed attributes"),
        ({"attributes": [("1.2.840.113549.1.9.4", b"1" * 20)]}, "there twice"),
        ({"attributes": [("1.2.3", core.Integer(1)), ("1.2.3", core.Integer(1))]}, "there twice"),
    ],
)
def test_a_message_that_can_mean_two_things_is_refused(
    certificate: x509.Certificate, key: RSAPrivateKey, changes: Signing, words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        signed.verify(sign_as(BODY, certificate, key, **changes), BODY)


def test_only_the_certificate_that_is_named_counts(
    certificate: x509.Certificate, key: RSAPrivateKey, rsa_keys: KeyRing
) -> None:
    stranger = self_signed(rsa_keys.take(), "stranger")
    assert signed.verify(sign_as(BODY, certificate, key, certificates=[stranger, certificate]), BODY) == certificate
    with pytest.raises(Invalid, match="the signer's certificate is not in it"):
        signed.verify(sign_as(BODY, certificate, key, certificates=[stranger]), BODY)
    with pytest.raises(Invalid, match="1 to 20 certificates"):
        signed.verify(sign_as(BODY, certificate, key, certificates=[certificate] * 21), BODY)


def test_a_signature_by_another_key_is_wrong(certificate: x509.Certificate, rsa_keys: KeyRing) -> None:
    with pytest.raises(Invalid, match="not one over these bytes"):
        signed.verify(sign_as(BODY, certificate, rsa_keys.take()), BODY)


@pytest.mark.parametrize(
    "changes",
    [
        {"digest_name": "md5"},
        {"digest_name": "1.2.3.4"},
        {"signed_with": "md5_rsa"},
        {"signed_with": "sha256_ecdsa"},
        {"signed_with": "1.2.3.4"},
    ],
)
def test_an_unknown_algorithm_is_named(certificate: x509.Certificate, key: RSAPrivateKey, changes: Signing) -> None:
    with pytest.raises(UnknownAlgorithm):
        signed.verify(sign_as(BODY, certificate, key, **changes), BODY)


def test_two_hashes_in_one_signature_are_refused(certificate: x509.Certificate, key: RSAPrivateKey) -> None:
    with pytest.raises(Invalid, match="signed with sha256 and digested with sha1"):
        signed.verify(sign_as(BODY, certificate, key, signed_with="sha256_rsa"), BODY)


@pytest.mark.parametrize(
    "attributes",
    [
        [{"type": "message_digest", "values": [b"1" * 20]}],
        [{"type": "content_type", "values": ["data"]}],
        [{"type": "content_type", "values": ["data"]}, {"type": "message_digest", "values": [b"1"]}],
        [{"type": "content_type", "values": ["data"]}, {"type": "message_digest", "values": []}],
        [{"type": "content_type", "values": ["signed_data"]}, {"type": "message_digest", "values": [b"1" * 20]}],
    ],
)
def test_attributes_that_are_not_about_the_body_are_refused(
    certificate: x509.Certificate, key: RSAPrivateKey, attributes: list[dict[str, object]]
) -> None:
    with pytest.raises(Invalid):
        signed.verify(sign_as(BODY, certificate, key, signed=attributes), BODY)


def test_attributes_cannot_pass_for_content(certificate: x509.Certificate, key: RSAPrivateKey) -> None:
    """Without its attributes, a message is a signature over the attributes alone, and not over the content."""
    message = cms.ContentInfo.load(sign_as(BODY, certificate, key))
    (signer,) = message["content"]["signer_infos"]
    attributes = b"\x31" + signer["signed_attrs"].dump()[1:]
    signer["signed_attrs"] = None
    assert signed.verify(message.dump(force=True), attributes) == certificate
    with pytest.raises(Invalid):
        signed.verify(message.dump(force=True), BODY)


@pytest.mark.parametrize(
    "data", [b"", b"0", b"\x30\x80", b"\x30\x82\xff\xff", b"\x30\x80" * 5000, b"signed", bytes(60_000)]
)
def test_garbage_is_no_signature(data: bytes) -> None:
    with pytest.raises(Invalid, match="no signed message"):
        signed.verify(data, BODY)


@pytest.mark.parametrize("constructed", [b"\x30\x80\x06\x82", b"\x30\x84\x00\x00\xea\x64\x06\x82"])
def test_an_identifier_that_would_take_long_to_spell_out_is_not_read(constructed: bytes) -> None:
    """It takes the square of its length: a second for 60 KB."""
    with pytest.raises(Invalid, match="object identifier of 60000 bytes"):
        signed.read(constructed + b"\xea\x60" + b"\x81" * 59_999 + b"\x01" + b"\xa0\x00")


def test_a_long_message_is_read_like_a_short_one(certificate: x509.Certificate, key: RSAPrivateKey) -> None:
    for size in (10, 30_000):
        body = bytes(size)
        assert signed.verify(sign_as(body, certificate, key, embedded=body), body) == certificate


def test_a_message_that_would_take_long_to_read_is_not_read(certificate: x509.Certificate, key: RSAPrivateKey) -> None:
    for message in (sign_as(bytes(64 * 1024), certificate, key), bytes(4_000_000)):
        with pytest.raises(Invalid, match="64 KiB at most are read"):
            signed.read(message)


def test_a_certificate_that_would_take_long_to_read_is_not_read(key: RSAPrivateKey) -> None:
    """Its name has as many elements as the reader of a message does not look at."""
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "unit")] * 600)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + timedelta(days=1))
    with pytest.raises(Invalid, match="more than 2000 elements"):
        signed.verify(by_builder(builder.sign(key, hashes.SHA256()), key, _DETACHED), BODY)


def test_small_certificates_of_signers_are_remembered(key: RSAPrivateKey) -> None:
    small, large = (certificates.self_signed(key, emails=["alice@example.com"] * count) for count in (1, 100))
    for certificate, is_remembered in ((small, True), (large, False)):
        message = by_builder(certificate, key, _DETACHED)
        first, second = (signed.read(message).certificate for _ in range(2))
        assert first == second == certificate
        assert (first is second) is is_remembered


def test_a_cut_message_is_no_signature(certificate: x509.Certificate, key: RSAPrivateKey) -> None:
    whole = sign_as(BODY, certificate, key)
    for end in range(0, len(whole), 17):
        with pytest.raises(Invalid):
            signed.verify(whole[:end], BODY)
    with pytest.raises(Invalid):
        signed.verify(whole + b"\0", BODY)


@pytest.fixture(scope="module")
def messages(
    certificate: x509.Certificate,
    key: RSAPrivateKey,
    elliptic: tuple[ec.EllipticCurvePrivateKey, x509.Certificate],
) -> list[bytes]:
    return [sign_as(None, certificate, key, body=BODY), by_builder(elliptic[1], elliptic[0])]


@given(st.data())
@settings(max_examples=500, deadline=None)
def test_damage_anywhere_is_refused_or_changes_nothing(
    messages: list[bytes],
    certificate: x509.Certificate,
    elliptic: tuple[ec.EllipticCurvePrivateKey, x509.Certificate],
    data: st.DataObject,
) -> None:
    damaged = bytearray(data.draw(st.sampled_from(messages)))
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Invalid):
        verify = signed.verify(bytes(damaged), BODY)
        assert verify.public_key() in (certificate.public_key(), elliptic[1].public_key())


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        signed.verify(data, BODY)
