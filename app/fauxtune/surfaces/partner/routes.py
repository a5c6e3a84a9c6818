"""The partner's API below `/partner/{tenant}`, with a token for Intune's own service; and the older service discovery.

GET  /{tenant}/servicePrincipalsByAppId/{application}/serviceEndpoints
POST .../StatelessScepRequestValidationService/ScepActions/validateRequest, successNotification, failureNotification
POST .../StatelessPkiConnectorService/CertificateAuthorityRequests/downloadRevocationRequests, uploadRevocationResults

Source: microsoft/Intune-Resource-Access, src/CsrValidation. A refusal of a request is an answer with status 200. The
api-version is not looked at: clients name different ones. The client in Java sends ISO-8859-1 and calls it JSON, the
one in C# may write names with a capital letter: so bodies are read as UTF-8, else as Latin-1, and names in any case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from fauxtune.core.errors import Invalid, NotAllowed, NotFound, Unauthenticated
from fauxtune.core.formats.json_text import MOST_IN_REQUEST, check_elements
from fauxtune.core.model.addresses import CONNECTOR, INTUNE, SERVICES, VALIDATION, endpoints, is_intune
from fauxtune.core.model.permissions import SCEP_CHALLENGE_PROVIDER
from fauxtune.core.model.scep import REPORTED
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.scep.challenge import Verdict
from fauxtune.internals.fastapi_routes import DirectRoute, Router
from fauxtune.operations.ca import partner_revocations
from fauxtune.operations.ca.partner_revocations import MOST, RevocationResult
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.checkin.scep_challenges import AuthorityRequest
from fauxtune.operations.runtime.access_tokens import Principal
from fauxtune.surfaces.http import bearer_token, caller_of, emulator_of, origin
from fauxtune.surfaces.partner.errors import activity

#: Of a text. Microsoft's documents name no limit; a request with a challenge has some ten kilobytes. A body has the
#: limit of all surfaces.
_LONGEST = 64 * 1024


def body_of(content: bytes) -> Mapping[str, Any]:
    """Return the JSON object of a body, its names in lower case. Raises Invalid for anything else."""
    check_elements(content, most=MOST_IN_REQUEST)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid("The body must be a JSON object.") from None
    if not isinstance(document, dict):
        raise Invalid("The body must be a JSON object.")
    return _folded(document)


def member(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a member that is an object, its names in lower case. Raises Invalid without it."""
    value = document.get(name.lower())
    if not isinstance(value, dict):
        raise Invalid(f"The body must have the object '{name}'.", target=name)
    return _folded(value)


def objects(document: Mapping[str, Any], name: str, *, most: int) -> list[Mapping[str, Any]]:
    """Return a member that is a list of objects, their names in lower case. Raises Invalid for anything else."""
    values = document.get(name.lower())
    if not isinstance(values, list) or len(values) > most or not all(isinstance(value, dict) for value in values):
        raise Invalid(f"'{name}' must be a list of up to {most} objects.", target=name)
    return [_folded(value) for value in values]


def text_of(document: Mapping[str, Any], name: str) -> str:
    """Return a member that is a text. Raises Invalid without it."""
    text = optional_text(document, name)
    if text is None:
        raise Invalid(f"'{name}' is required, as a text.", target=name)
    return text


def optional_text(document: Mapping[str, Any], name: str) -> str | None:
    """Return a member that is a text or absent; null counts as absent. Raises Invalid for anything else."""
    value = document.get(name.lower())
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > _LONGEST or "\0" in value:
        raise Invalid(f"'{name}' must be a text of at most {_LONGEST} characters.", target=name)
    return value.encode("utf-8", "replace").decode()


def number_of(document: Mapping[str, Any], name: str) -> int:
    """Return a member that is a whole number. Raises Invalid for anything else."""
    value = document.get(name.lower())
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(f"'{name}' is required, as a whole number.", target=name)
    return value


def hresult_of(document: Mapping[str, Any]) -> int:
    """Return hResult as a signed 32-bit number: Java sends it so, C# as a greater positive one."""
    value = number_of(document, "hResult") & 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value


def error_of(document: Mapping[str, Any]) -> str:
    """Return errorCode as text: Java sends the number of an error, C# its name; without one it is "None"."""
    value = document.get("errorcode")
    return "None" if value is None else str(value).encode("utf-8", "replace").decode()


def _folded(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in document.items()}


router = Router(tags=["partner"], route_class=DirectRoute)
_SCEP = f"/partner/{{tenant_key}}/{SERVICES[VALIDATION]}/ScepActions"
_REVOCATIONS = f"/partner/{{tenant_key}}/{SERVICES[CONNECTOR]}/CertificateAuthorityRequests"
_LONGEST_ERROR = 255
#: As for Microsoft Graph's servicePrincipals; any of them.
_READ_APPLICATIONS = {
    *("Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"),
}


@router.get("/{tenant_key}/servicePrincipalsByAppId/{application}/serviceEndpoints")
async def service_endpoints(request: Request, tenant_key: str, application: str) -> Response:
    """Answer as Azure AD Graph did, which clients ask whose token for Microsoft Graph was refused."""
    tenant, principal = await _caller(request, tenant_key)
    if not principal.permissions & _READ_APPLICATIONS:
        raise NotAllowed("Insufficient privileges to complete the operation: it needs Application.Read.All.")
    if application.lower() != INTUNE:
        raise NotFound(f"Only the endpoints of Intune, {INTUNE}, are emulated; not those of '{application[:80]}'.")
    return _answer(request, {"value": endpoints(tenant.id, origin=origin(request))})


