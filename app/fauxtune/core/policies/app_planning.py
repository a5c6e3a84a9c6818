"""Which apps a device is to install and to uninstall, in which order, and which it is not to have and why; which of
several intents counts (`strongest_intent`).

Sources: Intune: "Assign apps to groups" (of several intents one wins), "Add Win32 app dependencies" (2024), "Add Win32
app supersedence" (2024): superseding apps count where they are targeted and applicable; a dependency needs no target of
its own; enforcement prefers supersedence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import zip_longest
from typing import TypeVar

from fauxtune.core.model.platforms import Platform
from fauxtune.core.policies.app_states import (
    AS_DEPENDENCY,
    AS_SUPERSEDED,
    AVAILABLE,
    REQUIRED,
    UNINSTALL,
    DeviceApp,
    InstallState,
    absent,
)

A = TypeVar("A")
Version = tuple[int, ...]
#: The intents with which assignments of an app can reach a device, the strongest first. "Assign apps to groups"
#: (2025-12-03) has one exception, which `strongest_intent` makes.
INTENTS = (REQUIRED, UNINSTALL, *AVAILABLE)
#: Of mobileAppDependencyType, whose other word is autoInstall, and of mobileAppSupersedenceType, beside update (Graph).
DETECT, REPLACE = "detect", "replace"


class Order(StrEnum):
    """What a device is told about an app."""

    INSTALL = "install"
    UNINSTALL = "uninstall"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a device must be for an app. Empty members ask for nothing. `system`: the least version."""

    platforms: frozenset[Platform] = frozenset()
    system: Version = ()
    architectures: frozenset[str] = frozenset()
    memory_mb: int = 0
    free_mb: int = 0


@dataclass(frozen=True, slots=True)
class AppSpec:
    """An app, as planning sees it. `content`: the version of its content; `dependencies` and `supersedes`: ids of apps
    with the type of the relationship; `is_detected`: the device is asked whether it has it, before it is told anything.
    """

    app_id: str
    identifier: str
    content: str = ""
    version: str = ""
    needs: Needs = field(default_factory=Needs)
    dependencies: tuple[tuple[str, str], ...] = ()
    supersedes: tuple[tuple[str, str], ...] = ()
    is_detected: bool = False


@dataclass(frozen=True, slots=True)
class AppDevice:
    """A device, as far as apps ask for it; None and empty: it has not said."""

    platform: Platform
    system: Version = ()
    architecture: str = ""
    memory_mb: int | None = None
    free_mb: int | None = None


class Ground(StrEnum):
    """The kind of reason why an app cannot be on a device."""

    UNFIT = "unfit"
    DEPENDENCY = "dependency"
    SUPERSEDED = "superseded"
    #: Another app depends on it, and it is not installed by itself.
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class PlannedApp:
    """An app of a device. `order`: None if it is told nothing, for it is as it is to be, is left to its user, or cannot
    be, of which `problem` is the reason and `ground` its kind. `applicable`: whether the device is one that it is for.
    """

    spec: AppSpec
    intent: str
    order: Order | None = None
    problem: str | None = None
    applicable: bool = True
    ground: Ground | None = None


def strongest_intent(
    assigned: Iterable[tuple[str | None, A]],
    *,
    reach: Callable[[Sequence[A]], bool],
    reach_user: Callable[[Sequence[A]], bool],
) -> str | None:
    """Return the strongest of the intents with which an app reaches a device; None if it does not reach it. `assigned`:
    each assignment after its intent, which is None for an exclusion: exclusions count for every intent. `reach`:
    whether some assignments reach the device; `reach_user`: whether they do through its user. What is available to the
    user is not uninstalled only because of the device.
    """
    listed = [*assigned]

    def having(intent: str) -> list[A]:
        return [each for own, each in listed if own in (intent, None)]

    strongest = next((intent for intent in INTENTS if reach(having(intent))), None)
    if strongest == UNINSTALL and reach_user(having(AVAILABLE[0])) and not reach_user(having(UNINSTALL)):
        return AVAILABLE[0]
    return strongest


def numbers(text: object) -> Version:
    """Return the numbers of a version, such as 10.0.19045.3803."""
    parts = str(text or "").split(" ")[0].split(".")
    return tuple(int(part) for part in parts if part.isdecimal())


def is_older(one: Version, other: Version) -> bool:
    """Whether a version comes before another one; missing numbers are zeros."""
    pairs = zip_longest(one, other, fillvalue=0)
    return next((left < right for left, right in pairs if left != right), False)


