"""Which scripts a device would run, and which apps it would install, because of a request. Nothing is written.

A device is planned as at its next check-in, with what is stored of its apps and scripts. Tenants without apps and
scripts pay one statement and none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.policies.app_planning import Order, PlannedApp
from fauxtune.core.policies.app_states import AVAILABLE
from fauxtune.operations.apps.device_apps import app_of, concern, known_apps, plan_for
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.scripts.device_scripts import ReachingScript, scripts_of_each
from fauxtune.operations.visits.visit import Parts, Visit
from fauxtune.storage.queries.visits import StoredParts
from fauxtune.storage.rows.devices import EnrollmentRow

RUN, STOP, INSTALL, UNINSTALL, OFFER, KEEP = "run", "stop", "install", "uninstall", "offer", "keep"


@dataclass(frozen=True, slots=True)
class WorkChange:
    """What would change of a script or an app on a device. `what`: a script would `run` (for the first time, or again)
    or `stop` to run; an app would be `install`ed, `uninstall`ed, `offer`ed to the user, or not be told of any more:
    `keep` (what is installed stays).
    """

    id: str
    name: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Work:
    """The scripts that reach a device, and its apps that are planned, with the names of both."""

    scripts: Mapping[str, ReachingScript] = field(default_factory=dict)
    apps: Mapping[str, PlannedApp] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


_NOTHING = Work()


def works(tx: Transaction, devices: Sequence[EnrollmentRow]) -> dict[EnrollmentId, Work]:
    """Return the work of each of these devices after its next check-in."""
    scripts = scripts_of_each(tx, devices) if tx.tenant.has_agents else {}
    apps: dict[EnrollmentId, dict[str, PlannedApp]] = {}
    names: dict[str, str] = {}
    if concern(tx):
        names = {key: str(app.row.document.get("displayName") or key) for key, app in known_apps(tx).items()}
        apps = {device.id: _planned(tx, device) for device in devices}
    return {
        device.id: Work(
            scripts.get(device.id, {}),
            apps.get(device.id, {}),
            {**names, **{key: each.script.name for key, each in scripts.get(device.id, {}).items()}},
        )
        for device in devices
    }


def _planned(tx: Transaction, device: EnrollmentRow) -> dict[str, PlannedApp]:
    visit = Visit(tx, device, stored=StoredParts(), parts=Parts())
    before = {str(key): app_of(row) for key, row in visit.apps.items()}
    return {each.spec.app_id: each for each in plan_for(visit, before=before)}


def changes_of(before: Work | None, after: Work | None) -> tuple[tuple[WorkChange, ...], tuple[WorkChange, ...]]:
    """Return what differs between the work of a device before and after: of scripts, and of apps."""
    old, new = before or _NOTHING, after or _NOTHING
    names = {**old.names, **new.names}
    scripts = [
        WorkChange(key, names[key], *change)
        for key in sorted({*old.scripts, *new.scripts})
        if (change := _of_script(old.scripts.get(key), new.scripts.get(key))) is not None
    ]
    apps = [
        WorkChange(key, names[key], *change)
        for key in sorted({*old.apps, *new.apps})
        if (change := _of_app(old.apps.get(key), new.apps.get(key))) is not None
    ]
    return tuple(scripts), tuple(apps)


def _of_script(old: ReachingScript | None, new: ReachingScript | None) -> tuple[str, str] | None:
    if new is None:
        return STOP, "no assignment brings it to the device any more"
    if old is None:
        return RUN, "it reaches the device"
    return None if old.wanted.version == new.wanted.version else (RUN, "it, or when it runs, is another")


def _of_app(old: PlannedApp | None, new: PlannedApp | None) -> tuple[str, str] | None:
    before, after = _wish(old), _wish(new)
    if before == after:
        return None
    words = {
        INSTALL: "it is required on the device",
        UNINSTALL: "it is to be uninstalled, or another app replaces it",
        OFFER: "its user may install it",
    }
    if after is not None:
        return after, words[after]
    problem = None if new is None else new.problem
    return KEEP, problem or "no assignment brings it to the device any more; what is installed stays"


def _wish(app: PlannedApp | None) -> str | None:
    """What the device would do about an app, or has done; None: nothing."""
    if app is None or app.problem is not None:
        return None
    if app.order is not None:
        return INSTALL if app.order is Order.INSTALL else UNINSTALL
    return OFFER if app.intent in AVAILABLE else None
