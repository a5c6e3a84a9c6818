"""`fauxtune fault`: rules are added, listed, switched and deleted as the control surface has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.commands import Commands

FAULTS = "/_fauxtune/v1/tenants/contoso/faults"


@pytest.fixture(autouse=True)
def _clean(graph: httpx.Client) -> Iterator[None]:
    """No faults are left behind."""
    yield
    graph.delete(FAULTS).raise_for_status()


def test_a_fault_is_added_with_what_its_options_say(run: Commands) -> None:
    added = run.json(
        "fault", "add", "--status", "429", "--retry-after", "7", "--punish-early", "--surface", "graph", "--method",
        "get", "--path", "/deviceManagement/managedDevices", "--nth", "2", "--from", "2027-01-31", "--name", "Twice",
    )  # fmt: skip
    assert added["effect"] == {"status": 429, "retryAfter": 7, "punishEarly": True}
    assert added["match"] == {"surface": "graph", "method": "GET", "path": "/deviceManagement/managedDevices"}
    assert added["when"] == {"nth": 2, "window": {"from": "2027-01-31T00:00:00.0000000Z"}}
    assert added["name"] == "Twice"


@pytest.mark.parametrize(
    ("options", "effect"),
    [
        (("--latency", "1.5"), {"latency": 1.5}),
        (("--latency", '{"uniform": [0, 2]}'), {"latency": {"uniform": [0.0, 2.0]}}),
        (("--kind", "staleReads", "--with", "reads=2"), {"kind": "staleReads", "reads": 2}),
        (("--kind", "tokenError", "--with", "error=secretExpired"), {"kind": "tokenError", "error": "secretExpired"}),
        (("--status", "504", "--carried-out"), {"status": 504, "carriedOut": True}),
        (("--kind", "replicas", "--with", "lags=[0, 3, 5]"), {"kind": "replicas", "lags": [0, 3, 5]}),
        (("--kind", "anotherOrder", "--with", "order=-3"), {"kind": "anotherOrder", "order": -3}),
        (("--kind", "clockJump", "--with", "by=P1DT2H"), {"kind": "clockJump", "by": "P1DT2H"}),
        (
            ("--status", "429", "--retry-after", "7", "--with", "retryAfterAs=date"),
            {"status": 429, "retryAfter": 7, "retryAfterAs": "date"},
        ),
    ],
)
def test_effects_of_every_form_can_be_written(run: Commands, options: tuple[str, ...], effect: dict[str, Any]) -> None:
    assert run.json("fault", "add", *options)["effect"] == effect


def test_faults_are_listed_in_words_switched_off_and_deleted(run: Commands, graph: httpx.Client) -> None:
    added = run.json("fault", "add", "--status", "503", "--path", "/users", "--every", "2")
    assert [graph.get("/v1.0/users").status_code for _ in range(2)] == [200, 503]
    listed = run.text("fault", "list")
    assert added["id"][:8] in listed
    assert "1 of 2" in listed
    assert "503" in listed
    assert run.json("fault", "list")[0]["hits"] == 1
    assert "is off" in run.text("fault", "switch", added["id"][:8], "--off")
    assert "(off)" in run.text("fault", "list")
    assert "was deleted" in run.text("fault", "delete", added["id"][:8])
    assert "Nothing goes wrong on purpose" in run.text("fault", "list")


def test_a_fault_that_has_looked_at_nothing_is_listed_with_the_nearest_request(
    run: Commands, graph: httpx.Client
) -> None:
    added = run.json("fault", "add", "--status", "503", "--path", "/users", "--method", "GET")
    graph.get("/v1.0/groups").raise_for_status()
    assert run.json("fault", "list")[0]["nearest"] is None
    graph.get("/v1.0/users/alice@contoso.example/memberOf").raise_for_status()
    graph.get("/v1.0/users/alice@contoso.example").raise_for_status()
    nearest = {"request": "GET /users/alice@contoso.example", "differs": ["path"]}
    assert run.json("fault", "list")[0]["nearest"] == nearest
    assert "/users/alice@contoso.example (another path)" in " ".join(run.text("fault", "list").split())
    assert graph.get("/v1.0/users").status_code == 503
    (row,) = run.json("fault", "list")
    assert (row["id"], row["hits"], row["nearest"]) == (added["id"], 1, None)
    assert "write {id} for one part: /users/{id}/manager" in run.refused(
        "fault", "add", "--status", "429", "--path", "/users/*/manager"
    )


def test_ready_made_sets_are_added_and_cleared(run: Commands) -> None:
    chaos = run.json("fault", "add", "--chaos", "7")
    assert len(chaos) > 10
    assert "faults were added" in run.text("fault", "add", "--realistic")
    assert "any more" in run.text("fault", "clear")
    assert run.json("fault", "list") == []


def test_what_cannot_be_used_is_said_and_a_fault_that_never_strikes_too(run: Commands) -> None:
    assert "Effects are" in run.refused("fault", "add", "--kind", "explode")
    assert "NAME=VALUE" in run.refused("fault", "add", "--kind", "staleReads", "--with", "reads")
    assert "There is no fault" in run.refused("fault", "delete", "nothing")
    assert "But nothing is served at /user" in run.text("fault", "add", "--status", "500", "--path", "/user")


def test_the_request_is_shown(run: Commands) -> None:
    done = run.run("fault", "add", "--status", "500", "--show-request")
    assert done.code == 0
    assert "curl" in done.errors
    assert '"status": 500' in done.errors


def test_what_clients_that_page_cache_and_keep_tokens_meet_over_the_wire(run: Commands, graph: httpx.Client) -> None:
    """Every effect of this kind, against a server of its own process."""
    users = len(graph.get("/v1.0/users").json()["value"])

    def walked(path: str) -> list[str]:
        ids: list[str] = []
        link: str | None = path
        while link is not None:
            page = graph.get(link).raise_for_status().json()
            ids += [each["id"] for each in page["value"]]
            link = page.get("@odata.nextLink")
        return ids

    own = walked("/v1.0/users")
    run.text("fault", "add", "--kind", "smallPages", "--with", "size=1", "--path", "/users")
    run.text("fault", "add", "--kind", "anotherOrder", "--path", "/users")
    first = graph.get("/v1.0/users").json()
    assert len(first["value"]) == 1 < users
    assert walked("/v1.0/users") == own[::-1]
    run.text("fault", "clear")
    run.text("fault", "add", "--kind", "expiredNextLink", "--nth", "1")
    expired = graph.get(first["@odata.nextLink"])
    assert (expired.status_code, expired.json()["error"]["code"]) == (400, "Directory_ExpiredPageToken")
    run.text("fault", "clear")
    run.text("fault", "add", "--kind", "repeatedChanges", "--path", "/users/delta")
    changes = [each["id"] for each in graph.get("/v1.0/users/delta").json()["value"]]
    assert (len(changes), changes[0]) == (users + 1, changes[-1])
    run.text("fault", "add", "--kind", "replicas", "--with", "lags=[0, 2]", "--path", "/groups/*")
    body = {"displayName": "New", "mailNickname": "new", "mailEnabled": False, "securityEnabled": True}
    group = graph.post("/v1.0/groups", json=body).json()["id"]
    assert [graph.get(f"/v1.0/groups/{group}").status_code for _ in range(4)] == [200, 404, 200, 200]
    graph.delete(f"/v1.0/groups/{group}").raise_for_status()
    run.text("fault", "clear")
    run.text("fault", "add", "--status", "429", "--retry-after", "1", "--surface", "graph/batch", "--nth", "2")
    requests = [{"id": str(number), "method": "GET", "url": "/groups"} for number in range(3)]
    batch = graph.post("/v1.0/$batch", json={"requests": requests}).json()["responses"]
    assert sorted((each["id"], each["status"]) for each in batch) == [("0", 200), ("1", 429), ("2", 200)]
    run.text("fault", "add", "--kind", "tokenEndsEarly", "--path", "/groups", "--nth", "1")
    assert [graph.get(f"/v1.0/{path}").status_code for path in ("users", "groups", "users")] == [200, 401, 401]
