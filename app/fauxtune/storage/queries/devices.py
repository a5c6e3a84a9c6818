"""Enrolments, managed devices and ledgers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Unpack

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

from fauxtune.core.clock import from_iso
from fauxtune.core.model.ids import EnrollmentId, ItemKey, ManagedDeviceId, TenantId, UserId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import EnrollmentState, ItemState, Source
from fauxtune.core.model.text import JsonObject
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import writes
from fauxtune.storage.collections.devices import managed
from fauxtune.storage.queries.locks import hold_requests_by_credential, hold_requests_of
from fauxtune.storage.reads import every, first, in_parts, many
from fauxtune.storage.rows.devices import (
    EnrollmentChanges,
    EnrollmentRow,
    JoinedDeviceRow,
    ManagedDeviceChanges,
    ManagedDeviceRow,
    NamedEnrollmentRow,
    OpenItemRow,
)
from fauxtune.storage.rows.ledger import ledger_row, ledger_values
from fauxtune.storage.tables import certificates, enrollments, ledger, managed_devices
from fauxtune.storage.tenancy import by_key, by_keys, of_tenant, of_tenant_unindexed, of_tenants, rows_of, same_tenant


def enrollment(
    connection: Connection, enrollment_id: EnrollmentId, *, tenant_id: TenantId | None = None, lock: bool = False
) -> EnrollmentRow | None:
    """Return the enrolment with this id; `lock` holds its requests and its row until the transaction ends (see
    `locks`).
    """
    if lock:
        hold_requests_of(connection, enrollment_id=enrollment_id)
    statement = _ENROLLMENT[lock]
    row = first(connection, statement, row=EnrollmentRow, values={"enrollment": enrollment_id})
    return row if row is None or tenant_id in (None, row.tenant_id) else None


def enrollments_by_id(connection: Connection, ids: Collection[EnrollmentId]) -> dict[EnrollmentId, EnrollmentRow]:
    """Return the enrolments with these ids, in their order."""
    rows = many(connection, _ENROLLMENTS, row=EnrollmentRow, ids=ids)
    return {row.id: row for row in rows}


def enrollment_by_credential(connection: Connection, digest: str, *, lock: bool = False) -> EnrollmentRow | None:
    """Return the enrolment whose credential has this digest; `lock` as for `enrollment`."""
    if lock:
        hold_requests_by_credential(connection, digest=digest)
    statement = _BY_CREDENTIAL[lock]
    return first(connection, statement, row=EnrollmentRow, values={"credential": digest})


def enrollment_by_wire_id(
    connection: Connection, tenant_ids: Collection[TenantId], *, wire_id: str
) -> EnrollmentRow | None:
    """Return the enrolment in these tenants of the device that calls itself by this id (facts: `deviceId`): of several,
    the newest.
    """
    statement = select(enrollments).where(
        of_tenants(enrollments, tenant_ids), enrollments.c.facts["deviceId"].as_string() == wire_id
    )
    newest = statement.order_by(enrollments.c.enrolled_at.desc(), enrollments.c.id).limit(1)
    return first(connection, newest, row=EnrollmentRow)


def wire_state(connection: Connection, enrollment_id: EnrollmentId) -> JsonObject:
    """Return what the surface of the device's platform stored about it; each of its messages reads it."""
    return _WIRE_STATE.scalar(connection, {"enrollment": enrollment_id}) or {}


def enrollment_by_push_token(connection: Connection, token: str) -> EnrollmentRow | None:
    """Return the enrolment that is pushed under this token: of several, the newest."""
    return first(connection, _BY_PUSH_TOKEN, row=EnrollmentRow, values={"token": token})


