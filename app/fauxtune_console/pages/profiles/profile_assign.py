"""Whom a profile is assigned to: boxes to tick and clear, what the change would do to devices, then the change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Response

from fauxtune.core.administration.assignments import assign, unassign
from fauxtune.core.administration.choices import ProfileFamily
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.errors import Invalid
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as queries
from fauxtune.storage.rows.configuration import AssignmentRow, ProfileRow
from fauxtune_console.call import TenantCall
from fauxtune_console.pages.profiles.profiles import profile_of
from fauxtune_console.profiles.choices import choices
from fauxtune_console.profiles.creation import missing_root, root_plans
from fauxtune_console.profiles.editing import form_of
from fauxtune_console.profiles.targets import (
    Boxes,
    NamedTarget,
    boxes,
    present_boxes,
    read_targets,
    target_of,
    target_words,
)
from fauxtune_console.session import Typed
from fauxtune_console.tasks import carry_out, confirm, one_by_one


@dataclass(frozen=True, slots=True)
class _Read:
    """The profile with its assignments, and what the form was read to. `request` is None if it changes nothing."""

    row: ProfileRow
    form: Typed
    boxes: Boxes
    added: Sequence[NamedTarget] = ()
    removed: Sequence[str] = ()
    request: AdminRequest | None = None


async def show(call: TenantCall) -> Response:
    """Show the form with the assignments of now."""
    return _form(call, await call.read(_stored, call))


async def change(call: TenantCall) -> Response:
    """Take the form: show it again, show what the change would do, or make it, by the button."""
    sent = await call.form()
    step = str(sent.get("step", "confirm"))
    read = await call.read(_typed, call, form=Typed.of(sent))
    if step == "form" or read.form.errors:
        return _form(call, read)
    if read.request is None:
        read.form.wrong("", "Nothing differs from what is assigned now.")
        return _form(call, read)
    try:
        if step != "change":
            return await _confirm(call, read, request=read.request)
        await carry_out(call, one_by_one([read.request]))
    except Invalid as error:
        read.form.wrong("", error.message)
        return _form(call, read)
    name = read.row.document["displayName"]
    done = f"{_sentence(read)} Devices follow at their next check-in."
    return call.back("profiles", read.row.id, done=f"“{name}”: {done}")


async def _confirm(call: TenantCall, read: _Read, *, request: AdminRequest) -> Response:
    return await confirm(
        call,
        [request],
        template="profile_edit_confirm.html",
        title=f"Assign “{read.row.document['displayName']}”",
        sentence=_sentence(read),
        button="Change the assignments",
        back=call.url("profiles", read.row.id),
        warning=await call.read(_missing_root, call, read=read),
        pairs=list(read.form.pairs()),
    )


def _missing_root(connection: Connection, call: TenantCall, *, read: _Read) -> str:
    """Return what keeps a PKCS profile from being installed; "" for nothing, and for other kinds."""
    known = form_of(read.row)
    if known is None or known[0] is not ProfileFamily.PKCS:
        return ""
    offered = choices(connection, call.tenant)
    if read.row.document.get("certificationAuthorityName") != offered.tenant.ca_name:
        return ""
    plans = root_plans(connection, offered, platforms=[known[1]], targets=read.added)
    return missing_root(offered, plans)


def _sentence(read: _Read) -> str:
    added = [target for target in read.added if not target.leaves_out]
    left_out = [target for target in read.added if target.leaves_out]
    parts = [f"It is assigned to {target_words(added)} as well."] if added else []
    if left_out:
        groups = ", ".join(f"“{each.words}”" for each in left_out)
        parts.append(f"It leaves out {groups}.")
    if read.removed:
        parts.append(f"It is no longer assigned to: {', '.join(read.removed)}.")
    return " ".join(parts)


def _stored(connection: Connection, call: TenantCall) -> _Read:
    row = profile_of(connection, call)
    ticked = present_boxes(_assignments(connection, row))
    form = Typed({"target": ticked, "was": ticked})
    return _Read(row, form, boxes(connection, call.tenant.id, present=ticked))


def _typed(connection: Connection, call: TenantCall, *, form: Typed) -> _Read:
    """Read the form: what was ticked or cleared since it was shown is changed; everything else stays."""
    row = profile_of(connection, call)
    rows = _assignments(connection, row)
    now, was = present_boxes(rows), form.all("was")
    offered = boxes(connection, call.tenant.id, present=[*was, *form.all("target"), *now])
    chosen = read_targets(connection, call.tenant.id, form=form)
    if form.errors:
        return _Read(row, form, offered)
    ticked = {target.box for target in chosen}
    added = [target for target in chosen if target.box not in was and target.box not in now]
    removed = [box for box in was if box not in ticked and box in now]
    if not added and not removed:
        return _Read(row, form, offered)
    present = [assignment.document for assignment in rows]
    left = unassign(row.id, present=present, targets=[target_of(box) for box in removed]).body or {}
    request = assign(row.id, present=left["assignments"], targets=[target.target for target in added])
    words = dict([*offered.everybody, *offered.groups, *offered.left_out])
    gone = [f"not {words[box]}" if box.startswith("not:") else words[box] for box in removed]
    return _Read(row, form, offered, added, gone, request)


def _assignments(connection: Connection, row: ProfileRow) -> list[AssignmentRow]:
    return queries.assignments_of(connection, row.tenant_id, profile_id=row.id)


def _form(call: TenantCall, read: _Read) -> Response:
    return call.page(
        "profile_assign.html",
        status=400 if read.form.errors else 200,
        profile=read.row,
        name=str(read.row.document["displayName"]),
        form=read.form,
        boxes=read.boxes,
    )
