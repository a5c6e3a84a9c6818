"""The client certificate of a device's request: the one whose key the caller proves to have.

The proof is, in this order: a signature over the body in the header `Mdm-Signature` (Apple: MDM, SignMessage; Windows:
DMClient CSP, RequireMessageSigning, the same name); the header of a trusted proxy that ended the TLS connection (RFC
9440, or a URL-encoded PEM); the TLS connection. If there are several the first decides: a signature is over this very
request, and behind a proxy the TLS connection is the proxy's. Issuer, tenant, validity and revocation are checked
elsewhere.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from cryptography import x509
from starlette.requests import Request

from fauxtune.core.errors import Invalid
from fauxtune.core.pki import signed
from fauxtune.core.pki.foreign import certificate_from, is_pem
from fauxtune.operations.runtime.emulator import TrustedProxies
from fauxtune.surfaces.http import is_from_trusted_proxy

SIGNATURE_HEADER = "Mdm-Signature"


def caller_certificate(request: Request, body: bytes, *, proxies: TrustedProxies) -> x509.Certificate | None:
    """Return the caller's certificate; None for a request without one.

    Raises Invalid, never Unauthenticated, for a wrong signature or an unreadable certificate: a device that gets 401
    unenrols itself (Apple: MDM check-in), and a damaged request is no reason for that.
    """
    signature = _only(request, SIGNATURE_HEADER)
    if signature is not None:
        return signed.verify(_from_base64(signature, what=SIGNATURE_HEADER), body)
    if is_from_trusted_proxy(request, proxies):
        header = _only(request, proxies.header)
        if header:  # proxies send it empty if there was no certificate
            return _from_header(header, name=proxies.header)
    tls: Mapping[str, Any] = request.scope.get("extensions", {}).get("tls", {})
    der = tls.get("client_cert")
    return None if der is None else _loaded(der, what="The TLS client certificate")


def valid_at(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether the certificate is valid at this moment; its first and last moments count (RFC 5280 4.1.2.5)."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _only(request: Request, name: str) -> str | None:
    """The header's value. Raises Invalid if the header is repeated: one of the values may be forged."""
    values = request.headers.getlist(name)
    if len(values) > 1:
        raise Invalid(f"The header {name} must be sent once, not {len(values)} times.", target=name)
    return values[0].strip() if values else None


def _from_header(value: str, *, name: str) -> x509.Certificate:
    what = f"The certificate in the header {name}"
    if value.startswith(":"):
        return _loaded(_from_base64(value.strip(":"), what=name), what=what)
    pem = unquote(value).encode()
    if not is_pem(pem):
        raise Invalid(
            f"{what} must be written as :base64: of its DER (RFC 9440), or as a URL-encoded PEM.", target=name
        )
    return _loaded(pem, what=what)


def _from_base64(value: str, *, what: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(f"The header {what} is not base64.", target=what) from None


def _loaded(data: bytes, *, what: str) -> x509.Certificate:
    try:
        return certificate_from(data)
    except Invalid as error:
        raise Invalid(f"{what} cannot be read. {error.message}") from None