def enrollments_by_hardware(connection: Connection, tenant_id: TenantId, *, hardware_key: str) -> list[EnrollmentRow]:
    """Return the live enrolments of the same piece of hardware. It is locked until the transaction ends: two
    transactions that enrol it at once would not see each other.
    """
    if connection.dialect.name == "postgresql":
        name = f"{tenant_id}/{hardware_key}"
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
    values = {"tenant": tenant_id, "hardware": hardware_key}
    return every(connection, _BY_HARDWARE, row=EnrollmentRow, values=values)


def unsettled(
    connection: Connection, tenant_id: TenantId, *, now: datetime, ids: Collection[str] | None = None
) -> list[EnrollmentRow]:
    """Return the live enrolments (of these `ids`) that await something: a plan, a due moment, an answer, an ending."""
    values: dict[str, Any] = {"tenant": tenant_id, "now": now}
    if ids is not None:
        values["ids"] = sorted(ids)
    return every(connection, _unsettled(among=ids is not None), row=EnrollmentRow, values=values)


@cache
def _unsettled(*, among: bool) -> Prepared:
    """Return what `unsettled` asks; `among`: with the parameter `ids`."""
    tenant: BindParameter[str] = bindparam("tenant")
    ids: BindParameter[str] = bindparam("ids", expanding=True)
    awaiting = select(ledger.c.enrollment_id).where(of_tenant(ledger, tenant), ledger.c.state.in_(_UNDER_WAY))
    if among:
        awaiting = awaiting.where(ledger.c.enrollment_id.in_(ids))
    statement = select(enrollments).where(
        *_these(tenant, ids if among else None),
        enrollments.c.state != EnrollmentState.ENDED.value,
        or_(
            enrollments.c.generation != enrollments.c.settled_generation,
            enrollments.c.due_at <= bindparam("now"),
            enrollments.c.state == EnrollmentState.ENDING.value,
            enrollments.c.id.in_(awaiting),
        ),
    )
    return Prepared(statement.order_by(enrollments.c.id))


def awaited(connection: Connection, tenant_id: TenantId) -> list[OpenItemRow]:
    """Return the items under way on live devices, by device."""
    return every(connection, _AWAITED, row=OpenItemRow, values={"tenant": tenant_id})


def _these(tenant_id: Any, ids: Any) -> list[ColumnElement[bool]]:
    """Return the conditions of a tenant's enrolments, or of these of them; both may be bound parameters."""
    # With an index for the tenant, SQLite would read all of its enrolments; `coalesce` prevents that.
    if ids is not None:
        return [enrollments.c.id.in_(ids), of_tenant_unindexed(enrollments, tenant_id)]
    return [of_tenant(enrollments, tenant_id)]


def with_names(tenant_id: TenantId | BindParameter[TenantId], *, ids: BindParameter[str] | None = None) -> Select[Any]:
    """Select enrolments (these, if `ids` is given) with their names (`NamedEnrollmentRow`), oldest first."""
    name = func.coalesce(managed_devices.c.device_name, enrollments.c.facts["deviceName"].as_string())
    return (
        select(enrollments, name.label("device_name"))
        .join(managed_devices, managed_devices.c.enrollment_id == enrollments.c.id, isouter=True)
        .where(*_these(tenant_id, ids))
        .order_by(enrollments.c.enrolled_at, enrollments.c.id)
    )


def enrollment_named(connection: Connection, tenant_id: TenantId, *, key: str) -> NamedEnrollmentRow | None:
    """Return the enrolment with this id, or the one whose managedDevice has or had it."""
    wanted_id = key.lower()
    row = first(connection, with_names(tenant_id).where(enrollments.c.id == wanted_id), row=NamedEnrollmentRow)
    if row is not None:
        return row
    # The record may be gone by now; the enrolment remembers its id.
    remembered = enrollments.c.facts["managedDeviceId"].as_string() == wanted_id
    return first(connection, with_names(tenant_id).where(remembered), row=NamedEnrollmentRow)


