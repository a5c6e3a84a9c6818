"""CMS messages: who signed what and when, for whom an envelope is, which certificates come along. RFC 5652.

Nothing is decrypted: there is no key here. The signature is checked against the certificate in the message, which says
nothing about who may sign.
"""

from __future__ import annotations

from collections.abc import Iterator

from asn1crypto import cms, core
from cryptography import x509

from fauxtune.core.errors import FauxtuneError
from fauxtune.core.pki import signed
from fauxtune.core.pki.algorithm_words import algorithm_words
from fauxtune.core.pki.der_limits import check_limits
from fauxtune.core.pki.foreign import certificate_from
from fauxtune.core.pki.names import subject_text
from fauxtune.core.pki.signed_forms import MOST_CERTIFICATES
from fauxtune_wire.decoding import scep
from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.certificates import certificate_part, moment, name_words, serial_words
from fauxtune_wire.decoding.der_kinds import DerKind, kind_of
from fauxtune_wire.decoding.parts import LARGEST_BODY, Fact, Part, counted

_MOST_SIGNERS = 10
_SIGNING_TIME = "signing_time"


def read(body: Body) -> list[Part] | None:
    """Read a CMS message; None for anything else."""
    if kind_of(body.data) is not DerKind.CMS:
        return None
    outer = cms.ContentInfo.load(check_limits(body.data, largest=LARGEST_BODY), strict=True)
    kind = outer["content_type"].native
    content = outer["content"]
    if not isinstance(content, core.Sequence):
        return [Part(f"CMS ({kind}) without content, {counted(len(body.data), 'byte')}")]
    match kind:
        case "signed_data":
            return [_signed(content, body)]
        case "enveloped_data":
            return [_enveloped(content)]
    return [Part(f"CMS ({kind}), {counted(len(body.data), 'byte')}")]


def _signed(content: cms.SignedData, body: Body) -> Part:
    certificates = _certificates(content)
    signers = list(content["signer_infos"])[:_MOST_SIGNERS]
    inner = content["encap_content_info"]
    data = None if isinstance(inner["content"], core.Void) else inner["content"].native
    parts = tuple(map(certificate_part, certificates))
    if not signers:
        facts = [("Certificates", counted(len(certificates), "certificate"))]
        return Part(
            "CMS with certificates only (degenerate SignedData): nobody signed it", facts=tuple(facts), parts=parts
        )
    facts = [fact for signer in signers for fact in _signer_facts(signer, certificates)]
    facts.append(("Signature", _verdict(body.data, data)))
    facts.append(("Content", "elsewhere (detached)" if data is None else _size(data)))
    message = scep.describe(signers[0], body)
    inside = body.unfold(data) if isinstance(data, bytes) and data else []
    title = message.title if message else f"CMS SignedData: signed by {_signer(signers[0], certificates)}"
    return Part(title, facts=((*message.facts, *facts) if message else tuple(facts)), parts=(*inside, *parts))


def _certificates(content: cms.SignedData) -> list[x509.Certificate]:
    certificates = content["certificates"]
    if isinstance(certificates, core.Void):
        return []
    chosen = [each.chosen.dump() for each in certificates if each.name == "certificate"]
    return [certificate_from(der) for der in chosen[:MOST_CERTIFICATES]]


def _size(data: object) -> str:
    return counted(len(data), "byte") if isinstance(data, bytes) else "of another type than data"


def _verdict(message: bytes, content: object) -> str:
    """What is known of the signature without knowing whom to trust."""
    if not isinstance(content, bytes):
        return "not checked: what it signs is not in the message"
    try:
        signed.read(message).verify(content)
    except FauxtuneError as error:
        return f"does not fit: {error.message}"
    return "fits the content and the certificate in the message"


def _signer_facts(signer: cms.SignerInfo, certificates: list[x509.Certificate]) -> Iterator[Fact]:
    yield "Signed by", _signer(signer, certificates)
    digest, algorithm = (
        signer["digest_algorithm"]["algorithm"].native,
        signer["signature_algorithm"]["algorithm"].native,
    )
    yield "Algorithms", f"{algorithm_words(algorithm)} with {algorithm_words(digest)}"
    attributes = signer["signed_attrs"]
    for attribute in () if isinstance(attributes, core.Void) else list(attributes)[:50]:
        if attribute["type"].native == _SIGNING_TIME and len(attribute["values"]):
            yield "Signing time", moment(attribute["values"][0].native)


def _signer(signer: cms.SignerInfo, certificates: list[x509.Certificate]) -> str:
    identifier = signer["sid"]
    if identifier.name == "issuer_and_serial_number":
        serial = identifier.chosen["serial_number"].native
        for certificate in certificates:
            if certificate.serial_number == serial:
                return f"{subject_text(certificate.subject) or 'nobody by name'}, certificate {serial_words(serial)}"
    return _identified(identifier)


def _identified(identifier: core.Choice) -> str:
    """A signer or recipient, by issuer and serial number or by its key."""
    chosen = identifier.chosen
    if identifier.name != "issuer_and_serial_number":
        return f"the holder of the key {chosen.native.hex()[:8]}…" if isinstance(chosen.native, bytes) else "unnamed"
    issuer = name_words(chosen["issuer"])
    return f"the certificate {serial_words(chosen['serial_number'].native)} issued by {issuer}"


def _enveloped(content: cms.EnvelopedData) -> Part:
    info = content["encrypted_content_info"]
    facts: list[Fact] = []
    for recipient in list(content["recipient_infos"])[:_MOST_SIGNERS]:
        if recipient.name == "ktri":
            facts.append(("For", _identified(recipient.chosen["rid"])))
            algorithm = recipient.chosen["key_encryption_algorithm"]["algorithm"].native
            facts.append(("Key encrypted with", algorithm_words(algorithm)))
        else:
            facts.append(("For", f"a recipient of the kind {recipient.name}"))
    facts.append(("Content encrypted with", algorithm_words(info["content_encryption_algorithm"]["algorithm"].native)))
    sealed = info["encrypted_content"]
    facts.append(("Content", "missing" if isinstance(sealed, core.Void) else f"{_size(sealed.native)}, encrypted"))
    whom = facts[0][1] if facts[0][0] == "For" else "nobody"
    return Part(f"CMS EnvelopedData: encrypted for {whom}", facts=tuple(facts))
