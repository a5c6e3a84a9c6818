"""CMS: envelopes for RSA and EC recipients, signatures over attached and detached content, and what is refused.

Signed messages are written byte for byte as asn1crypto writes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.algorithms import AES128, AES256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from fauxtune_sim.cms.ciphers import ContentCipher
from fauxtune_sim.cms.envelope import RecipientOptions, encrypt, open_envelope
from fauxtune_sim.cms.messages import ContentType, content_type_of
from fauxtune_sim.cms.signed import SigningOptions, sign, verify
from fauxtune_sim.errors import CmsRefused
from fauxtune_sim.keys.certificates import is_issued_by, subject_key_identifier

if TYPE_CHECKING:
    from tests.simulator.conftest import Pki

if TYPE_CHECKING:
    from fauxtune_sim.keys.keystore import Identity
    from tests.simulator.conftest import Pki


SECRET = b"for your eyes only"
CURVES: dict[str, type[ec.EllipticCurve]] = {"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}
KEYS: dict[str, Callable[[], ec.EllipticCurvePrivateKey | None]] = {
    "rsa": lambda: None,
    **{name: partial(ec.generate_private_key, curve()) for name, curve in CURVES.items()},
}
ATTACHED = SigningOptions(detached=False)
WHEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SIGNED_AT = datetime(2026, 11, 24, 10, 0, 7, 999, tzinfo=timezone(timedelta(hours=5)))


def pss(digest: dict[str, str], *, salt: int) -> dict[str, Any]:
    mask = {"algorithm": "mgf1", "parameters": digest}
    parameters = {"hash_algorithm": digest, "mask_gen_algorithm": mask, "salt_length": salt}
    return {"algorithm": "rsassa_pss", "parameters": parameters}


def by_asn1crypto(
    content: bytes, message: bytes, *, signer: Identity, options: SigningOptions, time: datetime
) -> bytes:
    """What asn1crypto writes, with the signature that the message has."""
    signature = cms.ContentInfo.load(message)["content"]["signer_infos"][0]["signature"].native
    certificate = signer.certificate
    version = "v3" if options.by_key_identifier else "v1"
    hashed = hashlib.new(options.digest, content)
    digest = {"algorithm": options.digest}
    whole = time.astimezone(UTC).replace(microsecond=0)
    attributes = [
        {"type": "content_type", "values": ["data"]},
        {"type": "signing_time", "values": [cms.Time("utc_time" if whole.year < 2050 else "generalized_time", whole)]},
        {"type": "message_digest", "values": [hashed.digest()]},
        *({"type": name, "values": cms.SetOfAny([core.Any.load(value)])} for name, value in options.attributes),
    ]
    named: Any = {
        "issuer": asn1_x509.Name.load(certificate.issuer.public_bytes()),
        "serial_number": certificate.serial_number,
    }
    identifier = cms.SignerIdentifier("issuer_and_serial_number", named)
    if options.by_key_identifier:
        identifier = cms.SignerIdentifier("subject_key_identifier", subject_key_identifier(certificate))
    is_ec = isinstance(signer.key, ec.EllipticCurvePrivateKey)
    algorithm: Any = {"algorithm": f"{options.digest}_ecdsa" if is_ec else "rsassa_pkcs1v15"}
    info = {
        "version": version,
        "sid": identifier,
        "digest_algorithm": digest,
        "signed_attrs": cms.CMSAttributes(attributes),
        "signature_algorithm": pss(digest, salt=hashed.digest_size) if options.pss and not is_ec else algorithm,
        "signature": signature,
    }
    signed = {
        "version": version,
        "digest_algorithms": [digest],
        "encap_content_info": {"content_type": "data", **({} if options.detached else {"content": content})},
        "certificates": [
            asn1_x509.Certificate.load(each.public_bytes(Encoding.DER)) for each in (certificate, *signer.chain)
        ],
        "signer_infos": [info],
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())


def test_an_envelope_for_several_recipients_is_opened_by_each_and_names_who_it_was(pki: Pki) -> None:
    identities = [pki.issue(key=make()) for make in KEYS.values()]
    envelope = encrypt(SECRET, [one.certificate for one in identities])
    assert content_type_of(envelope) is ContentType.ENVELOPED
    for one in identities:
        opened = open_envelope(envelope, [pki.issue(), one])
        assert (opened.content, opened.recipient) == (SECRET, one.certificate)


@pytest.mark.parametrize("cipher", ContentCipher)
@pytest.mark.parametrize("options", [RecipientOptions(), RecipientOptions(oaep=True, by_key_identifier=True)])
def test_every_cipher_and_every_way_to_name_recipients_is_opened(
    pki: Pki, cipher: ContentCipher, options: RecipientOptions
) -> None:
    identities = [pki.issue(), pki.issue(key=ec.generate_private_key(ec.SECP256R1()))]
    envelope = encrypt(SECRET, [one.certificate for one in identities], cipher=cipher, options=options)
    kind = ContentType.AUTHENTICATED if cipher.is_authenticated else ContentType.ENVELOPED
    assert content_type_of(envelope) is kind
    for one in identities:
        assert open_envelope(envelope, [one]).content == SECRET


def test_a_changed_authenticated_envelope_is_refused(pki: Pki) -> None:
    one = pki.issue()
    envelope = bytearray(encrypt(SECRET, [one.certificate], cipher=ContentCipher.AES128_GCM))
    envelope[-20] ^= 1
    with pytest.raises(CmsRefused, match="authentication tag does not fit"):
        open_envelope(bytes(envelope), [one])


@pytest.mark.parametrize("algorithm", [AES128, AES256])
def test_envelopes_of_another_program_are_opened(pki: Pki, algorithm: type[AES128] | type[AES256]) -> None:
    one = pki.issue()
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(SECRET).set_content_encryption_algorithm(algorithm)
    envelope = builder.add_recipient(one.certificate).encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    assert open_envelope(envelope, [one]).content == SECRET


def test_an_envelope_for_somebody_else_says_for_whom_it_is(pki: Pki) -> None:
    other = pki.issue()
    with pytest.raises(CmsRefused, match=f"{other.certificate.serial_number:x} of Test Issuing"):
        open_envelope(encrypt(SECRET, [other.certificate]), [pki.issue(), pki.issue()])


def test_a_content_key_for_another_key_of_the_same_name_does_not_open(pki: Pki) -> None:
    one, key_of_another = pki.issue(), pki.issue().key
    envelope = cms.ContentInfo.load(encrypt(SECRET, [one.certificate]))
    recipient = envelope["content"]["recipient_infos"][0].chosen
    public = key_of_another.public_key()
    recipient["encrypted_key"] = cms.ContentInfo.load(encrypt(SECRET, [pki.issue(key=key_of_another).certificate]))[
        "content"
    ]["recipient_infos"][0].chosen["encrypted_key"]
    assert public != one.key.public_key()
    with pytest.raises(CmsRefused):
        open_envelope(envelope.dump(force=True), [one])


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("detached", [True, False], ids=["detached", "attached"])
@pytest.mark.parametrize(("pss", "by_key_identifier"), [(False, False), (True, True)])
def test_a_signature_verifies_and_says_who_and_when(
    pki: Pki, name: str, *, detached: bool, pss: bool, by_key_identifier: bool
) -> None:
    one = pki.issue(key=KEYS[name]())
    data = sign(
        SECRET,
        certificate=one.certificate,
        key=one.key,
        signing_time=WHEN,
        others=one.chain,
        options=SigningOptions(detached=detached, pss=pss, by_key_identifier=by_key_identifier),
    )
    signature = verify(data, detached=SECRET if detached else None)
    assert (signature.content, signature.signer, signature.signing_time) == (SECRET, one.certificate, WHEN)
    assert set(signature.certificates) == {one.certificate, pki.intermediate}


def test_a_signature_over_other_content_is_refused(pki: Pki) -> None:
    one = pki.issue()
    data = sign(SECRET, certificate=one.certificate, key=one.key, signing_time=WHEN)
    with pytest.raises(CmsRefused, match="changed after it was signed"):
        verify(data, detached=SECRET + b"!")


def test_a_detached_signature_needs_its_content(pki: Pki) -> None:
    one = pki.issue()
    with pytest.raises(CmsRefused, match="detached"):
        verify(sign(SECRET, certificate=one.certificate, key=one.key, signing_time=WHEN))


def test_a_signature_by_another_key_is_refused(pki: Pki) -> None:
    one = pki.issue()
    data = sign(SECRET, certificate=one.certificate, key=pki.issue().key, signing_time=WHEN)
    with pytest.raises(CmsRefused, match="does not verify"):
        verify(data, detached=SECRET)


@pytest.mark.parametrize("year", [2049, 2050])
def test_the_signing_time_is_written_as_its_year_demands(pki: Pki, year: int) -> None:
    one, moment = pki.issue(), datetime(year, 6, 1, tzinfo=UTC)
    data = sign(SECRET, certificate=one.certificate, key=one.key, signing_time=moment)
    assert verify(data, detached=SECRET).signing_time == moment


def test_no_truncation_and_no_flipped_byte_escapes_as_another_error(pki: Pki) -> None:
    identity = pki.issue()
    cbc, gcm = (
        encrypt(SECRET, [identity.certificate], cipher=cipher)
        for cipher in (ContentCipher.AES256_CBC, ContentCipher.AES256_GCM)
    )
    signed = sign(SECRET, certificate=identity.certificate, key=identity.key, signing_time=WHEN, options=ATTACHED)
    uses: list[tuple[bytes, Callable[[bytes], object]]] = [
        (cbc, lambda broken: open_envelope(broken, [identity])),
        (gcm, lambda broken: open_envelope(broken, [identity])),
        (signed, verify),
    ]
    for data, use in uses:
        for at in range(0, len(data), 7):
            for broken in (data[:at], data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]):
                try:
                    use(broken)
                except CmsRefused:
                    continue


def test_an_issuer_with_an_unknown_kind_of_key_is_proved_by_nothing(pki: Pki) -> None:
    rsa = bytes.fromhex("06092a864886f70d010101")
    written = pki.root.public_bytes(Encoding.DER)
    assert written.count(rsa) == 1
    unknown = x509.load_der_x509_certificate(written.replace(rsa, rsa[:-1] + b"\x7f"))
    assert is_issued_by(pki.intermediate, pki.root)
    assert not is_issued_by(pki.intermediate, unknown)


@pytest.mark.parametrize("pss", [False, True])
@pytest.mark.parametrize("by_key_identifier", [False, True])
@pytest.mark.parametrize("size", [None, 0, 100, 70_000])
def test_a_signed_message_is_what_asn1crypto_writes(
    pki: Pki, size: int | None, by_key_identifier: bool, pss: bool
) -> None:
    options = SigningOptions(detached=size is None, pss=pss, by_key_identifier=by_key_identifier)
    content = b"x" * (size or 0)
    for signer in (pki.issue(), pki.issue(key=ec.generate_private_key(ec.SECP256R1()))):
        for time in (SIGNED_AT, SIGNED_AT.replace(year=2051)):
            message = sign(
                content,
                certificate=signer.certificate,
                key=signer.key,
                signing_time=time,
                others=signer.chain,
                options=options,
            )
            assert message == by_asn1crypto(content, message, signer=signer, options=options, time=time)
            checked = verify(message, detached=content if options.detached else None)
            assert (checked.signer, checked.signing_time) == (signer.certificate, time.replace(microsecond=0))


@pytest.mark.parametrize("pss", [False, True])
@pytest.mark.parametrize("digest", ["sha1", "sha224", "sha256", "sha384", "sha512"])
def test_every_hash_algorithm_and_further_attributes_are_written_as_asn1crypto_writes_them(
    pki: Pki, digest: str, pss: bool
) -> None:
    attributes = (
        ("1.2.3.4", bytes(core.PrintableString("19").dump())),
        ("1.2.3", bytes(core.OctetString(b"x").dump())),
    )
    options = SigningOptions(detached=False, pss=pss, digest=digest, attributes=attributes)
    for signer in (pki.issue(), pki.issue(key=ec.generate_private_key(ec.SECP256R1()))):
        message = sign(
            b"content",
            certificate=signer.certificate,
            key=signer.key,
            signing_time=SIGNED_AT,
            others=signer.chain,
            options=options,
        )
        assert message == by_asn1crypto(b"content", message, signer=signer, options=options, time=SIGNED_AT)
        assert verify(message).signer == signer.certificate
