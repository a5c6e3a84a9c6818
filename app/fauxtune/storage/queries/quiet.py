"""Which check-ins are quiet, that is, change nothing: one statement decides that for all that come at one time (on
SQLite one for each, in one transaction), and writes when they came and what they said. Nothing else decides it;
`Visit.is_quiet` says the same of a device that was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, FromClause, String, bindparam, func, select, update

from fauxtune.core.clock import iso
from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.core.model.made_often import made_often
from fauxtune.core.model.states import EnrollmentState
from fauxtune.internals.sqlalchemy_statements import Columns, Prepared
from fauxtune.storage.odata import as_rows
from fauxtune.storage.tables import enrollments, tenant_versions
from fauxtune.storage.tenancy import of_tenant


@made_often
@dataclass(frozen=True, slots=True)
class Contact:
    """A device that checks in. `named`: the column `id` or `hardware_key` by which it names itself, and its value;
    `credential`, `report` and `new_report` are digests: `report` has to be that of its last report, in place of which
    `new_report` is written (None: they are the same); `version`: the one that its tenant must have (None: any).
    """

    tenant_id: TenantId
    credential: str
    named: tuple[str, str]
    report: str
    now: datetime
    version: str | None = None
    new_report: str | None = None


@dataclass(frozen=True, slots=True)
class Quiet:
    """The enrolment of a device whose check-in is quiet, and the version of its policy."""

    enrollment_id: EnrollmentId
    policy_version: int


_CLAIMS = ("credential", "id", "hardware_key", "tenant", "now", "report", "version", "new_report")


def _is_quiet(device: FromClause, claims: Mapping[str, ColumnElement[Any]]) -> list[ColumnElement[bool]]:
    """Return the conditions on a device, apart from its credential."""
    return [
        device.c.id == func.coalesce(claims["id"], device.c.id),
        device.c.hardware_key == func.coalesce(claims["hardware_key"], device.c.hardware_key),
        of_tenant(device, claims["tenant"]),
        device.c.state == EnrollmentState.ACTIVE.value,
        device.c.generation == device.c.settled_generation,
        device.c.due_at > claims["now"],
        device.c.report_digest == claims["report"],
    ]


_RETURNED = (enrollments.c.credential_digest, enrollments.c.id, enrollments.c.policy_version)


def _of_one() -> Prepared:
    """Return the statement of one contact, for SQLite: its transactions are one after the other, and it is in this
    process, so that a statement for each takes a third of the time of one that reads them from JSON.
    """
    claims = {name: bindparam(name, type_=String()) for name in _CLAIMS}
    return Prepared(
        update(enrollments)
        .where(enrollments.c.credential_digest == claims["credential"], *_is_quiet(enrollments, claims))
        .values(last_checkin_at=claims["now"], report_digest=claims["new_report"])
        .returning(*_RETURNED)
    )


def _of_many(*, versions: bool) -> Prepared:
    """Return the statement of many contacts, for PostgreSQL; `versions`: for a process that shares the database, so
    that what it remembers of a tenant has to be what there is.
    """
    rows, members = as_rows(bindparam("contacts", type_=JSON()), *_CLAIMS)
    claims = dict(zip(_CLAIMS, (member.element for member in members), strict=True))
    device = enrollments.alias()
    conditions = _is_quiet(device, claims)
    if versions:
        present = select(tenant_versions.c.version).where(of_tenant(tenant_versions, claims["tenant"]))
        conditions.append(func.coalesce(present.scalar_subquery(), "") == claims["version"])
    # A device that a transaction holds is being changed: its check-in is not quiet, and no other one waits for it.
    quiet = (
        select(device.c.id, claims["now"].label("now"), claims["new_report"].label("new_report"))
        .select_from(rows.join(device, device.c.credential_digest == claims["credential"]))
        .where(*conditions)
        .with_for_update(of=device, key_share=True, skip_locked=True)
        .subquery()
    )
    return Prepared(
        update(enrollments)
        .where(enrollments.c.id == quiet.c.id)
        .values(last_checkin_at=quiet.c.now, report_digest=quiet.c.new_report)
        .returning(*_RETURNED)
    )


_OF_ONE = _of_one()
_OF_MANY, _OF_MANY_WITH_VERSIONS = _of_many(versions=False), _of_many(versions=True)


def quiet(connection: Connection, contacts: Sequence[Contact]) -> list[Quiet | None]:
    """Read and write the whole of all quiet check-ins among these: on PostgreSQL in one statement, on SQLite in one
    for each. None: this one is not quiet, the caller is not the device that it names, its tenant has another version,
    or its device is among them already; nothing was written of it.
    """
    # Text that no database keeps would spoil the statement for all; no device has such a name.
    questions = {contact.credential: contact for contact in reversed(contacts) if contact.named[1].isprintable()}
    values = [_values(contact) for contact in questions.values()]
    if connection.dialect.name == "sqlite":
        rows = _quiet_on_sqlite(connection, values)
    else:
        has_versions = any(contact.version is not None for contact in contacts)
        statement = _OF_MANY_WITH_VERSIONS if has_versions else _OF_MANY
        rows = statement.every(connection, {"contacts": values}) if values else []
    known = {credential: Quiet(EnrollmentId(device), version) for credential, device, version in rows}
    return [
        known.get(contact.credential) if questions.get(contact.credential) is contact else None for contact in contacts
    ]


def _quiet_on_sqlite(connection: Connection, values: list[dict[str, str | None]]) -> list[Columns]:
    return _OF_ONE.every_for_each(connection, values)


def _values(contact: Contact) -> dict[str, str | None]:
    column, value = contact.named
    return {
        "credential": contact.credential,
        "id": None,
        "hardware_key": None,
        column: value,
        "tenant": contact.tenant_id,
        "now": iso(contact.now),
        "report": contact.report,
        "version": contact.version,
        "new_report": contact.report if contact.new_report is None else contact.new_report,
    }
