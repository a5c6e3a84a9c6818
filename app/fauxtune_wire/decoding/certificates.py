"""Certificates and certificate requests: whose, from whom, until when, for what. And CRLs, and requests and answers of
OCSP: which certificate has which status. RFC 5280, RFC 2986, RFC 6960.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import unquote

from asn1crypto import csr
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import ocsp

from fauxtune.core.formats.secret_names import not_shown
from fauxtune.core.pki.der import check_limits
from fauxtune.core.pki.foreign import certificate_from, is_authority, is_pem, request_from
from fauxtune.core.pki.names import PRINCIPAL_NAME, serial_hex, subject_text
from fauxtune.core.pki.ocsp import read_request
from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.der_kinds import DerKind, kind_of
from fauxtune_wire.decoding.masking import from_base64
from fauxtune_wire.decoding.parts import LARGEST_BODY, Fact, Part, counted

_SERIAL_DIGITS = 8
#: Extended key usages (RFC 5280 4.2.1.12; MS-WCCE) in words.
_PURPOSES: dict[str, str] = {
    "1.3.6.1.5.5.7.3.1": "server of TLS",
    "1.3.6.1.5.5.7.3.2": "client of TLS",
    "1.3.6.1.5.5.7.3.3": "code signing",
    "1.3.6.1.5.5.7.3.4": "secure e-mail",
    "1.3.6.1.5.5.7.3.8": "time stamps",
    "1.3.6.1.5.5.7.3.9": "signing OCSP answers",
    "1.3.6.1.4.1.311.10.3.4": "encrypting files (EFS)",
    "1.3.6.1.4.1.311.20.2.2": "signing in with a smart card",
    "2.5.29.37.0": "any purpose",
}
_USAGES: dict[str, str] = {
    "digital_signature": "digital signature",
    "content_commitment": "non-repudiation",
    "key_encipherment": "key encipherment",
    "data_encipherment": "data encipherment",
    "key_agreement": "key agreement",
    "key_cert_sign": "signing certificates",
    "crl_sign": "signing CRLs",
}
#: Attributes of names, by asn1crypto's words (RFC 4514).
_SHORT: dict[str, str] = {
    "common_name": "CN",
    "organization_name": "O",
    "organizational_unit_name": "OU",
    "country_name": "C",
    "locality_name": "L",
    "state_or_province_name": "ST",
    "email_address": "E",
    "domain_component": "DC",
    "serial_number": "SERIALNUMBER",
}
_KINDS: dict[type[x509.GeneralName], str] = {
    x509.RFC822Name: "e-mail",
    x509.DNSName: "DNS",
    x509.UniformResourceIdentifier: "URI",
}
_MOST_LISTED = 100
_REFUSALS: dict[ocsp.OCSPResponseStatus, str] = {
    ocsp.OCSPResponseStatus.MALFORMED_REQUEST: "malformedRequest: the request cannot be read",
    ocsp.OCSPResponseStatus.INTERNAL_ERROR: "internalError: the responder has a problem",
    ocsp.OCSPResponseStatus.TRY_LATER: "tryLater: the responder is busy",
    ocsp.OCSPResponseStatus.SIG_REQUIRED: "sigRequired: the request must be signed",
    ocsp.OCSPResponseStatus.UNAUTHORIZED: "unauthorized: the responder knows nothing of these certificates",
}


def read(body: Body) -> list[Part] | None:
    """Read a certificate or a request, DER or PEM; None for anything else. Keys are named only."""
    if is_pem(body.data):
        return _pem(body)
    match kind_of(body.data):
        case DerKind.CERTIFICATE:
            return [certificate_part(certificate_from(body.data))]
        case DerKind.REQUEST:
            return [_request(body.data)]
        case DerKind.PFX | DerKind.PRIVATE_KEY as kind:
            return [Part(f"{kind[0].upper()}{kind[1:]}", text=not_shown(f"{kind}, {counted(len(body.data), 'byte')}"))]
    return None


def certificate_part(certificate: x509.Certificate) -> Part:
    """Describe a certificate."""
    title = f"Certificate of {subject_text(certificate.subject) or 'nobody by name'}"
    return Part(title, facts=tuple(_certificate_facts(certificate)))


def serial_words(serial: int) -> str:
    """Write the beginning of a serial number, as the console does."""
    digits = serial_hex(serial)
    return digits if len(digits) <= _SERIAL_DIGITS else f"{digits[:_SERIAL_DIGITS]}…"


def moment(at: datetime) -> str:
    """Write a moment."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _pem(body: Body) -> list[Part]:
    parts: list[Part] = []
    label, content = "", list[bytes]()
    for line in body.data.splitlines():
        if line.startswith(b"-----BEGIN "):
            label, content = line[11:].rstrip(b"- ").decode("ascii", "replace"), []
        elif line.startswith(b"-----END ") and label:
            parts += _pem_part(body, label, content=content)
            label = ""
        else:
            content.append(line.strip())
    return parts or [Part("PEM without an end")]


