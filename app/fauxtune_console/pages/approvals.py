"""Multi Admin Approval: its requests, one of them with its decision, and its policies.

Who decides is a person, whom the form names: the console has no user of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Response

from fauxtune.core.administration import approvals as tasks
from fauxtune.core.administration.approvals import POLICIES as GRAPH_POLICIES
from fauxtune.core.administration.approvals import Decision, create_policy
from fauxtune.core.administration.requests import delete_object
from fauxtune.core.clock import from_iso
from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import EnrollmentId, UserId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies import tenant_administration as rules
from fauxtune.core.policies.tenant_administration import (
    GUARDED,
    LONGEST_JUSTIFICATION,
    OF_ACTION,
    POLICIES,
    PolicyType,
    Status,
)
from fauxtune.operations.profiles import approval_requests as operations
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.approval_requests import Examined
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.queries.insight import groups_and_profiles
from fauxtune.storage.rows.resources import ResourceRow
from fauxtune_console.call import TenantCall
from fauxtune_console.pages.journal import short_path
from fauxtune_console.paging import offset, paging
from fauxtune_console.profiles.choices import boxes, group_of, read_targets
from fauxtune_console.session import Typed
from fauxtune_console.tasks import CLIENT, Question, send, snippets, task_page

_SIZE = 50
#: Names that a field suggests.
_MOST_NAMES = 20
#: data. The state of a request -> how it looks, and its words. What became of a used approval is nowhere known.
_STATES: Mapping[str, tuple[str, str]] = {
    Status.NEEDS_APPROVAL: ("wait", "waits for a decision"),
    Status.APPROVED: ("good", "approved, and not used yet"),
    Status.REJECTED: ("bad", "rejected"),
    Status.CANCELLED: ("off", "cancelled"),
    Status.COMPLETED: ("off", "approved and used"),
    Status.EXPIRED: ("off", "expired"),
}
#: data. A button -> the decision, and what is said of it afterwards.
_DECISIONS = {
    "approve": (Decision.APPROVE, "The request is approved: whoever asked can do it now, once."),
    "reject": (Decision.REJECT, "The request is rejected."),
    "take-back": (Decision.CANCEL, "The approval is taken back."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A request in words. `state`: how it looks, and what it says; `by`: who asked; `operation`: method and path."""

    id: str
    state: tuple[str, str]
    what: str
    by: str
    asked_at: datetime
    expires_at: datetime
    why: str
    operation: str

    @property
    def is_open(self) -> bool:
        """Whether somebody has still to do something."""
        return self.state in (_STATES[Status.NEEDS_APPROVAL], _STATES[Status.APPROVED])


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """A policy. `groups`: the approvers' names by id; of a group that is gone, an empty one."""

    id: str
    name: str
    what: str
    groups: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Contents:
    lines: Sequence[Line]
    total: int
    policies: Sequence[PolicyLine]


async def approvals(call: TenantCall) -> Response:
    """Show a page of the requests, the newest first, and all policies."""
    start = offset(call, size=_SIZE)
    contents = await call.run(_read, start=start)
    return call.page(
        "approvals.html",
        lines=contents.lines,
        policies=contents.policies,
        paging=paging(call, start=start, length=len(contents.lines), total=contents.total, size=_SIZE),
    )


async def approval(call: TenantCall) -> Response:
    """Show one request, with the form of the decision."""
    return await _page(call, await _examined(call))


async def decide(call: TenantCall) -> Response:
    """Decide on the request as the person whom the form names, or withdraw it as whoever asked, as the button says."""
    sent = await call.form()
    form, step = Typed.of(sent), str(sent.get("step", ""))
    examined = await _examined(call)
    try:
        done = await _do(call, examined.row, form=form, step=step)
    except Invalid as error:
        form.wrong("", error.message)
        return await _page(call, await _examined(call), form=form)
    return call.back("approvals", examined.row.id, done=done)


async def _do(call: TenantCall, row: ResourceRow, *, form: Typed, step: str) -> str:
    """Send what a button stands for, and return what was done. Raises Invalid."""
    if step == "withdraw":
        requestor = row.document["requestor"]
        user = None if requestor["user"] is None else UserId(requestor["user"]["id"])
        await send(call, tasks.withdraw(row.id), client=requestor["application"]["id"], user=user)
        return "The request is withdrawn."
    if step not in _DECISIONS:
        raise Invalid("A request is approved, rejected or withdrawn, or its approval is taken back.")
    decision, done = _DECISIONS[step]
    person = await call.read(directory_queries.user_by_key, call.tenant.id, key=form.text("user"))
    if person is None:
        form.wrong("user", f"There is no person “{form.text('user')}”.")
        raise Invalid("Nothing was decided. Please mend what is marked below.")
    request = tasks.decide(row.id, decision, justification=form.text("justification") or None)
    await send(call, request, user=person.id)
    return done


