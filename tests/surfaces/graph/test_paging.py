"""Pages of collections: their size, their links, and that nothing is missed or told twice."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.graph import PROFILES, create, error_code

pytestmark = pytest.mark.both_in_soak

KIND = "#microsoft.graph.androidForWorkImportedPFXCertificateProfile"


async def _pages(graph: httpx.AsyncClient, path: str, **headers: str) -> list[list[dict[str, Any]]]:
    """All pages, each link followed as it is."""
    encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    pages, link = [], path
    while link:
        answer = await graph.get(link, headers=encoded)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json()["value"])
        link = answer.json().get("@odata.nextLink")
    return pages


async def _profiles(beta: httpx.AsyncClient, number: int) -> list[str]:
    return [
        (await create(beta, PROFILES, **{"@odata.type": KIND, "displayName": f"P{at}"}))["displayName"]
        for at in range(number)
    ]


@pytest.mark.parametrize(
    ("options", "sizes"),
    [
        ("", [5]),
        ("?$top=5", [5]),
        ("?$top=6", [5]),
        ("?$top=2", [2, 2, 1]),
        ("?%24top=4", [4, 1]),
        ("?$skip=1&$top=2", [2, 2]),
        ("?$skip=5", [0]),
        ("?$top=0", [0]),
        ("?$skip=3", [2]),
    ],
)
async def test_every_element_comes_once_in_pages_of_the_size_asked_for(
    beta: httpx.AsyncClient, options: str, sizes: list[int]
) -> None:
    names = await _profiles(beta, 5)
    pages = await _pages(beta, f"{PROFILES}{options}")
    assert [len(page) for page in pages] == sizes
    display_names = [each["displayName"] for page in pages for each in page]
    assert len(set(display_names)) == len(display_names)
    assert set(display_names) <= set(names)


@pytest.mark.parametrize("prefer", ["odata.maxpagesize=2", "maxpagesize=2", "return=minimal, odata.maxpagesize=2"])
async def test_a_client_may_prefer_smaller_pages(beta: httpx.AsyncClient, prefer: str) -> None:
    await _profiles(beta, 3)
    pages = await _pages(beta, f"{PROFILES}?$top=3", prefer=prefer)
    assert [len(page) for page in pages] == [2, 1]


@pytest.mark.parametrize(
    "prefer", ["odata.maxpagesize=0", "odata.maxpagesize=x", "maxpagesize=\N{SUPERSCRIPT TWO}", ""]
)
async def test_a_preference_that_means_nothing_is_passed_over(beta: httpx.AsyncClient, prefer: str) -> None:
    await _profiles(beta, 3)
    assert [len(page) for page in await _pages(beta, PROFILES, prefer=prefer)] == [3]


async def test_a_link_keeps_what_was_asked_for_and_leads_to_the_same_host(beta: httpx.AsyncClient) -> None:
    await _profiles(beta, 3)
    options = {
        "$filter": "startswith(displayName,'P') and displayName ne 'a&b=c+d'",
        "$select": "id,displayName",
        "$orderby": "displayName desc",
        "$top": "2",
        "$skip": "0",
        "$count": "true",
        "x": "y z",
    }
    first = (await beta.get(PROFILES, params=options)).json()
    link = urlsplit(first["@odata.nextLink"])
    assert (link.scheme, link.netloc, link.path) == ("https", "localhost:8443", f"/beta{PROFILES}")
    kept = {name: value for name, value in options.items() if name != "$skip"}
    assert parse_qs(link.query) == {**{name: [value] for name, value in kept.items()}, "$skiptoken": ["2"]}
    second = (await beta.get(first["@odata.nextLink"])).json()
    assert [entry["displayName"] for entry in first["value"] + second["value"]] == ["P2", "P1", "P0"]
    assert set(second["value"][0]) == {"@odata.type", "id", "displayName"}
    assert "@odata.nextLink" not in second
    assert first["@odata.count"] == second["@odata.count"] == 3


async def test_the_directory_has_pages_of_its_own(beta: httpx.AsyncClient) -> None:
    pages = await _pages(beta, "/users?$top=2&$select=displayName&$orderby=displayName desc")
    assert [[each["displayName"] for each in page] for page in pages] == [
        ["Carol Clark", "Bob Brown"],
        ["Alice Adams"],
    ]
    for path in ("/users?$skip=1", "/groups?$skip=0", "/users?$top=1000", "/users?$top=0"):
        answer = await beta.get(path)
        assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest"), path
    assert (await beta.get("/users?$top=999")).status_code == 200


@pytest.mark.parametrize(
    "option",
    [
        "$top=x",
        "$top=-1",
        "$top=1&$top=2",
        "$top=99999999999",
        "$skip=-1",
        "$skip=1.5",
        "$skiptoken=abc",
        "$skiptoken=-1",
        "$skiptoken=",
        f"$skiptoken={'9' * 30}",
        "$skiptoken=%C2%B2",
        "$count=maybe",
        "$frob=1",
    ],
)
async def test_what_no_page_can_be_made_of_is_refused(beta: httpx.AsyncClient, option: str) -> None:
    answer = await beta.get(f"{PROFILES}?{option}")
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest"), answer.text
