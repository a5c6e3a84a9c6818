"""Resources: the objects of the collections of Graph that one mechanism keeps. Each family has its `Rules`.

Documents fit their types before they come here; here follow the rules of the family and what needs the database. A
change makes exactly the devices plan again that the resource's assignments can reach.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import ProfileId, ResourceId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies.rules import BOUND, PARENT, BuiltIn, Member, Rules, Versions
from fauxtune.operations.profiles import assignments
from fauxtune.operations.profiles.assignments import Assignable, NewAssignment
from fauxtune.operations.profiles.role_scope_tags import tagged
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as assignment_queries
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ResourceRow


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a family does beyond its rules, in the transaction of the change; each may raise Invalid.

    `check` takes the new document and, of a change, the old row, and returns the document that is stored; `created`,
    `changed` (with the row before) and `deleting` take the row; `assigned` the row and its new assignments, which are
    stored by then.
    """

    check: Callable[[Transaction, JsonObject, ResourceRow | None], JsonObject] | None = None
    created: Callable[[Transaction, ResourceRow], None] | None = None
    changed: Callable[[Transaction, ResourceRow, ResourceRow], None] | None = None
    deleting: Callable[[Transaction, ResourceRow], None] | None = None
    assigned: Callable[[Transaction, ResourceRow, Sequence[NewAssignment]], None] | None = None


NO_HOOKS = Hooks()


def create(
    tx: Transaction,
    rules: Rules,
    *,
    kind: str,
    document: JsonObject,
    parent: ResourceRow | None = None,
    hooks: Hooks = NO_HOOKS,
) -> ResourceRow:
    """Create a resource without assignments, or a part of one. `document` has all properties of its type. Raises
    Invalid for one that the service refuses.
    """
    now = iso(tx.now)
    full = {**tagged(document), rules.created: now, rules.modified: now}
    if rules.versions is Versions.COUNTED:
        full["version"] = 1
    if hooks.check is not None:
        full = hooks.check(tx, full, None)
    rules.check(full, None)
    full |= {name: numbered(tx, full.get(name), member=member) for name, member in _members(rules, full)}
    parent_id = "" if parent is None else parent.path
    new_id = rules.new_id(tx.ids.uuid(), kind, {**full, PARENT: parent_id})
    resource_id = ResourceId(new_id)
    priority = _next_priority(tx, rules, kind=kind) if rules.prioritized else None
    if priority is not None:
        full["priority"] = priority
    row = ResourceRow(
        tenant_id=tx.tenant.id,
        family=rules.name,
        parent_id=parent_id,
        id=resource_id,
        kind=kind,
        version=1,
        created_at=tx.now,
        modified_at=tx.now,
        priority=priority,
        document=rules.derived({**full, "id": resource_id}),
    )
    if queries.resource(
        tx.connection, tx.tenant.id, family=row.family, resource_id=row.id, parent_id=row.parent_id
    ) is not None or _is_built_in(rules, row, tenant=tx.tenant):
        raise Invalid(f"There is a {kind} '{resource_id}' already.")
    _check_number(tx, rules, kind=kind)
    queries.add_resource(tx.connection, row)
    if hooks.created is not None:
        hooks.created(tx, row)
    return row


def _check_number(tx: Transaction, rules: Rules, *, kind: str) -> None:
    """Raise Invalid for one more than the tenant can have."""
    for only, most in rules.most.items():
        columns = {"family": rules.name, **({"kind": only} if only else {})}
        if only in ("", kind) and queries.count_of(tx.connection, tx.tenant.id, **columns) >= most:
            raise Invalid(f"The tenant has {most} of these already, which is the most.")


def add_event(tx: Transaction, rules: Rules, *, kind: str, document: JsonObject, most: int) -> ResourceRow:
    """Create a resource that tells of an event; of more than `most` the oldest go."""
    rows = queries.resources_of_family(tx.connection, tx.tenant.id, family=rules.name)
    oldest = [row.id for row in rows[: max(0, len(rows) + 1 - most)]]
    queries.remove_resources(tx.connection, tx.tenant.id, family=rules.name, ids=oldest)
    return create(tx, rules, kind=kind, document=document)


def update(
    tx: Transaction,
    rules: Rules,
    *,
    key: str,
    changes: JsonObject,
    parent: ResourceRow | None = None,
    hooks: Hooks = NO_HOOKS,
) -> ResourceRow:
    """Merge changes into a resource; its version rises if anything differs. Raises Invalid for a change that the
    service refuses.
    """
    row = get(tx, rules, key=key, parent=parent)
    built_in = _is_built_in(rules, row, tenant=tx.tenant)
    if built_in and rules.locked_built_in:
        _check_unchanged(row, changes=changes)
    rules.check_fixed(changes, row.document, built_in=built_in)
    full = {**row.document, **tagged(changes)}
    if BOUND in changes:
        full[BOUND] = {**row.document.get(BOUND, {}), **changes[BOUND]}
    if hooks.check is not None:
        full = hooks.check(tx, full, row)
    rules.check(full, row.document)
    full |= {
        name: numbered(tx, full.get(name), member=member)
        for name, member in _members(rules, full)
        if full.get(name) is not row.document.get(name)
    }
    return rewritten(tx, row, rules=rules, document=full, hooks=hooks)


