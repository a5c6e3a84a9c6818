"""What is asked of collections and entities: $filter, $select, $orderby, $count, $search, $expand.

Pages of collections: their size, their links, and that nothing is missed or told twice.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import DEVICES, PROFILES, create, error_code, error_message, id_of_group, id_of_user
from tests.surfaces.graph.conftest import Enroll

pytestmark = pytest.mark.both_in_soak
EVENTUAL = {"ConsistencyLevel": "eventual"}
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
    ("condition", "names"),
    [
        ("userPrincipalName eq 'ALICE@contoso.example'", ["Alice Adams"]),
        ("startsWith(displayName,'b')", ["Bob Brown"]),
        ("endswith(mail,'@contoso.example') and not(surname eq 'Brown')", ["Alice Adams", "Carol Clark"]),
        ("accountEnabled eq true or displayName eq null", ["Alice Adams", "Bob Brown", "Carol Clark"]),
        ("surname in ('Adams','Clark')", ["Alice Adams", "Carol Clark"]),
        (
            "assignedLicenses/any(l:l/skuId eq 061f9ace-7d42-4136-88ac-31dc755f143f) and surname gt 'b'",
            ["Bob Brown", "Carol Clark"],
        ),
        ("displayName eq 'nobody'", []),
    ],
)
async def test_users_are_filtered(beta: httpx.AsyncClient, condition: str, names: list[str]) -> None:
    document = (await beta.get("/users", params={"$filter": condition})).json()
    assert [entry["displayName"] for entry in document["value"]] == names


async def test_users_are_found_by_their_id(beta: httpx.AsyncClient) -> None:
    alice = await id_of_user(beta, "alice")
    document = (await beta.get(f"/users?$filter=id eq '{alice}'&$count=true", headers=EVENTUAL)).json()
    assert (document["@odata.count"], document["value"][0]["displayName"]) == (1, "Alice Adams")


@pytest.mark.parametrize(
    ("condition", "number"),
    [
        ("operatingSystem eq 'AndroidForWork'", 1),
        ("managedDeviceOwnerType eq 'company'", 1),
        ("managedDeviceOwnerType eq 'Personal'", 1),
        ("contains(deviceName,'Android')", 2),
        ("enrolledDateTime ge 2026-11-24T00:00:00Z", 2),
        ("enrolledDateTime lt 2026-11-24T00:00:00+01:00", 0),
        ("isEncrypted eq false and managementState eq 'managed'", 2),
        ("userPrincipalName eq 'bob@contoso.example'", 1),
    ],
)
async def test_devices_are_filtered_and_counted(
    beta: httpx.AsyncClient, enroll: Enroll, condition: str, number: int
) -> None:
    await enroll("alice")
    await enroll("bob", mode="fully-managed")
    document = (await beta.get(DEVICES, params={"$filter": condition})).json()
    assert (document["@odata.count"], len(document["value"])) == (number, number)
    assert (await beta.get(f"{DEVICES}/$count", params={"$filter": condition})).text == str(number)


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "displayName",
        "displayName eq",
        "colour eq 'red'",
        "displayName eq 7",
        "eq",
        "displayName like 'a'",
        "(",
        "'",
    ],
)
@pytest.mark.parametrize("path", ["/users", PROFILES, f"{PROFILES}/$count"])
async def test_a_filter_that_means_nothing_is_refused(beta: httpx.AsyncClient, path: str, condition: str) -> None:
    answer = await beta.get(path, params={"$filter": condition})
    assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest" if path == "/users" else "BadRequest")
    assert "filter" in error_message(answer).lower()


@ON_BOTH_DATABASES
async def test_lists_are_sorted(beta: httpx.AsyncClient) -> None:
    kind = "#microsoft.graph.androidForWorkImportedPFXCertificateProfile"
    for name in ("b", "a", "B"):
        await create(beta, PROFILES, **{"@odata.type": kind, "displayName": name})
    for order, names in (("displayName", ["B", "a", "b"]), ("displayName desc,version", ["b", "a", "B"])):
        entries = (await beta.get(PROFILES, params={"$orderby": order})).json()["value"]
        assert [entry["displayName"] for entry in entries] == names
    for order in ("colour", "displayName up", "displayName a b"):
        assert (await beta.get(PROFILES, params={"$orderby": order})).status_code == 400


async def test_only_what_is_selected_is_told(beta: httpx.AsyncClient) -> None:
    for path in ("/users", "/groups"):
        entries = (await beta.get(path, params={"$select": "DisplayName"})).json()["value"]
        assert [set(entry) for entry in entries] == [{"id", "displayName"}] * len(entries)
        answer = await beta.get(path, params={"$select": "colour"})
        assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")
        assert "'colour'" in error_message(answer)
    alice = await id_of_user(beta, "alice")
    assert (await beta.get(f"/users/{alice}?$select=colour")).status_code == 400


async def test_the_directory_counts_when_the_client_can_wait(beta: httpx.AsyncClient) -> None:
    for path, number in (("/users", 3), ("/groups", 2)):
        assert (await beta.get(f"{path}?$count=true", headers=EVENTUAL)).json()["@odata.count"] == number
        assert "@odata.count" not in (await beta.get(f"{path}?$count=true")).json()
        counted = await beta.get(f"{path}/$count", headers=EVENTUAL)
        assert (counted.text, counted.headers["content-type"]) == (str(number), "text/plain")
        refused = await beta.get(f"{path}/$count")
        assert (refused.status_code, error_code(refused)) == (400, "Request_BadRequest")
        assert "ConsistencyLevel" in error_message(refused)
    staff = await id_of_group(beta, "All Staff")
    members = await beta.get(f"/groups/{staff}/members?$count=true&$top=1", headers=EVENTUAL)
    assert members.json()["@odata.count"] == 3


@pytest.mark.parametrize(
    "path",
    [
        "/subscribedSkus?$search=x",
        "/users?$expand=createdObjects",
        "/users/alice@contoso.example?$expand=calendar",
        "/groups?$expand=drive",
        f"{DEVICES}?$expand=detectedApps",
        f"{DEVICES}?$expand=users,logCollectionRequests",
    ],
)
async def test_an_option_that_is_not_emulated_is_never_passed_over_in_silence(
    beta: httpx.AsyncClient, path: str
) -> None:
    answer = await beta.get(path)
    assert (answer.status_code, error_code(answer)) == (501, "NotImplemented")
    assert "is not emulated" in error_message(answer)


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
