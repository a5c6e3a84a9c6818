"""The rows of a report, read some at a time: between two parts of them others are served.

A change in between is in the report or not; a device that comes meanwhile can be missing. The real service reads from a
copy that is minutes old.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import TypeAlias

from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import ManagedDeviceId, ProfileId, TenantId
from fauxtune.core.model.platforms import FACTS
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.query.evaluation import matches
from fauxtune.core.odata.query.expressions import Condition
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.reports import filters
from fauxtune.core.reports.report import Report, Source
from fauxtune.operations.devices.record_documents import record_document
from fauxtune.operations.runtime.runner import Runner
from fauxtune.storage.collections.devices import MANAGED_DEVICES
from fauxtune.storage.collections.statuses import DEVICE_STATUSES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import collections, statuses
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import reports as queries
from fauxtune.storage.queries.waiting import waiting
from fauxtune.storage.rows.configuration import ProfileRow

Rows: TypeAlias = "AsyncIterator[list[JsonObject]]"

#: Rows of one part: their columns take a few milliseconds.
_AT_ONCE = 200
MANAGED_DEVICE = entity("managedDevice")
DEVICE_STATUS = entity("deviceConfigurationDeviceStatus")


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


async def _pages(read: Callable[[int], Awaitable[list[JsonObject]]]) -> Rows:
    offset = 0
    while part := await read(offset):
        yield part
        offset += len(part)
        if len(part) < _AT_ONCE:
            return


def _devices(runner: Runner, tenant_id: TenantId) -> Rows:
    async def read(offset: int) -> list[JsonObject]:
        rows = await runner.read(
            collections.page,
            tenant_id,
            collection=MANAGED_DEVICES,
            entity=MANAGED_DEVICE,
            limit=_AT_ONCE,
            offset=offset,
        )
        return [record_document(row) for row in rows]

    return _pages(read)


def _certificates(runner: Runner, tenant_id: TenantId) -> Rows:
    async def read(offset: int) -> list[JsonObject]:
        return await runner.read(queries.certificates, tenant_id, offset=offset, limit=_AT_ONCE)

    return _pages(read)


async def _policy_devices(runner: Runner, tenant_id: TenantId) -> Rows:
    async for profiles in _profiles(runner, tenant_id):
        for profile in profiles:
            async for part in _statuses(runner, tenant_id, profile=profile):
                yield part


def _statuses(runner: Runner, tenant_id: TenantId, *, profile: ProfileRow) -> Rows:
    async def read(offset: int) -> list[JsonObject]:
        return await runner.read(_statuses_of, tenant_id, profile=profile, offset=offset)

    return _pages(read)


def _statuses_of(connection: Connection, tenant_id: TenantId, *, profile: ProfileRow, offset: int) -> list[JsonObject]:
    page = collections.page(
        connection,
        tenant_id,
        collection=DEVICE_STATUSES,
        entity=DEVICE_STATUS,
        parent=profile.id,
        limit=_AT_ONCE,
        offset=offset,
    )
    # The id is <user>_<profile>_<device>.
    ids = [ManagedDeviceId(str(status["id"]).rpartition("_")[2]) for status in page]
    devices = {row.id: row.document for row in device_queries.managed_devices_by_id(connection, tenant_id, ids=ids)}
    return [
        {
            **_described(profile),
            "status": status["status"],
            "reportedAt": status["lastReportedDateTime"],
            "device": devices.get(device_id, {}),
        }
        for device_id, status in zip(ids, page, strict=True)
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


_SOURCES: dict[Source, Callable[[Runner, TenantId], Rows]] = {
    Source.DEVICES: _devices,
    Source.CERTIFICATES: _certificates,
    Source.POLICY_DEVICES: _policy_devices,
    Source.POLICIES: _policies,
}