def replace_whole(
    tx: Transaction,
    rules: Rules,
    *,
    key: str,
    document: JsonObject,
    parent: ResourceRow | None = None,
    hooks: Hooks = NO_HOOKS,
) -> ResourceRow:
    """Put another document, which has all properties of its type, in the place of a resource's own, with its parts.
    Raises Invalid for a document that the service refuses, and for a built-in resource.
    """
    row = get(tx, rules, key=key, parent=parent)
    if _is_built_in(rules, row, tenant=tx.tenant):
        raise Invalid(f"The {row.kind} '{_name(row)}' is built in and cannot be replaced.")
    full = {**tagged(document), rules.created: row.document[rules.created], "id": row.id}
    if hooks.check is not None:
        full = hooks.check(tx, full, row)
    rules.check(full, row.document)
    full |= {name: numbered(tx, full.get(name), member=member) for name, member in _members(rules, full)}
    return rewritten(tx, row, rules=rules, document=full, hooks=hooks)


def copy(tx: Transaction, rules: Rules, *, key: str, changes: JsonObject, hooks: Hooks = NO_HOOKS) -> ResourceRow:
    """Create a resource that is as another one, but for the changes, and that is not assigned."""
    row = get(tx, rules, key=key)
    return create(tx, rules, kind=row.kind, document={**row.document, **changes}, hooks=hooks)


def rewritten(
    tx: Transaction, row: ResourceRow, *, rules: Rules, document: JsonObject, hooks: Hooks = NO_HOOKS
) -> ResourceRow:
    """Store another document of a resource, with its time and version, and wake the devices that it can reach."""
    version = row.version + (document != row.document)
    full = {**document, rules.modified: iso(tx.now)}
    if rules.versions is Versions.COUNTED:
        full["version"] = version
    full = rules.derived(full)
    new = replace(row, version=version, modified_at=tx.now, document=full)
    queries.put_resource(tx.connection, new)
    if hooks.changed is not None:
        hooks.changed(tx, new, row)
    if not row.parent_id:
        assignments.wake_profile(tx, ProfileId(row.id))
    return new


def delete(
    tx: Transaction,
    rules: Rules,
    *,
    key: str,
    parent: ResourceRow | None = None,
    hooks: Hooks = NO_HOOKS,
) -> None:
    """Delete a resource, its parts and its assignments. Raises Invalid for a built-in one, and for one in use."""
    row = get(tx, rules, key=key, parent=parent)
    if _is_built_in(rules, row, tenant=tx.tenant):
        raise Invalid(f"The {row.kind} '{_name(row)}' is built in and cannot be deleted.")
    assigned = assignment_queries.assignments_of(tx.connection, tx.tenant.id, profile_id=ProfileId(row.id))
    if assigned and rules.unassigned_to_delete:
        raise Invalid(f"The {row.kind} '{_name(row)}' is assigned: remove its assignments first.")
    if hooks.deleting is not None:
        hooks.deleting(tx, row)
    if not row.parent_id:
        assignments.wake_profile(tx, ProfileId(row.id))
    queries.delete_resource(tx.connection, row)
    assignments.note_payloads(tx, assigned)
    if rules.prioritized and row.priority:
        _renumber(tx, rules, kind=row.kind)


def set_priority(tx: Transaction, rules: Rules, *, key: str, priority: int) -> None:
    """Give a resource this priority among those of its kind, of which the others are numbered again. Raises Invalid for
    a built-in one, for the priority that it has, and for one that no resource of the kind can have.
    """
    row = get(tx, rules, key=key)
    if not row.priority:
        raise Invalid(f"The {row.kind} '{_name(row)}' is the default: it has the lowest priority, always.")
    others = [
        resource
        for resource in queries.with_priority(tx.connection, tx.tenant.id, family=rules.name, kind=row.kind)
        if resource.id != row.id
    ]
    if priority == row.priority:
        raise Invalid(f"The {row.kind} '{_name(row)}' has the priority {priority} already.", target="priority")
    if not 1 <= priority <= len(others) + 1:
        raise Invalid(f"The priority must be between 1 and {len(others) + 1}.", target="priority")
    others.insert(priority - 1, row)
    _write_priorities(tx, others)
    for resource in others:
        assignments.wake_profile(tx, ProfileId(resource.id))


