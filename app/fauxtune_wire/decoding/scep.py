"""SCEP's pkiMessage in words: what is requested or answered, and why it is refused. RFC 8894 3.2 and 3.3."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from asn1crypto import cms, core

from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.masking import from_base64
from fauxtune_wire.decoding.parts import Fact, Part, shortened

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