def unfit(needs: Needs, device: AppDevice) -> str | None:
    """Return why an app is not for the device; None if it is. What the device has not said is no reason."""
    if needs.platforms and device.platform not in needs.platforms:
        return "The app is for another kind of device."
    if needs.system and device.system and is_older(device.system, needs.system):
        least, own = (".".join(map(str, version)) for version in (needs.system, device.system))
        return f"The app needs version {least} of the system or a later one; the device has {own}."
    runs = {device.architecture, *_ALSO.get(device.architecture, ())}
    if needs.architectures and device.architecture and not runs & {*needs.architectures}:
        return f"The app is for {', '.join(sorted(needs.architectures))}; the device is {device.architecture}."
    for least_mb, own_mb, what in (
        (needs.memory_mb, device.memory_mb, "memory"),
        (needs.free_mb, device.free_mb, "free space"),
    ):
        if least_mb and own_mb is not None and own_mb < least_mb:
            return f"The app needs {least_mb} MB of {what}; the device has {own_mb}."
    return None


#: What apps a processor also runs.
_ALSO = {"x64": ("x86", "neutral"), "arm64": ("arm", "x86", "x64", "neutral"), "x86": ("neutral",), "arm": ("neutral",)}


def plan_apps(
    specs: Mapping[str, AppSpec], intents: Mapping[str, str], *, device: AppDevice, present: Mapping[str, str | None]
) -> list[PlannedApp]:
    """Return the apps of a device, in the order in which it is to change them. `intents`: the one that wins of each app
    that reaches it; `present`: of the apps that it has the version of the content that it was given, None if that is
    not known.
    """
    planning = _Planning(specs, intents, device=device, present=present)
    for app_id in sorted(intents):
        if intents[app_id] == REQUIRED:
            planning.require(app_id)
    for app_id in sorted(intents):
        planning.leave(app_id)
    for app_id in sorted(specs):
        planning.watch(app_id)
    return list(planning.result.values())


class _Planning:
    """One planning. `result`: by id, in order."""

    def __init__(
        self,
        specs: Mapping[str, AppSpec],
        intents: Mapping[str, str],
        *,
        device: AppDevice,
        present: Mapping[str, str | None],
    ) -> None:
        self.result: dict[str, PlannedApp] = {}
        self._specs, self._intents, self._present = specs, intents, present
        self._unfit = {key: unfit(spec.needs, device) for key, spec in specs.items()}
        self._superseded_by = self._superseding()
        self._needed: set[str] = set()
        self._to_be_there: set[str] = set()

    def _superseding(self) -> dict[str, str]:
        """The superseding app of each superseded one: those that reach the device and are for it count."""
        result: dict[str, str] = {}
        for key in sorted(self._intents):
            if self._supersedes(key) and self._unfit.get(key) is None and key in self._specs:
                for below in self._below(key):
                    result.setdefault(below, key)
        return result

    def _supersedes(self, key: str) -> bool:
        """Whether an app is assigned, so that it supersedes others. Unverified: one that is installed only because
        another app depends on it supersedes nothing; otherwise it would remove apps that are required.
        """
        return self._intents.get(key, UNINSTALL) != UNINSTALL

    def _below(self, key: str) -> dict[str, bool]:
        """The apps that an app supersedes, directly or not, and whether each is to be uninstalled before."""
        result: dict[str, bool] = {}
        waiting = [key]
        while waiting:
            spec = self._specs.get(waiting.pop())
            for target, word in () if spec is None else spec.supersedes:
                if target not in result and target in self._specs and target != key:
                    result[target] = word == REPLACE
                    waiting.append(target)
        return result

    def require(self, key: str) -> str | None:
        """Plan a required app, with what has to be done before; return why it cannot be, None if it can."""
        if key in self.result:
            return self.result[key].problem
        if key in self._superseded_by:
            return f"The app {self._superseded_by[key]} supersedes it."
        spec = self._specs[key]
        reason = self._unfit[key]
        if reason is not None:
            self._put(spec, problem=reason, ground=Ground.UNFIT)
            return reason
        self._replace(key)
        self._needed |= {target for target, _word in spec.dependencies}
        if key in self._present and self._present[key] in (None, spec.content):
            self._put(spec)
            return None
        before = frozenset(self.result)
        problem = next(
            (why for dependency in spec.dependencies if (why := self._depend(*dependency)) is not None), None
        )
        if problem is not None:
            self._give_up(before)
        ground = None if problem is None else Ground.DEPENDENCY
        self._put(spec, order=None if problem else Order.INSTALL, problem=problem, ground=ground)
        return problem

    def _give_up(self, before: AbstractSet[str]) -> None:
        """Plan no change for the sake of an app that cannot be: one that is to go would be installed again and again.
        `before`: what was planned for others.
        """
        for key in self.result.keys() - before:
            if self.result[key].order is not None:
                del self.result[key]

    def _depend(self, key: str, word: str) -> str | None:
        """Plan what an app depends on; return why that cannot be."""
        if key not in self._specs:
            return f"It depends on the app {key}, which cannot be installed."
        if key in self._superseded_by:
            return f"It depends on the app {key}, which the app {self._superseded_by[key]} supersedes: a conflict."
        if key in self._present:
            return None
        is_required = self._intents.get(key) == REQUIRED
        if word == DETECT and not is_required:
            self._to_be_there.add(key)
            return f"It depends on the app {key}, which is not on the device and is not installed by itself."
        problem = self.require(key)
        return None if problem is None else f"It depends on the app {key}. {problem}"

    def _replace(self, key: str) -> None:
        if not self._supersedes(key):
            return
        for below, uninstalls in self._below(key).items():
            if uninstalls and below in self._present and below not in self.result:
                spec = self._specs[below]
                self.result[below] = PlannedApp(spec, AS_SUPERSEDED, Order.UNINSTALL)

    def leave(self, key: str) -> None:
        """Plan an app that is not required."""
        if key in self.result or key not in self._specs:
            return
        spec, intent = self._specs[key], self._intents[key]
        if key in self._superseded_by:
            problem = f"The app {self._superseded_by[key]} supersedes it."
            self.result[key] = PlannedApp(spec, intent, problem=problem, ground=Ground.SUPERSEDED)
        elif intent == UNINSTALL:
            order = Order.UNINSTALL if key in self._present else None
            self.result[key] = PlannedApp(spec, intent, order)
        else:
            if key in self._present:
                self._replace(key)
            reason = self._unfit[key]
            ground = None if reason is None else Ground.UNFIT
            self.result[key] = PlannedApp(spec, intent, problem=reason, applicable=reason is None, ground=ground)

    def watch(self, key: str) -> None:
        """Plan an app that nobody wants and that matters to another: a superseded one, or one that has to be there, or
        is.
        """
        if key in self.result or not self._specs[key].is_detected:
            return
        if key in self._superseded_by:
            self.result[key] = PlannedApp(self._specs[key], AS_SUPERSEDED)
        elif key in self._to_be_there:
            why = "An app depends on it, and it is not installed by itself."
            self.result[key] = PlannedApp(self._specs[key], AS_DEPENDENCY, problem=why, ground=Ground.MISSING)
        elif key in self._needed and key in self._present:
            self.result[key] = PlannedApp(self._specs[key], AS_DEPENDENCY)

    def _put(
        self, spec: AppSpec, *, order: Order | None = None, problem: str | None = None, ground: Ground | None = None
    ) -> None:
        intent = REQUIRED if self._intents.get(spec.app_id) == REQUIRED else AS_DEPENDENCY
        applicable = ground is not Ground.UNFIT
        self.result[spec.app_id] = PlannedApp(spec, intent, order, problem, applicable, ground)