def live_enrollments(connection: Connection, tenant_id: TenantId) -> list[EnrollmentId]:
    """Return the ids of all enrolments that have not ended."""
    return [EnrollmentId(row[0]) for row in _LIVE.every(connection, {"tenant": tenant_id})]


def add_enrollment(connection: Connection, row: EnrollmentRow) -> None:
    """Insert an enrolment."""
    writes.add_row(connection, enrollments, row=row)


def change_enrollment(
    connection: Connection, enrollment_id: EnrollmentId, **changes: Unpack[EnrollmentChanges]
) -> None:
    """Change columns of an enrolment."""
    writes.change(connection, enrollments, where={"id": enrollment_id}, values=changes)


def _and_locked(statement: Select[Any]) -> tuple[Prepared, Prepared]:
    """Return the statement, and the same one that locks the rows."""
    return Prepared(statement), Prepared(statement.with_for_update())


# What every check-in asks, built once: building a statement costs more than running it.
_WIRE_STATE = Prepared(select(enrollments.c.wire_state).where(by_key(enrollments.c.id, bindparam("enrollment"))))
_ENROLLMENT = _and_locked(select(enrollments).where(by_key(enrollments.c.id, bindparam("enrollment"))))
_ENROLLMENTS = Prepared(
    select(enrollments).where(by_keys(enrollments.c.id, bindparam("ids", expanding=True))).order_by(enrollments.c.id)
)
_BY_CREDENTIAL = _and_locked(
    select(enrollments).where(by_key(enrollments.c.credential_digest, bindparam("credential")))
)
_BY_PUSH_TOKEN = Prepared(
    select(enrollments)
    .where(by_key(enrollments.c.push_token, bindparam("token")))
    .order_by(enrollments.c.enrolled_at.desc(), enrollments.c.id)
    .limit(1)
)
_BY_HARDWARE = Prepared(
    rows_of(enrollments)
    .where(
        enrollments.c.hardware_key == bindparam("hardware"),
        enrollments.c.state != EnrollmentState.ENDED.value,
    )
    .order_by(enrollments.c.id)
    .with_for_update()
)
_LIVE = Prepared(
    select(enrollments.c.id)
    .where(of_tenant(enrollments), enrollments.c.state != EnrollmentState.ENDED.value)
    .order_by(enrollments.c.id)
)
_ENDED = select(enrollments.c.id).where(
    of_tenant(enrollments),
    enrollments.c.hardware_key == bindparam("hardware"),
    enrollments.c.state == EnrollmentState.ENDED.value,
)
_RECORDS_LEFT = Prepared(delete(managed_devices).where(managed_devices.c.enrollment_id.in_(_ENDED)))
_FORGET_KEPT = Prepared(
    update(ledger)
    .where(ledger.c.enrollment_id.in_(_ENDED), ledger.c.state == ItemState.KEPT.value)
    .values(state=ItemState.REMOVED.value, installed_fingerprint=None, changed_at=bindparam("at"))
    .returning(ledger.c.enrollment_id, ledger.c.item_key)
)
_UNDER_WAY = [ItemState.WANTED.value, ItemState.SENT.value, ItemState.REMOVING.value]
_AWAITED = Prepared(
    select(ledger.c.enrollment_id, ledger.c.item_key, ledger.c.state, ledger.c.message)
    .join(enrollments, enrollments.c.id == ledger.c.enrollment_id)
    .where(
        of_tenant(ledger),
        enrollments.c.state != EnrollmentState.ENDED.value,
        ledger.c.state.in_(_UNDER_WAY),
    )
    .order_by(ledger.c.enrollment_id, ledger.c.item_key)
)
_LEDGERS = (
    select(ledger, certificates.c.authority, certificates.c.revoked_at, certificates.c.revocation_state)
    .join(
        certificates,
        and_(
            same_tenant(certificates, ledger),
            certificates.c.serial == ledger.c.serial,
            # A serial number of a partner's authority may be one of the tenant's own, too.
            or_(ledger.c.source != Source.SCEP.value, certificates.c.thumbprint == ledger.c.thumbprint),
            certificates.c.authority.not_in(["root", "devices"]),
        ),
        isouter=True,
    )
    .order_by(ledger.c.item_key)
)
_LEDGER = Prepared(_LEDGERS.where(by_key(ledger.c.enrollment_id, bindparam("device"))))
_LEDGERS_OF = Prepared(_LEDGERS.where(by_keys(ledger.c.enrollment_id, bindparam("ids", expanding=True))))
_MANAGED_DEVICE = Prepared(managed(bindparam("tenant")).where(managed_devices.c.id == bindparam("device")))
_MANAGED_DEVICES = Prepared(
    managed(bindparam("tenant")).where(managed_devices.c.id.in_(bindparam("devices", expanding=True)))
)
_MANAGED_DEVICE_OF = Prepared(
    select(managed_devices).where(by_key(managed_devices.c.enrollment_id, bindparam("enrollment")))
)


