"""Managed identity: tokens for programs that have no secret, as Azure gives them to what runs there.

Three forms: that of virtual machines (IMDS), that of App Service, and that of servers with Azure Arc. The path names
the tenant, and the application that is the system-assigned identity. Any other application of the tenant is a
user-assigned one, by `client_id`, or by the `object_id` of its service principal.

Sources: "How to use managed identities for Azure resources on an Azure VM to acquire an access token" (2025-06; the
names of its errors, but for a missing `api-version` and for X-Forwarded-For, which are Unverified), "How to use managed
identities for App Service and Azure Functions", REST endpoint reference (2025-04), "Authenticate against Azure
resources with Azure Arc-enabled servers" (2025-05), and what azure-identity for Python 1.27 and for Node 4.14 send and
read.

Differs from Azure: the endpoints answer every program of this machine, and only those, and nobody where the server has
a control token; the header of App Service is no secret; an identity is not found by its resource id (`mi_res_id`,
`msi_res_id`).
"""

from __future__ import annotations

import asyncio
import hmac

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from fauxtune.core.errors import NotAllowed
from fauxtune.core.model.permissions import application_object_id, principal_id
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.directory import arc_challenges
from fauxtune.operations.runtime.access_tokens import LIFETIME
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries import applications
from fauxtune.storage.rows.tenants import ApplicationRow
from fauxtune.surfaces.http import caller_of, check_local, emulator_of
from fauxtune.surfaces.identity import issuing
from fauxtune.surfaces.identity.clients import Client
from fauxtune.surfaces.identity.errors import Aadsts, ErrorCode
from fauxtune.surfaces.identity.request import TokenRequest

_NO_METADATA = ErrorCode("bad_request_102", 0)
_BAD_REQUEST = ErrorCode("invalid_request", 0)
_NOT_OPENED = ErrorCode("unauthorized", 0, 401)
#: What names a user-assigned identity, by its use here: App Service calls the service principal's id `principal_id`.
_BY_CLIENT, _BY_OBJECT = ("client_id",), ("object_id", "principal_id")
_BY_RESOURCE = ("mi_res_id", "msi_res_id", "resource_id")
#: A token that an application got without a secret says the same as one by certificate (appidacr).
_PROOF = "2"
#: The seconds by which tokens are backdated.
_BACK = 300
_NOT_STORED = {"cache-control": "no-store", "pragma": "no-cache"}


async def of_machine(request: Request, *, tenant: str, application: str) -> Response:
    """Answer as IMDS does."""
    _check_metadata(request)
    issued = await _issued(request, tenant=tenant, application=application)
    del issued["object_id"]
    return JSONResponse(issued, headers=_NOT_STORED)


async def of_arc(request: Request, *, tenant: str, application: str) -> Response:
    """Answer as Azure Arc's agent does: first with a challenge, then with the token, which says whose it is."""
    _check_metadata(request)
    emulator = emulator_of(request)
    folder, now = emulator.arc_tokens, emulator.runner.clock.now().timestamp()
    if folder is None:
        raise Aadsts(_BAD_REQUEST, "This server has no folder for the challenges of Azure Arc.")
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        if not await asyncio.to_thread(arc_challenges.is_answered, folder, secret.strip(), now=now):
            raise Aadsts(_NOT_OPENED, "The challenge is unknown, has expired, or was answered before.")
        return JSONResponse(await _issued(request, tenant=tenant, application=application), headers=_NOT_STORED)
    await _identity(request, tenant=tenant, application=application)  # nobody reads a file for nothing
    file = await asyncio.to_thread(arc_challenges.challenge, folder, emulator.runner.ids, now=now)
    document = {"error": "unauthorized_client", "error_description": "Missing Basic Authorization header"}
    return JSONResponse(document, 401, headers={**_NOT_STORED, "www-authenticate": f"Basic realm={file}"})


