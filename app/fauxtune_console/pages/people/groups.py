"""Groups: the list, with members and what is assigned; a new one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Response

from fauxtune.core.administration.directory import create_group
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import GroupId
from fauxtune.core.policies.apps import APP_RULES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries.insight import groups_and_profiles as queries
from fauxtune.storage.queries.insight.groups_and_profiles import AssignedRow
from fauxtune_console.call import TenantCall
from fauxtune_console.paging import offset, paging
from fauxtune_console.tasks import send, snippets

_SIZE = 50
#: What the list names of one group; the group's page names all.
_MOST_NAMED = 4
_CAPITAL = re.compile(r"[A-Z]")
#: data. A collection whose name does not say in words what is in it.
_FAMILIES = {
    "mobileApps": "app",
    "configurationPolicies": "policy of the settings catalog",
    "deviceCompliancePolicies": "compliance policy",
    "deviceManagementScripts": "PowerShell script",
    "deviceShellScripts": "shell script",
    "deviceHealthScripts": "remediation",
    "intents": "security baseline",
}
#: The only built-in resources that are assigned to groups.
_BUILT_IN = {app.id: str(app.document["displayName"]) for app in APP_RULES.built_in}
#: data. A kind of member, in words: a noun that can be counted.
KINDS = {"user": "person", "device": "device", "group": "group"}


@dataclass(frozen=True, slots=True)
class Assigned:
    """What is assigned to a group. `kind`: what it is, in words; empty for a profile, which has a page of its own.
    `is_left_out`: it leaves the group out, instead of reaching it.
    """

    id: str
    name: str
    kind: str
    is_left_out: bool


@dataclass(frozen=True, slots=True)
class Group:
    """One row of the list. `more`: what is assigned and not named."""

    id: GroupId
    name: str
    description: str
    members: tuple[tuple[int, str], ...]
    assigned: tuple[Assigned, ...]
    more: int


async def groups(call: TenantCall) -> Response:
    """Show a page of groups."""
    start = offset(call, size=_SIZE)
    rows, total = await call.read(_groups, call, start=start)
    pages = paging(call, start=start, length=len(rows), total=total, size=_SIZE)
    return call.page("groups.html", groups=rows, paging=pages, text=call.query("text"))


def _groups(connection: Connection, call: TenantCall, *, start: int) -> tuple[list[Group], int]:
    tenant_id, text = call.tenant.id, call.query("text").strip()[:100]
    rows, total = queries.groups_by_name(connection, tenant_id, text=text, offset=start, limit=_SIZE)
    ids = [row.id for row in rows]
    counts = queries.member_counts(connection, tenant_id, group_ids=ids)
    assigned: dict[str, list[Assigned]] = {}
    for row in queries.assigned_to(connection, tenant_id, group_ids=ids):
        assigned.setdefault(row.group_id, []).append(assigned_line(row))
    listed = [
        Group(
            row.id,
            str(row.document["displayName"]),
            str(row.document.get("description") or ""),
            members(counts.get(row.id, {})),
            tuple(assigned.get(row.id, [])[:_MOST_NAMED]),
            max(0, len(assigned.get(row.id, [])) - _MOST_NAMED),
        )
        for row in rows
    ]
    return listed, total


def members(counts: dict[str, int]) -> tuple[tuple[int, str], ...]:
    """Return how many members of each kind there are, with the kind's noun."""
    return tuple((counts[kind], noun) for kind, noun in KINDS.items() if kind in counts)


def assigned_line(row: AssignedRow) -> Assigned:
    """Return what is assigned, in words: a profile, or a resource with its collection, and an app with its intent."""
    name = row.name or _BUILT_IN.get(row.profile_id, row.profile_id)
    if row.is_profile:
        kind = ""
    else:
        family = row.family or APP_RULES.name
        kind = _FAMILIES.get(family) or _CAPITAL.sub(lambda match: f" {match[0].lower()}", family)
        if family == APP_RULES.name and row.intent:
            kind = f"{kind}, {row.intent}"
    return Assigned(row.profile_id, name, kind, row.kind is TargetKind.EXCLUSION)


async def new(call: TenantCall) -> Response:
    """Show the form of a new group."""
    return _form(call, name="", description="")


async def create(call: TenantCall) -> Response:
    """Create a group, and show it; refused, show the form again with what was typed."""
    form = await call.form()
    name, description = str(form.get("name", "")).strip(), str(form.get("description", "")).strip()
    try:
        created = await send(call, create_group(name, description=description or None))
    except Invalid as error:
        return _form(call, name=name, description=description, error=error.message)
    return call.back("groups", str(created["id"]), done=f"The group “{name}” was created. It has no members yet.")


def _form(call: TenantCall, *, name: str, description: str, error: str = "") -> Response:
    request = create_group(name or "NAME", description=description or None)
    return call.page(
        "group_form.html",
        status=400 if error else 200,
        name=name,
        description=description,
        error=error,
        requests=snippets(call, [request]),
    )


def names(rows: Sequence[str]) -> str:
    """Return names as the beginning of a sentence: “Alice”, “Bob” and 3 others."""
    quoted = [f"“{name}”" for name in rows[:_MOST_NAMED]]
    others = len(rows) - len(quoted)
    if others:
        return f"{', '.join(quoted)} and {others} other{'s' if others > 1 else ''}"
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