@router.post(f"{_SCEP}/validateRequest")
async def validate_request(request: Request, tenant_key: str) -> Response:
    """Say whether the certificate that a device requests may be issued."""
    tenant, document = await _call(request, tenant_key)
    described = member(document, "request")
    emulator = emulator_of(request)
    verdict = await emulator.runner.run(
        tenant, scep_challenges.validate_request, _request_in(described), keys=emulator.keys
    )
    return _verdict(request, verdict)


@router.post(f"{_SCEP}/successNotification")
async def success_notification(request: Request, tenant_key: str) -> Response:
    """Note that a certificate was issued."""
    tenant, document = await _call(request, tenant_key)
    described = member(document, "notification")
    report = {ours: value for name, ours in REPORTED.items() if (value := optional_text(described, name)) is not None}
    for name in ("certificateThumbprint", "certificateSerialNumber", "issuingCertificateAuthority"):
        text_of(described, name)
    emulator = emulator_of(request)
    verdict = await emulator.runner.run(
        tenant, scep_challenges.note_issued, _request_in(described), report=report, keys=emulator.keys
    )
    return _verdict(request, verdict)


@router.post(f"{_SCEP}/failureNotification")
async def failure_notification(request: Request, tenant_key: str) -> Response:
    """Note that no certificate was issued."""
    tenant, document = await _call(request, tenant_key)
    described = member(document, "notification")
    report = {
        "hResult": hresult_of(described),
        "reason": text_of(described, "errorDescription")[:_LONGEST_ERROR],
    }
    emulator = emulator_of(request)
    verdict = await emulator.runner.run(
        tenant, scep_challenges.note_failed, _request_in(described), report=report, keys=emulator.keys
    )
    return _verdict(request, verdict)


@router.post(f"{_REVOCATIONS}/downloadRevocationRequests")
async def download_revocation_requests(request: Request, tenant_key: str) -> Response:
    """Lease certificates that the authority is to revoke."""
    tenant, document = await _call(request, tenant_key)
    described = member(document, "downloadParameters")
    most, issuer = number_of(described, "maxRequests"), optional_text(described, "issuerName")
    rows = await emulator_of(request).runner.run(tenant, partner_revocations.download, most=most, issuer=issuer)
    value = [
        {
            "requestContext": row.id,
            "serialNumber": row.serial,
            "issuerName": row.issuer,
            "caConfiguration": row.ca_configuration,
        }
        for row in rows
    ]
    return _answer(request, {"value": value})


@router.post(f"{_REVOCATIONS}/uploadRevocationResults")
async def upload_revocation_results(request: Request, tenant_key: str) -> Response:
    """Note what became of leased certificates."""
    tenant, document = await _call(request, tenant_key)
    results = [
        RevocationResult(
            context=text_of(each, "requestContext"),
            succeeded=each.get("succeeded") is True,
            error=error_of(each),
            message=optional_text(each, "errorMessage"),
        )
        for each in objects(document, "results", most=MOST)
    ]
    await emulator_of(request).runner.run(tenant, partner_revocations.upload, results)
    return _answer(request, {"value": True})


async def _call(request: Request, tenant_key: str) -> tuple[Tenant, Any]:
    """Return the tenant and the body. Raises Unauthenticated without a token for Intune's own service, NotAllowed
    without the role.
    """
    tenant, principal = await _caller(request, tenant_key)
    if not is_intune(principal.audience, hosts=emulator_of(request).addresses.hosts_with(origin(request))):
        raise Unauthenticated("Access token validation failure. Invalid audience.")
    if SCEP_CHALLENGE_PROVIDER not in principal.permissions:
        raise NotAllowed(f"The application lacks the role {SCEP_CHALLENGE_PROVIDER} of Intune's service.")
    return tenant, body_of(await request.body())


async def _caller(request: Request, tenant_key: str) -> tuple[Tenant, Principal]:
    """Return the tenant and who calls. Raises Unauthenticated without a valid token of this tenant."""
    emulator, caller = emulator_of(request), caller_of(request)
    tenant = caller.tenant = await emulator.runner.tenant(tenant_key)
    token = bearer_token(request)
    if not token:
        raise Unauthenticated("Access token is empty.")
    principal = emulator.tokens.check(token)
    if principal.tenant_id != tenant.id:
        raise Unauthenticated("Access token validation failure. The token is for another tenant.")
    await emulator.tokens.check_application(principal, runner=emulator.runner)
    caller.application, caller.permissions = principal.client_id, principal.permissions
    return tenant, principal


def _request_in(described: Any) -> AuthorityRequest:
    return AuthorityRequest(text_of(described, "transactionId"), text_of(described, "certificateRequest"))


def _verdict(request: Request, verdict: Verdict) -> Response:
    return _answer(request, {"code": verdict.code.value, "errorDescription": verdict.description})


def _answer(request: Request, document: dict[str, Any]) -> Response:
    return JSONResponse(document, headers=activity(request))
