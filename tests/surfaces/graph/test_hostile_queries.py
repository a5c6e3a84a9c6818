"""Queries and bodies that nobody's library sends: each is answered or refused, and none breaks anything."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import DEVICES, PFX, PROFILES, create, error_message, id_of_user

pytestmark = ON_BOTH_DATABASES

IMPORTED = "#microsoft.graph.androidForWorkImportedPFXCertificateProfile"

_MANAGEMENT = "/deviceManagement"
LISTS = (
    "/users",
    "/groups",
    "/devices",
    DEVICES,
    PROFILES,
    PFX,
    f"{_MANAGEMENT}/assignmentFilters",
    f"{_MANAGEMENT}/auditEvents",
    f"{_MANAGEMENT}/roleScopeTags",
    f"{_MANAGEMENT}/ndesConnectors",
)
QUERIES = (
    "$filter=" + "(" * 5000 + "id eq 'x'" + ")" * 5000,
    "$filter=" + "not " * 5000 + "(id eq 'x')",
    "$filter=" + " and ".join(["id eq 'x'"] * 2000),
    "$filter=id in (" + ",".join(["'x'"] * 8000) + ")",
    "$filter=tolower(" * 300,
    "$filter=" + "tolower(" * 300 + "id" + ")" * 300 + " eq 'x'",
    "$filter=id eq " + "'" * 9001,
    "$filter=id eq '\\'",
    "$filter=id eq 'x';DROP TABLE users",
    "$filter=id eq '%00'",
    "$filter=contains(id,'%25_%5c')",
    "$filter=id eq '%ff%fe'",
    "$filter=%f0%9f%98%80 eq 1",
    "$filter=members/any(" * 100,
    "$orderby=" + ",".join(["id"] * 9000),
    "$orderby=,",
    "$orderby=id%20id%20id",
    "$select=" + ",".join(["id"] * 9000),
    "$expand=" + "members(" * 500,
    "$search=%22" + "a" * 20_000 + "%22",
    "$top=99999999999999999999",
    "$skip=99999999999999999999",
    "$top=%D9%A3",
    "$skiptoken=99999999999999999999",
    "$skiptoken=-1",
    "%24top=1&$top=2",
)


def _deep(levels: int) -> dict[str, Any]:
    outer: dict[str, Any] = {}
    inner = outer
    for _ in range(levels):
        inner["a"] = {}
        inner = inner["a"]
    return outer


@pytest.mark.parametrize("path", LISTS)
async def test_every_query_is_answered_or_refused(beta: httpx.AsyncClient, path: str) -> None:
    for query in QUERIES:
        answer = await beta.get(f"{path}?{query}", headers={"consistencylevel": "eventual"})
        assert answer.status_code in (200, 400, 501), (query[:60], answer.text)
    # And the next honest one is answered as ever.
    assert (await beta.get(path)).status_code == 200


@pytest.mark.parametrize("url", ["http://[", "//[", "http://[::1", "\\", "/%", "/users/%zz", "", " ", "#", "/../users"])
async def test_no_address_in_a_batch_breaks_it(beta: httpx.AsyncClient, url: str) -> None:
    request = {"id": "1", "method": "GET", "url": url}
    answer = await beta.post("/$batch", json={"requests": [request]})
    if answer.status_code == 200:
        assert answer.json()["responses"][0]["status"] in (200, 400, 404)
    else:
        assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(
    "body", [_deep(900), {"displayName": _deep(5)}, {"@odata.type": []}, {"": 1}, {"id": 1}, {"displayName": 1e308}]
)
async def test_no_body_makes_anything_by_accident(beta: httpx.AsyncClient, body: dict[str, Any]) -> None:
    for path in ("/users", "/groups", PROFILES, PFX, *(f"{_MANAGEMENT}/{name}" for name in ("assignmentFilters",))):
        assert (await beta.post(path, json=body)).status_code == 400, path


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("$filter=id in (" + ",".join(["'x'"] * 301) + ")", "at most 300 terms"),
        ("$filter=id in (" + ",".join(["'x'"] * 14_000) + ")", "at most 3,000 words"),
        ("$filter=" + "(" * 14_000, "at most 3,000 words"),
        ("$select=" + ",".join(["id"] * 501), "$select takes 500 properties"),
        ("$expand=" + ",".join(["assignments"] * 21), "$expand takes 20 navigations"),
    ],
)
async def test_a_query_of_more_parts_than_anybody_writes_is_refused_with_the_limit(
    beta: httpx.AsyncClient, query: str, said: str
) -> None:
    answer = await beta.get(f"{PROFILES}?{query}")
    assert (answer.status_code, said in error_message(answer)) == (400, True), answer.text[:200]


async def test_as_many_constants_as_are_allowed_are_answered(beta: httpx.AsyncClient) -> None:
    alice = await id_of_user(beta, "alice")
    result = ",".join([*("'x'" for _ in range(290)), f"'{alice}'"])
    assert [entry["id"] for entry in (await beta.get(f"/users?$filter=id in ({result})")).json()["value"]] == [alice]


async def test_a_body_of_more_elements_than_anybody_sends_is_refused_before_it_is_read(beta: httpx.AsyncClient) -> None:
    wide = {f"a{number}@b": 1 for number in range(3001)}
    for path in ("/users", PROFILES, f"{DEVICES}/executeAction", "/$batch"):
        answer = await beta.post(path, json=wide)
        assert (answer.status_code, "too many elements: at most 3,000" in error_message(answer)) == (400, True), path
    # A long text is one element, whatever it holds.
    long = {"@odata.type": "#microsoft.graph.androidForWorkImportedPFXCertificateProfile", "displayName": "P"}
    assert (await beta.post(PROFILES, json={**long, "description": "a," * 100_000})).status_code in (201, 400)


async def test_only_a_short_body_may_have_single_quotes(beta: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    profile = (await create(beta, PROFILES, **{"@odata.type": IMPORTED, "displayName": "P"}))["id"]
    for padding, status in ((0, 200), (40_000, 400)):
        body = "{'assignments':[]" + " " * padding + "}"
        assert (await beta.post(f"{PROFILES}/{profile}/assign", content=body, headers=headers)).status_code == status