def managed_device(
    connection: Connection, tenant_id: TenantId, *, managed_device_id: ManagedDeviceId
) -> JoinedDeviceRow | None:
    """Return Graph's record of a device, with the columns of its enrolment and category that lists have."""
    values = {"tenant": tenant_id, "device": managed_device_id.lower()}
    return first(connection, _MANAGED_DEVICE, row=JoinedDeviceRow, values=values)


def managed_device_of(connection: Connection, enrollment_id: EnrollmentId) -> ManagedDeviceRow | None:
    """Return Graph's record of an enrolment."""
    return first(connection, _MANAGED_DEVICE_OF, row=ManagedDeviceRow, values={"enrollment": enrollment_id})


def managed_devices_by_id(
    connection: Connection, tenant_id: TenantId, *, ids: Sequence[ManagedDeviceId]
) -> list[JoinedDeviceRow]:
    """Return Graph's records with these ids."""
    return every(connection, _MANAGED_DEVICES, row=JoinedDeviceRow, values={"tenant": tenant_id, "devices": ids})


def managed_devices_of(
    connection: Connection, tenant_id: TenantId, *, ids: Sequence[EnrollmentId]
) -> list[JoinedDeviceRow]:
    """Return Graph's records of these enrolments, in their order."""
    by_enrollment: dict[EnrollmentId, JoinedDeviceRow] = {}
    for start in range(0, len(ids), 500):
        statement = managed(tenant_id).where(managed_devices.c.enrollment_id.in_(ids[start : start + 500]))
        by_enrollment |= {row.enrollment_id: row for row in every(connection, statement, row=JoinedDeviceRow)}
    return [by_enrollment[enrollment_id] for enrollment_id in ids if enrollment_id in by_enrollment]


