"""The rows of a report, read some at a time: between two parts of them others are served.

A change in between is in the report or not; a device that comes meanwhile can be missing. The real service reads from a
copy that is minutes old.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeVar

from fauxtune.core.clock import iso
from fauxtune.core.engine.graph_states import states_of_settings, value_text
from fauxtune.core.engine.planning.desired import with_wishes
from fauxtune.core.model.ids import EnrollmentId, ManagedDeviceId, ProfileId, TenantId
from fauxtune.core.model.platforms import FACTS
from fauxtune.core.model.settings import joined
from fauxtune.core.model.states import Source as ItemSource
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.query.expressions import Condition, matches
from fauxtune.core.policies.apps import APP_RULES
from fauxtune.core.policies.configuration_policies import CONFIGURATION_POLICIES
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.family import Profile
from fauxtune.core.profiles.settings import wishes_of
from fauxtune.core.reports import filters
from fauxtune.core.reports.report import Report, Source
from fauxtune.operations.devices.records import record_document
from fauxtune.operations.profiles.resources import built_in_rows
from fauxtune.operations.runtime.runner import Runner
from fauxtune.operations.runtime.turns import give_way
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import app_states as app_queries
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.queries.insight import reports as queries
from fauxtune.storage.queries.insight import statuses
from fauxtune.storage.queries.visits import waiting
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.storage.rows.resources import AppStateRow, ResourceRow

Rows: TypeAlias = "AsyncIterator[list[JsonObject]]"
T = TypeVar("T")

#: Rows of one part: to read them and their columns takes a few milliseconds.
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where rows are read from. `only`: what the column that the report requires has to be, if the filter says it."""

    runner: Runner
    tenant: Tenant
    only: str | None


async def rows_of(
    runner: Runner, tenant: Tenant, *, report: Report, condition: Condition | None
) -> AsyncIterator[list[JsonObject]]:
    """Yield the rows of a report that meet the condition, in parts."""
    origin = _Origin(runner, tenant, filters.demanded(condition, report.required))
    async for part in _SOURCES[report.source](origin):
        yield [
            row
            for row in part
            if report.keeps(row) and (condition is None or matches(condition, filters.document(report, row)))
        ]
        await give_way()


async def _devices(origin: _Origin) -> Rows:
    for ids in _parts(await origin.runner.read(queries.device_ids, origin.tenant.id)):
        rows = await origin.runner.read(device_queries.managed_devices_by_id, origin.tenant.id, ids=ids)
        documents = {row.id: record_document(row) for row in rows}
        # What was deleted meanwhile is left out.
        yield [documents[device_id] for device_id in ids if device_id in documents]


async def _certificates(origin: _Origin) -> Rows:
    for ids in _parts(await origin.runner.read(queries.device_ids, origin.tenant.id)):
        yield await origin.runner.read(queries.certificates, origin.tenant.id, ids=ids)


async def _policy_devices(origin: _Origin) -> Rows:
    async for profiles in _profiles(origin):
        for profile in profiles:
            statuses_of = await origin.runner.read(queries.statuses_of_profile, origin.tenant.id, profile_id=profile.id)
            for part in _parts(statuses_of):
                yield await origin.runner.read(_statuses, origin.tenant.id, profile=profile, part=part)


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


async def _policies(origin: _Origin) -> Rows:
    async for profiles in _profiles(origin):
        yield await origin.runner.read(_counts, origin.tenant.id, profiles=profiles)


def _counts(connection: Connection, tenant_id: TenantId, *, profiles: list[ProfileRow]) -> list[JsonObject]:
    waiting_devices = waiting(connection, tenant_id, profile_ids=[profile.id for profile in profiles])
    counts = statuses.device_counts_of_each(connection, tenant_id, waiting_devices=waiting_devices)
    return [{**_described(profile), "counts": counts[ProfileId(profile.id)]} for profile in profiles]


async def _profiles(origin: _Origin) -> AsyncIterator[list[ProfileRow]]:
    after: tuple[datetime, str] | None = None
    while profiles := await origin.runner.read(queries.profiles_after, origin.tenant.id, after=after, limit=_AT_ONCE):
        yield profiles
        after = profiles[-1].created_at, profiles[-1].id
    policies = await origin.runner.read(
        resource_queries.resources_of_family, origin.tenant.id, family=CONFIGURATION_POLICIES.name
    )
    for part in _parts(policies):
        yield [_as_profile(row) for row in part]


def _as_profile(row: ResourceRow) -> ProfileRow:
    """A policy of the settings catalog, in the shape of profiles."""
    return ProfileRow(
        tenant_id=row.tenant_id,
        id=ProfileId(row.id),
        kind=row.kind,
        version=row.version,
        created_at=row.created_at,
        document={**row.document, "displayName": row.document.get("name")},
        navigations={},
    )


async def _policy_settings(origin: _Origin) -> Rows:
    """The settings of the policy that the report is about, or of all of them, on each device."""
    async for profile in _with_settings(origin):
        if origin.only in (None, profile.id):
            statuses_of = await origin.runner.read(queries.statuses_of_profile, origin.tenant.id, profile_id=profile.id)
            for part in _parts([status[0] for status in statuses_of]):
                yield await origin.runner.read(_settings, origin.tenant.id, profile=profile, devices=part)


async def _device_settings(origin: _Origin) -> Rows:
    """The settings of all policies on the device that the report is about."""
    ids = [] if origin.only is None else [ManagedDeviceId(origin.only)]
    found_devices = await origin.runner.read(device_queries.managed_devices_by_id, origin.tenant.id, ids=ids)
    for device in found_devices:
        async for profile in _with_settings(origin):
            statuses_of = await origin.runner.read(queries.statuses_of_profile, origin.tenant.id, profile_id=profile.id)
            if any(status[0] == device.enrollment_id for status in statuses_of):
                devices = [device.enrollment_id]
                yield await origin.runner.read(_settings, origin.tenant.id, profile=profile, devices=devices)


