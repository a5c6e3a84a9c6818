"""Apps on a device: which ones are assigned to it, what its policy orders, and what it reports of them.

Android alone: its policy names apps, and its reports have them. Differs from Intune: apps that are assigned to devices
of other platforms are not installed there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fauxtune.core.engine.planning.targeting import Assignment, TargetKind, target
from fauxtune.core.model.ids import ProfileId, ResourceId
from fauxtune.core.policies.app_delivery import (
    INTENTS,
    AppReport,
    DeviceApp,
    InstallState,
    WantedApp,
    after_report,
    changes_policy,
    planned,
)
from fauxtune.core.policies.apps import APP_RULES, PUBLISHED
from fauxtune.operations.checkin.visit import Visit
from fauxtune.operations.devices.audience import Filters
from fauxtune.operations.devices.users import user_name
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import app_states as queries
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.rows.apps import AppStateRow
from fauxtune.storage.rows.configuration import AssignmentRow
from fauxtune.storage.rows.devices import EnrollmentRow

#: What the identifier of an app of a kind is kept in.
_IDENTIFIER = "packageId"


def settle_apps(visit: Visit, *, report: AppReport) -> bool:
    """Take in a device's report of its apps, and plan them. Return whether its policy changes."""
    tx, enrollment = visit.tx, visit.row
    if not _concern(tx):
        return False
    rows = {row.app_id: row for row in queries.of_device(tx.connection, enrollment.id)}
    before = {str(key): _app(row) for key, row in rows.items()}
    reported = {key: after_report(app, report) for key, app in before.items()}
    after = planned(_wanted(visit), reported)
    changed = [app for key, app in after.items() if app != before.get(key)]
    queries.put(tx.connection, [_row(tx, enrollment, app=app) for app in changed])
    for key in before.keys() - after.keys():
        queries.drop(tx.connection, enrollment.id, app_id=key)
    for app in changed:
        _note(tx, enrollment, app=app, before=before.get(app.app_id))
    return changes_policy(before.values(), after.values())


def ordered_apps(tx: Transaction, enrollment: EnrollmentRow) -> list[DeviceApp]:
    """Return the apps that the device's policy names."""
    if not _concern(tx):
        return []
    apps = map(_app, queries.of_device(tx.connection, enrollment.id))
    return [app for app in apps if app.is_in_policy]


def _concern(tx: Transaction) -> bool:
    """Whether apps are assigned in the tenant, or were assigned to a device: most tenants have none."""
    return tx.known(
        ("apps concern devices",),
        lambda: queries.concern(tx.connection, tx.tenant.id, family=APP_RULES.name),
    )


def _wanted(visit: Visit) -> list[WantedApp]:
    tx, enrollment, audience = visit.tx, visit.row, visit.audience
    assigned = tx.known(("assigned apps",), lambda: _assigned(tx))
    every = [each for _app_id, _identifier, listed in assigned for each in listed]
    if not every:
        return []
    if not audience.is_entitled(enrollment):
        return []
    targets = configuration_queries.assignment_targets(every)
    matches = Filters.of(tx, [enrollment], assignments=targets).matching(enrollment)
    membership = audience.membership(enrollment)

    def reached(listed: Sequence[Assignment]) -> bool:
        return target(listed, membership, matches=matches) is not None

    intents = [(app_id, identifier, _intent(listed, reached=reached)) for app_id, identifier, listed in assigned]
    return [WantedApp(app_id, identifier, intent) for app_id, identifier, intent in intents if intent is not None]


def _assigned(tx: Transaction) -> list[tuple[str, str, list[AssignmentRow]]]:
    """Return the ids of published apps that Android devices can install, what they are called there, and their
    assignments.
    """
    rows = resource_queries.assigned_of_family(tx.connection, tx.tenant.id, family=APP_RULES.name)
    known = {row.id: row for row in (*resources.built_in_rows(APP_RULES, tx.tenant), *rows)}
    names = {
        ProfileId(row.id): str(row.document[_IDENTIFIER])
        for row in known.values()
        if row.document.get(_IDENTIFIER) and row.document["publishingState"] == PUBLISHED
    }
    by_app = configuration_queries.assignments_by_profile(tx.connection, tx.tenant.id, ids=list(names))
    return [(app_id, names[app_id], listed) for app_id, listed in by_app.items() if listed]


def _intent(rows: Sequence[AssignmentRow], *, reached: Callable[[Sequence[Assignment]], bool]) -> str | None:
    """Return the strongest intent with which an app reaches the device. Exclusions count for every intent."""
    for intent in INTENTS:
        listed = [row for row in rows if row.document.get("intent") == intent or row.kind is TargetKind.EXCLUSION]
        if reached(configuration_queries.assignment_targets(listed)):
            return intent
    return None


def _app(row: AppStateRow) -> DeviceApp:
    return DeviceApp(
        app_id=row.app_id,
        identifier=row.identifier,
        intent=row.intent,
        state=InstallState(row.state),
        error_code=row.error_code,
        reason=row.reason,
        version=row.version,
    )


def _row(tx: Transaction, enrollment: EnrollmentRow, *, app: DeviceApp) -> AppStateRow:
    return AppStateRow(
        tenant_id=tx.tenant.id,
        enrollment_id=enrollment.id,
        app_id=ResourceId(app.app_id),
        identifier=app.identifier,
        intent=app.intent,
        state=app.state.value,
        error_code=app.error_code,
        reason=app.reason,
        version=app.version,
        changed_at=tx.now,
    )


def _note(tx: Transaction, enrollment: EnrollmentRow, *, app: DeviceApp, before: DeviceApp | None) -> None:
    """Record a new state of an app in the journal."""
    if before is not None and before.state is app.state:
        return
    tx.record(
        "appStateChanged",
        user=user_name(tx, enrollment),
        device=enrollment.id,
        app=app.app_id,
        identifier=app.identifier,
        state=app.state.value,
        reason=app.reason,
    )
