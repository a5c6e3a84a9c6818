"""The apps of one device, and of each that is not there the reason. Only reads.

It is judged as the next check-in would find it: an assignment of a moment ago is known, though the device is not told
yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.engine.diagnosis.facts import AppStanding
from fauxtune.core.engine.diagnosis.facts import DeviceApp as DiagnosedApp
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.policies.app_kinds import KINDS, Way
from fauxtune.core.policies.app_planning import Ground, device_apps
from fauxtune.core.policies.app_states import AS_DEPENDENCY, AS_SUPERSEDED, DeviceApp, InstallState
from fauxtune.core.policies.apps import APP_RULES, PUBLISHED
from fauxtune.operations.apps.device_apps import KnownApp, app_of, concern, known_apps, plan_for
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.visit import Parts, Visit
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
_NOT_BROUGHT = "No assignment of it reaches the device or its user, or an exclusion does."
_LEFT_TO_USER = "It is left to the user, who has not installed it."


@dataclass(frozen=True, slots=True)
class ReportedApp:
    """An app. `intent`: None if none reaches the device; `state`: None if it has none there; `standing` and `why`: why
    it is not there, or what else there is to say; `fits`: whether it is one for devices of this kind.
    """

    id: str
    name: str
    kind: str
    standing: AppStanding
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
    planned = plan_for(visit, before=before)
    grounds = {each.spec.app_id: each.ground for each in planned}
    after = device_apps(planned, before)
    times = {str(key): row.changed_at for key, row in rows.items()}
    reported = [
        _reported(known[key], app, ground=grounds[key], changed_at=times.get(key), known=known)
        for key, app in after.items()
    ]
    assigned = resource_queries.assigned_of_family(tx.connection, tx.tenant.id, family=APP_RULES.name)
    others = [_elsewhere(row, enrollment) for row in assigned if row.id not in after]
    return sorted([*reported, *others], key=lambda app: (app.name.casefold(), app.id))


def apps_of_devices(
    tx: Transaction, devices: Sequence[EnrollmentRow], *, selected: str | None
) -> dict[EnrollmentId, tuple[DiagnosedApp, ...]]:
    """Return the apps that reach each of the active devices, and the selected one; nothing in a tenant without apps."""
    if selected is None and not concern(tx):
        return {}
    return {
        device.id: tuple(
            DiagnosedApp(
                id=app.id,
                name=app.name,
                standing=app.standing,
                why=app.why,
                intent=app.intent,
                version=app.version,
                error_code=app.error_code,
            )
            for app in apps_of_device(tx, device)
            if app.intent is not None or app.id == selected
        )
        for device in devices
        if device.state is EnrollmentState.ACTIVE
    }


def _reported(
    about: KnownApp,
    app: DeviceApp,
    *,
    ground: Ground | None,
    changed_at: datetime | None,
    known: Mapping[str, KnownApp],
) -> ReportedApp:
    standing = _standing(app, ground)
    why = app.reason or _FOLLOWS.get(app.intent, "")
    for key, other in known.items():
        why = why.replace(f"the app {key}", f"'{_name(other.row)}'").replace(f"The app {key}", f"'{_name(other.row)}'")
    if not why and standing is AppStanding.WAITS:
        why = _BY_AGENT if about.kind.way is Way.AGENT else _AT_CHECK_IN
    elif not why and standing is AppStanding.LEFT_TO_USER:
        why = _LEFT_TO_USER
    return ReportedApp(
        about.row.id,
        _name(about.row),
        about.row.kind,
        standing,
        intent=app.intent,
        state=app.state,
        why=why,
        version=app.version or None,
        error_code=app.error_code,
        changed_at=changed_at,
    )


def _standing(app: DeviceApp, ground: Ground | None) -> AppStanding:
    if app.state in (InstallState.FAILED, InstallState.UNINSTALL_FAILED):
        return AppStanding.FAILED
    if ground is not None and app.version is None:
        return AppStanding(ground.value)
    if app.position is not None or app.state in (InstallState.UNKNOWN, InstallState.PENDING):
        return AppStanding.WAITS
    if app.state is InstallState.INSTALLED:
        return AppStanding.INSTALLED
    return AppStanding.REMOVED if app.uninstalls else AppStanding.LEFT_TO_USER


def _elsewhere(row: ResourceRow, enrollment: EnrollmentRow) -> ReportedApp:
    """An assigned app that the device does not have."""
    kind = KINDS.get(row.kind)
    if kind is None:
        standing, why = AppStanding.KEPT_ONLY, f"A {row.kind} is kept and assigned; no device here installs one."
    elif enrollment.platform not in kind.platforms:
        standing, why = AppStanding.OTHER_PLATFORM, "It is for devices of another kind."
    elif row.document.get("publishingState") != PUBLISHED:
        standing, why = AppStanding.NOT_PUBLISHED, "It is not published: its content is missing, or is not committed."
    elif kind.identifier is not None and not kind.identifier(row.document):
        standing = AppStanding.NAMELESS
        why = "It says nothing by which a device would know it, such as a bundle identifier."
    else:
        standing, why = AppStanding.ELSEWHERE, _NOT_BROUGHT
    fits = kind is not None and enrollment.platform in kind.platforms
    return ReportedApp(row.id, _name(row), row.kind, standing, why=why, fits=fits)


def _name(row: ResourceRow) -> str:
    return str(row.document.get("displayName") or row.id)
