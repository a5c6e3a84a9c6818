"""Apps on a device: which ones reach it, what it is to do about them, and its state of each.

The rule is `core.policies.app_planning`. Android's policy orders them at once, Apple's MDM and OMA-DM step by step
(`app_steps`), and what neither can install goes to the management agent on the device.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from fauxtune.core.engine.planning.targeting import Assignment, Membership, TargetKind, target
from fauxtune.core.model.ids import ProfileId, ResourceId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.app_kinds import KINDS, AppKind, spec_of
from fauxtune.core.policies.app_planning import (
    AppDevice,
    AppSpec,
    PlannedApp,
    contents_of,
    device_apps,
    numbers,
    plan_apps,
    strongest_intent,
)
from fauxtune.core.policies.app_states import (
    AppReport,
    DeviceApp,
    InstallState,
    after_report,
    changes_policy,
)
from fauxtune.core.policies.apps import APP_RULES, RELATIONS
from fauxtune.operations.devices.audience import Filters
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.visit import Visit
from fauxtune.storage.queries import app_states as queries
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.rows.configuration import AssignmentRow
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.resources import AppStateRow, ResourceRow

_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class KnownApp:
    """An app that is assigned in the tenant, or that one of these is related to; `listed`: its assignments."""

    row: ResourceRow
    kind: AppKind
    spec: AppSpec
    listed: tuple[AssignmentRow, ...] = ()


def settle_apps(visit: Visit, *, report: AppReport | None) -> bool:
    """Take in a device's report of its apps, if it reports them with its check-in, and plan them. Return whether its
    policy changes.
    """
    tx = visit.tx
    if not concern(tx):
        return False
    before = {str(key): app_of(row) for key, row in visit.apps.items()}
    reported = before if report is None else {key: after_report(app, report) for key, app in before.items()}
    after = planned_apps(visit, before=reported)
    put_apps(visit, after, before=before)
    return changes_policy(before.values(), after.values())


def put_apps(
    visit: Visit,
    after: Mapping[str, DeviceApp],
    *,
    before: Mapping[str, DeviceApp],
    reported: Collection[str] = (),
) -> None:
    """Write what has changed of the device's apps, and note new states in the journal. `reported`: the ids of apps
    whose time is that of a report, even if it says what the one before said.
    """
    changed = [app for key, app in after.items() if app != before.get(key) or key in reported]
    gone = [ResourceId(key) for key in before.keys() - after.keys()]
    visit.put_apps([_row(visit, app=app) for app in changed], dropped=gone)
    for app in changed:
        _note(visit, app=app, before=before.get(app.app_id))


def ordered_apps(tx: Transaction, enrollment: EnrollmentRow) -> list[DeviceApp]:
    """Return the apps that the device's policy names."""
    if not concern(tx):
        return []
    apps = map(app_of, queries.of_device(tx.connection, enrollment.id))
    return [app for app in apps if app.is_in_policy]


def concern(tx: Transaction) -> bool:
    """Whether apps are assigned in the tenant, or were assigned to a device: most tenants have none."""
    return tx.known(
        ("apps concern devices",),
        lambda: queries.concern(tx.connection, tx.tenant.id, family=APP_RULES.name),
    )


def known_apps(tx: Transaction) -> Mapping[str, KnownApp]:
    """Return the apps that are assigned and those that they are related to, by id: those that a device can install."""
    return tx.known(("assigned apps",), lambda: _known(tx))


def settings_of(visit: Visit, *, app: KnownApp, intent: str) -> list[JsonObject]:
    """Return the settings of the assignments that bring an app to the device with an intent."""
    reached = _Reach.of(visit, rows=app.listed)
    if reached is None:
        return []
    exclusions = [row for row in app.listed if row.kind is TargetKind.EXCLUSION]
    return [
        row.document.get("settings") or {}
        for row in app.listed
        if row.kind is not TargetKind.EXCLUSION
        and row.document.get("intent") == intent
        and reached.by([row, *exclusions])
    ]


def app_of(row: AppStateRow) -> DeviceApp:
    """Return an app as it is stored of a device."""
    return DeviceApp(
        app_id=row.app_id,
        identifier=row.identifier,
        intent=row.intent,
        state=InstallState(row.state),
        error_code=row.error_code,
        reason=row.reason,
        version=row.version,
        position=row.position,
        content=row.content,
        attempted=row.attempted,
        attempts=row.attempts,
    )


def planned_apps(visit: Visit, *, before: Mapping[str, DeviceApp]) -> dict[str, DeviceApp]:
    """Return the apps of the device from now on; `before`: as they were, with what it reports."""
    return device_apps(plan_for(visit, before=before), before)


def plan_for(visit: Visit, *, before: Mapping[str, DeviceApp]) -> list[PlannedApp]:
    """Return what is planned of the device's apps; `before`: as they were, with what it reports."""
    platform = visit.row.platform
    known = {key: app for key, app in known_apps(visit.tx).items() if platform in app.kind.platforms}
    intents = _intents(visit, known=known)
    if not intents:
        return []
    specs = {key: app.spec for key, app in known.items()}
    return plan_apps(specs, intents, device=_device(visit.row), present=contents_of(before.values()))