def counts_by_variant(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """Return how many devices of each kind have a record."""
    statement = (
        select(enrollments.c.variant, func.count())
        .join(managed_devices, managed_devices.c.enrollment_id == enrollments.c.id)
        .where(of_tenant(managed_devices, tenant_id))
        .group_by(enrollments.c.variant)
    )
    return {str(variant): int(number) for variant, number in connection.execute(statement)}


def makes_and_models(connection: Connection, tenant_id: TenantId) -> tuple[list[str], list[str]]:
    """Return the manufacturers and the models of the devices, each once."""

    def values(name: str) -> list[str]:
        value = managed_devices.c.document[name].as_string()
        statement = select(value).where(of_tenant(managed_devices, tenant_id)).distinct()
        return sorted(text for text in connection.execute(statement).scalars() if text)

    return values("manufacturer"), values("model")


def add_managed_device(
    connection: Connection,
    tenant_id: TenantId,
    *,
    managed_device_id: ManagedDeviceId,
    enrollment_id: EnrollmentId,
    user_id: UserId | None,
    document: JsonObject,
) -> None:
    """Insert Graph's record of a new enrolment."""
    row = ManagedDeviceRow(
        tenant_id=tenant_id,
        id=managed_device_id,
        enrollment_id=enrollment_id,
        user_id=user_id,
        category_id=None,
        document=document,
        **_listed(document),
    )
    writes.add_row(connection, managed_devices, row=row)


def change_managed_device(
    connection: Connection,
    tenant_id: TenantId,
    *,
    managed_device_id: ManagedDeviceId,
    document: JsonObject,
    **changes: Unpack[ManagedDeviceChanges],
) -> None:
    """Write the record's document, and columns beside it."""
    where = {"tenant_id": tenant_id, "id": managed_device_id}
    values = {"document": document, **_listed(document), **changes}
    writes.change(connection, managed_devices, where=where, values=values)


def _listed(document: JsonObject) -> dict[str, Any]:
    """Return the columns that repeat parts of the document."""
    enrolled = document.get("enrolledDateTime")
    return {
        "device_name": document.get("deviceName"),
        "operating_system": document.get("operatingSystem"),
        "compliance_state": document.get("complianceState"),
        "management_agent": document.get("managementAgent"),
        "owner_type": document.get("managedDeviceOwnerType"),
        "user_principal_name": document.get("userPrincipalName"),
        "serial_number": document.get("serialNumber"),
        "azure_ad_device_id": document.get("azureADDeviceId"),
        "enrolled_at": None if enrolled is None else from_iso(enrolled),
    }


def delete_managed_device(connection: Connection, tenant_id: TenantId, *, managed_device_id: ManagedDeviceId) -> None:
    """Drop the record; the enrolment, its ledger and its certificates stay."""
    writes.remove(connection, managed_devices, tenant_id=tenant_id, id=managed_device_id)


def delete_records_left(connection: Connection, tenant_id: TenantId, *, hardware_key: str) -> None:
    """Drop the records that have stayed of this piece of hardware's ended enrolments."""
    _RECORDS_LEFT.run(connection, {"tenant": tenant_id, "hardware": hardware_key})


def ledger_rows(connection: Connection, enrollment_id: EnrollmentId) -> dict[ItemKey, LedgerRow]:
    """Return the device's ledger, by item."""
    rows = _LEDGER.mappings(connection, {"device": enrollment_id})
    return {ItemKey(row["item_key"]): ledger_row(row) for row in rows}


def ledgers(connection: Connection, ids: Collection[EnrollmentId]) -> dict[EnrollmentId, dict[ItemKey, LedgerRow]]:
    """Return the ledgers of these devices, each by item."""
    by_device: dict[EnrollmentId, dict[ItemKey, LedgerRow]] = {device: {} for device in ids}
    for some in in_parts(ids):
        for row in _LEDGERS_OF.mappings(connection, {"ids": some}):
            by_device[row["enrollment_id"]][ItemKey(row["item_key"])] = ledger_row(row)
    return by_device


def put_ledger_rows(
    connection: Connection,
    tenant_id: TenantId,
    *,
    enrollment_id: EnrollmentId,
    changed: Iterable[LedgerRow],
    at: datetime,
) -> None:
    """Write new or changed rows of the device's ledger."""
    writes.put(
        connection,
        ledger,
        rows=[
            {"enrollment_id": enrollment_id, "tenant_id": tenant_id, "changed_at": at, **ledger_values(row)}
            for row in changed
        ],
    )


def forget_kept(
    connection: Connection, tenant_id: TenantId, *, hardware_key: str, at: datetime
) -> list[tuple[EnrollmentId, ItemKey]]:
    """Note that everything which ended enrolments left on this piece of hardware is gone; return what that was."""
    if not hardware_key:
        return []
    rows = _FORGET_KEPT.every(connection, {"tenant": tenant_id, "hardware": hardware_key, "at": at})
    return [(EnrollmentId(enrollment_id), ItemKey(item)) for enrollment_id, item in rows]
