"""The Windows device that calls: known by its identity certificate, or where the tenant is lax by its own id."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.errors import Unauthenticated
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.devices.caller import live
from fauxtune.operations.devices.windows_enrollment import holder
from fauxtune.operations.runtime.runner import Runner
from fauxtune.storage.queries.devices import enrollment_by_wire_id
from fauxtune.storage.queries.tenants import tenants_with_any
from fauxtune.storage.rows.devices import EnrollmentRow

#: The switch of tenants that know a device by the id in its messages, without a proof; and the switches with which such
#: devices enrol.
LAX = "windows.laxIdentity"
_FOR_TEST_CLIENTS = (LAX, "windows.rootPaths", "windows.pathAliases")


async def read_holder(runner: Runner, certificate: x509.Certificate) -> EnrollmentRow:
    """Return the enrolment of the certificate, in whichever tenant. Raises Unauthenticated if no enrolment has it."""
    row = await runner.read(holder, certificate.public_bytes(Encoding.DER))
    if row is None:
        raise Unauthenticated("The device's certificate was not issued here.")
    return row


async def tenant_of_unproved(runner: Runner, *, wire_id: str) -> TenantId | None:
    """Return the tenant of the device with this id, which it does not prove, among those that are set for test clients:
    a tenant that is lax first. None if they have no such device.
    """
    lax = await runner.read(tenants_with_any, _FOR_TEST_CLIENTS[:1])
    row = await runner.read(enrollment_by_wire_id, lax, wire_id=wire_id)
    if row is None:
        others = await runner.read(tenants_with_any, _FOR_TEST_CLIENTS)
        row = await runner.read(enrollment_by_wire_id, others, wire_id=wire_id)
    return None if row is None else row.tenant_id


async def read_unproved(runner: Runner, tenant: Tenant, *, wire_id: str) -> EnrollmentRow:
    """Return the enrolment of the device with this id, which it does not prove. Raises Unauthenticated if the tenant
    is not lax or there is no such device, EnrollmentEnded for an enrolment that has ended.
    """
    if not tenant.setting(LAX):
        raise Unauthenticated(
            f"The device has sent no proof of identity, and the switch {LAX} is off.", target="missing"
        )
    row = await runner.read(enrollment_by_wire_id, [tenant.id], wire_id=wire_id)
    if row is None:
        raise Unauthenticated(f"There is no device with the id '{wire_id}'.")
    return live(row)
