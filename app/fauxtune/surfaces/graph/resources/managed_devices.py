"""Managed devices and what is asked of them. Graph: managedDevice; wipe, retire, syncDevice, delete."""

from __future__ import annotations

from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.odata.entities.devices import MANAGED_DEVICE
from fauxtune.core.odata.view import view
from fauxtune.operations import device_actions
from fauxtune.storage.queries import devices as queries
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, entity_answer
from fauxtune.surfaces.graph.lists import Listed, count_rows, list_rows

_CONTEXT = "deviceManagement/managedDevices"
_FLAGS = ("keepEnrollmentData", "keepUserData", "persistEsimDataPlan", "useProtectedWipe")


def _document(row: dict[str, Any]) -> Json:
    document: Json = row["document"]
    if row["last_checkin_at"] is None:
        return document
    return {**document, "lastSyncDateTime": iso(row["last_checkin_at"])}


_LISTED = Listed(
    collection="managedDevices",
    entity=MANAGED_DEVICE,
    context=_CONTEXT,
    document=_document,
    always_count=True,
)


async def list_devices(call: Call) -> Answer:
    """GET /deviceManagement/managedDevices."""
    return await list_rows(call, _LISTED)


async def count_devices(call: Call) -> Answer:
    """GET /deviceManagement/managedDevices/$count."""
    return await count_rows(call, _LISTED)


async def get_device(call: Call) -> Answer:
    """GET /deviceManagement/managedDevices/{device}."""
    check_options(call, MANAGED_DEVICE)
    key = call.keys["device"]
    row = await call.emulator.runner.read(queries.managed_device, call.tenant.id, device_id=key)
    if row is None:
        raise NotFound(f"There is no managedDevice '{key}'.")
    shown = view(MANAGED_DEVICE, _document(row), version=call.version, select=call.query.select)
    return entity_answer(call, shown, context=_CONTEXT)


async def refuse_create(_call: Call) -> Answer:
    """POST /deviceManagement/managedDevices. Unverified: the real service's refusal; devices come by enrolling."""
    raise Invalid(
        "A managedDevice is not created here: it comes to be when a device enrols. Make an enrolment token "
        "(POST /_fauxtune/v1/tenants/{tenant}/enrollmentTokens) and enrol one with 'fauxtune-sim enroll'."
    )


async def wipe(call: Call) -> Answer:
    """POST .../wipe: no body, {} and all-false bodies are the same."""
    body = call.optional_body()
    for name in _FLAGS:
        if body.get(name) is not None and not isinstance(body[name], bool):
            raise Invalid(f"{name} must be true or false.", target=name)
    await call.emulator.runner.run(
        call.tenant,
        device_actions.wipe,
        call.keys["device"],
        keep_enrollment_data=bool(body.get("keepEnrollmentData")),
    )
    return NO_CONTENT


async def retire(call: Call) -> Answer:
    """POST .../retire."""
    await call.emulator.runner.run(call.tenant, device_actions.retire, call.keys["device"])
    return NO_CONTENT


async def sync(call: Call) -> Answer:
    """POST .../syncDevice."""
    await call.emulator.runner.run(call.tenant, device_actions.sync, call.keys["device"])
    return NO_CONTENT


async def delete(call: Call) -> Answer:
    """DELETE .../managedDevices/{device}: the record goes now, company data at the next check-in."""
    await call.emulator.runner.run(call.tenant, device_actions.delete, call.keys["device"])
    return NO_CONTENT
