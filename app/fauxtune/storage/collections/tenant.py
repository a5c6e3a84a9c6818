"""The audit log, the scope tags with their assignments, and imported certificates."""

from __future__ import annotations

from functools import partial
from typing import cast

from sqlalchemy import select

from fauxtune.core.model.text import JsonObject
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.rows.tenants import AuditEventRow, RoleScopeTagAssignmentRow, RoleScopeTagRow
from fauxtune.storage.tables import audit_events, pfx_certificates, role_scope_tag_assignments, role_scope_tags
from fauxtune.storage.tenancy import of_tenant, rows_of

AUDIT_EVENTS: Collection[AuditEventRow] = Collection(
    row=lambda values: AuditEventRow(*values),
    statement=partial(rows_of, audit_events),
    document=audit_events.c.document,
    columns={
        "id": audit_events.c.id,
        "activityDateTime": audit_events.c.activity_at,
        "componentName": audit_events.c.component,
    },
    # Unverified: newest first when nobody asks for an order.
    order=(audit_events.c.activity_at.desc(), audit_events.c.number.desc()),
)

ROLE_SCOPE_TAGS: Collection[RoleScopeTagRow] = Collection(
    row=lambda values: RoleScopeTagRow(*values),
    statement=partial(rows_of, role_scope_tags),
    document=role_scope_tags.c.document,
    columns={"id": role_scope_tags.c.id},
    order=(role_scope_tags.c.number,),
)

ROLE_SCOPE_TAG_ASSIGNMENTS: Collection[RoleScopeTagAssignmentRow] = Collection(
    row=lambda values: RoleScopeTagAssignmentRow(*values),
    statement=partial(rows_of, role_scope_tag_assignments),
    document=role_scope_tag_assignments.c.document,
    columns={"id": role_scope_tag_assignments.c.id},
    order=(role_scope_tag_assignments.c.position,),
    parent=role_scope_tag_assignments.c.tag_id,
)

USER_PFX_CERTIFICATES: Collection[JsonObject] = Collection(
    # Without the files.
    row=lambda values: cast(JsonObject, values[0]),
    statement=lambda tenant_id: select(pfx_certificates.c.document).where(of_tenant(pfx_certificates, tenant_id)),
    document=pfx_certificates.c.document,
    columns={"thumbprint": pfx_certificates.c.thumbprint},
    order=(pfx_certificates.c.user_id, pfx_certificates.c.thumbprint),
)
