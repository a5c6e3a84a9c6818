"""The audit log, and the scope tags with their assignments."""

from __future__ import annotations

from sqlalchemy import select

from fauxtune.storage.collections.base import Collection
from fauxtune.storage.tables import audit_events, role_scope_tag_assignments, role_scope_tags

TENANT: dict[str, Collection] = {
    "auditEvents": Collection(
        statement=lambda tenant_id: select(audit_events).where(audit_events.c.tenant_id == tenant_id),
        document=audit_events.c.document,
        columns={
            "id": audit_events.c.id,
            "activityDateTime": audit_events.c.activity_at,
            "componentName": audit_events.c.component,
        },
        # Unverified: newest first when nobody asks for an order.
        order=(audit_events.c.activity_at.desc(), audit_events.c.number.desc()),
    ),
    "roleScopeTags": Collection(
        statement=lambda tenant_id: select(role_scope_tags).where(role_scope_tags.c.tenant_id == tenant_id),
        document=role_scope_tags.c.document,
        columns={"id": role_scope_tags.c.id},
        order=(role_scope_tags.c.number,),
    ),
    "roleScopeTagAssignments": Collection(
        statement=lambda tenant_id: select(role_scope_tag_assignments).where(
            role_scope_tag_assignments.c.tenant_id == tenant_id
        ),
        document=role_scope_tag_assignments.c.document,
        columns={"id": role_scope_tag_assignments.c.id},
        order=(role_scope_tag_assignments.c.position,),
        parent=role_scope_tag_assignments.c.tag_id,
    ),
}
