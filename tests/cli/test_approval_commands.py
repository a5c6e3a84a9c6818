"""`fauxtune approval`: policies, and requests that the application made over Graph: shown, decided, withdrawn."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from fauxtune.core.administration.approvals import POLICIES, asking
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.policies.tenant_administration import CODE
from tests.support.commands import Commands

CATEGORIES = "/deviceManagement/deviceCategories"


@pytest.fixture(autouse=True)
def _policy(run: Commands, graph: httpx.Client) -> Iterator[None]:
    """Bob and Alice approve new categories; afterwards nothing is guarded."""
    run.text("approval", "policy", "create", "Kiosks", "--type", "tenantConfiguration", "--group", "SMIME Pilot")
    yield
    for policy in graph.get(f"/beta{POLICIES}").json()["value"]:
        graph.delete(f"/beta{POLICIES}/{policy['id']}").raise_for_status()


def waiting(graph: httpx.Client) -> str:
    """Ask for a category; the id of the request."""
    request = asking(AdminRequest("POST", CATEGORIES, {"displayName": "Kiosk"}), justification="Ticket \x1b[2J 4711")
    answer = graph.post(f"/beta{CATEGORIES}", json=request.body, headers=dict(request.headers))
    assert answer.status_code == 403, answer.text
    return str(answer.headers[CODE])


def test_a_request_is_listed_shown_and_approved_as_somebody(run: Commands, graph: httpx.Client) -> None:
    code = waiting(graph)
    heading, line, *_ = lines = run.text("approval", "list").splitlines()
    assert heading.split() == ["request", "state", "what", "by", "justification"]
    assert line.startswith(f"{code[:8]}  needsApproval  tenantConfiguration")
    assert max(map(len, lines)) <= 80
    shown = run.text("approval", "show", code[:8])
    for words in (f"operation:     POST {CATEGORIES}", "may decide:    alice, bob", "justification: Ticket [2J 4711"):
        assert words in shown
    assert "Only direct members" in run.refused("approval", "approve", code[:8], "--as", "carol")
    assert "AADSTS50126" in run.refused("approval", "approve", code[:8], "--as", "bob", "--password", "wrong")
    done = run.run("approval", "approve", code[:8], "--as", "bob", "--justification", "Seen", "--show-request")
    assert f"with --approval {code[:8]}" in done.output
    assert "# The token must be an approver's" in done.errors
    request = run.json("approval", "show", code)
    assert (request["status"], request["approvalJustification"]) == ("approved", "Seen")
    assert request["approver"]["user"]["displayName"] == "Bob Brown"
    assert "decided by:    Bob Brown" in run.text("approval", "show", code)
    assert [row["id"] for row in run.json("approval", "list", "--state", "approved")] == [code]
    made = graph.post(f"/beta{CATEGORIES}", json={"displayName": "Kiosk"}, headers={CODE: code})
    assert made.status_code == 201, made.text
    assert "is completed" in run.refused("approval", "reject", code, "--as", "alice")


def test_a_request_is_rejected_withdrawn_or_its_approval_taken_back(run: Commands, graph: httpx.Client) -> None:
    rejected, withdrawn, taken_back = (waiting(graph) for _ in range(3))
    assert run.json("approval", "reject", rejected, "--as", "bob", "--justification", "No")["status"] == "rejected"
    assert run.text("approval", "cancel", withdrawn) == "Withdrawn.\n"
    run.text("approval", "approve", taken_back, "--as", "bob")
    assert "taken back" in run.text("approval", "cancel", taken_back, "--as", "alice")
    states = {row["id"]: row["status"] for row in run.json("approval", "list")}
    assert [states[each] for each in (withdrawn, taken_back)] == ["cancelled", "cancelled"]
    assert "There is no request for approval 'nothing'" in run.refused("approval", "cancel", "nothing")


def test_policies_are_listed_and_deleted(run: Commands, graph: httpx.Client) -> None:
    heading, line = run.text("approval", "policy", "list").splitlines()
    assert heading.split() == ["policy", "guards", "approvers", "id"]
    assert line.split()[:4] == ["Kiosks", "tenantConfiguration", "SMIME", "Pilot"]
    refused = run.refused("approval", "policy", "create", "x", "--type", "app", "--group", "Nobody")
    assert "There is no group 'Nobody'" in refused
    assert "Deleted Kiosks" in run.text("approval", "policy", "delete", "kiosks", "--yes")
    assert "Nothing waits for an approval" in run.text("approval", "policy", "list")
    assert graph.post(f"/beta{CATEGORIES}", json={"displayName": "Free"}).status_code == 201
