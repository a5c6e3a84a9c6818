"""Enrolments, managed devices and ledgers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, delete, func, or_, select, update

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.model.ids import EnrollmentId, ItemKey, ProfileId, TenantId
from fauxtune.core.model.items import Claim, LedgerRow, Problem
from fauxtune.core.model.states import Authority, EnrollmentState, ItemState, Source
from fauxtune.storage import writes
from fauxtune.storage.collections.devices import managed
from fauxtune.storage.queries.locks import hold_requests_by_credential, hold_requests_of
from fauxtune.storage.tables import (
    certificates,
    enrollment_tokens,
    enrollments,
    ledger,
    managed_devices,
)

Row = dict[str, Any]


def enrollment(
    connection: Connection, enrollment_id: str, *, tenant_id: TenantId | None = None, lock: bool = False
) -> Row | None:
    """The enrolment with this id; `lock` holds its requests and its row until the transaction ends (see `locks`)."""
    if lock:
        hold_requests_of(connection, enrollment_id=enrollment_id)
    row = _one(connection, _ENROLLMENT_LOCKED if lock else _ENROLLMENT, values={"enrollment": enrollment_id})
    return row if row is None or tenant_id in (None, row["tenant_id"]) else None


def enrollment_by_credential(connection: Connection, digest: str, *, lock: bool = False) -> Row | None:
    """The enrolment whose credential has this digest; `lock` as above."""
    if lock:
        hold_requests_by_credential(connection, digest=digest)
    return _one(connection, _BY_CREDENTIAL_LOCKED if lock else _BY_CREDENTIAL, values={"credential": digest})


def enrollment_by_wire_id(connection: Connection, tenant_id: TenantId, *, wire_id: str) -> Row | None:
    """The enrolment of the device that calls itself by this id (facts: `deviceId`): of several, the newest."""
    statement = select(enrollments).where(
        enrollments.c.tenant_id == tenant_id, enrollments.c.facts["deviceId"].as_string() == wire_id
    )
    return _one(connection, statement.order_by(enrollments.c.enrolled_at.desc(), enrollments.c.id).limit(1))


def wire_state(connection: Connection, enrollment_id: str) -> Row:
    """What the surface of the device's platform has kept about it; read with each of its messages."""
    return connection.execute(_WIRE_STATE, {"enrollment": enrollment_id}).scalar() or {}


def enrollment_by_push_token(connection: Connection, token: str) -> Row | None:
    """The enrolment that is pushed under this token: of several, the newest."""
    statement = select(enrollments).where(enrollments.c.push_token == token)
    return _one(connection, statement.order_by(enrollments.c.enrolled_at.desc(), enrollments.c.id).limit(1))


def enrollments_by_hardware(connection: Connection, tenant_id: TenantId, *, hardware_key: str) -> list[Row]:
    """Live enrolments of the same piece of hardware. Who asks is alone with it until the transaction ends, for two who
    enrol it at once would not see each other.
    """
    if connection.dialect.name == "postgresql":
        name = f"{tenant_id}/{hardware_key}"
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
    statement = select(enrollments).where(
        enrollments.c.tenant_id == tenant_id,
        enrollments.c.hardware_key == hardware_key,
        enrollments.c.state != EnrollmentState.ENDED.value,
    )
    found = connection.execute(statement.order_by(enrollments.c.id).with_for_update())
    return [dict(row) for row in found.mappings()]


