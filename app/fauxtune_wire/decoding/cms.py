"""CMS messages: who signed what and when, for whom an envelope is, which certificates come along (RFC 5652); and SCEP's
pkiMessage in words: what is requested or answered, and why it is refused (RFC 8894 3.2 and 3.3).

Nothing is decrypted: there is no key here. The signature is checked against the certificate in the message, which says
nothing about who may sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs

from asn1crypto import cms, core
from cryptography import x509

from fauxtune.core.errors import FauxtuneError
from fauxtune.core.pki import signed
from fauxtune.core.pki.algorithm_words import algorithm_words
from fauxtune.core.pki.der import check_limits
from fauxtune.core.pki.foreign import certificate_from
from fauxtune.core.pki.names import subject_text
from fauxtune.core.pki.signed_forms import MOST_CERTIFICATES
from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.certificates import certificate_part, moment, name_words, serial_words
from fauxtune_wire.decoding.der_kinds import DerKind, kind_of
from fauxtune_wire.decoding.masking import from_base64
from fauxtune_wire.decoding.parts import LARGEST_BODY, Fact, Part, counted, shortened

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
    message = describe(signers[0], body)
    inside = body.unfold(data) if isinstance(data, bytes) and data else []
    title = message.title if message else f"CMS SignedData: signed by {_signer(signers[0], certificates)}"
    return Part(title, facts=((*message.facts, *facts) if message else tuple(facts)), parts=(*inside, *parts))


def _certificates(content: cms.SignedData) -> list[x509.Certificate]:
    certificates = content["certificates"]
    if isinstance(certificates, core.Void):
        return []
    chosen = [certificate.chosen.dump() for certificate in certificates if certificate.name == "certificate"]
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


_MESSAGE_TYPE, _STATUS, _FAIL_INFO, _TRANSACTION, _FAIL_TEXT = (
    "2.16.840.1.113733.1.9.2",
    "2.16.840.1.113733.1.9.3",
    "2.16.840.1.113733.1.9.4",
    "2.16.840.1.113733.1.9.7",
    "1.3.6.1.5.5.7.24.1",
)
_TYPES: dict[str, str] = {
    "3": "CertRep: the answer of the authority",
    "17": "RenewalReq: request to renew a certificate",
    "18": "UpdateReq: request to renew a certificate, in the words of the drafts",
    "19": "PKCSReq: request for a certificate",
    "20": "CertPoll: is the certificate ready",
    "21": "GetCert: request for a certificate that was issued",
    "22": "GetCRL: request for the CRL",
}
_STATUSES: dict[str, str] = {"0": "granted", "2": "refused", "3": "pending: the client must ask again later"}
_FAILURES: dict[str, str] = {
    "0": "badAlg: an algorithm that is not known or not allowed",
    "1": "badMessageCheck: the signature does not fit",
    "2": "badRequest: this request is not allowed or not understood",
    "3": "badTime: the signing time is too far away",
    "4": "badCertId: no certificate is like that",
}
_OPERATIONS: dict[str, str] = {
    "getcacaps": "SCEP: what the authority can do (GetCACaps)",
    "getcacert": "SCEP: the certificate of the authority (GetCACert)",
}


def describe(signer: cms.SignerInfo, body: Body) -> Part | None:
    """Describe the message that this signer signed; None for a message that is not one of SCEP's."""
    attributes = _attributes(signer)
    kind = attributes.get(_MESSAGE_TYPE)
    if kind is None:
        return None
    words = _TYPES.get(kind, f"of an unknown type {kind}")
    status, failure = attributes.get(_STATUS), attributes.get(_FAIL_INFO)
    facts: list[Fact] = [("Message", words)]
    if status is not None:
        facts.append(("Status", _STATUSES.get(status, f"unknown ({status})")))
    if failure is not None:
        facts.append(("Reason", _FAILURES.get(failure, f"unknown ({failure})")))
    if _FAIL_TEXT in attributes:
        facts.append(("In words", attributes[_FAIL_TEXT]))
    facts.append(("Transaction", shortened(attributes.get(_TRANSACTION, "none"), 20)))
    outcome = f", {_STATUSES.get(status, 'of an unknown status')}" if status is not None else ""
    return Part(f"SCEP {words}{outcome}", facts=tuple((name, body.masking.text("", value)) for name, value in facts))


def capabilities(body: Body) -> list[Part] | None:
    """Read the answer to GetCACaps; None for anything else."""
    operation = parse_qs(body.query, max_num_fields=20).get("operation", [""])[0].lower()
    if operation != "getcacaps" or body.direction != "response" or body.depth > 1:
        return None
    words = [body.masking.text("", word) for word in body.data.decode("ascii").split()[:50]]
    return [Part(_OPERATIONS[operation], text="\n".join(words), facts=(("Capabilities", ", ".join(words)),))]


def message_in(query: str) -> bytes:
    """Return the message in the query of a GET; empty if there is no message."""
    try:
        values = parse_qs(query, max_num_fields=20)
    except ValueError:
        return b""
    message = values.get("message", [""])[0].replace(" ", "+")
    is_message = values.get("operation", [""])[0].lower() == "pkioperation"
    return from_base64(message) or b"" if is_message else b""


def _attributes(signer: cms.SignerInfo) -> Mapping[str, str]:
    """The signed attributes that are text, by their number."""
    attributes = signer["signed_attrs"]
    texts: dict[str, str] = {}
    for attribute in () if isinstance(attributes, core.Void) else list(attributes)[:50]:
        if len(attribute["values"]):
            value = core.load(attribute["values"][0].dump(), strict=True).native
            if isinstance(value, str):
                texts[attribute["type"].dotted] = value
    return texts
