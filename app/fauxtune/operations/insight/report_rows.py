"""The rows of a report, read some at a time: between two parts of them others are served.

A change in between is in the report or not; a device that comes meanwhile can be missing. The real service reads from a
copy that is minutes old.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from typing import TypeAlias, TypeVar

from fauxtune.core.model.ids import EnrollmentId, ProfileId, TenantId
from fauxtune.core.model.platforms import FACTS
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.query.evaluation import matches
from fauxtune.core.odata.query.expressions import Condition
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.reports import filters
from fauxtune.core.reports.report import Report, Source
from fauxtune.operations.devices.record_documents import record_document
from fauxtune.operations.runtime.runner import Runner
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import reports as queries
from fauxtune.storage.queries import statuses
from fauxtune.storage.queries.waiting import waiting
from fauxtune.storage.rows.configuration import ProfileRow

Rows: TypeAlias = "AsyncIterator[list[JsonObject]]"
T = TypeVar("T")

#: Rows of one part: to read them and their columns takes a few milliseconds.
_AT_ONCE = 50


async def rows_of(
    runner: Runner, tenant_id: TenantId, *, report: Report, condition: Condition | None
) -> AsyncIterator[list[JsonObject]]:
    """Yield the rows of a report that meet the condition, in parts."""
    async for part in _SOURCES[report.source](runner, tenant_id):
        yield [
            row
            for row in part
            if report.keeps(row) and (condition is None or matches(condition, filters.document(report, row)))
        ]
        await asyncio.sleep(0)


async def _devices(runner: Runner, tenant_id: TenantId) -> Rows:
    for ids in _parts(await runner.read(queries.device_ids, tenant_id)):
        rows = await runner.read(device_queries.managed_devices_by_id, tenant_id, ids=ids)
        documents = {row.id: record_document(row) for row in rows}
        # What was deleted meanwhile is left out.
        yield [documents[device_id] for device_id in ids if device_id in documents]


async def _certificates(runner: Runner, tenant_id: TenantId) -> Rows:
    for ids in _parts(await runner.read(queries.device_ids, tenant_id)):
        yield await runner.read(queries.certificates, tenant_id, ids=ids)


async def _policy_devices(runner: Runner, tenant_id: TenantId) -> Rows:
    async for profiles in _profiles(runner, tenant_id):
        for profile in profiles:
            statuses_of = await runner.read(queries.statuses_of_profile, tenant_id, profile_id=profile.id)
            for part in _parts(statuses_of):
                yield await runner.read(_statuses, tenant_id, profile=profile, part=part)


def _statuses(
    connection: Connection, tenant_id: TenantId, *, profile: ProfileRow, part: list[tuple[EnrollmentId, str, str]]
) -> list[JsonObject]:
    devices = device_queries.managed_devices_of(connection, tenant_id, ids=[each[0] for each in part])
    records = {row.enrollment_id: row.document for row in devices}
    return [
        {**_described(profile), "status": status, "reportedAt": reported_at, "device": records[enrollment_id]}
        for enrollment_id, status, reported_at in part
        if enrollment_id in records
    ]


async def _policies(runner: Runner, tenant_id: TenantId) -> Rows:
    async for profiles in _profiles(runner, tenant_id):
        yield await runner.read(_counts, tenant_id, profiles=profiles)


def _counts(connection: Connection, tenant_id: TenantId, *, profiles: list[ProfileRow]) -> list[JsonObject]:
    waiting_devices = waiting(connection, tenant_id, profile_ids=[profile.id for profile in profiles])
    counts = statuses.device_counts_of_each(connection, tenant_id, waiting_devices=waiting_devices)
    return [{**_described(profile), "counts": counts[ProfileId(profile.id)]} for profile in profiles]


async def _profiles(runner: Runner, tenant_id: TenantId) -> AsyncIterator[list[ProfileRow]]:
    after: tuple[datetime, str] | None = None
    while profiles := await runner.read(queries.profiles_after, tenant_id, after=after, limit=_AT_ONCE):
        yield profiles
        after = profiles[-1].created_at, profiles[-1].id


def _described(profile: ProfileRow) -> JsonObject:
    known = kind(profile.kind)
    reached = sorted(known.reached) if known is not None else []
    return {
        "policyId": profile.id,
        "policyName": profile.document.get("displayName"),
        "kind": profile.kind,
        "platform": FACTS[reached[0]].policy_platform if reached else None,
    }


def _parts(elements: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(elements), _AT_ONCE):
        yield elements[start : start + _AT_ONCE]


_SOURCES: dict[Source, Callable[[Runner, TenantId], Rows]] = {
    Source.DEVICES: _devices,
    Source.CERTIFICATES: _certificates,
    Source.POLICY_DEVICES: _policy_devices,
    Source.POLICIES: _policies,
}
