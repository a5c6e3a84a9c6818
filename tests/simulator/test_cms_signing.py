"""Signed messages are written byte for byte as asn1crypto writes them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.cms.signed import SigningOptions, sign, verify
from fauxtune_sim.keys.certificates import subject_key_identifier

if TYPE_CHECKING:
    from fauxtune_sim.keys.keystore import Identity
    from tests.simulator.conftest import Pki

WHEN = datetime(2026, 11, 24, 10, 0, 7, 999, tzinfo=timezone(timedelta(hours=5)))


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


@pytest.mark.parametrize("pss", [False, True])
@pytest.mark.parametrize("by_key_identifier", [False, True])
@pytest.mark.parametrize("size", [None, 0, 100, 70_000])
def test_a_signed_message_is_what_asn1crypto_writes(
    pki: Pki, size: int | None, by_key_identifier: bool, pss: bool
) -> None:
    options = SigningOptions(detached=size is None, pss=pss, by_key_identifier=by_key_identifier)
    content = b"x" * (size or 0)
    for signer in (pki.issue(), pki.issue(key=ec.generate_private_key(ec.SECP256R1()))):
        for time in (WHEN, WHEN.replace(year=2051)):
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
            signing_time=WHEN,
            others=signer.chain,
            options=options,
        )
        assert message == by_asn1crypto(b"content", message, signer=signer, options=options, time=WHEN)
        assert verify(message).signer == signer.certificate