def unsettled(connection: Connection, tenant_id: TenantId, *, now: datetime) -> list[Row]:
    """Live enrolments that are not at rest: a plan, a due moment, an answer or an ending is awaited."""
    awaiting = select(ledger.c.enrollment_id).where(
        ledger.c.tenant_id == tenant_id,
        ledger.c.state.in_([ItemState.WANTED.value, ItemState.SENT.value, ItemState.REMOVING.value]),
    )
    statement = (
        select(enrollments)
        .where(
            enrollments.c.tenant_id == tenant_id,
            enrollments.c.state != EnrollmentState.ENDED.value,
            or_(
                enrollments.c.generation != enrollments.c.settled_generation,
                enrollments.c.due_at <= now,
                enrollments.c.state == EnrollmentState.ENDING.value,
                enrollments.c.id.in_(awaiting),
            ),
        )
        .order_by(enrollments.c.id)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def awaited(connection: Connection, tenant_id: TenantId) -> list[Row]:
    """What is under way on live devices: {"enrollment_id", "item_key", "state", "message"}, by device."""
    statement = (
        select(ledger.c.enrollment_id, ledger.c.item_key, ledger.c.state, ledger.c.message)
        .join(enrollments, enrollments.c.id == ledger.c.enrollment_id)
        .where(
            ledger.c.tenant_id == tenant_id,
            enrollments.c.state != EnrollmentState.ENDED.value,
            ledger.c.state.in_([ItemState.WANTED.value, ItemState.SENT.value, ItemState.REMOVING.value]),
        )
        .order_by(ledger.c.enrollment_id, ledger.c.item_key)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def with_names(tenant_id: TenantId) -> Select[Any]:
    """Enrolments, oldest first, with `device_name`: by Graph's record while there is one, else as the device said."""
    name = func.coalesce(managed_devices.c.device_name, enrollments.c.facts["deviceName"].as_string())
    return (
        select(enrollments, name.label("device_name"))
        .join(managed_devices, managed_devices.c.enrollment_id == enrollments.c.id, isouter=True)
        .where(enrollments.c.tenant_id == tenant_id)
        .order_by(enrollments.c.enrolled_at, enrollments.c.id)
    )


def all_enrollments(connection: Connection, tenant_id: TenantId, *, state: str | None = None) -> list[Row]:
    """Every enrolment, ended ones too, or those in one state; oldest first, with `device_name`."""
    statement = with_names(tenant_id)
    if state is not None:
        statement = statement.where(enrollments.c.state == state)
    return [dict(row) for row in connection.execute(statement).mappings()]


def enrollment_named(connection: Connection, tenant_id: TenantId, *, key: str) -> Row | None:
    """The enrolment with this id, or the one whose managedDevice has or had it; with `device_name`."""
    wanted = key.lower()
    found = _one(connection, with_names(tenant_id).where(enrollments.c.id == wanted))
    if found is not None:
        return found
    # The record may be gone by now; the enrolment remembers its id.
    return _one(connection, with_names(tenant_id).where(enrollments.c.facts["managedDeviceId"].as_string() == wanted))


def live_enrollments(connection: Connection, tenant_id: TenantId) -> list[EnrollmentId]:
    """Every enrolment that has not ended."""
    statement = select(enrollments.c.id).where(
        enrollments.c.tenant_id == tenant_id, enrollments.c.state != EnrollmentState.ENDED.value
    )
    return [EnrollmentId(row[0]) for row in connection.execute(statement.order_by(enrollments.c.id))]


def add_enrollment(connection: Connection, **values: Any) -> None:
    """A new enrolment."""
    writes.add(connection, enrollments, **values)


def change_enrollment(connection: Connection, enrollment_id: str, **values: Any) -> None:
    """Change columns of an enrolment."""
    writes.change(connection, enrollments, where={"id": enrollment_id}, values=values)


# What every check-in asks, built once: building a statement costs more than running it.
_WIRE_STATE = select(enrollments.c.wire_state).where(enrollments.c.id == bindparam("enrollment"))
_ENROLLMENT = select(enrollments).where(enrollments.c.id == bindparam("enrollment"))
_ENROLLMENT_LOCKED = _ENROLLMENT.with_for_update()
_BY_CREDENTIAL = select(enrollments).where(enrollments.c.credential_digest == bindparam("credential"))
_BY_CREDENTIAL_LOCKED = _BY_CREDENTIAL.with_for_update()
_LEDGER = (
    select(ledger, certificates.c.authority)
    .join(
        certificates,
        and_(
            certificates.c.tenant_id == ledger.c.tenant_id,
            certificates.c.serial == ledger.c.serial,
            certificates.c.authority.not_in(["root", "devices"]),
        ),
        isouter=True,
    )
    .where(ledger.c.enrollment_id == bindparam("device"))
    .order_by(ledger.c.item_key)
)
_MANAGED_DEVICE = managed(bindparam("tenant")).where(managed_devices.c.id == bindparam("device"))
_MANAGED_DEVICES = managed(bindparam("tenant")).where(managed_devices.c.id.in_(bindparam("devices", expanding=True)))
_MANAGED_DEVICE_OF = select(managed_devices).where(managed_devices.c.enrollment_id == bindparam("enrollment"))
_QUIET = (
    update(enrollments)
    .where(
        enrollments.c.credential_digest == bindparam("credential"),
        enrollments.c.id == bindparam("device"),
        enrollments.c.tenant_id == bindparam("tenant"),
        enrollments.c.state == EnrollmentState.ACTIVE.value,
        enrollments.c.generation == enrollments.c.settled_generation,
        enrollments.c.due_at > bindparam("now"),
        enrollments.c.report_digest == bindparam("report"),
    )
    .values(last_checkin_at=bindparam("now"))
    .returning(enrollments.c.policy_version)
)


def quiet_checkin(
    connection: Connection, tenant_id: TenantId, *, device_id: str, credential: str, report: str, now: datetime
) -> int | None:
    """The whole of a quiet check-in, read and write in one: the policy's version. None: this one is not quiet, or the
    caller is not this device; nothing was written. `credential` and `report` are digests.
    """
    values = {"credential": credential, "device": device_id, "tenant": tenant_id, "now": iso(now), "report": report}
    found: int | None = connection.execute(_QUIET, values).scalar_one_or_none()
    return found


def touch(connection: Connection, enrollment_id: str, *, at: datetime) -> None:
    """The one small write of a quiet check-in."""
    connection.execute(update(enrollments).where(enrollments.c.id == enrollment_id).values(last_checkin_at=at))


def managed_device(connection: Connection, tenant_id: TenantId, *, device_id: str) -> Row | None:
    """Graph's record of a device, with the columns of its enrolment and category that lists have."""
    return _one(connection, _MANAGED_DEVICE, values={"tenant": tenant_id, "device": device_id.lower()})


def managed_device_of(connection: Connection, enrollment_id: str) -> Row | None:
    """Graph's record of an enrolment."""
    return _one(connection, _MANAGED_DEVICE_OF, values={"enrollment": enrollment_id})


def managed_devices_by_id(connection: Connection, tenant_id: TenantId, *, ids: Sequence[str]) -> list[Row]:
    """Graph's records with these ids, as `managed_device` gives them."""
    found = connection.execute(_MANAGED_DEVICES, {"tenant": tenant_id, "devices": ids}).mappings()
    return [dict(row) for row in found]


def managed_devices_of(connection: Connection, tenant_id: TenantId, *, ids: Sequence[EnrollmentId]) -> list[Row]:
    """Graph's records of these enrolments, in their order, as `managed_device` gives them."""
    found: dict[str, Row] = {}
    for start in range(0, len(ids), 500):
        statement = managed(tenant_id).where(managed_devices.c.enrollment_id.in_(ids[start : start + 500]))
        found |= {row["enrollment_id"]: dict(row) for row in connection.execute(statement).mappings()}
    return [found[each] for each in ids if each in found]


def counts_by_variant(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """How many devices of each kind have a record."""
    statement = (
        select(enrollments.c.variant, func.count())
        .join(managed_devices, managed_devices.c.enrollment_id == enrollments.c.id)
        .where(managed_devices.c.tenant_id == tenant_id)
        .group_by(enrollments.c.variant)
    )
    return {str(variant): int(number) for variant, number in connection.execute(statement)}


def makes_and_models(connection: Connection, tenant_id: TenantId) -> tuple[list[str], list[str]]:
    """The manufacturers and the models of the devices, each once."""
    found = []
    for name in ("manufacturer", "model"):
        value = managed_devices.c.document[name].as_string()
        statement = select(value).where(managed_devices.c.tenant_id == tenant_id).distinct()
        found.append(sorted(each for each in connection.execute(statement).scalars() if each))
    return found[0], found[1]


def add_managed_device(connection: Connection, tenant_id: TenantId, *, document: Row, **values: Any) -> None:
    """Graph's record of a new enrolment."""
    writes.add(connection, managed_devices, tenant_id=tenant_id, document=document, **_listed(document), **values)


def change_managed_device(
    connection: Connection, tenant_id: TenantId, *, device_id: str, document: Row, **columns: Any
) -> None:
    """Write the record's document, and columns beside it."""
    where = {"tenant_id": tenant_id, "id": device_id}
    values = {"document": document, **_listed(document), **columns}
    writes.change(connection, managed_devices, where=where, values=values)


def _listed(document: Row) -> Row:
    """The columns that repeat parts of the document."""
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


def delete_managed_device(connection: Connection, tenant_id: TenantId, *, device_id: str) -> None:
    """Drop the record; the enrolment, its ledger and its certificates stay."""
    writes.remove(connection, managed_devices, tenant_id=tenant_id, id=device_id)


def delete_records_left(connection: Connection, tenant_id: TenantId, *, hardware_key: str) -> None:
    """Drop the records that have stayed of this piece of hardware's ended enrolments."""
    ended = _ended(tenant_id, hardware_key)
    connection.execute(delete(managed_devices).where(managed_devices.c.enrollment_id.in_(ended)))


def _ended(tenant_id: TenantId, hardware_key: str) -> Select[Any]:
    return select(enrollments.c.id).where(
        enrollments.c.tenant_id == tenant_id,
        enrollments.c.hardware_key == hardware_key,
        enrollments.c.state == EnrollmentState.ENDED.value,
    )


def ledger_rows(connection: Connection, enrollment_id: str) -> dict[ItemKey, LedgerRow]:
    """The device's ledger."""
    found = connection.execute(_LEDGER, {"device": enrollment_id}).mappings()
    return {ItemKey(row["item_key"]): _ledger_row(dict(row)) for row in found}


def put_ledger_rows(
    connection: Connection, tenant_id: TenantId, *, enrollment_id: str, changed: Iterable[LedgerRow], at: datetime
) -> None:
    """New or changed ledger rows."""
    writes.put(
        connection,
        ledger,
        rows=[
            {"enrollment_id": enrollment_id, "tenant_id": tenant_id, "changed_at": at, **_ledger_values(row)}
            for row in changed
        ],
    )


def forget_kept(connection: Connection, tenant_id: TenantId, *, hardware_key: str, at: datetime) -> None:
    """What ended enrolments of this piece of hardware had left on it is gone."""
    if not hardware_key:
        return
    connection.execute(
        update(ledger)
        .where(ledger.c.enrollment_id.in_(_ended(tenant_id, hardware_key)), ledger.c.state == ItemState.KEPT.value)
        .values(state=ItemState.REMOVED.value, installed_fingerprint=None, changed_at=at)
    )


def holders(connection: Connection, tenant_id: TenantId, *, thumbprint: str) -> list[Row]:
    """The devices whose ledger says that they hold a certificate: {"enrollment_id", "user_id", "state"}."""
    statement = (
        select(ledger.c.enrollment_id, enrollments.c.user_id, ledger.c.state)
        .join(enrollments, enrollments.c.id == ledger.c.enrollment_id)
        .where(
            ledger.c.tenant_id == tenant_id,
            ledger.c.thumbprint == thumbprint,
            ledger.c.state.in_([ItemState.INSTALLED.value, ItemState.KEPT.value]),
        )
        .order_by(ledger.c.enrollment_id)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def add_token(connection: Connection, **values: Any) -> None:
    """A new enrolment token, by its digest."""
    writes.add(connection, enrollment_tokens, **values)


def use_token(connection: Connection, tenant_id: TenantId, *, digest: str, now: datetime) -> str | None:
    """Take one use from the token and give its user; None for a token that is unknown, over or used up. Two callers
    never take the same use: the UPDATE is the check.
    """
    statement = (
        update(enrollment_tokens)
        .where(
            enrollment_tokens.c.tenant_id == tenant_id,
            enrollment_tokens.c.digest == digest,
            enrollment_tokens.c.expires_at > now,
            enrollment_tokens.c.uses_left > 0,
        )
        .values(uses_left=enrollment_tokens.c.uses_left - 1)
        .returning(enrollment_tokens.c.user_id)
    )
    found: str | None = connection.execute(statement).scalar_one_or_none()
    return found


def token_user(connection: Connection, tenant_id: TenantId, *, digest: str, now: datetime) -> str | None:
    """The user of a token that could be used; it keeps its uses."""
    statement = select(enrollment_tokens.c.user_id).where(
        enrollment_tokens.c.tenant_id == tenant_id,
        enrollment_tokens.c.digest == digest,
        enrollment_tokens.c.expires_at > now,
        enrollment_tokens.c.uses_left > 0,
    )
    found: str | None = connection.execute(statement).scalar_one_or_none()
    return found


def _one(connection: Connection, statement: Select[Any], *, values: Row | None = None) -> Row | None:
    row = connection.execute(statement, values or {}).mappings().first()
    return None if row is None else dict(row)


def _ledger_row(row: Row) -> LedgerRow:
    failed = row["error_code"] is not None
    return LedgerRow(
        key=ItemKey(row["item_key"]),
        source=Source(row["source"]),
        state=ItemState(row["state"]),
        fingerprint=row["fingerprint"],
        installed_fingerprint=row["installed_fingerprint"],
        user_id=row["user_id"],
        purpose=row["purpose"],
        thumbprint=row["thumbprint"],
        serial=row["serial"],
        renew_at=row["renew_at"],
        not_after=row["not_after"],
        claims=tuple(Claim(profile=ProfileId(each[0]), assignment=each[1]) for each in row["wanted_by"]),
        problem=Problem(row["error_code"], row["message"]) if failed else None,
        waits_for=None if failed else row["message"],
        payload=row["payload"],
        authority=Authority.named(row["authority"]),
    )


def _ledger_values(row: LedgerRow) -> Row:
    return {
        "item_key": row.key,
        "source": row.source.value,
        "state": row.state.value,
        "fingerprint": row.fingerprint,
        "installed_fingerprint": row.installed_fingerprint,
        "user_id": row.user_id,
        "purpose": row.purpose,
        "thumbprint": row.thumbprint,
        "serial": row.serial,
        "renew_at": row.renew_at,
        "not_after": row.not_after,
        "wanted_by": [[claim.profile, claim.assignment] for claim in row.claims],
        "error_code": row.problem.code if row.problem else None,
        "message": row.problem.message if row.problem else row.waits_for,
        "payload": row.payload,
    }