def _device(enrollment: EnrollmentRow) -> AppDevice:
    facts = enrollment.facts
    memory, free = (facts.get(name) for name in ("physicalMemoryInBytes", "freeStorageSpaceInBytes"))
    return AppDevice(
        enrollment.platform,
        numbers(facts.get("osVersion")),
        str(facts.get("processorArchitecture") or "").lower(),
        memory_mb=memory // _MB if isinstance(memory, int) and memory else None,
        free_mb=free // _MB if isinstance(free, int) and free else None,
    )


@dataclass(frozen=True, slots=True)
class _Reach:
    """Which assignments reach one device."""

    membership: Membership
    matches: Callable[..., bool]

    @classmethod
    def of(cls, visit: Visit, *, rows: Sequence[AssignmentRow]) -> _Reach | None:
        """Read what decides it; None if nothing can reach the device."""
        tx, enrollment, audience = visit.tx, visit.row, visit.audience
        if not audience.is_entitled(enrollment):
            return None
        targets = configuration_queries.assignment_targets(rows)
        matches = Filters.of(tx, [enrollment], assignments=targets).matching(enrollment)
        return cls(audience.membership(enrollment), matches)

    def by(self, rows: Sequence[AssignmentRow]) -> bool:
        """Whether the device is reached by one of these assignments of an app."""
        listed: Sequence[Assignment] = configuration_queries.assignment_targets(rows)
        return target(listed, self.membership, matches=self.matches) is not None

    def by_user(self, rows: Sequence[AssignmentRow]) -> bool:
        """Whether the device is reached by one of these assignments through its user."""
        through_user = replace(self, membership=replace(self.membership, device_groups=frozenset()))
        return through_user.by([row for row in rows if row.kind is not TargetKind.ALL_DEVICES])


def _intents(visit: Visit, *, known: Mapping[str, KnownApp]) -> dict[str, str]:
    every = [row for app in known.values() for row in app.listed]
    reached = _Reach.of(visit, rows=every) if every else None
    if reached is None:
        return {}
    intents = {
        key: strongest_intent(_with_intents(app.listed), reach=reached.by, reach_user=reached.by_user)
        for key, app in known.items()
    }
    return {key: intent for key, intent in intents.items() if intent is not None}


def _with_intents(rows: Iterable[AssignmentRow]) -> Iterator[tuple[str | None, AssignmentRow]]:
    """Yield assignments after their intents; an exclusion has none."""
    for row in rows:
        yield None if row.kind is TargetKind.EXCLUSION else str(row.document.get("intent") or ""), row


def _known(tx: Transaction) -> dict[str, KnownApp]:
    rows = resource_queries.assigned_of_family(tx.connection, tx.tenant.id, family=APP_RULES.name)
    by_id = {row.id: row for row in (*resources.built_in_rows(APP_RULES, tx.tenant), *rows)}
    waiting = _related(rows) - by_id.keys()
    while waiting:
        more = resource_queries.resources_by_id(tx.connection, tx.tenant.id, ids=waiting)
        by_id |= {row.id: row for row in more.values()}
        waiting = _related(more.values()) - by_id.keys()
    specs = {row.id: spec_of(row.id, row.kind, document=row.document) for row in by_id.values()}
    by_app = configuration_queries.assignments_by_profile(
        tx.connection, tx.tenant.id, ids=[ProfileId(key) for key, spec in specs.items() if spec is not None]
    )
    return {
        key: KnownApp(by_id[key], KINDS[by_id[key].kind], spec, tuple(by_app.get(ProfileId(key), ())))
        for key, spec in specs.items()
        if spec is not None
    }


def _related(rows: Iterable[ResourceRow]) -> set[ResourceId]:
    return {ResourceId(each["target"]) for row in rows for each in row.document.get(RELATIONS, ())}


def _row(visit: Visit, *, app: DeviceApp) -> AppStateRow:
    return AppStateRow(
        tenant_id=visit.tx.tenant.id,
        enrollment_id=visit.row.id,
        app_id=ResourceId(app.app_id),
        identifier=app.identifier,
        intent=app.intent,
        state=app.state.value,
        error_code=app.error_code,
        reason=app.reason,
        version=app.version,
        changed_at=visit.tx.now,
        position=app.position,
        content=app.content,
        attempted=app.attempted,
        attempts=app.attempts,
    )


def _note(visit: Visit, *, app: DeviceApp, before: DeviceApp | None) -> None:
    """Record a new state of an app in the journal."""
    if before is not None and before.state is app.state:
        return
    name, known = app.identifier, known_apps(visit.tx).get(app.app_id)
    if known is not None and name == app.app_id:
        # An app of a management agent has no other name on the device.
        name = str(known.row.document.get("displayName") or name)
    visit.tx.record(
        "appStateChanged",
        user=visit.user,
        device=visit.row.id,
        app=app.app_id,
        identifier=name,
        state=app.state.value,
        reason=app.reason,
    )
