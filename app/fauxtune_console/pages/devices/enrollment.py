"""Who may enrol: restrictions by priority, what they refused, what a user may enrol, and Autopilot devices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import Response

from fauxtune.core.engine.enrollment_restrictions import JUDGED, LIMIT, ONE_PLATFORM
from fauxtune.core.engine.planning.targeting import Assignment, TargetKind
from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.autopilot import DEPLOYMENT_PROFILES, IDENTITIES
from fauxtune.core.policies.enrollment import ENROLLMENT_CONFIGURATIONS
from fauxtune.core.policies.rules import BOUND
from fauxtune.operations.insight.enrollability import Outcome, last_refusals, outcomes
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ResourceRow
from fauxtune_console.call import TenantCall

_MOST_REFUSALS, _MOST_DEVICES, _LONGEST = 20, 200, 128
_KINDS = {LIMIT: "limit of devices", ONE_PLATFORM: "one platform"}
#: data. Property of a restriction of a platform -> words.
_RULES = {"platformBlocked": "blocked", "personalDeviceEnrollmentBlocked": "no personal devices"}
_SUFFIX = "Restriction"


@dataclass(frozen=True, slots=True)
class Line:
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

    restrictions: list[Line]
    refusals: list[JsonObject]
    devices: list[Registered]
    answers: list[Outcome]
    problem: str


async def enrollment(call: TenantCall) -> Response:
    """Show restrictions and refusals, Autopilot devices, and what a user may enrol, if one is named."""
    user, version = call.query("user").strip()[:_LONGEST], call.query("version").strip()[:_LONGEST]
    return call.page("enrollment.html", view=await call.run(_read, user, version=version), user=user, version=version)


def _read(tx: Transaction, user: str, *, version: str) -> View:
    problem, answers = "", list[Outcome]()
    if user:
        try:
            name = user if "@" in user else f"{user}@{tx.tenant.domain}"
            answers = outcomes(tx, name, facts={"osVersion": version})
        except NotFound as error:
            problem = error.message
    refusals = [row.document for row in last_refusals(tx, limit=_MOST_REFUSALS)]
    return View(_restrictions(tx), refusals, _devices(tx), answers, problem)


def _restrictions(tx: Transaction) -> list[Line]:
    stored = queries.resources_of_family(tx.connection, tx.tenant.id, family=ENROLLMENT_CONFIGURATIONS.name)
    known = {row.id for row in stored}
    built_in = [row for row in resources.built_in_rows(ENROLLMENT_CONFIGURATIONS, tx.tenant) if row.id not in known]
    rows = [row for row in (*stored, *built_in) if row.kind in JUDGED]
    ids = [ProfileId(row.id) for row in rows]
    assigned = configuration_queries.assignments_by_profile(tx.connection, tx.tenant.id, ids=ids)
    lines = []
    for row in rows:
        targets = configuration_queries.assignment_targets(assigned[ProfileId(row.id)])
        lines.append(_line(tx, row, targets=targets, is_stored=row.id in known))
    return sorted(lines, key=lambda line: (line.kind, line.priority == 0, line.priority, line.name))


def _line(tx: Transaction, row: ResourceRow, *, targets: list[Assignment], is_stored: bool) -> Line:
    priority = row.priority or 0
    return Line(
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
    rows = queries.resources_of_family(tx.connection, tx.tenant.id, family=IDENTITIES.name)[:_MOST_DEVICES]
    profiles = queries.resources_of_family(tx.connection, tx.tenant.id, family=DEPLOYMENT_PROFILES.name)
    names = {row.id: str(row.document["displayName"]) for row in profiles}
    return [
        Registered(
            row.document, ", ".join(names[key] for key in row.document.get(BOUND, {}).get("deploymentProfile", []))
        )
        for row in rows
    ]
