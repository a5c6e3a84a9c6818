"""NDES at `/pki/{tenant}/certsrv/mscep/mscep.dll`, on both listeners, under the spellings that clients use.

A request without an operation is refused with 403, as the policy module of Intune's connector does ("HTTP Error 403.0 -
Forbidden" is what the address shows in a browser). Names of operations and parameters are read in any case. Differs
from RFC 8894 4.1: there they are as written.
RFC 8894 4.1.
"""

from __future__ import annotations

from fastapi import Request, Response

from fauxtune.core.errors import Invalid, NotAllowed, NotFound
from fauxtune.core.model.scep import is_served
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.scep import message_from_query
from fauxtune.internals.fastapi_routes import DirectRoute, Router
from fauxtune.operations.checkin import ndes
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.surfaces.http import caller_of, emulator_of

router = Router(tags=["pki"], route_class=DirectRoute, redirect_slashes=False)
_PATH = "/pki/{tenant_key}/certsrv/{address:path}"


@router.get(_PATH)
async def scep_by_get(request: Request, tenant_key: str, address: str) -> Response:
    """Answer SCEP by GET: GetCACaps, GetCACert, GetNextCACert, and PKIOperation with its message in base64."""
    emulator, tenant = await _where(request, tenant_key, address=address)
    parameters = {name.lower(): value for name, value in request.query_params.items()}
    operation = parameters.get("operation", "")
    match operation.lower():
        case "":
            raise NotAllowed("NDES with Intune's policy module answers only SCEP clients: name an operation.")
        case "getcacaps":
            return Response(await ndes.capabilities(emulator, tenant), media_type="text/plain")
        case "getcacert":
            certificates = await ndes.ca_certificates(emulator, tenant)
            return Response(certificates, media_type="application/x-x509-ca-ra-cert")
        case "getnextcacert":
            certificates = await ndes.next_ca_certificate(emulator, tenant)
            return Response(certificates, media_type="application/x-x509-next-ca-cert")
        case "pkioperation":
            return await _pki_operation(emulator, tenant, message=message_from_query(parameters.get("message", "")))
        case _:
            raise _unknown(operation)


@router.post(_PATH)
async def scep_by_post(request: Request, tenant_key: str, address: str) -> Response:
    """Answer SCEP by POST: PKIOperation with its message as the body, of whatever content type."""
    emulator, tenant = await _where(request, tenant_key, address=address)
    operation = next((value for name, value in request.query_params.items() if name.lower() == "operation"), "")
    if operation.lower() != "pkioperation":
        raise _unknown(operation)
    return await _pki_operation(emulator, tenant, message=await request.body())


async def _pki_operation(emulator: Emulator, tenant: Tenant, *, message: bytes) -> Response:
    answer = await ndes.answer(emulator, tenant, message=message)
    return Response(answer, media_type="application/x-pki-message")


async def _where(request: Request, tenant_key: str, *, address: str) -> tuple[Emulator, Tenant]:
    emulator = emulator_of(request)
    tenant = caller_of(request).tenant = await emulator.runner.tenant(tenant_key)
    if not is_served(address):
        raise NotFound(f"NDES is served at {tenant.scep_server}, not at certsrv/{address[:80]}.")
    return emulator, tenant


def _unknown(operation: str) -> Invalid:
    return Invalid(
        f"The operation '{operation[:80]}' is not known here: use GetCACaps, GetCACert, GetNextCACert or PKIOperation."
    )
