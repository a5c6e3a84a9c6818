"""Dynamic groups of devices: who is in them follows from their rules (core/engine/membership_rules.py says which).

Differs from Entra ID: a change counts at once. There it takes minutes to a day.
"""

from __future__ import annotations

from collections.abc import Iterable

from fauxtune.core.engine import membership_rules
from fauxtune.core.model.ids import GroupId
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import directory as queries
from fauxtune.storage.queries import dynamic_groups as dynamic_queries
from fauxtune.storage.rows.directory import DirectoryDeviceRow, GroupMemberRow, GroupRow


def fill_group(tx: Transaction, group: GroupRow) -> None:
    """Give a dynamic group the members that its rule names; other groups stay as they are."""
    if not _is_processed(group.document):
        return
    rule = _rule(group.document)
    devices = [] if rule is None else dynamic_queries.nameable_devices(tx.connection, tx.tenant.id)
    wanted = {device.id for device in devices if rule is not None and rule(device.document)}
    held = dynamic_queries.devices_in(tx.connection, tx.tenant.id, group_id=group.id)
    for device_id in sorted(wanted | held):
        _change(tx, group.id, device_id=device_id, joins=device_id in wanted, is_member=device_id in held)


def place_device(tx: Transaction, device: DirectoryDeviceRow) -> None:
    """Put a device into the dynamic groups whose rules name it, and take it out of the others."""
    for group in dynamic_queries.groups_with_rules(tx.connection, tx.tenant.id):
        if not _is_processed(group.document):
            continue
        rule = _rule(group.document)
        joins = rule is not None and rule(device.document)
        is_member = queries.is_member(tx.connection, tx.tenant.id, group_id=group.id, member_id=device.id)
        _change(tx, group.id, device_id=device.id, joins=joins, is_member=is_member)


def is_concerned(names: Iterable[str]) -> bool:
    """Whether a change of these properties of a device can change which groups it is in."""
    return not {"physicalIds", "enrollmentProfileName"}.isdisjoint(names)


def _is_processed(group: JsonObject) -> bool:
    """Whether the rule is applied: a group whose processing is paused keeps its members."""
    return bool(group.get("membershipRule")) and group.get("membershipRuleProcessingState") == "On"


def _rule(group: JsonObject) -> membership_rules.Rule | None:
    return membership_rules.parse(str(group["membershipRule"]))


def _change(tx: Transaction, group_id: GroupId, *, device_id: str, joins: bool, is_member: bool) -> None:
    if joins is is_member:
        return
    if joins:
        row = GroupMemberRow(tenant_id=tx.tenant.id, group_id=group_id, member_id=device_id, kind="device")
        queries.add_members(tx.connection, row)
    tx.wake(concern.by_member(tx.connection, tx.tenant.id, group_id=group_id, member_id=device_id))
    if not joins:
        queries.remove_member(tx.connection, tx.tenant.id, group_id=group_id, member_id=device_id)