def _pem_part(body: Body, label: str, *, content: list[bytes]) -> list[Part]:
    if "PRIVATE" in label:
        return [Part("Private key in PEM", text=not_shown("private key"))]
    try:
        data = base64.b64decode(b"".join(content), validate=True)
    except (binascii.Error, ValueError):
        return [Part(f"PEM ({body.masking.text('', label)}) that is not base64")]
    return body.unfold(data)


def name_words(name: asn1_x509.Name) -> str:
    """Write a name that may break the rules for names, which cryptography would warn of: Windows' requests have longer
    ones than X.520 allows.
    """
    attributes = [each for rdn in reversed(list(name.chosen)) for each in rdn]
    return ",".join(
        f"{_SHORT.get(attribute['type'].native, attribute['type'].dotted)}={attribute['value'].native}"
        for attribute in attributes
    )


def _request(der: bytes) -> Part:
    request = request_from(der)
    subject = name_words(csr.CertificationRequest.load(der)["certification_request_info"]["subject"])
    facts: list[Fact] = [("Subject", subject or "none"), ("Key", _key(request))]
    facts += _extension_facts(request.extensions)
    names = {attribute.oid.dotted_string for attribute in request.attributes}
    if "1.2.840.113549.1.9.7" in names:
        facts.append(("Challenge password", not_shown("challenge")))
    facts.append(("Signed with its own key", "yes" if request.is_signature_valid else "no"))
    return Part(f"Certificate request (PKCS#10) of {subject or 'nobody by name'}", facts=tuple(facts))


def _certificate_facts(certificate: x509.Certificate) -> Iterator[Fact]:
    issuer = subject_text(certificate.issuer)
    yield "Subject", subject_text(certificate.subject) or "none"
    yield "Issuer", "itself" if certificate.issuer == certificate.subject else issuer or "none"
    yield "Serial number", serial_words(certificate.serial_number)
    yield "Valid", f"{moment(certificate.not_valid_before_utc)} to {moment(certificate.not_valid_after_utc)}"
    yield "Key", _key(certificate)
    if is_authority(certificate):
        yield "Authority", "yes: it may issue certificates"
    yield from _extension_facts(certificate.extensions)


def _key(holder: x509.Certificate | x509.CertificateSigningRequest) -> str:
    try:
        key = holder.public_key()
    except UnsupportedAlgorithm:
        return "of an unknown kind"
    if isinstance(key, RSAPublicKey):
        return f"RSA, {key.key_size} bits"
    return f"EC, {key.curve.name}" if isinstance(key, EllipticCurvePublicKey) else type(key).__name__


def _extension_facts(extensions: x509.Extensions) -> Iterator[Fact]:
    for extension in extensions:
        value = extension.value
        match value:
            case x509.KeyUsage():
                usages = [words for name, words in _USAGES.items() if getattr(value, name)]
                yield "Usage", ", ".join(usages) or "none"
            case x509.ExtendedKeyUsage():
                yield "Purpose", ", ".join(_PURPOSES.get(each.dotted_string, each.dotted_string) for each in value)
            case x509.SubjectAlternativeName():
                yield "Names", ", ".join(map(_name, value))
            case x509.CRLDistributionPoints():
                addresses = [name.value for point in value for name in point.full_name or () if _is_address(name)]
                yield "CRL", ", ".join(map(str, addresses))


