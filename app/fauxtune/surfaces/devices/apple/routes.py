"""The Apple doors below `/mdm/{tenant}/apple`: the enrolment profile, SCEP, and the two that devices talk to.

Real devices PUT, Fleet's test client POSTs; mdmb says no Content-Type with its reports. So one handler serves both
addresses and both methods, and the message itself says what it is. An answer without content has Content-Length 0:
"nothing more, hang up".
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki import scep as pki_scep
from fauxtune.operations.checkin.stepwise import Exchange, converse
from fauxtune.operations.devices.caller import DeviceCaller
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.surfaces.devices.apple import (
    caller,
    checkin,
    command_results,
    enrollment_profile,
    messages,
    mobileconfig,
    translate,
)
from fauxtune.surfaces.http import emulator_of, origin

WIRE = command_results.AppleAdapter()

_PLIST = "application/xml"

router = APIRouter(prefix="/mdm/{tenant_key}/apple", tags=["apple"])

TenantKey = Annotated[str, Path(alias="tenant_key", description="The tenant: its id, name or domain")]


# The first routes, and without declared parameters: devices call them more often than all others together.
@router.put("/server")
@router.post("/server")
@router.put("/checkin")
@router.post("/checkin")
async def talk(request: Request) -> Response:
    """A message of a device: a check-in, or a report that asks for the next command. Empty: nothing more to do."""
    call = await caller.device_call(request)
    message = messages.read(call.body)
    if isinstance(message, messages.Outcome):
        return _answer(await _report(call, message))
    if isinstance(message, messages.UserAuthenticate) and message.sender.user is not None:
        await caller.enrolled(call, message.sender)
        # Apple: Gone declines a channel of the user's own; the device is served without it.
        return Response(status_code=410)
    # Two messages of one device at once would make two enrolments of it.
    async with call.emulator.turns.of(call.digest):
        return _answer(await call.emulator.runner.run(call.tenant, checkin.take, call, message=message))


@router.get("/enroll")
async def enroll(
    request: Request,
    tenant_key: TenantKey,
    token: str = "",
    signed: bool = False,
    identity: Annotated[str, Query(pattern="^(scep|pkcs12)$")] = "scep",
) -> Response:
    """The enrolment profile for the user of an enrolment token. 401 for a token that is unknown, over or used; 403 for
    a user who may not.
    """
    emulator, tenant = await _where(request, tenant_key)
    profile = await enrollment_profile.profile(
        emulator, tenant, token=token, origin=origin(request), with_identity=identity == "pkcs12"
    )
    if signed:
        profile = await enrollment_profile.sign(emulator, tenant, profile=profile)
    headers = {"content-disposition": 'attachment; filename="enroll.mobileconfig"', "cache-control": "no-store"}
    return Response(profile, media_type=mobileconfig.MEDIA_TYPE, headers=headers)


@router.get("/scep")
async def scep(request: Request, tenant_key: TenantKey, operation: str = "", message: str = "") -> Response:
    """SCEP by GET: GetCACaps, GetCACert, and PKIOperation with its message in base64."""
    match operation:
        case "GetCACaps":
            return Response(pki_scep.CAPABILITIES, media_type="text/plain")
        case "GetCACert":
            emulator, tenant = await _where(request, tenant_key)
            certificate = await enrollment_profile.authority_certificate(emulator, tenant)
            # mdmb compares the whole of the header.
            return Response(certificate, media_type="application/x-x509-ca-cert")
        case "PKIOperation":
            return await _pki_operation(request, tenant_key, message=pki_scep.message_from_query(message))
        case _:
            raise _unknown(operation)


@router.post("/scep")
async def scep_by_post(request: Request, tenant_key: TenantKey, operation: str = "") -> Response:
    """SCEP by POST: PKIOperation with its message as the body. mdmb repeats it in the query, where nobody looks."""
    if operation != "PKIOperation":
        raise _unknown(operation)
    return await _pki_operation(request, tenant_key, message=await request.body())


async def _report(call: caller.DeviceCall, outcome: messages.Outcome) -> bytes:
    row = await caller.enrolled(call, outcome.sender)
    if outcome.sender.user is not None:
        return b""
    answered = command_results.answered(outcome)
    exchange = Exchange(
        caller=DeviceCaller(row["id"], row["credential_digest"]),
        begins=outcome.status is messages.Status.IDLE,
        wire=WIRE,
        answers=() if answered is None else (answered,),
    )
    steps = await converse(call.emulator, call.tenant, talk=exchange)
    if not steps:
        return b""
    told = translate.DeviceContext(call.tenant.id, Variant(row["variant"]), row["facts"].get("osVersion"))
    return messages.command(steps[0].id, translate.command(steps[0], told))


async def _pki_operation(request: Request, tenant_key: str, *, message: bytes) -> Response:
    emulator, tenant = await _where(request, tenant_key)
    found = await enrollment_profile.answer(emulator, tenant, message=message)
    return Response(found, media_type="application/x-pki-message")


async def _where(request: Request, tenant_key: str) -> tuple[Emulator, Tenant]:
    emulator = emulator_of(request)
    return emulator, await emulator.runner.tenant(tenant_key)


def _answer(body: bytes) -> Response:
    return Response(body, media_type=_PLIST) if body else Response()


def _unknown(operation: str) -> Exception:
    if operation == "GetNextCACert":
        return NotEmulated("GetNextCACert is not emulated: the authority does not roll over.")
    known = "GetCACaps, GetCACert and PKIOperation"
    return Invalid(f"The parameter 'operation' is one of {known}, not '{operation[:40]}'.", target="operation")
