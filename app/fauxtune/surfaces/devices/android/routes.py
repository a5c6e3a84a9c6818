"""The Android endpoints below `/mdm/{tenant}/android/v1`.

A check-in is the `reportStatus` POST. A device sends it first, and gets the policy or the operations only if the answer
says that there are new ones; these two GETs only read. `description` describes requests and answers for those who write
a client.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import ValidationError

from fauxtune.core.clock import iso
from fauxtune.core.engine.planning.report import Inventory
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import EnrollmentId, ItemKey, TenantId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.json_limits import MOST_FROM_DEVICE
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.app_delivery import AppReport
from fauxtune.operations.checkin.checkin import Report, check_in
from fauxtune.operations.checkin.policy import current_policy
from fauxtune.operations.devices import enrollment, own_operations
from fauxtune.operations.devices.caller import DeviceCaller
from fauxtune.operations.devices.credentials import digest
from fauxtune.surfaces.devices.android import commands, facts, messages, translate
from fauxtune.surfaces.devices.android.errors import sentence
from fauxtune.surfaces.http import BoundedRoute, bearer_token, caller_of, emulator_of

#: Seconds between check-ins right after the enrolment (Intune: every 3 minutes for 15 minutes).
FIRST_CADENCE = 180
#: Characters of an id.
_LONGEST_ID = 36


class _DeviceRoute(BoundedRoute):
    """A route whose callers are not authenticated before the body is parsed."""

    most_elements = MOST_FROM_DEVICE


router = APIRouter(
    prefix="/mdm/{tenant_key}/android/v1", tags=["android"], route_class=_DeviceRoute, redirect_slashes=False
)


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


async def device_call(request: Request, tenant_key: str) -> DeviceCall:
    """The request, as a dependency. (FastAPI would call a plain function in a worker thread.)"""
    return DeviceCall(request, tenant_key)


Call = Annotated[DeviceCall, Depends(device_call)]
Enterprise = Annotated[str, Path(description="The tenant: its id, name or domain")]
Device = Annotated[str, Path(description="The last part of the name that the enrolment answered")]


# The first route, and without declared parameters: devices call it more often than all others together.
@router.post("/enterprises/{enterprise}/devices/{device}:reportStatus")
async def report_status(request: Request) -> Response:
    """Answer a check-in."""
    path = request.path_params
    call = DeviceCall(request, path["tenant_key"])
    tenant = await call.tenant(path["enterprise"], as_known=True)
    body = await request.body()

    # A report that equals the last one byte for byte has no news: it is not parsed.
    parsed = cache(lambda: _report(body))

    def read(policy_version: int, rows: Mapping[ItemKey, LedgerRow]) -> Inventory:
        return translate.inventory(parsed(), policy_version=policy_version, rows=rows)

    def describe() -> JsonObject:
        return facts.of_report(parsed())

    def apps(policy_version: int) -> AppReport:
        return translate.app_report(parsed(), policy_version=policy_version)

    report = Report(digest=hashlib.sha256(body).hexdigest(), read=read, facts=describe, apps=apps)
    result = await check_in(call.emulator, tenant, caller=call.caller(path["device"]), report=report)
    answer = {"policyVersion": str(result.policy_version), "pendingOperations": result.operations}
    return Response(orjson.dumps(answer), media_type="application/json")


@router.post("/enterprises/{enterprise}/devices:enroll")
async def enroll(call: Call, enterprise: Enterprise, message: messages.Enroll) -> JsonObject:
    """Enrol a device with an enrolment token.

    401 for a token that is unknown, expired or used up; 403 for a user who may not enrol devices. A refusal leaves the
    token usable.
    """
    tenant = await call.tenant(enterprise)
    runner = call.emulator.runner
    enrolled = await runner.run(
        tenant,
        enrollment.enroll,
        translate.enrollment_request(message),
        token=message.enrollment_token,
        csr=message.csr,
        keys=call.emulator.keys,
    )
    call.note.device = enrolled.id
    return {
        "name": f"enterprises/{tenant.id}/devices/{enrolled.id}",
        "deviceCredential": enrolled.credential,
        "identityCertificate": messages.base64_text(enrolled.identity_certificate),
        "policyName": f"enterprises/{tenant.id}/policies/default",
        "userName": f"enterprises/{tenant.id}/users/{enrolled.user_id}" if enrolled.user_id else "",
        "userPrincipalName": enrolled.user_principal_name,
        "checkinIntervalSeconds": FIRST_CADENCE,
        "pushToken": enrolled.push_token,
    }


@router.get("/enterprises/{enterprise}/devices/{device}/policy")
async def policy(call: Call, enterprise: Enterprise, device: Device, appliedPolicyVersion: str = "") -> Response:  # noqa: N803 - the name in the query
    """Return the policy; 304 if the device has applied this version."""
    tenant = await call.tenant(enterprise)
    emulator = call.emulator
    current = await emulator.runner.run_check_in(
        tenant,
        current_policy,
        call.caller(device),
        applied_version=appliedPolicyVersion,
        key_store=emulator.keys,
    )
    if current is None:
        return Response(status_code=304)
    document = translate.policy(enterprise=tenant.id, version=current.version, items=current.items, apps=current.apps)
    return Response(orjson.dumps(document), media_type="application/json")


@router.get("/enterprises/{enterprise}/devices/{device}/operations:pull")
async def pull(call: Call, enterprise: Enterprise, device: Device) -> JsonObject:
    """Return the operations that the device has not completed."""
    tenant = await call.tenant(enterprise)
    name = _name(tenant.id, device)
    orders = await call.emulator.runner.run(tenant, own_operations.pending_orders, call.caller(device))
    return {
        "operations": [
            messages.operation(
                device=name, key=order.id, created=iso(order.created_at), command=commands.command(order)
            )
            for order in orders
        ]
    }


@router.post("/enterprises/{enterprise}/devices/{device}/operations/{operation}:complete")
async def complete(
    call: Call, enterprise: Enterprise, device: Device, operation: str, message: messages.Complete
) -> JsonObject:
    """Complete an operation. After a WIPE the enrolment has ended."""
    tenant = await call.tenant(enterprise)
    await call.emulator.runner.run(
        tenant,
        own_operations.complete_order,
        call.caller(device),
        order_id=operation,
        error=None if message.error is None else message.error.message or f"code {message.error.code}",
        is_supported=message.error is None or message.error.code != messages.UNIMPLEMENTED,
        answer=commands.answer(message),
    )
    return {}


@router.post("/enterprises/{enterprise}/devices/{device}:unenroll")
async def unenroll(call: Call, enterprise: Enterprise, device: Device, message: messages.Unenroll) -> JsonObject:
    """End the enrolment because the user leaves. 403 if the user may not."""
    tenant = await call.tenant(enterprise)
    await call.emulator.runner.run(tenant, own_operations.unenroll, call.caller(device))
    return {}


def _report(body: bytes) -> messages.ReportStatus:
    try:
        return messages.ReportStatus.model_validate_json(body or b"{}")
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(sentence(first["loc"], problem=first["msg"])) from None


def _name(tenant_id: TenantId, device: str) -> str:
    return f"enterprises/{tenant_id}/devices/{device}"
