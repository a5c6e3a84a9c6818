"""Rows of scripts on devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from sqlalchemy import Index

from fauxtune.core.model.ids import EnrollmentId, ResourceId, TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Key, table


@dataclass(frozen=True, slots=True)
class ScriptRunRow:
    """A script that reaches a device, and its last run there."""

    tenant_id: TenantId
    enrollment_id: Key[EnrollmentId]
    script_id: Key[ResourceId]
    family: Annotated[str, "the collection of the script"]
    version: Annotated[str, "a digest of what it says; another one runs again"]
    number: Annotated[int, "of its next run"]
    attempts: Annotated[int, "how often it failed in a row"]
    state: Annotated[str, "Graph's runState"]
    remediation: Annotated[str, "Graph's remediationState"]
    due_at: datetime | None
    ran_at: datetime | None
    remediated_at: Annotated[datetime | None, "the last time that it removed an issue"]
    results: Annotated[list[JsonObject], "of the parts of its last run"]


script_runs = table(
    "script_runs",
    ScriptRunRow,
    Index("ix_script_runs_script", "tenant_id", "script_id"),
)
