"""The Android endpoints below `/mdm/{tenant}/android/v1`.

A check-in is the `reportStatus` POST. A device sends it first, and gets the policy or the operations only if the answer
says that there are new ones; these two GETs only read. `description` describes requests and answers for those who write
a client.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TypeVar

import orjson
from fastapi import Request, Response
from pydantic import BaseModel, ValidationError

from fauxtune.core.clock import iso
from fauxtune.core.engine.planning.reported_items import Inventory
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.formats.json_text import MOST_FROM_DEVICE, check_elements
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.ids import EnrollmentId, ItemKey, TenantId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.app_states import AppReport
from fauxtune.internals.fastapi_routes import DirectRoute, Router
from fauxtune.operations.checkin.checkin import check_in
from fauxtune.operations.checkin.deliverables import current_policy
from fauxtune.operations.checkin.report import Report
from fauxtune.operations.devices import available_actions, enrollment
from fauxtune.operations.devices.actions import Order
from fauxtune.operations.devices.caller import DeviceCaller, digest
from fauxtune.surfaces.devices.android import facts, messages, translate
from fauxtune.surfaces.devices.android.errors import sentence
from fauxtune.surfaces.http import bearer_token, caller_of, emulator_of

# From an administrator's actions to the commands of Android devices.
#
# The names are those of the Android Management API (Command: WIPE, LOCK, REBOOT, RESET_PASSWORD). It has none to
# locate a device, to play a sound, to rename it and to notify its user: LOCATE, PLAY_SOUND, SET_DEVICE_NAME and
# SHOW_NOTIFICATION are extensions.

#: The default duration of a sound. Graph: playLostModeSound.
_SOUND_MINUTES = 1


def _play_sound(details: JsonObject) -> JsonObject:
    minutes = int(details.get("durationInMinutes") or _SOUND_MINUTES)
    return {"type": "PLAY_SOUND", "soundDuration": f"{minutes * 60}s"}


#: Every action that the support matrix sends to Android devices, except those that end the enrolment.
COMMANDS: dict[DeviceAction, Callable[[JsonObject], JsonObject]] = {
    DeviceAction.LOCK: lambda _: {"type": "LOCK"},
    DeviceAction.REBOOT: lambda _: {"type": "REBOOT"},
    DeviceAction.RESET_PASSCODE: lambda details: {"type": "RESET_PASSWORD", "newPassword": details["passcode"]},
    DeviceAction.LOCATE: lambda _: {"type": "LOCATE"},
    DeviceAction.PLAY_SOUND: _play_sound,
    DeviceAction.RENAME: lambda details: {"type": "SET_DEVICE_NAME", "deviceName": details["deviceName"]},
    DeviceAction.NOTIFY: lambda details: {
        "type": "SHOW_NOTIFICATION",
        "notification": {"title": details.get("notificationTitle", ""), "body": details.get("notificationBody", "")},
    },
}


def command_of(order: Order) -> JsonObject:
    """Return the command of an order."""
    if order.scope:
        return {"type": "WIPE", "scope": order.scope}
    return COMMANDS[order.action](order.details)


def answer_in(message: messages.Complete) -> JsonObject | None:
    """Return what the device answered: the `location` that it reports, by Graph's names."""
    if message.response is None or message.response.location is None:
        return None
    return {"location": message.response.location.model_dump(by_alias=True)}


#: Seconds between check-ins right after the enrolment (Intune: every 3 minutes for 15 minutes).
FIRST_CADENCE = 180
#: Characters of an id.
_LONGEST_ID = 36


M = TypeVar("M", bound=BaseModel)

router = Router(
    prefix="/mdm/{tenant_key}/android/v1", tags=["android"], route_class=DirectRoute, redirect_slashes=False
)
_ENTERPRISE = "/enterprises/{enterprise}"
_DEVICE = f"{_ENTERPRISE}/devices/{{device}}"


class DeviceCall:
    """One request of a device, with its credential."""

    def __init__(self, request: Request, tenant_key: str) -> None:
        self.emulator = emulator_of(request)
        self.tenant_key = tenant_key
        self.credential = bearer_token(request)
        self.note = caller_of(request)

    def caller(self, device: str) -> DeviceCaller:
        """Return the caller: the device that the path names, with the digest of the credential."""
        self.note.device = device[:_LONGEST_ID]
        return DeviceCaller(EnrollmentId(device), digest(self.credential))

    async def tenant(self, enterprise: str, *, as_known: bool = False) -> Tenant:
        """Return the tenant of the path, for a check-in `as_known`. Raises NotFound if `enterprise` names another."""
        runner = self.emulator.runner
        tenant = await (runner.tenant_as_known if as_known else runner.tenant)(self.tenant_key)
        if enterprise.lower() not in (tenant.id, tenant.name.lower(), tenant.domain):
            raise NotFound(f"The enterprise '{enterprise}' is not the tenant '{tenant.name}'.")
        self.note.tenant = tenant
        return tenant


# The first route: devices call it more often than all others together.
@router.post(f"{_DEVICE}:reportStatus")
async def report_status(request: Request, *, tenant_key: str, enterprise: str, device: str) -> Response:
    """Answer a check-in."""
    call = DeviceCall(request, tenant_key)
    tenant = await call.tenant(enterprise, as_known=True)
    sent = _Sent(await request.body())
    report = Report(digest=sent.digest, read=sent.inventory, facts=sent.facts, apps=sent.apps)
    result = await check_in(call.emulator, tenant, caller=call.caller(device), report=report)
    return _json({"policyVersion": str(result.policy_version), "pendingOperations": result.operations})