def _is_address(name: x509.GeneralName) -> bool:
    return isinstance(name, x509.UniformResourceIdentifier)


def _name(name: x509.GeneralName) -> str:
    if isinstance(name, x509.OtherName):
        if name.type_id != PRINCIPAL_NAME:
            return f"other ({name.type_id.dotted_string})"
        return f"user principal name {name.value[2:].decode('utf-8', 'replace')}"
    if isinstance(name, x509.DirectoryName):
        return subject_text(name.value)
    return f"{_KINDS.get(type(name), type(name).__name__)} {name.value}"


def read_status(body: Body) -> list[Part] | None:
    """Read a CRL, a request or an answer of OCSP; None for anything else."""
    match kind_of(body.data):
        case DerKind.CRL:
            return [_crl(body.data)]
        case DerKind.OCSP_REQUEST:
            return [_ocsp_request(body.data)]
        case DerKind.OCSP_RESPONSE:
            return [_ocsp_answer(body.data)]
    return None


def request_in(path: str) -> bytes:
    """Return the request in the path of a GET (RFC 6960 A.1); empty if there is no request."""
    data = from_base64(unquote(path.partition("/ocsp/")[2])) or b""
    return data if kind_of(data) is DerKind.OCSP_REQUEST else b""


def _crl(data: bytes) -> Part:
    revoked = x509.load_der_x509_crl(check_limits(data, largest=LARGEST_BODY))
    issuer = subject_text(revoked.issuer)
    facts: list[Fact] = [("Issuer", issuer), ("From", moment(revoked.last_update_utc))]
    if revoked.next_update_utc is not None:
        facts.append(("Next one by", moment(revoked.next_update_utc)))
    facts += [
        ("Number", str(extension.value.crl_number))
        for extension in revoked.extensions
        if isinstance(extension.value, x509.CRLNumber)
    ]
    entries = list(revoked)
    facts.append(("Revoked", counted(len(entries), "certificate")))
    facts += [
        (f"Serial number {serial_words(entry.serial_number)}", _revoked(entry)) for entry in entries[:_MOST_LISTED]
    ]
    return Part(f"CRL of {issuer}: {counted(len(entries), 'revoked certificate')}", facts=tuple(facts))


def _revoked(entry: x509.RevokedCertificate) -> str:
    reasons = [
        str(extension.value.reason.value)
        for extension in entry.extensions
        if isinstance(extension.value, x509.CRLReason)
    ]
    return f"revoked {moment(entry.revocation_date_utc)}, {reasons[0] if reasons else 'without a reason'}"


def _ocsp_request(data: bytes) -> Part:
    request = read_request(data)
    facts = [
        ("Certificate", f"serial number {serial_words(certificate.serial)}") for certificate in request.certificates
    ]
    facts.append(("Nonce", "yes" if request.nonce is not None else "no"))
    return Part(f"OCSP request about {counted(len(request.certificates), 'certificate')}", facts=tuple(facts))


def _ocsp_answer(data: bytes) -> Part:
    answer = ocsp.load_der_ocsp_response(check_limits(data, largest=LARGEST_BODY))
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        words = _REFUSALS.get(answer.response_status, answer.response_status.name)
        return Part(f"OCSP answer: {words}", facts=(("Refused", words),))
    facts: list[Fact] = [("Produced", moment(answer.produced_at_utc))]
    for single in list(answer.responses)[:_MOST_LISTED]:
        facts.append((f"Serial number {serial_words(single.serial_number)}", _status(single)))
        if single.next_update_utc is not None:
            facts.append(("Valid until", moment(single.next_update_utc)))
    signers = tuple(certificate_part(certificate) for certificate in answer.certificates[:5])
    return Part("OCSP answer", facts=tuple(facts), parts=signers)


def _status(single: ocsp.OCSPSingleResponse) -> str:
    match single.certificate_status:
        case ocsp.OCSPCertStatus.GOOD:
            return "good: not revoked"
        case ocsp.OCSPCertStatus.UNKNOWN:
            return "unknown: the responder does not know it"
    at, reason = single.revocation_time_utc, single.revocation_reason
    return f"revoked {moment(at) if at else ''}, {reason.value if reason else 'without a reason'}"
