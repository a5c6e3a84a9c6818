"""The list of all devices: counts by state, filters, one page. And who may enrol: restrictions by priority, what they
refused, what a user may enrol, and Autopilot devices.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import Response

from fauxtune.core.engine.enrollment_restrictions import JUDGED, LIMIT, ONE_PLATFORM
from fauxtune.core.engine.planning.targeting import Assignment, TargetKind
from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.autopilot import DEPLOYMENT_PROFILES, IDENTITIES
from fauxtune.core.policies.enrollment import ENROLLMENT_CONFIGURATIONS
from fauxtune.core.policies.rules import BOUND
from fauxtune.operations.insight.enrollability import Outcome, last_refusals, outcomes
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.queries.insight import overview as queries
from fauxtune.storage.queries.insight.overview import DeviceFilter, DeviceState
from fauxtune.storage.rows.devices import ListedDeviceRow
from fauxtune.storage.rows.resources import ResourceRow
from fauxtune_console.call import TenantCall
from fauxtune_console.holdings import Card, cards_of
from fauxtune_console.paging import Choice, offset, paging

_SIZE = 50
_LONGEST_TEXT = 100
#: data. A platform -> its words.
PLATFORMS: dict[Platform, str] = {
    Platform.ANDROID: "Android",
    Platform.IOS: "iPhone",
    Platform.IPADOS: "iPad",
    Platform.MACOS: "Mac",
    Platform.WINDOWS: "Windows",
    Platform.WINDOWS_10_MOBILE: "Windows 10 Mobile",
    Platform.WINDOWS_PHONE_81: "Windows Phone 8.1",
}
#: data. A state by which the list is filtered -> its words.
_STATES: dict[DeviceState, str] = {
    DeviceState.ENROLLED: "Enrolled",
    DeviceState.WAITING: "Waiting for a check-in",
    DeviceState.FAILED: "With failed items",
    DeviceState.ENDING: "Ending",
    DeviceState.ENDED: "Ended",
}
_MOST_REFUSALS, _MOST_DEVICES, _LONGEST_USER = 20, 200, 128
_KINDS = {LIMIT: "limit of devices", ONE_PLATFORM: "one platform"}
#: data. Property of a restriction of a platform -> words.
_RULES = {"platformBlocked": "blocked", "personalDeviceEnrollmentBlocked": "no personal devices"}
_SUFFIX = "Restriction"


@dataclass(frozen=True, slots=True)
class Line:
    """One device of the list. `user`: the name of its user, or empty; `failed`: how many of its items failed."""

    row: ListedDeviceRow
    card: Card
    user: str
    failed: int


async def devices(call: TenantCall) -> Response:
    """Show one page of the devices."""
    start = offset(call, size=_SIZE)
    matching = DeviceFilter(
        now=call.now,
        text=call.query("text").strip()[:_LONGEST_TEXT],
        platform=next((platform for platform in Platform if platform.value == call.query("platform")), None),
        state=next((device_state for device_state in DeviceState if device_state.value == call.query("state")), None),
    )
    by_check_in = call.query("sort") == "check-in"
    lines, total, counts = await call.read(_read, call, matching=matching, by_check_in=by_check_in, start=start)
    return call.page(
        "devices.html",
        lines=lines,
        paging=paging(call, start=start, length=len(lines), total=total, size=_SIZE),
        choices=_choices(call, matching, counts=counts),
        matching=matching,
        by_check_in=by_check_in,
        platforms=PLATFORMS,
        by_name_url=_url(call, matching, sort=None),
        by_check_in_url=_url(call, matching, sort="check-in"),
    )


def _read(
    connection: Connection, call: TenantCall, *, matching: DeviceFilter, by_check_in: bool, start: int
) -> tuple[list[Line], int, dict[DeviceState, int]]:
    tenant_id = call.tenant.id
    counts = queries.device_counts(connection, tenant_id, now=matching.now)
    rows, total = queries.devices(
        connection,
        tenant_id,
        matching=matching,
        by_check_in=by_check_in,
        offset=start,
        limit=_SIZE,
        total=queries.total_of(matching, counts),
    )
    cards = cards_of(connection, tenant_id, rows=rows, now=matching.now)
    lines = [_line(row, cards[row.id]) for row in rows]
    return lines, total, counts


def _line(row: ListedDeviceRow, card: Card) -> Line:
    failed = sum(chip.state == "failed" for chip in card.chips)
    return Line(row, card, row.user_name or row.user_principal_name or "", failed)


def _choices(call: TenantCall, matching: DeviceFilter, *, counts: dict[DeviceState, int]) -> list[Choice]:
    live = [DeviceState.ENROLLED, DeviceState.ENDING, DeviceState.ENDED]
    every = Choice(
        "All",
        sum(counts[device_state] for device_state in live),
        _url(call, matching, state=None),
        matching.state is None,
    )
    return [
        every,
        *(
            Choice(words, counts[state], _url(call, matching, state=state.value), matching.state is state)
            for state, words in _STATES.items()
        ),
    ]


def _url(call: TenantCall, matching: DeviceFilter, **changes: str | None) -> str:
    """Return the address of the first page of the list with other filters."""
    query: dict[str, str | int | None] = {
        "text": matching.text,
        "platform": matching.platform,
        "state": matching.state,
        "sort": call.query("sort"),
        **changes,
    }
    return call.url("devices", **query)


@dataclass(frozen=True, slots=True)
class Restriction:
    """One restriction. `reaches`: whom, in words; `is_effective`: whether it can refuse anything."""

    id: str
    name: str
    kind: str
    priority: int
    rules: tuple[str, ...]
    reaches: tuple[str, ...]
    is_effective: bool


@dataclass(frozen=True, slots=True)
class Registered:
    """One Autopilot device, and the name of its profile, or empty."""

    document: JsonObject
    profile: str


@dataclass(frozen=True, slots=True)
class View:
    """The page. `answers`: what a user may enrol, if one is named; `problem`: why there is no answer."""

    restrictions: list[Restriction]
    refusals: list[JsonObject]
    devices: list[Registered]
    answers: list[Outcome]
    problem: str


async def enrollment(call: TenantCall) -> Response:
    """Show restrictions and refusals, Autopilot devices, and what a user may enrol, if one is named."""
    user, version = call.query("user").strip()[:_LONGEST_USER], call.query("version").strip()[:_LONGEST_USER]
    return call.page(
        "enrollment.html", view=await call.run(_read_enrollment, user, version=version), user=user, version=version
    )


def _read_enrollment(tx: Transaction, user: str, *, version: str) -> View:
    problem, answers = "", list[Outcome]()
    if user:
        try:
            name = user if "@" in user else f"{user}@{tx.tenant.domain}"
            answers = outcomes(tx, name, facts={"osVersion": version})
        except NotFound as error:
            problem = error.message
    refusals = [row.document for row in last_refusals(tx, limit=_MOST_REFUSALS)]
    return View(_restrictions(tx), refusals, _devices(tx), answers, problem)


def _restrictions(tx: Transaction) -> list[Restriction]:
    stored = resource_queries.resources_of_family(tx.connection, tx.tenant.id, family=ENROLLMENT_CONFIGURATIONS.name)
    known = {row.id for row in stored}
    built_in = [row for row in resources.built_in_rows(ENROLLMENT_CONFIGURATIONS, tx.tenant) if row.id not in known]
    rows = [row for row in (*stored, *built_in) if row.kind in JUDGED]
    ids = [ProfileId(row.id) for row in rows]
    assigned = configuration_queries.assignments_by_profile(tx.connection, tx.tenant.id, ids=ids)
    lines = []
    for row in rows:
        targets = configuration_queries.assignment_targets(assigned[ProfileId(row.id)])
        lines.append(_restriction(tx, row, targets=targets, is_stored=row.id in known))
    return sorted(lines, key=lambda line: (line.kind, line.priority == 0, line.priority, line.name))


def _restriction(tx: Transaction, row: ResourceRow, *, targets: list[Assignment], is_stored: bool) -> Restriction:
    priority = row.priority or 0
    return Restriction(
        id=row.id,
        name=str(row.document["displayName"]),
        kind=_KINDS.get(row.kind, "all platforms"),
        priority=priority,
        rules=tuple(_rules(row)),
        reaches=tuple(_reached(tx, targets)) if priority else (),
        is_effective=bool(targets) if priority else is_stored,
    )


def _rules(row: ResourceRow) -> Iterable[str]:
    if row.kind == LIMIT:
        yield f"at most {row.document['limit']}"
    elif row.kind == ONE_PLATFORM:
        platform = str(row.document.get("platformType"))
        yield f"{platform}: {', '.join(_words(row.document.get('platformRestriction') or {})) or 'allowed'}"
    else:
        for name, rule in row.document.items():
            words = list(_words(rule)) if name.endswith(_SUFFIX) and isinstance(rule, dict) else []
            if words:
                yield f"{name.removesuffix(_SUFFIX)}: {', '.join(words)}"


def _words(rule: JsonObject) -> Iterable[str]:
    yield from (words for name, words in _RULES.items() if rule.get(name))
    if rule.get("osMinimumVersion"):
        yield f"from {rule['osMinimumVersion']} on"
    if rule.get("osMaximumVersion"):
        yield f"up to {rule['osMaximumVersion']}"
    if rule.get("blockedManufacturers"):
        yield f"not by {', '.join(map(str, rule['blockedManufacturers']))}"


def _reached(tx: Transaction, targets: Iterable[Assignment]) -> Iterable[str]:
    for target in targets:
        if target.group is None:
            yield {TargetKind.ALL_USERS: "all users", TargetKind.ALL_DEVICES: "all devices"}.get(
                target.kind, target.kind
            )
            continue
        group = directory_queries.group(tx.connection, tx.tenant.id, group_id=target.group)
        name = "a group that is gone" if group is None else str(group.document["displayName"])
        yield f"not {name}" if target.kind is TargetKind.EXCLUSION else name


def _devices(tx: Transaction) -> list[Registered]:
    rows = resource_queries.resources_of_family(tx.connection, tx.tenant.id, family=IDENTITIES.name)[:_MOST_DEVICES]
    profiles = resource_queries.resources_of_family(tx.connection, tx.tenant.id, family=DEPLOYMENT_PROFILES.name)
    names = {row.id: str(row.document["displayName"]) for row in profiles}
    return [
        Registered(
            row.document, ", ".join(names[key] for key in row.document.get(BOUND, {}).get("deploymentProfile", []))
        )
        for row in rows
    ]