def assign(
    tx: Transaction,
    rules: Rules,
    *,
    key: str,
    to: Assignable,
    targets: Sequence[NewAssignment],
    hooks: Hooks = NO_HOOKS,
) -> list[JsonObject]:
    """Replace all assignments of a resource. Raises Invalid for a built-in one that takes none."""
    row = get(tx, rules, key=key)
    documents = assignments.replace_all(tx, to, targets=targets)
    if hooks.assigned is not None:
        hooks.assigned(tx, row, targets)
    return documents


def get(tx: Transaction, rules: Rules, *, key: str, parent: ResourceRow | None = None) -> ResourceRow:
    """Return a resource, stored or built in, or a part of one. Raises NotFound."""
    return found(tx.connection, tx.tenant, rules=rules, key=key, parent=parent)


def found(
    connection: Connection, tenant: Tenant, *, rules: Rules, key: str, parent: ResourceRow | None = None
) -> ResourceRow:
    """Return a resource, stored or built in, or a part of one. Raises NotFound."""
    above = "" if parent is None else parent.path
    row = queries.resource(connection, tenant.id, family=rules.name, resource_id=key, parent_id=above)
    if row is not None:
        return row
    for built_in in () if parent is not None else rules.built_in:
        if _built_in_id(built_in, tenant) in (key, key.lower()):
            return _built_in_row(rules, built_in, tenant=tenant)
    raise NotFound(f"There is no '{key}' in {rules.name}.")


def built_in_rows(rules: Rules, tenant: Tenant) -> list[ResourceRow]:
    """Return the built-in resources of a family, as they are until somebody changes one."""
    return [_built_in_row(rules, built_in, tenant=tenant) for built_in in rules.built_in]


def _built_in_id(built_in: BuiltIn, tenant: Tenant) -> ResourceId:
    return ResourceId(built_in.id.replace("{tenant}", tenant.id))


def _built_in_row(rules: Rules, built_in: BuiltIn, *, tenant: Tenant) -> ResourceRow:
    resource_id = _built_in_id(built_in, tenant)
    created = iso(tenant.created_at)
    document = {
        **defaults(entity(built_in.kind)),
        rules.created: created,
        rules.modified: created,
        **built_in.document,
        "id": resource_id,
    }
    if rules.prioritized:
        document["priority"] = 0
    return ResourceRow(
        tenant_id=tenant.id,
        family=rules.name,
        parent_id="",
        id=resource_id,
        kind=built_in.kind,
        version=0,
        created_at=tenant.created_at,
        modified_at=tenant.created_at,
        priority=0 if rules.prioritized else None,
        document=rules.derived(document),
    )


def numbered(tx: Transaction, value: Any, *, member: Member) -> Any:
    """Return the parts of a member with their ids: those that they have, if these are only theirs, or new ones."""
    if value is None:
        return None if member.single else []
    if member.single:
        return _identified(tx, value, member=member, place=0)
    return [_identified(tx, each, member=member, place=place) for place, each in enumerate(value)]


def _identified(tx: Transaction, part: Mapping[str, Any], *, member: Member, place: int) -> JsonObject:
    below = {own.name: numbered(tx, part.get(own.name), member=own) for own in member.own}
    return {**part, **below, "id": str(place) if member.numbered else tx.ids.uuid()}


def _members(rules: Rules, document: JsonObject) -> list[tuple[str, Member]]:
    return [(member.name, member) for member in rules.members if member.name in document or not member.single]


def _check_unchanged(row: ResourceRow, *, changes: JsonObject) -> None:
    """Raise Invalid for another value of a property of a built-in resource. What it has may be sent back."""
    if any(row.document.get(name) != value for name, value in changes.items()):
        raise Invalid(f"The {row.kind} '{_name(row)}' is built in and cannot be changed.")


def _is_built_in(rules: Rules, row: ResourceRow, *, tenant: Tenant) -> bool:
    return not row.parent_id and any(_built_in_id(rule, tenant) == row.id for rule in rules.built_in)


def _name(row: ResourceRow) -> str:
    for name in ("displayName", "name", "profileName"):
        if row.document.get(name):
            return str(row.document[name])
    return row.id


def _next_priority(tx: Transaction, rules: Rules, *, kind: str) -> int:
    # Just above the default: the highest number is the weakest.
    return queries.highest_priority(tx.connection, tx.tenant.id, family=rules.name, kind=kind) + 1


def _renumber(tx: Transaction, rules: Rules, *, kind: str) -> None:
    _write_priorities(tx, queries.with_priority(tx.connection, tx.tenant.id, family=rules.name, kind=kind))


def _write_priorities(tx: Transaction, rows: Sequence[ResourceRow]) -> None:
    for priority, row in enumerate(rows, 1):
        if row.priority != priority:
            document = {**row.document, "priority": priority}
            queries.change_resource(tx.connection, row, priority=priority, document=document)
            assignments.wake_profile(tx, ProfileId(row.id))
