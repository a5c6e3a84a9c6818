"""Online certificate status (RFC 6960, nonces as in RFC 9654): a request's bytes in, an answer's bytes out.

Decides what the responder says. The authority signs its answers itself. Built on asn1crypto rather than on
cryptography's builder, because that writes the system's time as `producedAt`; here the tenant's clock rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import core, ocsp
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.core.pki.authority import Authority, key_bits
from fauxtune.core.pki.crl import REASONS

#: Certificates in one request; the protocol sets no limit.
MOST_CERTIFICATES = 100
_NONCE_SIZES = range(1, 129)
_HASHES = ("sha1", "sha224", "sha256", "sha384", "sha512")
#: What asn1crypto raises on hostile bytes (found by fuzzing).
_MALFORMED = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Status:
    """What the authority knows of a certificate it issued: revoked at that moment for that reason, else good."""

    revoked_at: datetime | None = None
    reason: str = "unspecified"


def answer(
    request: bytes,
    *,
    authority: Authority,
    lookup: Callable[[int], Status | None],
    at: datetime,
    next_update: datetime | None,
) -> bytes:
    """The response as DER; never raises on a bad request.

    `lookup` gets a serial number and knows None for one that was never issued (status `unknown`). Bytes that are no
    request, or hold a nonce outside of 1 to 128 octets, are answered `malformedRequest`; a request about another
    authority's certificates `unauthorized`. The nonce is echoed. `at` becomes thisUpdate and producedAt.
    """
    try:
        asked, extensions = _read(request)
    except _MALFORMED:
        return _refusal("malformed_request")
    if not all(_is_ours(certificate_id, authority) for certificate_id, _ in asked):
        return _refusal("unauthorized")
    at = _whole_second(at)
    singles = []
    for certificate_id, serial in asked:
        single: dict[str, object] = {
            "cert_id": certificate_id,
            "cert_status": _status(lookup(serial)),
            "this_update": at,
        }
        if next_update is not None:
            single["next_update"] = _whole_second(next_update)
        singles.append(single)
    key_hash = hashlib.sha1(key_bits(authority.key.public_key())).digest()  # noqa: S324 - prescribed by RFC 6960 4.2.1
    data = {"responder_id": ocsp.ResponderId("by_key", key_hash), "produced_at": at, "responses": singles}
    if extensions:
        data["response_extensions"] = extensions
    return _signed(ocsp.ResponseData(data), authority)


def _read(request: bytes) -> tuple[list[tuple[ocsp.CertId, int]], list[ocsp.ResponseDataExtension]]:
    """The certificates asked for, and the extensions to echo. Raises one of _MALFORMED."""
    body = ocsp.OCSPRequest.load(request, strict=True)["tbs_request"]
    if not 0 < len(body["request_list"]) <= MOST_CERTIFICATES:
        raise ValueError("no certificate, or too many")
    asked = [_certificate_id(item["req_cert"]) for item in body["request_list"]]
    extensions = (body["request_extensions"].native and body["request_extensions"]) or ()
    return asked, [_nonce(extension) for extension in extensions if extension["extn_id"].native == "nonce"]


def _certificate_id(given: ocsp.CertId) -> tuple[ocsp.CertId, int]:
    """What is asked for, built anew: damage that slipped through the parser must not stand in a signed answer."""
    algorithm: dict[str, object] = {"algorithm": given["hash_algorithm"]["algorithm"].native}
    if not isinstance(given["hash_algorithm"]["parameters"], core.Void):
        algorithm["parameters"] = core.Null.load(given["hash_algorithm"]["parameters"].dump(), strict=True)
    serial = given["serial_number"].native
    name, key = given["issuer_name_hash"].native, given["issuer_key_hash"].native
    certificate_id = {
        "hash_algorithm": algorithm,
        "issuer_name_hash": name,
        "issuer_key_hash": key,
        "serial_number": serial,
    }
    return ocsp.CertId(certificate_id), int(serial)


def _nonce(extension: ocsp.TBSRequestExtension) -> ocsp.ResponseDataExtension:
    """The same nonce for the answer."""
    nonce = extension["extn_value"].parsed.native
    if not isinstance(nonce, bytes) or len(nonce) not in _NONCE_SIZES:
        raise ValueError("a nonce is an OCTET STRING of 1 to 128 octets")
    return ocsp.ResponseDataExtension({"extn_id": "nonce", "extn_value": nonce})


def _is_ours(certificate_id: ocsp.CertId, authority: Authority) -> bool:
    algorithm = certificate_id["hash_algorithm"]["algorithm"].native
    if algorithm not in _HASHES:
        return False
    name = hashlib.new(algorithm, authority.certificate.subject.public_bytes()).digest()
    key = hashlib.new(algorithm, key_bits(authority.key.public_key())).digest()
    return bool(certificate_id["issuer_name_hash"].native == name and certificate_id["issuer_key_hash"].native == key)


def _status(status: Status | None) -> ocsp.CertStatus:
    if status is None:
        return ocsp.CertStatus("unknown", ocsp.StatusUnknown())
    if status.revoked_at is None:
        return ocsp.CertStatus("good", ocsp.StatusGood())
    revoked: dict[str, object] = {"revocation_time": _whole_second(status.revoked_at)}
    if status.reason != "unspecified":
        revoked["revocation_reason"] = REASONS[status.reason]
    return ocsp.CertStatus("revoked", ocsp.RevokedInfo(revoked))


def _signed(data: ocsp.ResponseData, authority: Authority) -> bytes:
    algorithm = "sha256_rsa" if isinstance(authority.key, RSAPrivateKey) else "sha256_ecdsa"
    basic = ocsp.BasicOCSPResponse(
        {
            "tbs_response_data": data,
            "signature_algorithm": {"algorithm": algorithm},
            "signature": authority.sign(data.dump()),
        }
    )
    body = {"response_type": "basic_ocsp_response", "response": basic}
    return bytes(ocsp.OCSPResponse({"response_status": "successful", "response_bytes": body}).dump())


def _refusal(status: str) -> bytes:
    return bytes(ocsp.OCSPResponse({"response_status": status}).dump())


def _whole_second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
