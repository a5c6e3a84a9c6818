"""Steps for a device and their results, as operations and the adapters of the platforms exchange them; those of apps.

Apps of devices that are managed step by step: the steps that install and remove them, the one question about them,
and what follows from the answers.

An install that the device has confirmed counts as done when the device lists the app; until then it is asked once in
each conversation. A removal that it has confirmed is done.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from fauxtune.core.engine.planning.reported_items import Inventory
from fauxtune.core.engine.planning.steps import PlannedStep, SentStep
from fauxtune.core.errors import NotFound
from fauxtune.core.model.actions import StepKind, StepState
from fauxtune.core.model.ids import EnrollmentId, ItemKey
from fauxtune.core.model.items import REMEDIATION_FAILED, LedgerRow, Problem
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.app_kinds import KINDS, Way, spec_of
from fauxtune.core.policies.app_states import DeviceApp, InstallState, absent, failed, present
from fauxtune.core.policies.apps import APP_RULES, CONTENT_RULES
from fauxtune.operations.apps import apps
from fauxtune.operations.apps.device_apps import KnownApp, app_of, concern, known_apps, put_apps, settings_of
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.operations.devices.actions import Order
from fauxtune.operations.devices.caller import Caller
from fauxtune.operations.profiles import resources
from fauxtune.operations.visits.visit import Visit
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.rows.devices import EnrollmentRow


@dataclass(frozen=True, slots=True)
class AppFile:
    """The content of an app, as it is stored: encrypted. `digest`: its SHA-256 in hexadecimal digits, if known."""

    id: str
    name: str
    size: int
    digest: str | None


@dataclass(frozen=True, slots=True)
class AppDelivery:
    """An app in a step. Of an install: `settings`, those of the assignments that bring it, and its content."""

    identifier: str
    way: Way
    app_id: str
    document: JsonObject
    settings: tuple[JsonObject, ...] = ()
    file: AppFile | None = None


@dataclass(frozen=True, slots=True)
class AppSighting:
    """What a device says of one app. `waits`: what the install waits for; neither that nor a problem: it is there or
    not. `version`: None if the device does not say it.
    """

    is_there: bool = False
    version: str | None = None
    waits: str | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One command for the device. `item`: of an install with its bytes, of a removal only its row; `order` of an
    action; `part`: the platform's name of a question, and of the one about apps whether it asks how installs went or
    what is there (`app_steps`); `held`: the items of the device that a question can be about; `apps`: those that it is
    about, and the one of an install or a removal.
    """

    id: str
    kind: StepKind
    item: Deliverable | None = None
    order: Order | None = None
    part: str | None = None
    apps: tuple[AppDelivery, ...] = ()
    held: tuple[LedgerRow, ...] = ()


class Result(StrEnum):
    """The outcome of a step."""

    DONE = "done"
    REFUSED = "refused"
    LATER = "later"
    UNSUPPORTED = "unsupported"  # the device does not know such a command


@dataclass(frozen=True, slots=True)
class StepResult:
    """The device's result of one step; ignored if the step was not sent. `data`: the answer to a question, or
    what an action brought back.
    """

    step: str
    result: Result
    problem: Problem | None = None
    data: JsonObject | None = None


