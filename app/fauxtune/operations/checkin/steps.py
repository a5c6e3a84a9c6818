"""Steps for a device and the results of steps, as operations and the adapters of the platforms exchange them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from fauxtune.core.engine.planning.report import Inventory
from fauxtune.core.model.ids import EnrollmentId, ItemKey
from fauxtune.core.model.items import LedgerRow, Problem
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.steps import StepKind
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.app_kinds import Way
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.operations.devices.actions import Order
from fauxtune.operations.devices.caller import Caller
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
    it takes.
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
