"""Multi Admin Approval: a request is made where a policy guards an operation, another administrator decides on it, and
who asked repeats the operation with the request's code. Intune: "Use access policies to require Multi Admin Approval".

Differs from Intune: policies are changed without an approval, exclude no application, and guard no compliance and no
configuration policies ("Multi Admin Approval", 2026-05-26); approvers need no role assignment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid, NotAllowed, NotFound, UnderWay
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import EnrollmentId, GroupId, UserId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies import tenant_administration as rules
from fauxtune.core.policies.tenant_administration import Status
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.runtime.transaction import APPROVALS, Transaction, switch_on
from fauxtune.storage.queries import applications as application_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.queries.insight import groups_and_profiles as overview_queries
from fauxtune.storage.queries.insight.groups_and_profiles import DirectoryEntryRow
from fauxtune.storage.rows.resources import ResourceRow

_KIND = "operationApprovalRequest"


@dataclass(frozen=True, slots=True)
class Administrator:
    """An application, or a user of one."""

    client_id: str
    user_id: UserId | None


@dataclass(frozen=True, slots=True)
class Operation:
    """What somebody wants to do. `policy_type`: the policies that guard it; `digest`: by it the operation is known
    again; `subject`: the id of what it changes, empty for what is new; `request`: method and path, for people.
    """

    policy_type: str
    digest: str
    subject: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class Examined:
    """A request for approval. `approvers`: the first users who may decide on it, by name; `subject_name`: of what it
    changes, if that has one; `enrollment_id`: of the device that it changes.
    """

    row: ResourceRow
    approvers: Sequence[DirectoryEntryRow]
    subject_name: str | None
    enrollment_id: EnrollmentId | None

    @property
    def policy_type(self) -> str:
        """The type of the policies that guard the operation."""
        return _type_of(self.row)


# Who asks


def request(tx: Transaction, operation: Operation, *, by: Administrator, header: str | None) -> str | None:
    """Request an approval and return its code; None where no policy guards the operation. `header`: the justification
    as it was sent. Raises Invalid without it, UnderWay while another request about the same thing is open.
    """
    if not _policies(tx, operation.policy_type):
        return None
    justification = rules.justification(header)
    settle(tx)
    if operation.subject and _about(tx, operation.subject) is not None:
        raise UnderWay("An active Approval Request already exists")
    document = {
        **defaults(entity(_KIND)),
        "expirationDateTime": iso(tx.now + rules.EXPIRES_AFTER),
        "requestor": _identity(tx, by),
        "status": Status.NEEDS_APPROVAL,
        "requestJustification": justification,
        "requiredOperationApprovalPolicyTypes": [operation.policy_type],
        rules.OPERATION: operation.digest,
        rules.SUBJECT: operation.subject,
        rules.REQUEST: operation.request,
    }
    return resources.add_event(tx, rules.REQUESTS, kind=_KIND, document=document, most=rules.MOST).id


def use(tx: Transaction, code: str, *, operation: Operation, by: Administrator) -> None:
    """Use the approval of an operation, which can be done once. Raises Invalid for a code that allows nothing.
    Unverified: the words.
    """
    settle(tx)
    row = queries.resource(tx.connection, tx.tenant.id, family=rules.REQUESTS.name, resource_id=code)
    if row is None or not _asked_by(row, by):
        raise Invalid(f"No approval was requested with the code '{code}'.")
    if row.document[rules.OPERATION] != operation.digest:
        raise Invalid(f"The approval '{code}' is for another request: method, address and body must be the same.")
    if row.document["status"] != Status.APPROVED:
        raise Invalid(f"The approval request '{code}' is not approved, but {row.document['status']}.")
    _change(tx, row, status=Status.COMPLETED)


def cancel(tx: Transaction, key: str, *, by: Administrator) -> None:
    """Withdraw a request of one's own. Raises NotFound for another's."""
    row = _mine(tx, key, by=by)
    _check(row, *rules.UNDER_WAY)
    _change(tx, row, status=Status.CANCELLED)


def requests_of(tx: Transaction, *, by: Administrator) -> list[JsonObject]:
    """Return what somebody has requested, oldest first."""
    return [row.document for row in _requests(tx) if _asked_by(row, by)]


def request_of(tx: Transaction, key: str, *, by: Administrator) -> JsonObject:
    """Return a request of one's own. Raises NotFound for another's."""
    return _mine(tx, key, by=by).document


def status_about(tx: Transaction, subject: str) -> JsonObject | None:
    """Return the newest request about this thing."""
    rows = [row for row in _requests(tx) if row.document[rules.SUBJECT] == subject.lower()]
    return rows[-1].document if rows else None


# Who decides


def decide(tx: Transaction, key: str, *, by: Administrator, status: Status, justification: str | None) -> None:
    """Approve or reject a request, or cancel its approval. Raises NotAllowed for who may not decide on it, Invalid for
    a request that is decided. Unverified: that an approval is cancelled by an approver, and ends the request.
    """
    settle(tx)
    row = resources.get(tx, rules.REQUESTS, key=key)
    refusal = _why_not(tx, row, by=by)
    if refusal:
        raise NotAllowed(refusal)
    _check(row, Status.APPROVED if status is Status.CANCELLED else Status.NEEDS_APPROVAL)
    _change(tx, row, status=status, approver=_identity(tx, by), approvalJustification=justification)


def examine(tx: Transaction, key: str, *, most: int) -> Examined:
    """Return a request with what it is about, and at most so many of its approvers. Raises NotFound."""
    row = resources.get(tx, rules.REQUESTS, key=key)
    subject = str(row.document[rules.SUBJECT])
    device = device_queries.enrollment_named(tx.connection, tx.tenant.id, key=subject) if subject else None
    if device is None:
        changed = queries.resources_by_id(tx.connection, tx.tenant.id, ids=[subject]).get(subject)
        name = None if changed is None else changed.document.get("displayName")
    else:
        name = device.device_name
    return Examined(row, _approvers(tx, row, most=most), name, None if device is None else device.id)


def standing(tx: Transaction, policy_type: str, *, subject: str) -> tuple[bool, ResourceRow | None]:
    """Return whether a policy guards operations of this type, and the request about this thing that is open."""
    return bool(_policies(tx, policy_type)), _about(tx, subject)


def guarded(tx: Transaction, *, approver: Administrator | None = None) -> list[JsonObject]:
    """Return which operations need an approval: those that anybody, or this approver, can approve."""
    rows = queries.resources_of_family(tx.connection, tx.tenant.id, family=rules.POLICIES.name)
    if approver is not None:
        rows = [row for row in rows if _is_approver(tx, row, user_id=approver.user_id)]
    sets = [{name: row.document[name] for name in ("policyType", "policyPlatform")} for row in rows]
    return [each for place, each in enumerate(sets) if each not in sets[:place]]


# Time


def settle(tx: Transaction) -> datetime | None:
    """Let requests expire, and leave the list, that are due; return when the next one does. Safe to repeat."""
    following: list[datetime] = []
    old: list[str] = []
    for row in _requests(tx):
        due = rules.changes_by_time(row.document)
        if due > tx.now:
            following.append(due)
        elif row.document["status"] in rules.UNDER_WAY:
            # It stays in the list from the moment when it expired, whenever that is noticed.
            queries.change_resource(
                tx.connection,
                row,
                modified_at=due,
                document={**row.document, "status": Status.EXPIRED, "lastModifiedDateTime": iso(due)},
            )
            following.append(due + rules.STAYS_FOR)
        else:
            old.append(row.id)
    queries.remove_resources(tx.connection, tx.tenant.id, family=rules.REQUESTS.name, ids=old)
    return min(following, default=None)


def _created(tx: Transaction, _row: ResourceRow) -> None:
    switch_on(tx, APPROVALS)


#: The first policy of a tenant lets its operations be looked at.
POLICY_HOOKS = Hooks(created=_created)


def _policies(tx: Transaction, policy_type: str) -> list[ResourceRow]:
    rows = queries.resources_of_family(tx.connection, tx.tenant.id, family=rules.POLICIES.name)
    return [row for row in rows if row.document["policyType"] == policy_type]


def _requests(tx: Transaction) -> list[ResourceRow]:
    return queries.resources_of_family(tx.connection, tx.tenant.id, family=rules.REQUESTS.name)


def _about(tx: Transaction, subject: str) -> ResourceRow | None:
    """Return the request about this thing that is open, if one is."""
    rows = [row for row in _requests(tx) if row.document[rules.SUBJECT] == subject]
    return next((row for row in rows if row.document["status"] in rules.UNDER_WAY), None)


def _mine(tx: Transaction, key: str, *, by: Administrator) -> ResourceRow:
    row = resources.get(tx, rules.REQUESTS, key=key)
    if not _asked_by(row, by):
        raise NotFound(f"There is no request '{key}' of yours.")
    return row


def _asked_by(row: ResourceRow, who: Administrator) -> bool:
    """Whether it is this user's request, from whichever application, or this application's own."""
    requestor = row.document["requestor"]
    if who.user_id is None:
        return requestor["user"] is None and bool(requestor["application"]["id"] == who.client_id)
    return requestor["user"] is not None and bool(requestor["user"]["id"] == who.user_id)


def _check(row: ResourceRow, *statuses: Status) -> None:
    if row.document["status"] not in statuses:
        raise Invalid(f"The request '{row.id}' is {row.document['status']}.")


def _change(tx: Transaction, row: ResourceRow, **changes: object) -> None:
    document = {**row.document, **changes, "lastModifiedDateTime": iso(tx.now)}
    queries.change_resource(tx.connection, row, modified_at=tx.now, document=document)


def _why_not(tx: Transaction, row: ResourceRow, *, by: Administrator) -> str | None:
    """Return why somebody may not decide on a request; None for who may."""
    if by.user_id is None:
        return "Applications cannot approve or reject: an administrator has to sign in."
    if _asked_by(row, by):
        return "Nobody can approve or reject a request of their own."
    if not any(_is_approver(tx, policy, user_id=by.user_id) for policy in _policies(tx, _type_of(row))):
        return "Only direct members of a group of approvers can approve or reject this request."
    return None


def _approvers(tx: Transaction, row: ResourceRow, *, most: int) -> list[DirectoryEntryRow]:
    """Return the first users whom `_why_not` does not refuse, with one statement for each group of approvers."""
    groups = {group: None for policy in _policies(tx, _type_of(row)) for group in _groups(policy)}
    members = {
        member.id: member
        for group in groups
        for member in overview_queries.members_by_name(tx.connection, tx.tenant.id, group_id=group, limit=most + 1)[0]
        if member.kind == "user" and not _asked_by(row, Administrator("", UserId(member.id)))
    }
    return sorted(members.values(), key=lambda member: member.name or "")[:most]


def _type_of(row: ResourceRow) -> str:
    (policy_type,) = row.document["requiredOperationApprovalPolicyTypes"]
    return str(policy_type)


def _groups(policy: ResourceRow) -> list[GroupId]:
    return [GroupId(str(group).lower()) for group in policy.document["approverGroupIds"]]


def _is_approver(tx: Transaction, policy: ResourceRow, *, user_id: UserId | None) -> bool:
    return user_id is not None and any(
        directory_queries.is_member(tx.connection, tx.tenant.id, group_id=group, member_id=user_id)
        for group in _groups(policy)
    )


def _identity(tx: Transaction, who: Administrator) -> JsonObject:
    """Return an identitySet. Graph: identity: an id and a name."""
    application = application_queries.application(tx.connection, tx.tenant.id, client_id=who.client_id)
    user = None
    if who.user_id is not None:
        row = directory_queries.user(tx.connection, tx.tenant.id, user_id=who.user_id)
        user = {"id": who.user_id, "displayName": None if row is None else row.document["displayName"]}
    name = None if application is None else application.name
    return {"application": {"id": who.client_id, "displayName": name}, "device": None, "user": user}