async def of_app_service(request: Request, *, tenant: str, application: str) -> Response:
    """Answer as App Service does."""
    _check_caller(request)
    own = await emulator_of(request).runner.tenant(tenant)
    header = request.headers.get("x-identity-header", "")
    if not hmac.compare_digest(header.encode("latin-1", "replace"), header_of(own, application).encode()):
        raise Aadsts(_NOT_OPENED, "The X-IDENTITY-HEADER header must have the value of IDENTITY_HEADER.")
    issued = await _issued(request, tenant=tenant, application=application)
    names = ("access_token", "client_id", "expires_on", "resource", "token_type")
    return JSONResponse({name: issued[name] for name in names}, headers=_NOT_STORED)


def header_of(tenant: Tenant, application: str) -> str:
    """Return the value of IDENTITY_HEADER: the id of the application's service principal, which is no secret."""
    return principal_id(tenant.id, application.lower())


def _check_caller(request: Request) -> None:
    """Raise Aadsts for a request that came by a proxy, NotAllowed for one of another machine or of a web page, and for
    every one where there is a control token: a proxy in front of such a server may look like a program of this machine.
    """
    if "x-forwarded-for" in request.headers:
        raise Aadsts(_BAD_REQUEST, "A request that a proxy has passed on (X-Forwarded-For) is refused.")
    if emulator_of(request).control_token is not None:
        raise NotAllowed("A server with a control token gives no tokens without a secret: use a federated identity.")
    check_local(request)


def _check_metadata(request: Request) -> None:
    _check_caller(request)
    if request.headers.get("metadata", "").lower() != "true":
        raise Aadsts(_NO_METADATA, "Required metadata header not specified")


async def _issued(request: Request, *, tenant: str, application: str) -> dict[str, str]:
    """Return the token response, in which numbers are text."""
    row, of_tenant = await _identity(request, tenant=tenant, application=application)
    emulator, resource = emulator_of(request), request.query_params["resource"]
    token_request = TokenRequest(
        emulator,
        of_tenant.id,
        form={"scope": f"{resource}/.default"},
        # Tokens name the issuer whose OpenID document clients can verify.
        origin=emulator.addresses.public_url or emulator.addresses.https,
        caller=caller_of(request),
    )
    issued = issuing.for_application(token_request, of_tenant, client=Client(row, _PROOF))
    now, seconds = int(emulator.runner.clock.now().timestamp()), int(LIFETIME.total_seconds())
    return {
        "access_token": issued.document["access_token"],
        "client_id": row.client_id,
        "object_id": principal_id(of_tenant.id, row.client_id),
        "expires_in": str(seconds),
        "ext_expires_in": str(seconds),
        "expires_on": str(now + seconds),
        "not_before": str(now - _BACK),
        "resource": resource,
        "token_type": "Bearer",
    }


async def _identity(request: Request, *, tenant: str, application: str) -> tuple[ApplicationRow, Tenant]:
    """Return the application that a request is for, and its tenant. Raises Aadsts for parameters that are missing, and
    for an unknown identity.
    """
    query, emulator = request.query_params, emulator_of(request)
    for name, what in (("api-version", "query variable 'api-version'"), ("resource", "audience parameter")):
        if not query.get(name):
            raise Aadsts(_BAD_REQUEST, f"Required {what} not specified")
    own = caller_of(request).tenant = await emulator.runner.tenant(tenant)
    named = [(name, query[name]) for name in (*_BY_CLIENT, *_BY_OBJECT, *_BY_RESOURCE) if query.get(name)]
    if len(named) > 1:
        raise Aadsts(_BAD_REQUEST, f"Only one of {', '.join(name for name, _ in named)} may name the identity")
    name, value = named[0] if named else ("client_id", application)
    row = await _row(emulator, own, by=name, value=value)
    if row is None:
        raise Aadsts(_BAD_REQUEST, "Identity not found")
    caller_of(request).application = row.client_id
    return row, own


async def _row(emulator: Emulator, tenant: Tenant, *, by: str, value: str) -> ApplicationRow | None:
    if by in _BY_CLIENT:
        return await emulator.runner.read(applications.application, tenant.id, client_id=value)
    if by in _BY_RESOURCE:
        return None
    for row in await emulator.runner.read(applications.all_applications, tenant.id):
        if value.lower() in (principal_id(tenant.id, row.client_id), application_object_id(tenant.id, row.client_id)):
            return row
    return None
