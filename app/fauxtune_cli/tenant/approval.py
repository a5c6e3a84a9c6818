"""`fauxtune approval`: operations that wait for a second administrator (Multi Admin Approval), and their policies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import click

from fauxtune.core.administration import approvals as tasks
from fauxtune.core.administration.approvals import Decision
from fauxtune.core.administration.requests import AdminRequest, delete_object
from fauxtune.core.policies.tenant_administration import PolicyType, Status
from fauxtune_cli import completion, names
from fauxtune_cli.administration import Administration, Session, confirm, yes_option
from fauxtune_cli.names import Named, listed
from fauxtune_cli.options import Group, OneOf, fail, one_line
from fauxtune_cli.service import from_option, with_service
from fauxtune_cli.tables import Table, moment, person
from fauxtune_client.endpoints import User

app = Group(
    help="""Let operations wait for a second administrator, and decide on them.

This is Multi Admin Approval. What a policy guards changes nothing until somebody
else has approved it: a member of a group of the policy, who signs in as a user.

\b
fauxtune approval policy create Wipes --type deviceWipe --group "SMIME Pilot"
fauxtune device wipe "alice's iPhone" --justification "Lost, ticket 4711"
fauxtune approval list
fauxtune approval approve 3f2a91 --as bob --justification Seen
fauxtune device wipe "alice's iPhone" --approval 3f2a91"""
)
policy = Group(
    help="""Say what waits for an approval, and who approves it.

A policy is in force at once, for everybody: users and applications.

