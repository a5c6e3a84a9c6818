"""Which device is calling: the certificate that a request proves to have the key of.

Decides where such a proof is taken from, in this order: a signature over the body in the header `Mdm-Signature`
(Apple: MDM, SignMessage; Windows: DMClient CSP, RequireMessageSigning, the same name); the header of a proxy that ended
the TLS connection in our place (RFC 9440, or a URL-encoded PEM); our own TLS connection. Where they disagree the first
rules: a signature is over this very request, and behind a proxy the TLS connection is the proxy's. What the certificate
is worth (issuer, tenant, validity, revocation) is judged elsewhere.
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
    """The caller's certificate; None for a request that brings none.

    Invalid, never Unauthenticated, for a signature that is wrong or a certificate that cannot be read: a device that is
    answered 401 forgets its management (Apple: MDM check-in), and a damaged request is no reason for that.
    """
    signature = _only(request, SIGNATURE_HEADER)
    if signature is not None:
        return signed.verify(_from_base64(signature, what=SIGNATURE_HEADER), body)
    if is_from_trusted_proxy(request, proxies):
        said = _only(request, proxies.header)
        if said:  # proxies send it empty when there was no certificate
            return _from_header(said, name=proxies.header)
    tls: Mapping[str, Any] = request.scope.get("extensions", {}).get("tls", {})
    own = tls.get("client_cert")
    return None if own is None else _loaded(own, what="The TLS client certificate")


def valid_at(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether the certificate is valid at this moment, both of its ends included (RFC 5280 4.1.2.5)."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _only(request: Request, name: str) -> str | None:
    """The header's value. Invalid for two: one of them is not from whom it should be."""
    values = request.headers.getlist(name)
    if len(values) > 1:
        raise Invalid(f"The header {name} must be there once, not {len(values)} times.", target=name)
    return values[0].strip() if values else None


def _from_header(value: str, *, name: str) -> x509.Certificate:
    what = f"The certificate in the header {name}"
    if value.startswith(":"):
        return _loaded(_from_base64(value.strip(":"), what=name), what=what)
    pem = unquote(value).encode()
    if not is_pem(pem):
        raise Invalid(f"{what} is written as :base64: of its DER (RFC 9440), or as a URL-encoded PEM.", target=name)
    return _loaded(pem, what=what)


def _from_base64(value: str, *, what: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(f"The header {what} is no base64.", target=what) from None


def _loaded(data: bytes, *, what: str) -> x509.Certificate:
    try:
        return certificate_from(data)
    except Invalid as error:
        raise Invalid(f"{what} cannot be read. {error.message}") from None
