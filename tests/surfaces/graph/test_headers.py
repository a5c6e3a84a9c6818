"""Headers that change an answer, and how the version may be written."""

from __future__ import annotations

import httpx
import pytest

from tests.support.graph import create

_GROUP = {"displayName": "Quiet", "mailEnabled": False, "mailNickname": "quiet", "securityEnabled": True}


async def test_a_minimal_answer_to_a_creation_is_its_place(beta: httpx.AsyncClient) -> None:
    answer = await beta.post("/groups", json=_GROUP, headers={"prefer": "return=minimal"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["preference-applied"] == "return=minimal"
    assert "content-type" not in answer.headers
    there = await beta.get(answer.headers["location"])
    assert there.json()["displayName"] == "Quiet"


async def test_a_minimal_answer_is_for_changes_only(beta: httpx.AsyncClient) -> None:
    group = await create(beta, "/groups", **_GROUP)
    answer = await beta.get(f"/groups/{group['id']}", headers={"prefer": "return=minimal"})
    assert answer.json()["id"] == group["id"]


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({}, "https://localhost:8443"),
        ({"host": "graph.example:444"}, "https://graph.example:444"),
        ({"x-forwarded-host": "proxy.example", "x-forwarded-proto": "http"}, "https://localhost:8443"),
    ],
)
async def test_links_are_on_the_host_that_the_client_called(
    beta: httpx.AsyncClient, headers: dict[str, str], origin: str
) -> None:
    answer = (await beta.get("/users?$top=1", headers=headers)).json()
    assert answer["@odata.nextLink"].startswith(f"{origin}/beta/users?")
    assert answer["@odata.context"].startswith(f"{origin}/beta/$metadata#")


@pytest.mark.parametrize("version", ["Beta", "BETA", "V1.0", "v1.0"])
async def test_a_version_may_be_written_in_any_case(beta: httpx.AsyncClient, version: str) -> None:
    answer = await beta.get(f"https://localhost:8443/{version}/users")
    assert len(answer.json()["value"]) == 3
    assert f"/{version.lower()}/$metadata" in answer.json()["@odata.context"]
