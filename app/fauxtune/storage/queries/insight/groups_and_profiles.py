"""What is shown of groups and profiles: members, what is assigned to a group, the devices of a profile; names, and what
the settings of a profile came to, counted over devices.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.model.ids import EnrollmentId, GroupId, ItemKey, ProfileId, TenantId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ItemState, ProfileStatus, Source
from fauxtune.storage.odata import contains
from fauxtune.storage.reads import every
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.storage.rows.directory import GroupRow
from fauxtune.storage.tables import (
    assignments,
    directory_devices,
    group_members,
    groups,
    ledger,
    managed_devices,
    profiles,
    resources,
    users,
)
from fauxtune.storage.tenancy import of_tenant, rows_of, same_tenant


@dataclass(frozen=True, slots=True)
class DirectoryEntryRow:
    """A user, a group or an Entra device, as a list shows it. `detail`: a user's userPrincipalName, a device's
    operating system, a group's description; `enrollment_id`: that of a device which is or was managed.
    """

    id: str
    kind: str
    name: str | None
    detail: str | None
    enrollment_id: EnrollmentId | None


@dataclass(frozen=True, slots=True)
class AssignedRow:
    """A profile or a resource that is assigned to a group, or excludes it. `family`: of a resource; `intent`: of an
    app. Of a built-in resource that nobody has changed name and family are None.
    """

    group_id: str
    profile_id: ProfileId
    name: str | None
    kind: TargetKind
    family: str | None
    intent: str | None
    is_profile: bool


@dataclass(frozen=True, slots=True)
class ProfileDeviceRow:
    """The status of a profile on one device. `reported_at`: None for a device that has not planned with it yet;
    `error_code` and `message`: those of the first item that failed.
    """

    enrollment_id: EnrollmentId
    device_name: str | None
    user_principal_name: str | None
    variant: Variant
    status: ProfileStatus
    reported_at: datetime | None
    error_code: int | None
    message: str | None


def named(name: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """Whether the name contains the text. The database folds the case of ASCII letters at least."""
    return or_(func.lower(name).contains(text.lower(), autoescape=True), name.contains(text, autoescape=True))


#: A kind of member -> its table, and the property that tells two of one name apart.
_TABLES = {
    "user": (users, "userPrincipalName"),
    "device": (directory_devices, "operatingSystem"),
    "group": (groups, "description"),
}


def groups_by_name(
    connection: Connection, tenant_id: TenantId, *, text: str = "", offset: int = 0, limit: int
) -> tuple[list[GroupRow], int]:
    """Return one page of the groups whose name contains the text, by name, and how many there are in all."""
    name = groups.c.document["displayName"].as_string()
    statement = rows_of(groups, tenant_id)
    if text:
        statement = statement.where(named(name, text))
    page = statement.order_by(func.lower(name), groups.c.id).offset(offset).limit(limit)
    return every(connection, page, row=GroupRow), _count(connection, statement)


def groups_named(connection: Connection, tenant_id: TenantId, *, names: Collection[str]) -> list[GroupRow]:
    """Return the groups with exactly these names, by name."""
    name = groups.c.document["displayName"].as_string()
    statement = rows_of(groups, tenant_id).where(name.in_(sorted(names)))
    return every(connection, statement.order_by(name, groups.c.id), row=GroupRow)


def group_names(connection: Connection, tenant_id: TenantId, *, ids: Collection[str]) -> dict[str, str]:
    """Return the displayNames of these groups, by id, in the order of the names; one statement at most."""
    if not ids:
        return {}
    name = groups.c.document["displayName"].as_string()
    statement = select(groups.c.id, name).where(of_tenant(groups, tenant_id), groups.c.id.in_(sorted(ids)))
    return {row[0]: str(row[1]) for row in connection.execute(statement.order_by(name, groups.c.id))}


def member_counts(
    connection: Connection, tenant_id: TenantId, *, group_ids: Collection[GroupId]
) -> dict[str, dict[str, int]]:
    """Return how many direct members of each kind each of these groups has; one statement for all."""
    counts: dict[str, dict[str, int]] = {}
    if not group_ids:
        return counts
    held = group_members.c
    statement = (
        select(held.group_id, held.kind, func.count())
        .where(of_tenant(held, tenant_id), held.group_id.in_(sorted(group_ids)))
        .group_by(held.group_id, held.kind)
    )
    for group_id, kind, number in connection.execute(statement):
        counts.setdefault(group_id, {})[kind] = number
    return counts


def assigned_to(connection: Connection, tenant_id: TenantId, *, group_ids: Collection[GroupId]) -> list[AssignedRow]:
    """Return what these groups are named in, by name: profiles, and resources with their families; one statement for
    all. A built-in resource that nobody has changed has neither name nor family.
    """
    if not group_ids:
        return []
    thing, document = assignments.c.profile_id, resources.c.document
    own = and_(same_tenant(profiles, assignments), profiles.c.id == thing)
    kept = and_(same_tenant(resources, assignments), resources.c.id == thing, resources.c.parent_id == "")
    name = func.coalesce(
        profiles.c.document["displayName"].as_string(),
        *(document[each].as_string() for each in ("displayName", "name", "profileName")),
    )
    statement = (
        select(
            assignments.c.group_id,
            thing,
            name,
            assignments.c.kind,
            resources.c.family,
            assignments.c.document["intent"].as_string(),
            profiles.c.id.is_not(None),
        )
        .outerjoin(profiles, own)
        .outerjoin(resources, kept)
        .where(of_tenant(assignments, tenant_id), assignments.c.group_id.in_(sorted(group_ids)))
        .order_by(func.lower(name), thing)
    )
    return every(connection, statement, row=AssignedRow)


def members_by_name(
    connection: Connection, tenant_id: TenantId, *, group_id: GroupId, text: str = "", offset: int = 0, limit: int
) -> tuple[list[DirectoryEntryRow], int]:
    """Return one page of the direct members of a group whose name contains the text: users, devices, groups, each by
    name; and how many there are in all.
    """
    held = group_members.c
    inside = select(held.member_id).where(of_tenant(held, tenant_id), held.group_id == group_id)
    statement = _entries(tenant_id, inside, text=text)
    rows = connection.execute(_in_order(statement, func.count().over()).offset(offset).limit(limit)).all()
    if rows:
        return [DirectoryEntryRow(*columns) for *columns, _total in rows], int(rows[0][-1])
    return [], _count(connection, statement) if offset else 0


def others_by_name(
    connection: Connection, tenant_id: TenantId, *, group_id: GroupId, text: str, limit: int
) -> list[DirectoryEntryRow]:
    """Return the first users, devices and groups whose name contains the text and that are no direct members of the
    group, nor the group itself.
    """
    held = group_members.c
    inside = select(held.member_id).where(of_tenant(held, tenant_id), held.group_id == group_id)
    statement = _entries(tenant_id, inside.union(select(literal(group_id))), text=text, outside=True)
    return _page(connection, statement, limit=limit)


def entry(connection: Connection, tenant_id: TenantId, *, object_id: str) -> DirectoryEntryRow | None:
    """Return the user, device or group with this id."""
    rows = _page(connection, _entries(tenant_id, [object_id], text=""), limit=1)
    return rows[0] if rows else None


def _entries(tenant_id: TenantId, ids: Any, *, text: str, outside: bool = False) -> Select[Any]:
    """Select the users, devices and groups with these ids, or (`outside`) without, whose name contains the text."""
    parts = []
    for place, (kind, (table, detail)) in enumerate(_TABLES.items()):
        name, more = table.c.document["displayName"].as_string(), table.c.document[detail].as_string()
        enrollment = table.c.enrollment_id if kind == "device" else type_coerce(null(), String())
        part = select(
            table.c.id,
            literal(kind).label("kind"),
            name.label("name"),
            more.label("detail"),
            enrollment.label("enrollment_id"),
            literal(place).label("place"),
        ).where(of_tenant(table, tenant_id), table.c.id.not_in(ids) if outside else table.c.id.in_(ids))
        parts.append(part)
    # The members first (OFFSET sees to that): PostgreSQL would rather look for the text in all names of the tenant.
    entries = select(union_all(*parts).subquery())
    entries = entries if outside else select(entries.offset(0).subquery())
    columns = entries.selected_columns
    fits = or_(named(columns["name"], text), and_(columns["kind"] == "user", named(columns["detail"], text)))
    return entries.where(fits) if text else entries


def _page(connection: Connection, statement: Select[Any], *, limit: int) -> list[DirectoryEntryRow]:
    return every(connection, _in_order(statement).limit(limit), row=DirectoryEntryRow)


def _in_order(statement: Select[Any], *more: ColumnElement[Any]) -> Select[Any]:
    """Return the columns of `DirectoryEntryRow`, and these, by kind and name."""
    columns = statement.selected_columns
    statement = statement.order_by(columns["place"], func.lower(columns["name"]), columns["id"])
    return statement.with_only_columns(*(column for column in columns if column.name != "place"), *more)


def _count(connection: Connection, statement: Select[Any]) -> int:
    return int(connection.execute(select(func.count()).select_from(statement.subquery())).scalar_one())


_COUNTED = (
    select(ledger.c.item_key, ledger.c.state, ledger.c.payload, func.count())
    .join_from(ledger, managed_devices, managed_devices.c.enrollment_id == ledger.c.enrollment_id)
    .where(
        of_tenant(ledger),
        ledger.c.source == Source.SETTING,
        contains(cast(ledger.c.wanted_by, String()), bindparam("profile", type_=String())),
    )
    .group_by(ledger.c.item_key, ledger.c.state, ledger.c.payload)
    .order_by(ledger.c.item_key)
)
_NAME = profiles.c.document["displayName"].as_string()


def profile_names(connection: Connection, tenant_id: TenantId, *, text: str = "") -> list[tuple[ProfileId, str, str]]:
    """Return id, kind and name of the profiles whose name contains the text, by name."""
    statement = select(profiles.c.id, profiles.c.kind, _NAME).where(of_tenant(profiles, tenant_id))
    if text:
        statement = statement.where(named(_NAME, text))
    rows = connection.execute(statement.order_by(func.lower(_NAME), profiles.c.id))
    return [(ProfileId(row[0]), str(row[1]), str(row[2])) for row in rows]


def profiles_of_kinds(connection: Connection, tenant_id: TenantId, *, kinds: Collection[str]) -> list[ProfileRow]:
    """Return the profiles of these kinds, by name."""
    statement = rows_of(profiles, tenant_id).where(profiles.c.kind.in_(sorted(kinds)))
    return every(connection, statement.order_by(func.lower(_NAME), profiles.c.id), row=ProfileRow)


def profiles_named(connection: Connection, tenant_id: TenantId, *, names: Collection[str]) -> dict[str, ProfileId]:
    """Return which of these names profiles have, with the id of one of them."""
    statement = select(_NAME, profiles.c.id).where(of_tenant(profiles, tenant_id), _NAME.in_(sorted(names)))
    return {str(row[0]): ProfileId(row[1]) for row in connection.execute(statement)}


@dataclass(frozen=True, slots=True)
class CountedSettings:
    """Settings that a device takes as one, as a ledger has them, and on how many devices they are so."""

    row: LedgerRow
    devices: int


def counted_settings(connection: Connection, tenant_id: TenantId, *, profile_id: ProfileId) -> list[CountedSettings]:
    """Return the settings that a profile asks for, or asked for, of devices with a record."""
    rows = connection.execute(_COUNTED, {"tenant": tenant_id, "profile": profile_id})
    return [
        CountedSettings(LedgerRow(ItemKey(key), Source.SETTING, ItemState(state), payload=payload), number)
        for key, state, payload, number in rows
    ]