@router.post(f"{_ENTERPRISE}/devices:enroll")
async def enroll(request: Request, *, tenant_key: str, enterprise: str) -> Response:
    """Enrol a device with an enrolment token.

    401 for a token that is unknown, expired or used up; 403 for a user who may not enrol devices. A refusal leaves the
    token usable.
    """
    call, message = DeviceCall(request, tenant_key), _read(await request.body(), messages.Enroll)
    tenant = await call.tenant(enterprise)
    enrolled = await call.emulator.runner.run(
        tenant,
        enrollment.enroll,
        translate.enrollment_request(message),
        token=message.enrollment_token,
        csr=message.csr,
        keys=call.emulator.keys,
    )
    call.note.device = enrolled.id
    return _json(
        {
            "name": f"enterprises/{tenant.id}/devices/{enrolled.id}",
            "deviceCredential": enrolled.credential,
            "identityCertificate": messages.base64_text(enrolled.identity_certificate),
            "policyName": f"enterprises/{tenant.id}/policies/default",
            "userName": f"enterprises/{tenant.id}/users/{enrolled.user_id}" if enrolled.user_id else "",
            "userPrincipalName": enrolled.user_principal_name,
            "checkinIntervalSeconds": FIRST_CADENCE,
            "pushToken": enrolled.push_token,
        }
    )


@router.get(f"{_DEVICE}/policy")
async def policy(request: Request, *, tenant_key: str, enterprise: str, device: str) -> Response:
    """Return the policy; 304 if the device has applied this version."""
    call = DeviceCall(request, tenant_key)
    tenant = await call.tenant(enterprise)
    emulator = call.emulator
    current = await emulator.runner.run_check_in(
        tenant,
        current_policy,
        call.caller(device),
        applied_version=request.query_params.get("appliedPolicyVersion", ""),
        key_store=emulator.keys,
    )
    if current is None:
        return Response(status_code=304)
    return _json(
        translate.policy(enterprise=tenant.id, version=current.version, items=current.items, apps=current.apps)
    )


@router.get(f"{_DEVICE}/operations:pull")
async def pull(request: Request, *, tenant_key: str, enterprise: str, device: str) -> Response:
    """Return the operations that the device has not completed."""
    call = DeviceCall(request, tenant_key)
    tenant = await call.tenant(enterprise)
    name = _name(tenant.id, device)
    orders = await call.emulator.runner.run(tenant, available_actions.pending_orders, call.caller(device))
    operations = [
        messages.operation(device=name, key=order.id, created=iso(order.created_at), command=command_of(order))
        for order in orders
    ]
    return _json({"operations": operations})


@router.post(f"{_DEVICE}/operations/{{operation}}:complete")
async def complete(request: Request, *, tenant_key: str, enterprise: str, device: str, operation: str) -> Response:
    """Complete an operation. After a WIPE the enrolment has ended."""
    call, message = DeviceCall(request, tenant_key), _read(await request.body(), messages.Complete)
    tenant = await call.tenant(enterprise)
    await call.emulator.runner.run(
        tenant,
        available_actions.complete_order,
        call.caller(device),
        order_id=operation,
        error=None if message.error is None else message.error.message or f"code {message.error.code}",
        is_supported=message.error is None or message.error.code != messages.UNIMPLEMENTED,
        answer=answer_in(message),
    )
    return _json({})


@router.post(f"{_DEVICE}:unenroll")
async def unenroll(request: Request, *, tenant_key: str, enterprise: str, device: str) -> Response:
    """End the enrolment because the user leaves. 403 if the user may not."""
    call = DeviceCall(request, tenant_key)
    _read(await request.body(), messages.Unenroll)
    tenant = await call.tenant(enterprise)
    await call.emulator.runner.run(tenant, available_actions.unenroll, call.caller(device))
    return _json({})


class _Sent:
    """A report as it was sent. One that equals the last one byte for byte has no news: it is not parsed."""

    def __init__(self, body: bytes) -> None:
        check_elements(body, most=MOST_FROM_DEVICE)
        self.digest = hashlib.sha256(body).hexdigest()
        self._body = body

    @cached_property
    def _report(self) -> messages.ReportStatus:
        return _parsed(self._body, messages.ReportStatus)

    def inventory(self, policy_version: int, rows: Mapping[ItemKey, LedgerRow]) -> Inventory:
        """Return what the device holds."""
        return translate.inventory(self._report, policy_version=policy_version, rows=rows)

    def facts(self) -> JsonObject:
        """Return what the device says of itself."""
        return facts.of_report(self._report)

    def apps(self, policy_version: int) -> AppReport:
        """Return what the device says of its apps."""
        return translate.app_report(self._report, policy_version=policy_version)


def _read(body: bytes, kind: type[M]) -> M:
    """Read a message. Raises Invalid for a malformed one, and for one with too many elements."""
    check_elements(body, most=MOST_FROM_DEVICE)  # callers are not authenticated yet
    return _parsed(body, kind)


def _parsed(body: bytes, kind: type[M]) -> M:
    try:
        return kind.model_validate_json(body or b"{}")
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(sentence(first["loc"], problem=first["msg"])) from None


def _json(document: JsonObject) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")


def _name(tenant_id: TenantId, device: str) -> str:
    return f"enterprises/{tenant_id}/devices/{device}"
