"""What is asked of collections and entities: $filter, $select, $orderby, $count, $search, $expand."""

from __future__ import annotations

import httpx
import pytest

from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import DEVICES, PROFILES, create, error_code, error_message, id_of_group, id_of_user
from tests.surfaces.graph.conftest import Enroll

pytestmark = pytest.mark.both_in_soak

EVENTUAL = {"ConsistencyLevel": "eventual"}


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
