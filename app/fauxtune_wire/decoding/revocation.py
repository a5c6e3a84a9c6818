"""CRLs, and requests and answers of OCSP: which certificate has which status. RFC 5280 5, RFC 6960."""

from __future__ import annotations

from urllib.parse import unquote

from cryptography import x509
from cryptography.x509 import ocsp

from fauxtune.core.pki.der import check_limits
from fauxtune.core.pki.names import subject_text
from fauxtune.core.pki.ocsp import read_request
from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.certificates import certificate_part, moment, serial_words
from fauxtune_wire.decoding.der_kinds import DerKind, kind_of
from fauxtune_wire.decoding.masking import from_base64
from fauxtune_wire.decoding.parts import LARGEST_BODY, Fact, Part, counted

_MOST_LISTED = 100
_REFUSALS: dict[ocsp.OCSPResponseStatus, str] = {
    ocsp.OCSPResponseStatus.MALFORMED_REQUEST: "malformedRequest: the request cannot be read",
    ocsp.OCSPResponseStatus.INTERNAL_ERROR: "internalError: the responder has a problem",
    ocsp.OCSPResponseStatus.TRY_LATER: "tryLater: the responder is busy",
    ocsp.OCSPResponseStatus.SIG_REQUIRED: "sigRequired: the request must be signed",
    ocsp.OCSPResponseStatus.UNAUTHORIZED: "unauthorized: the responder knows nothing of these certificates",
}


def read(body: Body) -> list[Part] | None:
    """Read a CRL, a request or an answer of OCSP; None for anything else."""
    match kind_of(body.data):
        case DerKind.CRL:
            return [_crl(body.data)]
        case DerKind.OCSP_REQUEST:
            return [_request(body.data)]
        case DerKind.OCSP_RESPONSE:
            return [_answer(body.data)]
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


def _request(data: bytes) -> Part:
    request = read_request(data)
    facts = [
        ("Certificate", f"serial number {serial_words(certificate.serial)}") for certificate in request.certificates
    ]
    facts.append(("Nonce", "yes" if request.nonce is not None else "no"))
    return Part(f"OCSP request about {counted(len(request.certificates), 'certificate')}", facts=tuple(facts))


def _answer(data: bytes) -> Part:
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
