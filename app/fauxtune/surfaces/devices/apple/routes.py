"""The Apple endpoints below `/mdm/{tenant}/apple`: the enrolment profile, SCEP, check-in and commands.

Real devices PUT, Fleet's test client POSTs; mdmb sends its reports without a Content-Type. So one handler serves both
addresses and both methods, and the message itself says what it is. An answer without content has Content-Length 0:
the device has nothing more to do and closes the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import Annotated

from fastapi import Path, Query, Request, Response

from fauxtune.core.errors import Invalid, NotEmulated, Unauthenticated, Unavailable
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.scep import CAPABILITIES, message_from_query
from fauxtune.internals.fastapi_routes import DirectRoute, Router
from fauxtune.operations.checkin.steps import AppDelivery, Exchange, Step, manifest_app
from fauxtune.operations.checkin.stepwise import converse
from fauxtune.operations.devices import apple
from fauxtune.operations.devices.apple import enrolled
from fauxtune.operations.devices.caller import HardwareCaller
from fauxtune.operations.runtime.contents import READ, path_of
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries.configuration import profiles_by_id
from fauxtune.surfaces.devices.agent_notice import agent_header
from fauxtune.surfaces.devices.apple import apps, enrollment, messages, mobileconfig, translate
from fauxtune.surfaces.devices.apple.command_results import AppleAdapter, step_result
from fauxtune.surfaces.devices.apple.enrollment import DeviceCall, device_call
from fauxtune.surfaces.devices.apple.messages import CommandResults, Sender
from fauxtune.surfaces.http import caller_of, emulator_of, origin

ADAPTER = AppleAdapter()

_PLIST = "application/xml"

router = Router(prefix="/mdm/{tenant_key}/apple", tags=["apple"], redirect_slashes=False)

TenantKey = Annotated[str, Path(alias="tenant_key", description="The tenant: its id, name or domain")]


async def message(request: Request, *, tenant_key: str) -> Response:
    """Answer a message of a device: a check-in, or a report that asks for the next command."""
    call = await device_call(request, tenant_key)
    content = messages.read(call.body)
    if isinstance(content, CommandResults):
        return await _command_report(request, call, results=content)
    if isinstance(content, messages.UserAuthenticate) and content.sender.user is not None:
        await _enrollment(call, content.sender)
        # Apple: Gone declines a channel of the user's own; the device is served without it.
        return Response(status_code=410)
    # Two messages of one device at once would make two enrolments of it, whichever processes they come to.
    async with call.emulator.turns.across(call.digest):
        return _answer(await call.emulator.runner.run(call.tenant, enrollment.answer, call, message=content))


# The first routes: devices call them more often than all others together.
for _path, _method in product(("/server", "/checkin"), ("PUT", "POST")):
    router.add_api_route(_path, message, methods=[_method], route_class_override=DirectRoute)


@router.get("/enroll")
async def enroll(
    request: Request,
    tenant_key: TenantKey,
    token: str = "",
    signed: bool = False,
    identity: Annotated[str, Query(pattern="^(scep|pkcs12)$")] = "scep",
    mode: Annotated[str, Query(pattern="^(device|user)$")] = "device",
) -> Response:
    """Return the enrolment profile for the user of an enrolment token.

    401 for a token that is unknown, expired or used up; 403 for a user who may not enrol devices.
    """
    emulator, tenant = await _where(request, tenant_key)
    profile = await enrollment.profile(
        emulator,
        tenant,
        token=token,
        origin=origin(request),
        with_identity=identity == "pkcs12",
        by_user=mode == "user",
    )
    if signed:
        profile = await enrollment.sign(emulator, tenant, profile=profile)
    headers = {"content-disposition": 'attachment; filename="enroll.mobileconfig"', "cache-control": "no-store"}
    return Response(profile, media_type=mobileconfig.MEDIA_TYPE, headers=headers)


@router.get("/apps/{app_id}/{file_id}/manifest.plist")
async def app_manifest(request: Request, tenant_key: TenantKey, app_id: str, file_id: str) -> Response:
    """Return the manifest of an app, to whom an InstallApplication has named its address.

    401 without a signature, 403 for one that is wrong or has expired, 404 for an app that is gone.
    """
    emulator, tenant = await _where(request, tenant_key)
    query, now = dict(request.query_params), emulator.runner.now(tenant)
    emulator.contents.check(tenant.id, file_id, query=query, needs=READ, now=now)
    app = await emulator.runner.read(manifest_app, tenant, app_id=app_id)
    package = f"{origin(request)}{path_of(tenant.id, file_id)}?{request.url.query}"
    return Response(apps.manifest(app, package_url=package), media_type=_PLIST)


async def scep_by_get(request: Request, *, tenant_key: str) -> Response:
    """Answer SCEP by GET: GetCACaps, GetCACert, and PKIOperation with its message in base64."""
    match operation := request.query_params.get("operation", ""):
        case "GetCACaps":
            return Response(CAPABILITIES, media_type="text/plain")
        case "GetCACert":
            emulator, tenant = await _where(request, tenant_key)
            certificate = await apple.authority_certificate(emulator, tenant)
            # mdmb compares the whole of the header.
            return Response(certificate, media_type="application/x-x509-ca-cert")
        case "PKIOperation":
            message = message_from_query(request.query_params.get("message", ""))
            return await _pki_operation(request, tenant_key, message=message)
        case _:
            raise _unknown(operation)


async def scep_by_post(request: Request, *, tenant_key: str) -> Response:
    """Answer SCEP by POST: PKIOperation with its message as the body. (mdmb repeats it in the query; that is
    ignored.)
    """
    operation = request.query_params.get("operation", "")
    if operation != "PKIOperation":
        raise _unknown(operation)
    return await _pki_operation(request, tenant_key, message=await request.body())


for _method, _endpoint in (("GET", scep_by_get), ("POST", scep_by_post)):
    router.add_api_route("/scep", _endpoint, methods=[_method], route_class_override=DirectRoute)


async def _command_report(request: Request, call: DeviceCall, *, results: CommandResults) -> Response:
    """The next command; empty if nothing is to be done."""
    if results.sender.user is not None:
        await _enrollment(call, results.sender)
        return _answer(b"")
    result = step_result(results)
    hardware_key = translate.hardware_key(results.sender.id)
    exchange = Exchange(
        caller=HardwareCaller(hardware_key, call.digest),
        begins=results.status is messages.Status.IDLE,
        adapter=ADAPTER,
        results=() if result is None else (result,),
    )
    try:
        answer = await converse(call.emulator, call.tenant, exchange=exchange)
    except Unauthenticated:
        await call.emulator.runner.run(call.tenant, enrolled, call.certificate, hardware_key=hardware_key)
        raise Unavailable("The device was not enrolled a moment ago. It may try again.") from None
    call.caller.device = answer.device
    headers = agent_header(call.emulator.runner.current(call.tenant))
    if not answer.steps or answer.row is None:
        return _answer(b"", headers=headers)
    step, row = answer.steps[0], answer.row
    profiles = await _profiles(call, step, on_mac=row.variant is Variant.MACOS)
    context = translate.DeviceContext(
        call.tenant.id, row.variant, row.facts.get("osVersion"), profiles, manifest_url=_manifest_url(request, call)
    )
    return _answer(messages.command(step.id, translate.command(step, context)), headers=headers)


def _manifest_url(request: Request, call: DeviceCall) -> Callable[[AppDelivery], str]:
    """Return what builds the address of an app's manifest. The right to read the app's file is its query."""

    def address(app: AppDelivery) -> str:
        if app.file is None:
            raise Invalid(f"The app {app.app_id} has no content that could be installed.")
        now, contents = call.emulator.runner.now(call.tenant), call.emulator.contents
        query = apps.manifest_query(app, tenant_id=call.tenant.id, contents=contents, now=now)
        path = f"/mdm/{call.tenant.id}/apple/apps/{app.app_id}/{app.file.id}/manifest.plist"
        return f"{origin(request)}{path}?{query}"

    return address


async def _profiles(call: DeviceCall, step: Step, *, on_mac: bool) -> tuple[JsonObject, ...]:
    """The documents of the profiles of a certificate by SCEP for a Mac, which say who may use the key."""
    if not on_mac or step.item is None or step.item.scep is None:
        return ()
    ids = {claim.profile for claim in step.item.row.claims}
    profiles = await call.emulator.runner.read(profiles_by_id, call.tenant.id, ids=ids)
    return tuple(profile.document for profile in profiles.values())


async def _enrollment(call: DeviceCall, sender: Sender) -> None:
    """Raise what `enrolled` raises for the sender."""
    hardware_key = translate.hardware_key(sender.id)
    row = await call.emulator.runner.run(call.tenant, enrolled, call.certificate, hardware_key=hardware_key)
    call.caller.device = row.id


async def _pki_operation(request: Request, tenant_key: str, *, message: bytes) -> Response:
    emulator, tenant = await _where(request, tenant_key)
    cert_rep = await apple.answer(emulator, tenant, message=message)
    return Response(cert_rep, media_type="application/x-pki-message")


async def _where(request: Request, tenant_key: str) -> tuple[Emulator, Tenant]:
    emulator = emulator_of(request)
    tenant = caller_of(request).tenant = await emulator.runner.tenant(tenant_key)
    return emulator, tenant


def _answer(body: bytes, *, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, media_type=_PLIST if body else None, headers=headers)


def _unknown(operation: str) -> Exception:
    if operation == "GetNextCACert":
        return NotEmulated("GetNextCACert is not emulated: the authority does not roll over.")
    known = "GetCACaps, GetCACert and PKIOperation"
    return Invalid(f"The parameter 'operation' is one of {known}, not '{operation[:40]}'.", target="operation")
