"""The check-in of a management agent: what it has done since the last one, and what it is to do now.

The agents (Intune Management Extension on Windows, the Intune agent on macOS) do what MDM has no word for. Each kind
of work is a line of `WORKS`: scripts (`operations/scripts`), and apps.

An agent is told first to detect the apps that nothing is known of and on which others wait, then to change one app
after the other: an order goes out when what it depends on is there, and what it replaces is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from fauxtune.core.errors import NotAllowed
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.app_kinds import Way
from fauxtune.core.policies.app_states import (
    AppRun,
    DeviceApp,
    InstallState,
    after_run,
    codes_of,
    detection_script,
    tries_at,
)
from fauxtune.core.policies.scripts import AGENTS
from fauxtune.operations.apps.device_apps import KnownApp, app_of, concern, known_apps, planned_apps, put_apps
from fauxtune.operations.checkin.steps import content_file
from fauxtune.operations.devices.audience import AgentVisit, Orders
from fauxtune.operations.devices.caller import live, refuse_ended
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.scripts import device_scripts
from fauxtune.operations.visits.left import Parts
from fauxtune.operations.visits.visit import Visit
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries.visits import StoredParts


class Settle(Protocol):
    """Takes in what an agent reports of one kind of work, and returns its orders."""

    def __call__(self, tx: Transaction, visit: AgentVisit, *, reports: Sequence[Any]) -> Orders:
        """Settle."""
        ...


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work. `name`: its member in both messages; `settle`: takes in the reports, and returns the orders."""

    name: str
    settle: Settle


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """The orders by kind of work, and when the agent is to ask again by itself."""

    orders: Mapping[str, list[JsonObject]]
    ask_again_at: datetime


def serve(
    tx: Transaction, enrollment_id: EnrollmentId, *, reports: Mapping[str, Sequence[Any]], user_is_here: bool
) -> AgentAnswer:
    """Take in an agent's reports by kind of work, and return its orders. A device that is ending gets none.

    Raises EnrollmentEnded, NotAllowed for a device that has no agent, Invalid for a report that cannot be.
    """
    row = queries.enrollment(tx.connection, enrollment_id, tenant_id=tx.tenant.id, lock=True)
    row = refuse_ended(None) if row is None else live(row)
    tx.holds_tenant = True
    every = AGENTS.get(row.variant)
    if every is None:
        raise NotAllowed(f"A device of the kind {row.variant.value} has no management agent; Windows PCs and Macs do.")
    latest = tx.now + every
    if row.state is EnrollmentState.ENDING:
        return AgentAnswer({work.name: [] for work in WORKS}, latest)
    visit = AgentVisit(row, user_is_here=user_is_here)
    settled = {work.name: work.settle(tx, visit, reports=reports.get(work.name, ())) for work in WORKS}
    due = [orders.due_at for orders in settled.values() if orders.due_at is not None]
    return AgentAnswer({name: orders.orders for name, orders in settled.items()}, min([*due, latest]))


#: Orders in one answer: an agent asks again as soon as it has carried them out.
_MOST = 16
DETECT, INSTALL, UNINSTALL = "detect", "install", "uninstall"


def settle_agent_apps(tx: Transaction, visit: AgentVisit, *, reports: Sequence[AppRun]) -> Orders:
    """Take in what the agent reports of apps, plan those that reach the device, and return what is to be done now. A
    report of an app that does not concern the device any more, or of another content, changes nothing.
    """
    if not concern(tx):
        return Orders()
    device = Visit(tx, visit.enrollment, stored=StoredParts(), parts=Parts())
    known = {key: app for key, app in known_apps(tx).items() if app.kind.way is Way.AGENT}
    before = {str(key): app_of(row) for key, row in device.apps.items()}
    if not known and not before:
        return Orders()
    after = planned_apps(device, before=_reported(before, known, reports=reports))
    put_apps(device, after, before=before, reported={run.id for run in reports} & before.keys())
    if after != before and tx.memory is not None and device.row.credential_digest is not None:
        tx.memory.forget(device.row.credential_digest)  # a session of MDM has read them before
    return _orders(device, visit, after=after, known=known)


def _reported(
    before: Mapping[str, DeviceApp], known: Mapping[str, KnownApp], *, reports: Sequence[AppRun]
) -> dict[str, DeviceApp]:
    after = dict(before)
    for run in reports:
        app, about = after.get(run.id), known.get(run.id)
        if app is not None and about is not None and run.content == about.spec.content:
            codes = codes_of(about.row.document)
            after[run.id] = after_run(app, run, codes=codes, version=about.spec.version)
    return after


def _orders(
    device: Visit, visit: AgentVisit, *, after: Mapping[str, DeviceApp], known: Mapping[str, KnownApp]
) -> Orders:
    own = {key: app for key, app in after.items() if key in known}
    detected = [key for key, app in own.items() if app.state is InstallState.UNKNOWN]
    if detected:
        return Orders([_order(device, known[key], action=DETECT) for key in detected[:_MOST]])
    orders: list[JsonObject] = []
    due: list[datetime] = []
    for key, app in sorted(own.items(), key=lambda item: item[1].position or 0):
        if app.position is None or not _is_ready(known[key], app, apps=own):
            continue
        again = tries_at(app, changed_at=device.apps[known[key].row.id].changed_at)
        if again is not None and again > device.tx.now:
            due.append(again)
        elif visit.user_is_here or not _needs_user(known[key]):
            orders.append(_order(device, known[key], action=INSTALL if app.installs else UNINSTALL))
    return Orders(orders[:_MOST], min(due, default=None))


def _is_ready(about: KnownApp, app: DeviceApp, *, apps: Mapping[str, DeviceApp]) -> bool:
    """Whether nothing has to be done before: what it depends on, and the removal of what it replaces."""
    if not app.installs:
        return True
    needed = {target for target, _word in about.spec.dependencies}
    replaced = {target for target, _word in about.spec.supersedes}
    open_apps = {key: device_app for key, device_app in apps.items() if device_app.position is not None}
    return not any(
        (key in needed and open_app.installs) or (key in replaced and open_app.uninstalls)
        for key, open_app in open_apps.items()
    )


def _needs_user(about: KnownApp) -> bool:
    experience = about.row.document.get("installExperience")
    return isinstance(experience, Mapping) and experience.get("runAsAccount") == "user"


def _order(visit: Visit, about: KnownApp, *, action: str) -> JsonObject:
    document = about.row.document
    file = content_file(visit, about) if action == INSTALL and about.spec.content else None
    command = document.get("installCommandLine" if action == INSTALL else "uninstallCommandLine")
    return {
        "id": about.row.id,
        "action": action,
        "name": str(document.get("displayName") or ""),
        "kind": about.row.kind,
        "content": about.spec.content,
        "version": about.spec.version,
        "command_line": str(command or ""),
        "run_as": "user" if _needs_user(about) else "system",
        "file": None if file is None else file.id,
        "digest": None if file is None else file.digest,
        "detection_script": detection_script(document),
    }


#: The kinds of work, in the order of an answer.
WORKS: tuple[Work, ...] = (Work("scripts", device_scripts.settle), Work("apps", settle_agent_apps))
