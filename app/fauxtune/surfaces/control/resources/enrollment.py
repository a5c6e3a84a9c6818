"""Enrolment tokens, and what devices hold."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from fauxtune.core.clock import iso
from fauxtune.core.errors import NotFound
from fauxtune.core.model.items import LedgerRow
from fauxtune.operations import enrollment
from fauxtune.operations.act import Act
from fauxtune.storage.queries import devices as queries
from fauxtune.surfaces.control import messages
from fauxtune.surfaces.control.calls import Here

router = APIRouter(prefix="/tenants/{tenant}", tags=["devices"])


@router.post("/enrollmentTokens", status_code=201, summary="Make a token with which devices enrol for a user")
async def create_token(here: Here, body: messages.NewToken) -> dict[str, str]:
    """One token serves every platform."""
    token = await here.run(enrollment.create_token, body.user_principal_name, seconds=body.expires_in, uses=body.uses)
    return {"token": token}


@router.get("/devices", summary="List the enrolments")
async def list_devices(here: Here) -> dict[str, Any]:
    """Those that have ended too."""
    found = await here.emulator.runner.read(queries.all_enrollments, here.tenant.id)
    return {"value": [_view(each, here=here) for each in found]}


@router.get("/devices/{device}", summary="Get an enrolment")
async def get_device(here: Here, device: str) -> dict[str, Any]:
    """By its own id or the managed device's."""
    return _view(await here.run(_device, device), here=here)


@router.get("/devices/{device}/ledger", summary="What a device holds, and how it stands")
async def get_ledger(here: Here, device: str) -> dict[str, Any]:
    """Items with their states, errors and certificates."""

    def read(act: Act) -> tuple[dict[str, Any], list[LedgerRow]]:
        row = _device(act, device)
        return row, list(queries.ledger_rows(act.connection, row["id"]).values())

    row, rows = await here.run(read)
    return {**_view(row, here=here), "items": [_item(each) for each in rows]}


def _device(act: Act, key: str) -> dict[str, Any]:
    row = queries.enrollment(act.connection, key, tenant_id=act.tenant.id)
    if row is None:
        record = queries.managed_device(act.connection, act.tenant.id, device_id=key)
        row = record and queries.enrollment(act.connection, record["enrollment_id"], tenant_id=act.tenant.id)
    if row is None:
        raise NotFound(f"There is no device '{key}'; use the id of an enrolment or of a managedDevice.")
    return row


def _view(row: dict[str, Any], *, here: Here) -> dict[str, Any]:
    last = row["last_checkin_at"]
    settled = row["generation"] == row["settled_generation"]
    return {
        "id": row["id"],
        "managedDeviceId": row["facts"].get("managedDeviceId"),
        "deviceName": row["facts"].get("deviceName"),
        "variant": row["variant"],
        "userId": row["user_id"],
        "state": row["state"],
        "cause": row["cause"],
        "enrolledDateTime": iso(row["enrolled_at"]),
        "lastCheckinDateTime": None if last is None else iso(last),
        "settled": settled,
        "dueDateTime": iso(row["due_at"]),
        "policyVersion": row["policy_version"],
        "plans": row["plans"],
        "connected": here.emulator.signals.is_connected(row["id"]),
    }


def _item(row: LedgerRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "source": row.source.value,
        "state": row.state.value,
        "thumbprint": row.thumbprint,
        "serial": row.serial,
        "intendedPurpose": row.purpose,
        "notAfter": None if row.not_after is None else iso(row.not_after),
        "renewAt": None if row.renew_at is None else iso(row.renew_at),
        "profiles": [claim.profile for claim in row.claims],
        "errorCode": None if row.problem is None else row.problem.code,
        "error": None if row.problem is None else row.problem.message,
        "waitsFor": row.waits_for,
    }