async def _examined(call: TenantCall) -> Examined:
    return await call.run(operations.examine, str(call.request.path_params["approval"]), most=_MOST_NAMES)


async def _page(call: TenantCall, examined: Examined, *, form: Typed | None = None) -> Response:
    row, document = examined.row, examined.row.document
    names = [approver.detail or approver.id for approver in examined.approvers]
    form = form or Typed({"user": names[:1]})
    status, why = document["status"], form.text("justification") or None
    requests = [tasks.decide(row.id, decision, justification=why) for decision in _offered(status)]
    return call.page(
        "approval.html",
        status=400 if form.errors else 200,
        line=line_of(row),
        subject=examined.subject_name,
        device=examined.enrollment_id,
        decided=_who(document["approver"]) if document["approver"] else "",
        reason=document["approvalJustification"],
        needs=status == Status.NEEDS_APPROVAL,
        approved=status == Status.APPROVED,
        next=_next(call, row, device=examined.enrollment_id) if status == Status.APPROVED else "",
        code_header=rules.CODE,
        approvers=names,
        form=form,
        longest=LONGEST_JUSTIFICATION,
        requests=snippets(call, requests),
    )


def _offered(status: str) -> tuple[Decision, ...]:
    """Return the decisions that can be taken now."""
    return {
        Status.NEEDS_APPROVAL: (Decision.APPROVE, Decision.REJECT),
        Status.APPROVED: (Decision.CANCEL,),
    }.get(Status(status), ())


def _next(call: TenantCall, row: ResourceRow, *, device: EnrollmentId | None) -> str:
    """Return the page on which the console does what it asked for; empty for what others asked for."""
    requestor, (policy_type,) = row.document["requestor"], row.document["requiredOperationApprovalPolicyTypes"]
    action = next((action for action, guard in OF_ACTION.items() if guard == policy_type), None)
    if device is None or action is None or requestor["user"] or requestor["application"]["id"] != CLIENT:
        return ""
    return call.url("devices", device, str(action), approval=row.id)


def _read(tx: Transaction, *, start: int) -> _Contents:
    every = resource_queries.resources_of_family(tx.connection, tx.tenant.id, family=rules.REQUESTS.name)[::-1]
    policies = resource_queries.resources_of_family(tx.connection, tx.tenant.id, family=rules.POLICIES.name)
    ids = {str(group).lower() for row in policies for group in row.document["approverGroupIds"]}
    names = groups_and_profiles.group_names(tx.connection, tx.tenant.id, ids=ids)
    return _Contents(
        [line_of(row) for row in every[start : start + _SIZE]],
        len(every),
        [_policy(row, names=names) for row in policies],
    )


def _policy(row: ResourceRow, *, names: Mapping[str, str]) -> PolicyLine:
    groups = [str(group).lower() for group in row.document["approverGroupIds"]]
    guard = str(row.document["policyType"])
    return PolicyLine(
        row.id,
        str(row.document["displayName"]),
        GUARDED.get(guard, f"nothing that is emulated ({guard})"),
        {group: names.get(group, "") for group in groups},
    )


def line_of(row: ResourceRow) -> Line:
    """Return a request in words."""
    document: JsonObject = row.document
    (policy_type,) = document["requiredOperationApprovalPolicyTypes"]
    return Line(
        row.id,
        _STATES[document["status"]],
        GUARDED[policy_type],
        _who(document["requestor"]),
        row.created_at,
        from_iso(document["expirationDateTime"]),
        document["requestJustification"],
        short_path(document.get(rules.REQUEST, "")),
    )


def _who(identities: JsonObject) -> str:
    """Return the name of the user, or else of the application, of an identitySet."""
    user: Any = identities["user"]
    if user is not None:
        return str(user["displayName"] or "a person")
    application: Any = identities["application"]
    return "the console" if application["id"] == CLIENT else str(application["displayName"] or "an application")


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
    row = await _policy_to_delete(call)
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


async def _policy_to_delete(call: TenantCall) -> ResourceRow:
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
