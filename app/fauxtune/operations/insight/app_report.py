"""The apps of one device, and of each that is not there the reason. Only reads.

It is judged as the next check-in would find it: an assignment of a moment ago is known, though the device is not told
yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.policies.app_delivery import AS_DEPENDENCY, AS_SUPERSEDED, DeviceApp, InstallState
from fauxtune.core.policies.app_kinds import KINDS, Way
from fauxtune.core.policies.apps import APP_RULES, PUBLISHED
from fauxtune.operations.checkin.device_apps import app_of, concern, known_apps, planned_apps
from fauxtune.operations.checkin.visit import Parts, Visit
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.queries.visits import StoredParts
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.resources import ResourceRow

_AT_CHECK_IN = "The device is told at its next check-in."
_BY_AGENT = "The management agent of the device is told when it asks for work."
_FOLLOWS = {
    AS_DEPENDENCY: "Another app depends on it: it needs no assignment of its own.",
    AS_SUPERSEDED: "Another app supersedes it.",
}
_LEFT_TO_USER = "It is left to the user, who has not installed it."


@dataclass(frozen=True, slots=True)
class ReportedApp:
    """An app. `intent`: None if none reaches the device; `state`: None if it has none there; `why`: why it is not
    there, or what else there is to say; `fits`: whether it is one for devices of this kind.
    """

    id: str
    name: str
    kind: str
    intent: str | None = None
    state: InstallState | None = None
    why: str = ""
    version: str | None = None
    error_code: int | None = None
    changed_at: datetime | None = None
    fits: bool = True


def apps_of_device(tx: Transaction, enrollment: EnrollmentRow) -> list[ReportedApp]:
    """Return the apps that concern a device, and the assigned ones that do not reach it, by their names."""
    if not concern(tx):
        return []
    visit = Visit(tx, enrollment, stored=StoredParts(), parts=Parts())
    known, rows = known_apps(tx), dict(visit.apps)
    before = {str(key): app_of(row) for key, row in rows.items()}
    after = planned_apps(visit, before=before)
    times = {str(key): row.changed_at for key, row in rows.items()}
    reported = [
        _reported(known[key].row, app, way=known[key].kind.way, changed_at=times.get(key)) for key, app in after.items()
    ]
    assigned = resource_queries.assigned_of_family(tx.connection, tx.tenant.id, family=APP_RULES.name)
    others = [_elsewhere(row, enrollment) for row in assigned if row.id not in after]
    return sorted([*reported, *others], key=lambda app: (app.name.casefold(), app.id))


def _reported(row: ResourceRow, app: DeviceApp, *, way: Way, changed_at: datetime | None) -> ReportedApp:
    why = app.reason or _FOLLOWS.get(app.intent, "")
    is_told = app.position is not None or app.state is InstallState.UNKNOWN
    if not why and is_told:
        why = _BY_AGENT if way is Way.AGENT else _AT_CHECK_IN
    elif not why and app.state is InstallState.NOT_INSTALLED and not app.uninstalls:
        why = _LEFT_TO_USER
    return ReportedApp(
        row.id,
        _name(row),
        row.kind,
        intent=app.intent,
        state=app.state,
        why=why,
        version=app.version or None,
        error_code=app.error_code,
        changed_at=changed_at,
    )


def _elsewhere(row: ResourceRow, enrollment: EnrollmentRow) -> ReportedApp:
    """An assigned app that the device does not have."""
    kind = KINDS.get(row.kind)
    if kind is None:
        why = f"A {row.kind} is kept and assigned; no device here installs one."
    elif enrollment.platform not in kind.platforms:
        why = "It is for devices of another kind."
    elif row.document.get("publishingState") != PUBLISHED:
        why = "It is not published: its content is missing, or is not committed."
    elif kind.identifier is not None and not kind.identifier(row.document):
        why = "It says nothing by which a device would know it, such as a bundle identifier."
    else:
        why = "No assignment of it reaches the device or its user, or an exclusion does."
    fits = kind is not None and enrollment.platform in kind.platforms
    return ReportedApp(row.id, _name(row), row.kind, why=why, fits=fits)


def _name(row: ResourceRow) -> str:
    return str(row.document.get("displayName") or row.id)
