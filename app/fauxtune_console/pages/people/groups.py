"""Groups: the list and a new one; one with its members and what is assigned to it, and its deletion."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from fauxtune.core.administration.directory import GROUPS, add_member, create_group, remove_member
from fauxtune.core.administration.requests import delete_object
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import GroupId
from fauxtune.core.policies.apps import APP_RULES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries.insight import groups_and_profiles as queries
from fauxtune.storage.queries.insight.groups_and_profiles import AssignedRow, DirectoryEntryRow
from fauxtune.storage.rows.directory import GroupRow
from fauxtune_console.call import TenantCall
from fauxtune_console.paging import offset, paging
from fauxtune_console.tasks import Question, carry_out, confirm, one_by_one, send, snippets

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


#: Users, devices and groups that one search offers, and that one form can add.
_OFFERED = 50


async def group(call: TenantCall) -> Response:
    """Show a group."""
    start = offset(call, size=_SIZE)
    values, length, total = await call.read(_read, call, start=start)
    pages = paging(call, start=start, length=length, total=total, size=_SIZE)
    return call.page("group.html", **values, paging=pages, text=call.query("text"))


def _read(connection: Connection, call: TenantCall, *, start: int) -> tuple[dict[str, Any], int, int]:
    tenant_id, row = call.tenant.id, _group(connection, call)
    counts = queries.member_counts(connection, tenant_id, group_ids=[row.id]).get(row.id, {})
    rows, total = queries.members_by_name(
        connection, tenant_id, group_id=row.id, text=_text(call), offset=start, limit=_SIZE
    )
    above = directory_queries.groups_above(connection, tenant_id, member_id=row.id) - {row.id}
    values = {
        "group": row,
        "name": str(row.document["displayName"]),
        "rule": row.document.get("membershipRule"),
        "counts": members(counts),
        "members": rows,
        "assigned": [assigned_line(each) for each in queries.assigned_to(connection, tenant_id, group_ids=[row.id])],
        "above": queries.group_names(connection, tenant_id, ids=above),
    }
    return values, len(rows), total


async def choose(call: TenantCall) -> Response:
    """Offer what could become a member; with members chosen, show what adding them would do."""
    row, chosen = await call.read(_chosen, call)
    name = str(row.document["displayName"])
    if chosen:
        who = names([directory_entry.name or "a device" for directory_entry in chosen])
        return await confirm(
            call,
            [add_member(row.id, member=directory_entry.id) for directory_entry in chosen],
            title=f"Add to the group “{name}”",
            sentence=f"{who} would become {'a member' if len(chosen) == 1 else 'members'} of “{name}”.",
            button="Add",
            back=call.url("groups", row.id),
        )
    offered = await call.read(queries.others_by_name, call.tenant.id, group_id=row.id, text=_text(call), limit=_OFFERED)
    return call.page("group_add.html", group=row, name=name, offered=offered, text=call.query("text"), most=_OFFERED)


async def add(call: TenantCall) -> Response:
    """Add the members that the address names."""
    await call.form()
    row, chosen = await call.read(_chosen, call)
    if not chosen:
        raise Invalid("Nobody was chosen, so nothing was changed. Choose users, devices or groups to add.")
    await carry_out(call, one_by_one([add_member(row.id, member=directory_entry.id) for directory_entry in chosen]))
    who = names([directory_entry.name or "a device" for directory_entry in chosen])
    return call.back("groups", row.id, done=f"{who} joined the group “{row.document['displayName']}”.")


async def remove(call: TenantCall) -> Question:
    """Remove the member that the address names."""
    row, chosen = await call.read(_chosen, call)
    member = _only(chosen)
    who, name = member.name or "a device", row.document["displayName"]
    return Question(
        request=remove_member(row.id, member=member.id),
        title=f"Remove “{who}” from the group “{name}”",
        sentence=f"“{who}” would be no member of “{name}” any more. Nothing else of “{who}” is deleted.",
        button="Remove",
        back=call.url("groups", row.id),
        done=f"“{member.name}” is no member of the group “{name}” any more.",
        leads_to=("groups", row.id),
    )


async def delete(call: TenantCall) -> Question:
    """Delete a group."""
    row = await call.read(_group, call)
    name = row.document["displayName"]
    return Question(
        request=delete_object(GROUPS, row.id),
        title=f"Delete the group “{name}”",
        sentence="Its members stay. What is assigned only to this group is taken from them.",
        button="Delete the group",
        back=call.url("groups", row.id),
        done=f"The group “{name}” was deleted.",
        leads_to=("groups",),
    )


def _text(call: TenantCall) -> str:
    return call.query("text").strip()[:100]


def _group(connection: Connection, call: TenantCall) -> GroupRow:
    key = GroupId(call.request.path_params["group"].lower())
    row = directory_queries.group(connection, call.tenant.id, group_id=key)
    if row is None:
        raise NotFound("There is no such group. It may have been deleted meanwhile.")
    return row


def _chosen(connection: Connection, call: TenantCall) -> tuple[GroupRow, list[DirectoryEntryRow]]:
    """Return the group, and the users, devices and groups that the address names by `member`. Raises NotFound."""
    row = _group(connection, call)
    ids = list(dict.fromkeys(call.request.query_params.getlist("member")))[:_OFFERED]
    entries = [queries.entry(connection, call.tenant.id, object_id=each.lower()) for each in ids]
    chosen = [entry for entry in entries if entry is not None]
    if len(chosen) < len(ids):
        raise NotFound("One of those that were chosen does not exist any more. Choose again.")
    return row, chosen


def _only(chosen: list[DirectoryEntryRow]) -> DirectoryEntryRow:
    """Return the one that was chosen. Raises Invalid for none, and for several."""
    if len(chosen) != 1:
        raise Invalid("The address must name one member. Go back to the group, and choose one.")
    return chosen[0]
