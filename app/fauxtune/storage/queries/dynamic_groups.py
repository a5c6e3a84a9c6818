"""Groups with rules, and the devices that rules can name."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select

from fauxtune.core.model.ids import GroupId, TenantId
from fauxtune.storage.reads import every
from fauxtune.storage.rows.directory import DirectoryDeviceRow, GroupRow
from fauxtune.storage.tables import directory_devices, group_members, groups
from fauxtune.storage.tenancy import of_tenant, rows_of


def groups_with_rules(connection: Connection, tenant_id: TenantId) -> list[GroupRow]:
    """Return the groups whose members follow from a rule, by id."""
    rule = groups.c.document["membershipRule"].as_string()
    statement = rows_of(groups, tenant_id).where(rule.is_not(None)).order_by(groups.c.id)
    return every(connection, statement, row=GroupRow)


def nameable_devices(connection: Connection, tenant_id: TenantId) -> list[DirectoryDeviceRow]:
    """Return the devices of the directory that have physical ids or the name of an enrolment profile, by id."""
    document = directory_devices.c.document
    statement = (
        rows_of(directory_devices, tenant_id)
        .where(
            or_(document["physicalIds"].as_string() != "[]", document["enrollmentProfileName"].as_string() != ""),
        )
        .order_by(directory_devices.c.id)
    )
    return every(connection, statement, row=DirectoryDeviceRow)


def devices_in(connection: Connection, tenant_id: TenantId, *, group_id: GroupId) -> set[str]:
    """Return the ids of the devices that are direct members of a group."""
    statement = select(group_members.c.member_id).where(
        of_tenant(group_members, tenant_id), group_members.c.group_id == group_id, group_members.c.kind == "device"
    )
    return {row[0] for row in connection.execute(statement)}