class PlatformAdapter(Protocol):
    """The platform's part of a stepwise check-in: its questions, and how their answers are read."""

    def inventory_parts(self, variant: Variant) -> Sequence[str]:
        """The questions whose answers show what the device holds."""
        ...

    def is_needed(self, part: str, *, keys: Collection[ItemKey]) -> bool:
        """Whether a device with these items is asked this question of the inventory. Most are asked of all devices."""
        ...

    def information_parts(self, variant: Variant, *, known: JsonObject) -> Sequence[str]:
        """The questions whose answers are facts about the device; what is `known` already can allow further ones."""
        ...

    def parts_that_tell(self, key: ItemKey) -> AbstractSet[str]:
        """The questions of the inventory whose answers show whether this item is there."""
        ...

    def inventory(
        self,
        answers: Mapping[str, JsonObject],
        *,
        rows: Mapping[ItemKey, LedgerRow],
        acknowledged: AbstractSet[ItemKey],
    ) -> Inventory:
        """Return what the device holds. A question that it could not answer is missing; an item that no question shows
        counts as held if it is acknowledged or was installed.
        """
        ...

    def apps(self, data: JsonObject) -> Mapping[str, AppSighting] | None:
        """Return what the device says of its apps, by their identifiers; None if it answered something else."""
        ...

    def sealed_key(self, answers: Mapping[str, JsonObject]) -> bytes | None:
        """Return the recovery key that the device has sealed for the service (CMS); None without one."""
        ...

    def facts(self, answers: Mapping[str, JsonObject], *, variant: Variant) -> JsonObject:
        """Return the device's facts, by the names of Graph's managedDevice."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange of a conversation: the calling device and the results that it reports. `begins`: the device opens
    the conversation; `has_news`: it lets know with that that facts about it have changed. `limit`: the most steps that
    it takes; with more than one it takes them in their order.
    """

    caller: Caller
    begins: bool
    adapter: PlatformAdapter
    results: Sequence[StepResult] = field(default_factory=tuple)
    limit: int = 1
    has_news: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to an exchange: the enrolment's id and the next steps, none at the end of the conversation. `row`: the
    enrolment as the exchange left it; None if the device was quiet.
    """

    device: EnrollmentId
    steps: tuple[Step, ...] = ()
    row: EnrollmentRow | None = None


#: The ways that go step by step.
BY_STEPS = frozenset({Way.STORE, Way.LICENSE, Way.MANIFEST, Way.MSI, Way.HOSTED, Way.WINDOWS_STORE})
#: The ways whose apps the device loads from this server.
_FROM_HERE = frozenset({Way.MANIFEST, Way.MSI, Way.HOSTED})
#: The subjects of the one question: how installs went, or what is there.
STATES, INVENTORY = "states", "inventory"
_CHANGES = (StepKind.INSTALL_APP, StepKind.REMOVE_APP)


def app_steps(visit: Visit, *, again: bool) -> list[PlannedStep]:
    """Return the steps that install and remove apps, in order. `again`: what failed earlier is tried once more."""
    steps = []
    for app in sorted(_apps(visit).values(), key=lambda app: app.position or 0):
        is_failed = app.state in (InstallState.FAILED, InstallState.UNINSTALL_FAILED)
        if app.position is None or (is_failed and not again):
            continue
        kind = StepKind.INSTALL_APP if app.installs else StepKind.REMOVE_APP
        steps.append(PlannedStep(kind, app.app_id, known_apps(visit.tx)[app.app_id].spec.content))
    return steps


def app_question(visit: Visit, sent: Sequence[SentStep], *, again: bool) -> list[PlannedStep]:
    """Return the question about apps, if the device is to be asked: after an install, and with the inventory."""
    before = [step.step for step in sent if step.step.kind is StepKind.LIST_APPS]
    if before:
        return before
    is_open = any(step.step.kind is StepKind.INSTALL_APP and step.state is StepState.CONFIRMED for step in sent)
    if is_open:
        return [PlannedStep(StepKind.LIST_APPS, STATES)]
    return [PlannedStep(StepKind.LIST_APPS, INVENTORY)] if again and _apps(visit) else []


def delivery(visit: Visit, planned: PlannedStep) -> AppDelivery | None:
    """Return what an install or a removal carries; None if the app or its content is gone."""
    app, known = _apps(visit).get(planned.subject), known_apps(visit.tx).get(planned.subject)
    if app is None or known is None:
        return None
    if planned.kind is StepKind.REMOVE_APP:
        return _named(app, known)
    file = content_file(visit, known)
    if file is None and known.kind.way in _FROM_HERE:
        return None
    settings = settings_of(visit, app=known, intent=app.intent)
    return replace(_named(app, known), settings=tuple(settings), file=file)


def listed(visit: Visit) -> tuple[AppDelivery, ...]:
    """Return the apps that the question is about."""
    known = known_apps(visit.tx)
    return tuple(_named(app, known[key]) for key, app in _apps(visit).items())


def manifest_app(connection: Connection, tenant: Tenant, *, app_id: str) -> AppDelivery:
    """Return the app whose manifest is read. Raises NotFound if it is gone, or has none."""
    row = resources.found(connection, tenant, rules=APP_RULES, key=app_id)
    spec = spec_of(row.id, row.kind, document=row.document)
    if spec is None or KINDS[row.kind].way is not Way.MANIFEST:
        raise NotFound(f"The app '{app_id}' has no manifest.")
    return AppDelivery(spec.identifier, Way.MANIFEST, row.id, row.document)


def restart(visit: Visit) -> None:
    """Let the device be asked again in the conversation that it begins."""
    visit.drop_steps([step.id for step in visit.sent if step.step.kind is StepKind.LIST_APPS])


def apply(visit: Visit, *, step: SentStep, result: StepResult, adapter: PlatformAdapter) -> None:
    """Take in the result of a step about apps."""
    if step.step.kind is StepKind.LIST_APPS:
        visit.change_step(step.id, state=StepState.ANSWERED)
        _take_list(visit, None if result.data is None else adapter.apps(result.data))
        return
    app = _apps(visit).get(step.step.subject)
    if result.result is not Result.DONE:
        visit.change_step(step.id, state=StepState.REFUSED)
        if app is not None:
            why = result.problem or Problem(REMEDIATION_FAILED, "The device refused it.")
            _put(visit, _refused(app, problem=why, content=step.step.fingerprint))
    elif step.step.kind is StepKind.INSTALL_APP:
        visit.change_step(step.id, state=StepState.CONFIRMED)
    else:
        visit.drop_steps([step.id])
        if app is not None:
            _put(visit, replace(absent(app), position=None))


def _apps(visit: Visit) -> dict[str, DeviceApp]:
    """The apps of the device that go step by step."""
    if not concern(visit.tx):
        return {}
    known = known_apps(visit.tx)
    return {
        str(key): app_of(row) for key, row in visit.apps.items() if key in known and known[key].kind.way in BY_STEPS
    }


def _take_list(visit: Visit, sightings: Mapping[str, AppSighting] | None) -> None:
    """Take in the device's list. None: it does not know the question, and its word about installs counts."""
    confirmed = {
        step.step.subject: step
        for step in visit.sent
        if step.step.kind is StepKind.INSTALL_APP and step.state is StepState.CONFIRMED
    }
    changed = []
    for key, app in _apps(visit).items():
        seen = None if sightings is None else sightings.get(app.identifier)
        after = _after(app, seen, step=confirmed.get(key), has_list=sightings is not None, visit=visit)
        if after != app:
            changed.append(after)
        if key in confirmed and not _is_under_way(seen):
            visit.drop_steps([confirmed[key].id])
    _put(visit, *changed)


