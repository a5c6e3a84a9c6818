"""CA certificate (AIA), CRL and OCSP, on both listeners (RFC 5280 4.2.1.13 and 4.2.2.1, RFC 6960 appendix A)."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote

from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import Request, Response

from fauxtune.core.errors import Invalid
from fauxtune.core.model.tenants import Tenant
from fauxtune.internals.fastapi_routes import DirectRoute, Router
from fauxtune.operations.ca import authorities, crl_and_ocsp
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.surfaces.http import caller_of, emulator_of

router = Router(prefix="/pki/{tenant_key}/{authority}", tags=["pki"], route_class=DirectRoute, redirect_slashes=False)


@router.get("/crl")
async def crl(request: Request, tenant_key: str, authority: str) -> Response:
    """Return the authority's CRL (DER). 503 while it is offline."""
    emulator, tenant = await _where(request, tenant_key)
    return Response(await crl_and_ocsp.crl(emulator, tenant, name=authority), media_type="application/pkix-crl")


@router.post("/ocsp")
async def ocsp(request: Request, tenant_key: str, authority: str) -> Response:
    """Answer an OCSP request in the body. 503 while the authority is offline."""
    emulator, tenant = await _where(request, tenant_key)
    response = await crl_and_ocsp.ocsp(emulator, tenant, name=authority, request=await request.body())
    return Response(response, media_type="application/ocsp-response")


@router.get("/ocsp/{encoded:path}")
async def ocsp_by_get(request: Request, tenant_key: str, authority: str, encoded: str) -> Response:
    """Answer an OCSP request in the path (RFC 6960 A.1)."""
    emulator, tenant = await _where(request, tenant_key)
    try:
        body = base64.b64decode(unquote(encoded), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("An OCSP request in a path must be base64 of its DER (RFC 6960 A.1).") from None
    response = await crl_and_ocsp.ocsp(emulator, tenant, name=authority, request=body)
    return Response(response, media_type="application/ocsp-response")


@router.get("/ca.cer")
async def ca_certificate(request: Request, tenant_key: str, authority: str) -> Response:
    """Return the authority's certificate (DER)."""
    emulator, tenant = await _where(request, tenant_key)
    certificate = await emulator.runner.read(authorities.certificate, tenant, name=authority)
    return Response(certificate.public_bytes(Encoding.DER), media_type="application/pkix-cert")


async def _where(request: Request, tenant_key: str) -> tuple[Emulator, Tenant]:
    emulator = emulator_of(request)
    tenant = caller_of(request).tenant = await emulator.runner.tenant(tenant_key)
    return emulator, tenant
