"""$expand: what is brought along is what is read at its own address; a page costs a statement for each navigation."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fauxtune.operations.runtime.emulator import Emulator
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import ABSENT, DEVICES, PROFILES, advance_clock, create, error_code, id_of_group, id_of_user
from tests.support.populated_tenant import PopulatedTenant
from tests.surfaces.graph.test_references import counted

Json = dict[str, Any]
CERTIFICATE_STATES = "microsoft.graph.androidWorkProfilePkcsCertificateProfile/managedDeviceCertificateStates"


def _plain(document: Json) -> Json:
    """Without annotations, which depend on the address."""
    return {name: value for name, value in document.items() if "@odata.context" not in name}


async def _at_its_address(graph: httpx.AsyncClient, path: str) -> Any:
    answer = await graph.get(path)
    assert answer.status_code == 200, (path, answer.text)
    plain = _plain(answer.json())
    plain.pop("@odata.count", None)
    return plain["value"] if set(plain) == {"value"} else plain


@ON_BOTH_DATABASES
@pytest.mark.parametrize(
    ("collection", "navigations"),
    [
        (DEVICES, ("users", "deviceCategory", "deviceConfigurationStates")),
        (
            PROFILES,
            (
                "assignments",
                "groupAssignments",
                "deviceStatuses",
                "userStatuses",
                "deviceStatusOverview",
                "userStatusOverview",
                "deviceSettingStateSummaries",
            ),
        ),
        (
            "/users",
            (
                "licenseDetails",
                "directReports",
                "memberOf",
                "transitiveMemberOf",
                "ownedDevices",
                "registeredDevices",
            ),
        ),
        ("/groups", ("members", "transitiveMembers", "owners", "memberOf", "transitiveMemberOf")),
        ("/devices", ("memberOf", "transitiveMemberOf", "registeredOwners", "registeredUsers")),
    ],
)
@pytest.mark.usefixtures("populated")
async def test_what_is_expanded_is_what_stands_at_its_address(
    beta: httpx.AsyncClient, collection: str, *, navigations: tuple[str, ...]
) -> None:
    for navigation in navigations:
        filled = 0
        listed = (await beta.get(collection, params={"$expand": navigation, "$select": "id"})).json()["value"]
        for element in listed:
            own = await _at_its_address(beta, f"{collection}/{element['id']}/{navigation}")
            assert element[navigation] == own, (element["id"], navigation)
            single = await beta.get(f"{collection}/{element['id']}", params={"$expand": navigation.upper()})
            assert single.json()[navigation] == own, (element["id"], navigation)
            filled += bool(own)
        assert filled, navigation
    every = (await beta.get(collection, params={"$expand": ",".join(navigations)})).json()["value"]
    assert all(each.keys() >= set(navigations) for each in every)


async def test_the_devices_of_a_user_come_with_the_user(beta: httpx.AsyncClient, populated: PopulatedTenant) -> None:
    listed = (await beta.get("/users?$expand=managedDevices($select=id,deviceName),manager")).json()["value"]
    for user in listed:
        own = (await beta.get(f"/users/{user['id']}/managedDevices?$select=id,deviceName")).json()["value"]
        assert user["managedDevices"] == own
    by_name = {each["displayName"]: each for each in listed}
    assert [len(by_name[name]["managedDevices"]) for name in ("Alice Adams", "Bob Brown")] == [2, 1]
    assert by_name["Bob Brown"]["manager"]["id"] == populated.keys["user"]
    assert by_name["Alice Adams"]["manager"] is None
    assert by_name["Bob Brown"]["managedDevices@odata.context"].endswith(
        f"#users('{by_name['Bob Brown']['id']}')/managedDevices"
    )


async def test_certificates_come_with_the_profiles_whose_type_has_them(
    beta: httpx.AsyncClient, populated: PopulatedTenant
) -> None:
    profile = populated.keys["profile"]
    own = (await beta.get(f"{PROFILES}/{profile}/managedDeviceCertificateStates")).json()["value"]
    assert own
    for path in (PROFILES, f"{PROFILES}/{profile}"):
        for navigation in (CERTIFICATE_STATES, "managedDeviceCertificateStates"):
            document = (await beta.get(path, params={"$expand": navigation})).json()
            one = next(item for item in document.get("value", [document]) if item["id"] == profile)
            assert one["managedDeviceCertificateStates"] == own
            assert one["managedDeviceCertificateStates@odata.context"].endswith(f"('{profile}')/{CERTIFICATE_STATES}")
    listed = (await beta.get(PROFILES, params={"$expand": CERTIFICATE_STATES})).json()["value"]
    assert [each["id"] for each in listed if "managedDeviceCertificateStates" in each] == [profile]


@pytest.mark.parametrize(
    ("collection", "navigations"),
    [
        (DEVICES, "users,deviceCategory,deviceConfigurationStates,windowsProtectionState"),
        (PROFILES, f"assignments,groupAssignments,deviceStatuses,userStatuses,{CERTIFICATE_STATES}"),
        ("/users", "licenseDetails,managedDevices,manager,directReports,memberOf,transitiveMemberOf,ownedDevices"),
        ("/groups", "members,transitiveMembers,owners,memberOf,transitiveMemberOf"),
        ("/devices", "memberOf,transitiveMemberOf,registeredOwners,registeredUsers"),
    ],
)
@pytest.mark.usefixtures("populated")
async def test_a_page_costs_a_statement_or_two_for_each_navigation(
    beta: httpx.AsyncClient, emulator: Emulator, *, collection: str, navigations: str
) -> None:
    assert (await beta.get("/organization")).status_code == 200, "now the caller is known"
    with counted(emulator) as said:
        answer = await beta.get(collection, params={"$expand": navigations, "$top": "100"})
    assert len(answer.json()["value"]) > 2, answer.text
    statements = [each for each in said if each.lstrip().upper().startswith(("SELECT", "WITH"))]
    # Of directory objects the first ones are found, and then they are read. Who has still to plan is found by
    # assignments, groups and filters, for all profiles at once.
    parts = navigations.split(",")
    assert len(statements) <= 1 + 2 * len(parts) + 3 * sum(part.endswith("Statuses") for part in parts), statements


async def test_an_overview_that_comes_along_is_of_this_moment(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, populated: PopulatedTenant
) -> None:
    profile = populated.keys["profile"]
    for path in (PROFILES, f"{PROFILES}/{profile}"):
        moments = []
        for _ in range(2):
            document = (await beta.get(path, params={"$expand": "userStatusOverview,deviceStatusOverview"})).json()
            one = next(item for item in document.get("value", [document]) if item["id"] == profile)
            moments += [one[f"{whose}StatusOverview"]["lastUpdateDateTime"] for whose in ("user", "device")]
            await advance_clock(http, "PT1H")
        assert len(set(moments)) == 2


async def test_of_directory_objects_the_first_twenty_come_along(beta: httpx.AsyncClient) -> None:
    staff, alice = await id_of_group(beta, "All Staff"), await id_of_user(beta, "alice")
    about = {"mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    for number in range(25):
        group = (await create(beta, "/groups", displayName=f"G{number}", **about))["id"]
        for member in (alice, staff):
            reference = {"@odata.id": f"{beta.base_url}directoryObjects/{member}"}
            await beta.post(f"/groups/{group}/members/$ref", json=reference)
    for path in (f"/users/{alice}/memberOf", f"/users/{alice}/transitiveMemberOf", f"/groups/{staff}/memberOf"):
        first = [entry["id"] for entry in (await beta.get(path, params={"$top": "20"})).json()["value"]]
        one, _, navigation = path.rpartition("/")
        for where in (one, one.rpartition("/")[0]):
            document = (await beta.get(where, params={"$expand": f"{navigation}($select=id)"})).json()
            element = next(item for item in document.get("value", [document]) if item["id"] in path)
            assert [each["id"] for each in element[navigation]] == first, where


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{DEVICES}?$expand=users($select=colour)", 400),
        (f"{PROFILES}?$expand=deviceStatuses($select=colour)", 400),
        (f"{PROFILES}?$expand=colours", 400),
        ("/users?$expand=licenseDetails($select=colour)", 400),
        ("/users?$expand=licenseDetails($top=1)", 400),
        (f"{DEVICES}?$expand=users(", 400),
        (f"{DEVICES}/{ABSENT}?$expand=users", 404),
        (f"{DEVICES}?$expand=logCollectionRequests", 501),
        ("/groups?$expand=licenseDetails", 501),
    ],
)
async def test_an_expand_that_means_nothing_is_refused(beta: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await beta.get(path)
    assert answer.status_code == status, answer.text
    assert error_code(answer)


async def test_v1_expands_nothing_that_beta_alone_has(v1: httpx.AsyncClient, populated: PopulatedTenant) -> None:
    profile = populated.keys["profile"]
    for navigation in ("groupAssignments", "managedDeviceCertificateStates"):
        for path in (PROFILES, f"{PROFILES}/{profile}"):
            assert (await v1.get(path, params={"$expand": navigation})).status_code == 400
    one = (await v1.get(f"{PROFILES}/{profile}", params={"$expand": "deviceStatuses,userStatusOverview"})).json()
    assert (len(one["deviceStatuses"]), one["userStatusOverview"]["id"]) == (3, profile)