def _after(
    app: DeviceApp, seen: AppSighting | None, *, step: SentStep | None, has_list: bool, visit: Visit
) -> DeviceApp:
    content = app.content if step is None else step.step.fingerprint
    known = known_apps(visit.tx)[app.app_id].spec.version
    if not has_list:
        return app if step is None else present(app, version=app.version or known, content=content)
    if seen is None:
        if step is not None:
            why = "The device confirmed that it installs it, and does not list it."
            return _refused(app, problem=Problem(REMEDIATION_FAILED, why), content=content or "")
        return absent(app) if app.version is not None else app
    if seen.problem is not None:
        return _refused(app, problem=seen.problem, content=content or "")
    if seen.waits is not None:
        return replace(app, reason=seen.waits) if step is not None else app
    if not seen.is_there:
        return absent(app)
    if app.position is not None and step is None and app.installs and app.version is not None:
        return app  # an update is still to be sent
    return present(app, version=seen.version or known or app.version or "", content=content)


def _is_under_way(seen: AppSighting | None) -> bool:
    return seen is not None and seen.waits is not None


def _refused(app: DeviceApp, *, problem: Problem, content: str) -> DeviceApp:
    return failed(app, reason=problem.message, code=problem.code, version=app.version, attempted=content)


def _put(visit: Visit, *changed: DeviceApp) -> None:
    before = {str(key): app_of(row) for key, row in visit.apps.items()}
    put_apps(visit, before | {app.app_id: app for app in changed}, before=before)
    if changed:
        visit.change(due_at=visit.tx.now)


def _named(app: DeviceApp, known: KnownApp) -> AppDelivery:
    return AppDelivery(app.identifier, known.kind.way, document=known.row.document, app_id=app.app_id)


def content_file(visit: Visit, known: KnownApp) -> AppFile | None:
    """Return the committed content of an app; None if it has none."""
    if not known.spec.content:
        return None
    tx = visit.tx
    content = resource_queries.resource(
        tx.connection, tx.tenant.id, family=CONTENT_RULES.name, resource_id=known.spec.content, parent_id=known.row.id
    )
    files = [] if content is None else apps.content_files(tx, content)
    committed: list[JsonObject] = [file.document for file in files if file.document["isCommitted"]]
    if not committed:
        return None
    first = committed[0]
    return AppFile(str(first["id"]), str(first["name"]), int(first["sizeEncrypted"]), first.get(apps.SERVED_DIGEST))
