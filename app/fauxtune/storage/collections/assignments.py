"""Assignments of profiles in both of their forms, and the filters of assignments."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import Select

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.model.ids import TenantId
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.rows.configuration import AssignmentRow, FilterRow
from fauxtune.storage.tables import assignment_filters, assignments
from fauxtune.storage.tenancy import rows_of


def _of_groups(tenant_id: TenantId) -> Select[Any]:
    grouped = assignments.c.kind.in_([TargetKind.GROUP.value, TargetKind.EXCLUSION.value])
    return rows_of(assignments, tenant_id).where(grouped)


ASSIGNMENTS: Collection[AssignmentRow] = Collection(
    row=lambda values: AssignmentRow(*values),
    statement=partial(rows_of, assignments),
    document=assignments.c.document,
    columns={"id": assignments.c.id},
    order=(assignments.c.position, assignments.c.id),
    parent=assignments.c.profile_id,
)

GROUP_ASSIGNMENTS: Collection[AssignmentRow] = Collection(
    row=lambda values: AssignmentRow(*values),
    statement=_of_groups,
    document=assignments.c.document,
    columns={
        "id": assignments.c.id,
        "targetGroupId": assignments.c.group_id,
        "excludeGroup": assignments.c.kind == TargetKind.EXCLUSION.value,
    },
    order=(assignments.c.position, assignments.c.id),
    parent=assignments.c.profile_id,
)

ASSIGNMENT_FILTERS: Collection[FilterRow] = Collection(
    row=lambda values: FilterRow(*values),
    statement=partial(rows_of, assignment_filters),
    document=assignment_filters.c.document,
    columns={"id": assignment_filters.c.id},
    order=(assignment_filters.c.created_at, assignment_filters.c.id),
)
