"""Rows of report jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypedDict

from sqlalchemy import Index

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Key, table


@dataclass(frozen=True, slots=True)
class ReportJobRow:
    """A report that was asked for. `is_cached`: it is a configuration of a cached report."""

    tenant_id: Key[TenantId]
    id: Key[str]
    is_cached: Annotated[bool, "a configuration of a cached report, which has no file"]
    created_at: datetime
    expires_at: Annotated[datetime | None, "when the file goes; none while there is no file"]
    document: Annotated[JsonObject, "what was asked for, as Graph shows it"]
    status: Annotated[str, "notStarted, inProgress, completed or failed"]


report_jobs = table(
    "report_jobs",
    ReportJobRow,
    Index("ix_report_jobs_oldest", "tenant_id", "created_at", "id"),
)


class ReportJobChanges(TypedDict, total=False):
    """Columns of a job that change."""

    expires_at: datetime | None
    status: str