async def _with_settings(origin: _Origin) -> AsyncIterator[ProfileRow]:
    """The policies that ask for settings."""
    async for profiles in _profiles(origin):
        for profile in profiles:
            known = kind(profile.kind)
            if known is not None and known.family.source is ItemSource.SETTING:
                yield profile


def _settings(
    connection: Connection, tenant_id: TenantId, *, profile: ProfileRow, devices: list[EnrollmentId]
) -> list[JsonObject]:
    records = {
        row.enrollment_id: record_document(row)
        for row in device_queries.managed_devices_of(connection, tenant_id, ids=devices)
    }
    ledgers = device_queries.ledgers(connection, list(records))
    wishes = wishes_of(
        with_wishes(Profile(id=profile.id, kind=profile.kind, version=profile.version, document=profile.document))
    )
    asked_for: dict[str, list[str]] = {}
    for setting in wishes.settings:
        asked_for.setdefault(setting.name, []).append(value_text(setting.value))
    states = {
        device: states_of_settings(profile.kind, profile.id, wishes=wishes, rows=ledgers[device].values())
        for device in records
    }
    others = {source for each in states.values() for state in each for source in state.sources}
    names = configuration_queries.names_of_policies(connection, tenant_id, ids=others)
    return [
        {
            **_described(profile),
            "device": records[device],
            "settingId": state.setting.partition(".")[2],
            "settingName": state.name,
            "address": state.address,
            "status": state.status.value,
            "errorCode": 0 if state.problem is None else state.problem.code,
            "reason": None if state.problem is None else state.problem.message,
            "value": state.value,
            "asked": joined(asked_for.get(state.setting.partition(".")[2], ())) or None,
            "others": ", ".join(
                names.get(profile_id, profile_id) for profile_id in state.sources if profile_id != profile.id
            )
            or None,
        }
        for device, each in states.items()
        for state in each
    ]


async def _apps(origin: _Origin) -> Rows:
    known = await origin.runner.read(_known_apps, origin.tenant)
    counts = await origin.runner.read(app_queries.counts, origin.tenant.id)
    assigned = await origin.runner.read(app_queries.assigned, origin.tenant.id)
    for part in _parts(known):
        yield [
            {**_app(row), "isAssigned": row.id in assigned, "devices": devices, "users": users}
            for row in part
            for devices, users in [counts.get(row.id, ({}, {}))]
        ]


async def _app_devices(origin: _Origin) -> Rows:
    for app in await origin.runner.read(_known_apps, origin.tenant):
        if origin.only in (None, app.id):
            for part in _parts(await origin.runner.read(app_queries.states_of_app, origin.tenant.id, app_id=app.id)):
                yield await origin.runner.read(_installs, origin.tenant.id, app=app, part=part)


async def _app_users(origin: _Origin) -> Rows:
    """The states of an app on the devices of each user. A user's row has the document of one of the devices."""
    by_user: dict[tuple[str, str], JsonObject] = {}
    async for part in _app_devices(origin):
        for row in part:
            key = str(row["app"]["id"]), str(row["device"].get("userId"))
            known = by_user.setdefault(key, {**row, "states": Counter()})
            known["states"][row["state"]] += 1
    yield list(by_user.values())


def _installs(
    connection: Connection, tenant_id: TenantId, *, app: ResourceRow, part: list[AppStateRow]
) -> list[JsonObject]:
    devices = device_queries.managed_devices_of(
        connection, tenant_id, ids=[app_state.enrollment_id for app_state in part]
    )
    records = {row.enrollment_id: record_document(row) for row in devices}
    return [
        {
            **_app(app),
            "device": records[app_state.enrollment_id],
            "state": app_state.state,
            "reason": app_state.reason,
            "errorCode": app_state.error_code,
            "version": app_state.version,
            "changedAt": iso(app_state.changed_at),
        }
        for app_state in part
        if app_state.enrollment_id in records
    ]


def _known_apps(connection: Connection, tenant: Tenant) -> list[ResourceRow]:
    """Return the apps of a tenant: those that every tenant has, unless they were changed, and its own."""
    stored = resource_queries.resources_of_family(connection, tenant.id, family=APP_RULES.name)
    return list({row.id: row for row in (*built_in_rows(APP_RULES, tenant), *stored)}.values())


def _app(row: ResourceRow) -> JsonObject:
    return {"app": {**row.document, "id": row.id}, "kind": row.kind}


def _described(profile: ProfileRow) -> JsonObject:
    known = kind(profile.kind)
    reached = [] if known is None else sorted(v for v in known.reached if known.reaches(v, document=profile.document))
    return {
        "policyId": profile.id,
        "policyName": profile.document.get("displayName"),
        "kind": profile.kind,
        "platform": FACTS[reached[0]].policy_platform if reached else None,
    }


def _parts(elements: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(elements), _AT_ONCE):
        yield elements[start : start + _AT_ONCE]


_SOURCES: dict[Source, Callable[[_Origin], Rows]] = {
    Source.DEVICES: _devices,
    Source.CERTIFICATES: _certificates,
    Source.POLICY_DEVICES: _policy_devices,
    Source.POLICIES: _policies,
    Source.POLICY_SETTINGS: _policy_settings,
    Source.DEVICE_SETTINGS: _device_settings,
    Source.APPS: _apps,
    Source.APP_DEVICES: _app_devices,
    Source.APP_USERS: _app_users,
}
