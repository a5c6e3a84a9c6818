"""Editing, assigning and deleting a profile: what it would do to devices comes first.

Two windows may edit one profile: the form carries the version that it was made from, and the second one is shown what
is stored now beside what was typed. Whom a profile is assigned to are boxes to tick and clear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Response
from starlette.datastructures import FormData

from fauxtune.core.administration.assignments import assign, unassign
from fauxtune.core.administration.choices import ProfileFamily
from fauxtune.core.administration.profiles import PROFILES, change_profile
from fauxtune.core.administration.requests import AdminRequest, delete_object
from fauxtune.core.errors import Invalid
from fauxtune.core.model.words.device_words import PLATFORMS
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.fixed import FIXED
from fauxtune.core.profiles.kind_words import kind_words
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as queries
from fauxtune.storage.rows.configuration import AssignmentRow, ProfileRow
from fauxtune_console.call import TenantCall
from fauxtune_console.pages.profiles.new_profile import with_file
from fauxtune_console.pages.profiles.profiles import profile_of
from fauxtune_console.profiles.choices import (
    Boxes,
    Choices,
    NamedTarget,
    boxes,
    choices,
    present_boxes,
    read_targets,
    target_of,
    target_words,
)
from fauxtune_console.profiles.creation import missing_root, root_plans
from fauxtune_console.profiles.editing import changes, form_of, stored, with_own_root
from fauxtune_console.session import Typed
from fauxtune_console.tasks import Question, carry_out, confirm, one_by_one

_KEPT = "Certificates that devices have already stay as they are. New ones are issued by the changed profile."

_ISSUED = (ProfileFamily.PKCS, ProfileFamily.SCEP)


async def edit(call: TenantCall) -> Response:
    """Show the form with what is stored."""
    row, offered = await call.read(_read, call)
    return _form(call, row, offered=offered, form=stored(row))


async def change(call: TenantCall) -> Response:
    """Take the form: show it again, show what the change would do, or make it, by the button."""
    sent = await call.form()
    row, offered = await call.read(_read, call)
    form = await _typed(sent, row)
    step = str(sent.get("step", "confirm"))
    if step == "form":
        return _form(call, row, offered=offered, form=form)
    if form.text("version") != str(row.version):
        return _form(call, row, offered=offered, form=_compared(form, row), meanwhile=True)
    changed = changes(row, form, choices=offered)
    if not (changed or form.errors):
        form.wrong("", "Nothing differs from what is stored.")
    if form.errors:
        return _form(call, row, offered=offered, form=form)
    request = change_profile(row.id, kind=row.kind, changes=changed)
    try:
        if step != "change":
            return await _confirm(call, row, request=request, form=form)
        await carry_out(call, one_by_one([request]))
    except Invalid as error:
        form.wrong("", error.message)
        return _form(call, row, offered=offered, form=form)
    return call.back(
        "profiles", row.id, done=f"“{form.text('name')}” was changed. Devices follow at their next check-in."
    )


async def _confirm(call: TenantCall, row: ProfileRow, *, request: AdminRequest, form: Typed) -> Response:
    known = form_of(row)
    return await confirm(
        call,
        [request],
        template="profile_edit_confirm.html",
        title=f"Change “{row.document['displayName']}”",
        sentence=_KEPT if known is not None and known[0] in _ISSUED else "",
        button="Change the profile",
        back=call.url("profiles", row.id),
        pairs=list(form.pairs()),
    )


async def delete(call: TenantCall) -> Question:
    """Delete the profile."""
    row = await call.read(profile_of, call)
    name = row.document["displayName"]
    return Question(
        request=delete_object(PROFILES, row.id),
        title=f"Delete the profile “{name}”",
        sentence="Its assignments go with it, and devices remove what it gave them.",
        button="Delete the profile",
        back=call.url("profiles", row.id),
        done=f"The profile “{name}” was deleted. Devices remove what it gave them.",
        leads_to=("profiles",),
    )


async def _typed(sent: FormData, row: ProfileRow) -> Typed:
    """Return what was typed. Fields that the page shows but does not let change are as they are stored."""
    form = await with_file(Typed.of(sent), sent)
    before = stored(row)
    fixed = {name: before.values[name] for name in ("purpose", "application") if name in before.values}
    return Typed({**fixed, **form.values}, form.errors)


def _compared(form: Typed, row: ProfileRow) -> Typed:
    """Return what was typed, with what is stored now beside it, and the version of now."""
    now = stored(row)
    for name in now.values:
        if name != "version" and now.all(name) != form.all(name):
            form.wrong(name, f"Stored now: {', '.join(now.all(name)) or 'nothing'}")
    return form.with_value("version", str(row.version))


def _read(connection: Connection, call: TenantCall) -> tuple[ProfileRow, Choices]:
    row = profile_of(connection, call)
    return row, with_own_root(row, choices(connection, call.tenant))


def _form(call: TenantCall, row: ProfileRow, *, offered: Choices, form: Typed, meanwhile: bool = False) -> Response:
    known = form_of(row)
    values: dict[str, Any] = {
        "profile": row,
        "name": str(row.document["displayName"]),
        "kind": kind_words(row.kind, row.document),
        "form": form,
        "choices": offered,
        "family": None if known is None else known[0].value,
        "of_platforms": [] if known is None else [known[1]],
        "platforms": PLATFORMS,
        "fixed": _purpose_is_fixed(call, row),
        "meanwhile": meanwhile,
    }
    status = 409 if meanwhile else 400 if form.errors else 200
    return call.page("profile_edit.html", status=status, **values)


def _purpose_is_fixed(call: TenantCall, row: ProfileRow) -> bool:
    known, family = kind(row.kind), form_of(row)
    if known is None or family is None or family[0] is not ProfileFamily.IMPORTED:
        return False
    return "intendedPurpose" in FIXED.of(call.tenant.edition).when_created.get(known.family.name, frozenset())


@dataclass(frozen=True, slots=True)
class _Read:
    """The profile with its assignments, and what the form was read to. `request` is None if it changes nothing."""

    row: ProfileRow
    form: Typed
    boxes: Boxes
    added: Sequence[NamedTarget] = ()
    removed: Sequence[str] = ()
    request: AdminRequest | None = None


async def show_assignments(call: TenantCall) -> Response:
    """Show the form with the assignments of now."""
    return _boxes_form(call, await call.read(_stored_boxes, call))


async def change_assignments(call: TenantCall) -> Response:
    """Take the form: show it again, show what the change would do, or make it, by the button."""
    sent = await call.form()
    step = str(sent.get("step", "confirm"))
    read = await call.read(_typed_boxes, call, form=Typed.of(sent))
    if step == "form" or read.form.errors:
        return _boxes_form(call, read)
    if read.request is None:
        read.form.wrong("", "Nothing differs from what is assigned now.")
        return _boxes_form(call, read)
    try:
        if step != "change":
            return await _confirm_assignments(call, read, request=read.request)
        await carry_out(call, one_by_one([read.request]))
    except Invalid as error:
        read.form.wrong("", error.message)
        return _boxes_form(call, read)
    name = read.row.document["displayName"]
    done = f"{_sentence(read)} Devices follow at their next check-in."
    return call.back("profiles", read.row.id, done=f"“{name}”: {done}")


async def _confirm_assignments(call: TenantCall, read: _Read, *, request: AdminRequest) -> Response:
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


def _stored_boxes(connection: Connection, call: TenantCall) -> _Read:
    row = profile_of(connection, call)
    ticked = present_boxes(_assignments(connection, row))
    form = Typed({"target": ticked, "was": ticked})
    return _Read(row, form, boxes(connection, call.tenant.id, present=ticked))


def _typed_boxes(connection: Connection, call: TenantCall, *, form: Typed) -> _Read:
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


def _boxes_form(call: TenantCall, read: _Read) -> Response:
    return call.page(
        "profile_assign.html",
        status=400 if read.form.errors else 200,
        profile=read.row,
        name=str(read.row.document["displayName"]),
        form=read.form,
        boxes=read.boxes,
    )