def device_apps(planned: Iterable[PlannedApp], before: Mapping[str, DeviceApp]) -> dict[str, DeviceApp]:
    """Return the apps of a device from now on, by id; `before`: as they were. Those that nothing assigns any more are
    not among them.
    """
    return {
        app.spec.app_id: _device_app(app, before.get(app.spec.app_id), place=place) for place, app in enumerate(planned)
    }


def contents_of(apps: Iterable[DeviceApp]) -> dict[str, str | None]:
    """Return what `plan_apps` calls present. An app that failed while an earlier version of it was there is old."""
    return {
        app.app_id: app.content if app.state is InstallState.INSTALLED else OLD
        for app in apps
        if app.version is not None
    }


def _device_app(planned: PlannedApp, before: DeviceApp | None, *, place: int) -> DeviceApp:
    spec = planned.spec
    known = before if before is not None and before.identifier == spec.identifier else None
    is_there = known is not None and known.version is not None
    app = DeviceApp(
        spec.app_id,
        spec.identifier,
        planned.intent,
        InstallState.INSTALLED if is_there else InstallState.NOT_INSTALLED,
        version=known.version if known is not None else None,
        content=known.content if known is not None else None,
        position=None if planned.order is None else place,
    )
    if not is_there and not planned.applicable:
        return replace(app, state=InstallState.NOT_APPLICABLE, reason=planned.problem)
    if not is_there and spec.is_detected and _is_unknown(planned, known):
        return replace(app, state=InstallState.UNKNOWN, reason=planned.problem)
    if not is_there and planned.ground is Ground.MISSING:
        # "Add and assign Win32 apps" (2026-04-14): the app is not tried, and its dependency is flagged as failed.
        return replace(app, state=InstallState.FAILED, reason=planned.problem)
    if not is_there and planned.problem is not None:
        return absent(app, reason=planned.problem)
    if planned.order is not None and known is not None and known.intent == planned.intent:
        is_about_this = known.attempted in (None, spec.content)
        if known.state in _UNSETTLED and is_about_this:
            return replace(known, position=place)
    if known is None or not is_there:
        return absent(app)
    return replace(app, reason=known.reason if known.state is InstallState.INSTALLED else None)


def _is_unknown(planned: PlannedApp, known: DeviceApp | None) -> bool:
    """Whether the device has not said yet if it has the app. An install begins with that, and needs no question."""
    return planned.order is None and (known is None or known.state is InstallState.UNKNOWN)


#: The states that an order leaves behind until it is carried out, or until there is another one.
_UNSETTLED = (InstallState.PENDING, InstallState.FAILED, InstallState.UNINSTALL_FAILED)
#: The content of an app that is on the device in another version than the current one. No content has this name.
OLD = "?"