\b
fauxtune approval policy create Wipes --type deviceWipe --group "SMIME Pilot"
fauxtune approval policy list
fauxtune approval policy delete Wipes"""
)

request_argument = click.argument("wanted", metavar="REQUEST", help="its id, or the beginning of it")
justification_option = click.option("--justification", help="the reason of the decision")
as_option = click.option(
    "--as",
    "as_",
    required=True,
    metavar="USER",
    shell_complete=completion.user,
    help="who decides: an approver's name or id",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding(Administration):
    """A tenant, and the password of the user who signs in to it."""

    password: str | None = from_option(
        click.option("--password", help="the password of that user (default: the one that people have)")
    )


@app.command("list")
@click.option("--state", type=OneOf(Status), help="only requests in this state")
@with_service(Administration)
def list_(*, service: Administration, state: Status | None) -> None:
    """List the requests for approval, the newest first.

    \b
    fauxtune approval list
    fauxtune approval list --state needsApproval --output json
    """
    with service.session() as session:
        wanted = f"&$filter=status%20eq%20%27{state}%27" if state else ""
        rows = session.elements(AdminRequest("GET", f"{tasks.REQUESTS}?$orderby=requestDateTime%20desc{wanted}"))
        table = Table(
            ("request", "state", "what", "by", "justification"),
            [
                (
                    session.short(row["id"]),
                    row["status"],
                    ", ".join(row["requiredOperationApprovalPolicyTypes"]),
                    _who(row["requestor"]),
                    row["requestJustification"],
                )
                for row in rows
            ],
            empty="Nobody has asked for an approval. What waits: fauxtune approval policy list",
        )
        session.show(rows, table)


@app.command()
@request_argument
@with_service(Administration)
def show(*, wanted: str, service: Administration) -> None:
    """Show a request: what it would do, who asked, and who may decide.

    \b
    fauxtune approval show 3f2a91
    """
    with service.session() as session:
        row = names.approval(session.client, wanted).document
        operation = session.send(tasks.read_operation(row["id"]))
        session.show({**row, **operation}, _described(row, operation, session=session))


@app.command()
@request_argument
@as_option
@justification_option
@with_service(Deciding)
def approve(*, wanted: str, as_: str, justification: str | None, service: Deciding) -> None:
    """Approve a request. Whoever asked can then do it once, with the request's id.

    You sign in as an approver, who is not the one who asked.

    \b
    fauxtune approval approve 3f2a91 --as bob --justification Seen
    """
    with service.session() as session:
        request = _decide(session, wanted, decision=Decision.APPROVE, by=(as_, service.password), why=justification)
        session.show(
            request, f"Approved. Whoever asked repeats the operation with --approval {session.short(request['id'])}."
        )


@app.command()
@request_argument
@as_option
@justification_option
@with_service(Deciding)
def reject(*, wanted: str, as_: str, justification: str | None, service: Deciding) -> None:
    """Reject a request: the operation is not done.

    \b
    fauxtune approval reject 3f2a91 --as bob --justification "Not this one"
    """
    with service.session() as session:
        request = _decide(session, wanted, decision=Decision.REJECT, by=(as_, service.password), why=justification)
        session.show(request, "Rejected.")


@app.command()
@request_argument
@click.option(
    "--as", "as_", metavar="USER", shell_complete=completion.user, help="a user; without it the tenant's application"
)
@with_service(Deciding)
def cancel(*, wanted: str, as_: str | None, service: Deciding) -> None:
    """Withdraw a request of one's own, or take an approval back.

    What the tenant's application asked for, as device commands do, needs no --as. An approver takes an approval back.

    \b
    fauxtune approval cancel 3f2a91
    fauxtune approval cancel 3f2a91 --as bob
    """
    with service.session() as session:
        row = names.approval(session.client, wanted).document
        user = None if as_ is None else names.user(session.client, as_)
        if user is not None and (row["requestor"]["user"] or {}).get("id") != user.id:
            taken_back = _decide(session, row["id"], decision=Decision.CANCEL, by=(user.id, service.password), why=None)
            session.show(taken_back, "The approval is taken back.")
            return
        by = session if user is None else _signed_in(session, user, password=service.password)
        by.send(tasks.withdraw(row["id"]))
        session.show(_now(session, row["id"]), "Withdrawn.")


@policy.command("list")
@with_service(Administration)
def list_policies(*, service: Administration) -> None:
    """List the policies: what waits, and which groups approve it.

    \b
    fauxtune approval policy list
    """
    with service.session() as session:
        rows = session.elements(AdminRequest("GET", tasks.POLICIES))
        groups = {group.id: group.name for group in names.groups(session.client)} if rows else {}
        table = Table(
            ("policy", "guards", "approvers", "id"),
            [
                (
                    row["displayName"],
                    row["policyType"],
                    ", ".join(groups.get(each, "a group that is gone") for each in row["approverGroupIds"]),
                    session.short(row["id"]),
                )
                for row in rows
            ],
            shrinks="approvers",
            empty="Nothing waits for an approval. Create a policy: fauxtune approval policy create --help",
        )
        session.show(rows, table)


@policy.command()
@click.argument("name", help="the name of the policy")
@click.option("--type", "type_", type=OneOf(PolicyType), required=True, metavar="TYPE", help="what waits: one of these")
@click.option(
    "--group",
    multiple=True,
    required=True,
    metavar="GROUP",
    shell_complete=completion.group,
    help="a group whose direct members approve; repeatable",
)
@with_service(Administration)
def create(*, name: str, type_: PolicyType, group: tuple[str, ...], service: Administration) -> None:
    """Let operations of a type wait for an approval from now on.

    \b
    app, script, role        creating, changing, deleting and assigning these
    tenantConfiguration      device categories
    deviceWipe, deviceRetire, deviceDelete
    \b
    fauxtune approval policy create Wipes --type deviceWipe --group "SMIME Pilot"
    """
    with service.session() as session:
        known = names.groups(session.client)
        groups = [names.choose(each, known, kind="group") for each in group]
        request = tasks.create_policy(name, policy_type=type_.value, approvers=[candidate.id for candidate in groups])
        answer = session.send(request)
        session.show(answer, f"Created {one_line(name)}: {type_} waits for a member of {listed(groups)}.")


@policy.command()
@click.argument("name", metavar="POLICY", help="the policy: its name or id")
@yes_option
@with_service(Administration)
def delete(*, name: str, service: Administration, yes: bool) -> None:
    """Delete a policy: what it guards does not wait any more.

    \b
    fauxtune approval policy delete Wipes --yes
    """
    with service.session() as session:
        chosen = names.approval_policy(session.client, name)
        confirm(f"Delete the approval policy {one_line(chosen.name)}?", yes=yes)
        session.send(delete_object(tasks.POLICIES, chosen.id))
        session.show({"deleted": [{"id": chosen.id, "displayName": chosen.name}]}, f"Deleted {one_line(chosen.name)}.")


def _decide(
    session: Session, wanted: str, *, decision: Decision, by: tuple[str, str | None], why: str | None
) -> dict[str, Any]:
    """Decide on a request as a user with a password, and return the request."""
    user, password = by
    chosen = names.approval(session.client, wanted)
    approver = _signed_in(session, names.user(session.client, user), password=password)
    approver.send(tasks.decide(chosen.id, decision, justification=why))
    return _now(session, chosen.id)


def _signed_in(session: Session, user: Named, *, password: str | None) -> Session:
    """Return a session in which Graph is called by a user; without a password by the one that people have here."""
    server = session.client.server
    known = password or session.client.control("GET", "")["userPassword"]
    if known is None:
        fail("At a seat of a classroom people have the password of its card: name it with --password.")
    signed_in = User(user.name, known, tenant=server.tenant_id or server.tenant)
    return replace(session, client=session.client.signed_in_as(signed_in))


def _now(session: Session, request_id: str) -> dict[str, Any]:
    document: dict[str, Any] = session.client.graph("GET", f"{tasks.REQUESTS}/{request_id}")
    return document


def _who(identities: dict[str, Any] | None) -> str:
    """Return the name of a user or an application of an identitySet."""
    for kind in ("user", "application"):
        one = (identities or {}).get(kind)
        if one:
            return str(one["displayName"] or one["id"])
    return "-"


def _described(row: dict[str, Any], operation: dict[str, Any], *, session: Session) -> str:
    """Return a request in lines."""
    about = operation["subjectName"]
    facts = (
        ("request", session.short(row["id"])),
        ("state", row["status"]),
        ("operation", operation["operation"]),
        ("about", about),
        ("guarded as", ", ".join(row["requiredOperationApprovalPolicyTypes"])),
        ("asked by", f"{_who(row['requestor'])}, {moment(row['requestDateTime'])}"),
        ("justification", row["requestJustification"]),
        ("expires", moment(row["expirationDateTime"])),
        ("decided by", _who(row["approver"]) if row["approver"] else None),
        ("their reason", row["approvalJustification"]),
        ("may decide", ", ".join(person(approver) for approver in operation["approvers"]) or "nobody"),
    )
    return "\n".join(f"{name + ':':<15}{one_line(value)}" for name, value in facts if value)


app.add_command(policy, "policy")
