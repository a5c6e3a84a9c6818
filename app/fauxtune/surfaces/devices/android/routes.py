"""The Android doors below `/mdm/{tenant}/android/v1`.

A check-in is the `reportStatus` POST: it alone changes things. The two GETs only read. A device sends it first, and
asks for the policy or for operations only if the answer says that there are new ones. `description` says for those who
write a client what each is sent and answered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import ValidationError

from fauxtune.core.clock import iso
from fauxtune.core.engine.planning.report import Inventory
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import EnrollmentId, ItemKey, TenantId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.checkin.checkin import Report, check_in
from fauxtune.operations.checkin.deliverables import deliverables
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import ending, enrollment
from fauxtune.operations.devices.caller import DeviceCaller, identified
from fauxtune.operations.devices.credentials import digest
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.surfaces.devices.android import commands, messages, translate
from fauxtune.surfaces.devices.android.errors import sentence
from fauxtune.surfaces.http import BoundedRoute, bearer_token, emulator_of

#: Seconds between check-ins right after the enrolment (Intune: every 3 minutes for 15 minutes).
FIRST_CADENCE = 180


class _DeviceRoute(BoundedRoute):
    """A call of a caller that has not proved anything yet."""

    # The largest report of a device has some hundreds.
    most_elements = 10_000


router = APIRouter(prefix="/mdm/{tenant_key}/android/v1", tags=["android"], route_class=_DeviceRoute)


class DeviceCall:
    """One call of one device: who it says it is, and the emulator it calls."""

    def __init__(self, request: Request, tenant_key: str) -> None:
        self.emulator = emulator_of(request)
        self.tenant_key = tenant_key
        self.credential = bearer_token(request)

    def caller(self, device: str) -> DeviceCaller:
        """Who it says it is, and the digest of its proof."""
        return DeviceCaller(EnrollmentId(device), digest(self.credential))

    async def tenant(self, enterprise: str) -> Tenant:
        """The tenant that path and enterprise agree on. NotFound otherwise."""
        tenant = await self.emulator.runner.tenant(self.tenant_key)
        if enterprise.lower() not in (tenant.id, tenant.name.lower(), tenant.domain):
            raise NotFound(f"The enterprise '{enterprise}' is not the tenant '{tenant.name}'.")
        return tenant


async def device_call(request: Request, tenant_key: str) -> DeviceCall:
    """The call; a coroutine, for the framework would run a plain function in a thread."""
    return DeviceCall(request, tenant_key)


Call = Annotated[DeviceCall, Depends(device_call)]
Enterprise = Annotated[str, Path(description="The tenant: its id, name or domain")]
Device = Annotated[str, Path(description="The last part of the name that the enrolment answered")]


# The first route, and without declared parameters: devices call it more often than all others together.
@router.post("/enterprises/{enterprise}/devices/{device}:reportStatus")
async def report_status(request: Request) -> Response:
    """The check-in."""
    path = request.path_params
    call = DeviceCall(request, path["tenant_key"])
    tenant = await call.tenant(path["enterprise"])
    body = await request.body()

    # A report that is byte for byte the last one says nothing new: it need not be read.
    def read(policy_version: int, rows: Mapping[ItemKey, LedgerRow]) -> Inventory:
        return translate.inventory(_report(body), policy_version=policy_version, rows=rows)

    report = Report(digest=hashlib.sha256(body).hexdigest(), read=read)
    done = await check_in(call.emulator, tenant, caller=call.caller(path["device"]), report=report)
    answer = {"policyVersion": str(done.policy_version), "pendingOperations": done.operations}
    return Response(orjson.dumps(answer), media_type="application/json")


@router.post("/enterprises/{enterprise}/devices:enroll")
async def enroll(call: Call, enterprise: Enterprise, message: messages.Enroll) -> dict[str, Any]:
    """A device comes in with an enrolment token. 401 for a token that is unknown, over or used; 403 for a user who may
    not; a refusal leaves the token usable.
    """
    tenant = await call.tenant(enterprise)
    runner = call.emulator.runner
    wanted = translate.enrollment_request(message)
    enrolled = await runner.run(
        tenant,
        enrollment.enroll,
        wanted,
        token=message.enrollment_token,
        csr=message.csr,
        keys=call.emulator.keys,
    )
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
async def policy(call: Call, enterprise: Enterprise, device: Device, appliedPolicyVersion: str = "") -> Response:  # noqa: N803 - the wire's word
    """The policy; 304 when the device has applied this version."""
    tenant = await call.tenant(enterprise)

    def read(tx: Transaction) -> bytes | None:
        row = identified(tx, call.caller(device))
        if str(row.policy_version) == appliedPolicyVersion:
            return None
        items = deliverables(tx.connection, row)
        return orjson.dumps(translate.policy(enterprise=tenant.id, version=row.policy_version, items=items))

    found = await call.emulator.runner.run(tenant, read)
    return Response(status_code=304) if found is None else Response(found, media_type="application/json")


@router.get("/enterprises/{enterprise}/devices/{device}/operations:pull")
async def pull(call: Call, enterprise: Enterprise, device: Device) -> dict[str, Any]:
    """What an admin ordered and the device has not confirmed."""
    tenant = await call.tenant(enterprise)
    name = _name(tenant.id, device)

    def read(tx: Transaction) -> list[dict[str, Any]]:
        row = identified(tx, call.caller(device))
        return [
            messages.operation(device=name, key=each.id, created=iso(each.created_at), command=commands.command(each))
            for each in device_actions.pending(tx, row)
        ]

    return {"operations": await call.emulator.runner.run(tenant, read)}


@router.post("/enterprises/{enterprise}/devices/{device}/operations/{operation}:complete")
async def complete(
    call: Call, enterprise: Enterprise, device: Device, operation: str, message: messages.Complete
) -> dict[str, Any]:
    """The device confirms an operation. After a WIPE its enrolment has ended."""
    tenant = await call.tenant(enterprise)

    def confirm(tx: Transaction) -> None:
        row = identified(tx, call.caller(device), lock=True)
        error = None if message.error is None else message.error.message or f"code {message.error.code}"
        device_actions.complete(
            tx,
            row,
            action_id=operation,
            error=error,
            supported=message.error is None or message.error.code != messages.UNIMPLEMENTED,
            location=commands.location(message),
        )

    await call.emulator.runner.run(tenant, confirm)
    return {}


@router.post("/enterprises/{enterprise}/devices/{device}:unenroll")
async def unenroll(call: Call, enterprise: Enterprise, device: Device, message: messages.Unenroll) -> dict[str, Any]:
    """The user leaves. 403 for a device whose user may not."""
    tenant = await call.tenant(enterprise)

    def leave(tx: Transaction) -> None:
        ending.unenroll(tx, identified(tx, call.caller(device), lock=True))

    await call.emulator.runner.run(tenant, leave)
    return {}


def _report(body: bytes) -> messages.ReportStatus:
    try:
        return messages.ReportStatus.model_validate_json(body or b"{}")
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(sentence(first["loc"], problem=first["msg"])) from None


def _name(tenant_id: TenantId, device: str) -> str:
    return f"enterprises/{tenant_id}/devices/{device}"
