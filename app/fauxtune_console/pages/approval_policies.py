"""Policies of Multi Admin Approval: a new one, and its deletion."""

from __future__ import annotations

from fastapi import Response

from fauxtune.core.administration.approvals import POLICIES as GRAPH_POLICIES
from fauxtune.core.administration.approvals import create_policy
from fauxtune.core.administration.requests import delete_object
from fauxtune.core.errors import Invalid
from fauxtune.core.policies.tenant_administration import GUARDED, POLICIES, PolicyType
from fauxtune.operations.profiles import resources
from fauxtune.storage.rows.resources import ResourceRow
from fauxtune_console.call import TenantCall
from fauxtune_console.forms import task_page
from fauxtune_console.profiles.targets import boxes, group_of, read_targets
from fauxtune_console.questions import Question
from fauxtune_console.tasks import send
from fauxtune_console.typed import Typed


async def new(call: TenantCall) -> Response:
    """Show the form of a new policy."""
    return await _form(call, Typed({"type": [PolicyType.DEVICE_WIPE]}), groups=[])


async def create(call: TenantCall) -> Response:
    """Create the policy; refused, show the form again."""
    form = Typed.of(await call.form())
    targets = await call.read(read_targets, call.tenant.id, form=form)
    groups = [group for target in targets if (group := group_of(target.box))]
    if not form.text("name"):
        form.wrong("name", "Give the policy a name.")
    if form.text("type") not in GUARDED:
        form.wrong("type", "Choose what waits.")
    if not groups:
        form.wrong("target", "Choose a group: its members approve.")
    if form.errors:
        return await _form(call, form, groups=groups)
    try:
        await send(call, create_policy(form.text("name"), policy_type=form.text("type"), approvers=groups))
    except Invalid as error:
        form.wrong("", error.message)
        return await _form(call, form, groups=groups)
    what = GUARDED[form.text("type")]
    return call.back("approvals", done=f"The policy “{form.text('name')}” is in force: {what} waits for an approval.")


async def delete(call: TenantCall) -> Question:
    """Delete a policy."""
    row = await _policy(call)
    what = GUARDED.get(str(row.document["policyType"]), "nothing")
    return Question(
        request=delete_object(GRAPH_POLICIES, row.id),
        title=f"Delete the policy “{row.document['displayName']}”",
        sentence=f"Unless another policy guards it, no approval is needed any more for this: {what}.",
        button="Delete the policy",
        back=call.url("approvals"),
        done=f"The policy “{row.document['displayName']}” is deleted.",
        leads_to=("approvals",),
    )


async def _policy(call: TenantCall) -> ResourceRow:
    return await call.run(resources.get, POLICIES, key=str(call.request.path_params["policy"]))


async def _form(call: TenantCall, form: Typed, *, groups: list[str]) -> Response:
    offered = await call.read(boxes, call.tenant.id, present=form.all("target"))
    return task_page(
        call,
        [create_policy(form.text("name") or "NAME", policy_type=form.text("type"), approvers=groups or ["GROUP"])],
        template="approval_policy_new.html",
        error=form.errors.get("") or ("Nothing was added. Please mend what is marked below." if form.errors else ""),
        title="New approval policy",
        points=(
            "It is in force at once, for everybody: whoever asks, another administrator has to approve it.",
            "Direct members of these groups approve, and nobody what they asked for themselves.",
        ),
        button="Create the policy",
        back=call.url("approvals"),
        form=form,
        boxes=offered,
        types=tuple((name, words[0].upper() + words[1:]) for name, words in GUARDED.items()),
    )
