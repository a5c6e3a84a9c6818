"""Graph: user."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fauxtune.core.model.tenants import INTUNE_SKU
from tests.support.graph import ABSENT, create, error_code, error_message, id_of_user

DAVE: dict[str, Any] = {
    "accountEnabled": True,
    "displayName": "Dave Dunn",
    "mailNickname": "dave",
    "userPrincipalName": "dave@contoso.example",
    "passwordProfile": {"password": "Wonder-1234", "forceChangePasswordNextSignIn": False},
}
SHOWN = {
    "@odata.context",
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
}


async def test_the_people_of_the_tenant_are_listed(v1: httpx.AsyncClient) -> None:
    document = (await v1.get("/users")).json()
    assert document["@odata.context"] == "https://localhost:8443/v1.0/$metadata#users"
    assert [entry["userPrincipalName"] for entry in document["value"]] == [
        "alice@contoso.example",
        "bob@contoso.example",
        "carol@contoso.example",
    ]
    assert "@odata.count" not in document


async def test_a_user_is_made_found_by_id_and_by_name_changed_and_deleted(beta: httpx.AsyncClient) -> None:
    answer = await beta.post("/users", json=DAVE)
    assert answer.status_code == 201
    user = answer.json()
    assert set(user) == SHOWN
    assert answer.headers["location"] == f"https://localhost:8443/beta/users('{user['id']}')"
    for key in (f"/users/{user['id']}", "/users/DAVE@contoso.example", f"/users('{user['id'].upper()}')"):
        assert (await beta.get(key)).json()["displayName"] == "Dave Dunn"

    changed = await beta.patch(f"/users/{user['id']}", json={"jobTitle": "Diver", "mail": "d@contoso.example"})
    assert (changed.status_code, changed.content) == (204, b"")
    document = (await beta.get(f"/users/{user['id']}")).json()
    assert (document["jobTitle"], document["mail"], document["displayName"]) == (
        "Diver",
        "d@contoso.example",
        "Dave Dunn",
    )

    gone = await beta.delete(f"/users/{user['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    missing = await beta.get(f"/users/{user['id']}")
    assert (missing.status_code, error_code(missing)) == (404, "Request_ResourceNotFound")
    assert error_message(missing) == (
        f"Resource '{user['id']}' does not exist or one of its queried reference-property objects are not present."
    )


async def test_a_null_clears_and_what_is_left_out_stays(beta: httpx.AsyncClient) -> None:
    assert (await beta.patch("/users/alice@contoso.example", json={"givenName": None})).status_code == 204
    alice = (await beta.get("/users/alice@contoso.example")).json()
    assert (alice["givenName"], alice["surname"]) == (None, "Adams")


async def test_more_than_the_usual_properties_come_when_they_are_selected(v1: httpx.AsyncClient) -> None:
    select = {"$select": "id,accountEnabled,mailNickname,createdDateTime"}
    alice = (await v1.get("/users/alice@contoso.example", params=select)).json()
    assert set(alice) == {"@odata.context", "id", "accountEnabled", "mailNickname", "createdDateTime"}
    assert alice["createdDateTime"] == "2026-11-24T10:00:00Z"


async def test_a_password_never_comes_back(beta: httpx.AsyncClient) -> None:
    user = await create(beta, "/users", **DAVE)
    answer = await beta.get(f"/users/{user['id']}", params={"$select": "passwordProfile,displayName"})
    assert "Wonder-1234" not in answer.text
    assert answer.json()["passwordProfile"] is None


async def test_a_new_password_is_the_one_that_counts(beta: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    form = {
        "grant_type": "password",
        "client_id": "c0ffee00-0000-4000-8000-00000000a991",
        "client_secret": "fauxtune-not-a-secret",
        "scope": "https://graph.microsoft.com/.default",
        "username": "alice@contoso.example",
        "password": "New-4321",
    }
    assert (await http.post("/organizations/oauth2/v2.0/token", data=form)).status_code == 400
    changed = await beta.patch("/users/alice@contoso.example", json={"passwordProfile": {"password": "New-4321"}})
    assert changed.status_code == 204
    answer = await http.post("/organizations/oauth2/v2.0/token", data=form)
    assert answer.status_code == 200
    bearer = {"authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await http.get("/v1.0/me", headers=bearer)).json()["userPrincipalName"] == "alice@contoso.example"


async def test_an_application_is_nobodys_me(beta: httpx.AsyncClient) -> None:
    answer = await beta.get("/me")
    assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")


@pytest.mark.parametrize("name", list(DAVE))
async def test_what_a_user_needs_is_asked_for(beta: httpx.AsyncClient, name: str) -> None:
    answer = await beta.post("/users", json={key: value for key, value in DAVE.items() if key != name})
    assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")
    assert f"'{name}'" in error_message(answer)
    assert (await beta.get("/users/dave@contoso.example")).status_code == 404


async def test_a_name_can_be_had_once(beta: httpx.AsyncClient) -> None:
    for answer in (
        await beta.post("/users", json={**DAVE, "userPrincipalName": "ALICE@contoso.example"}),
        await beta.patch("/users/bob@contoso.example", json={"userPrincipalName": "alice@contoso.example"}),
    ):
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "Request_BadRequest")
        assert error["message"] == ("Another object with the same value for property userPrincipalName already exists.")
        assert error["details"] == [
            {"code": "ObjectConflict", "message": error["message"], "target": "userPrincipalName"}
        ]
    assert (await beta.get("/users/bob@contoso.example")).status_code == 200


@pytest.mark.parametrize("name", ["dave", "@", None, 7])
async def test_a_name_without_a_domain_is_none(beta: httpx.AsyncClient, name: object) -> None:
    assert (await beta.post("/users", json={**DAVE, "userPrincipalName": name})).status_code == 400
    assert (await beta.patch("/users/bob@contoso.example", json={"userPrincipalName": name})).status_code == 400
    assert (await beta.get("/users/bob@contoso.example")).status_code == 200


async def test_a_property_that_does_not_exist_is_refused(beta: httpx.AsyncClient) -> None:
    answer = await beta.patch("/users/bob@contoso.example", json={"job": "Diver"})
    assert answer.status_code == 400
    assert "The property 'job' does not exist" in error_message(answer)


async def test_what_programs_select_of_people_and_groups_is_there_if_only_as_null(v1: httpx.AsyncClient) -> None:
    # Prowler 5.46 for Microsoft 365, and scripts that look for accounts that nobody uses.
    names = "id,userType,employeeHireDate,signInActivity,lastPasswordChangeDateTime,externalUserState"
    alice = (await v1.get("/users/alice@contoso.example", params={"$select": names})).json()
    assert (alice["userType"], alice["signInActivity"], alice["employeeHireDate"]) == ("Member", None, None)
    hired = {"employeeHireDate": "2026-01-01T00:00:00Z"}
    assert (
        await v1.patch(f"/users/{alice['id']}", json={**hired, "lastPasswordChangeDateTime": None})
    ).status_code == 204
    assert (await v1.get(f"/users/{alice['id']}?$select=employeeHireDate")).json()["employeeHireDate"] == hired[
        "employeeHireDate"
    ]
    groups = await v1.get("/groups", params={"$select": "id,isAssignableToRole,isManagementRestricted"})
    assert {item["isManagementRestricted"] for item in groups.json()["value"]} == {None}


async def test_names_in_a_body_may_be_in_another_case(beta: httpx.AsyncClient) -> None:
    # As CLI for Microsoft 365 sends them.
    body = {"mailNickName" if name == "mailNickname" else name: value for name, value in DAVE.items()}
    user = await create(beta, "/users", **body)
    assert (await beta.get(f"/users/{user['id']}?$select=mailNickname")).json()["mailNickname"] == "dave"
    licence = {"ADDLICENSES": [{"SkuId": INTUNE_SKU}], "removelicenses": []}
    assert (await beta.post(f"/users/{user['id']}/assignLicense", json=licence)).status_code == 200
    twice = await beta.patch(f"/users/{user['id']}", json={"jobTitle": "Diver", "JobTitle": "Baker"})
    assert (twice.status_code, error_code(twice)) == (400, "Request_BadRequest")
    assert "'jobTitle' is there twice" in error_message(twice)
    assert (await beta.get(f"/users/{user['id']}")).json()["jobTitle"] is None


async def test_licences_are_given_and_taken(beta: httpx.AsyncClient) -> None:
    user = await create(beta, "/users", **DAVE)
    path, select = f"/users/{user['id']}", {"$select": "assignedLicenses"}
    body: dict[str, Any] = {"addLicenses": [{"skuId": INTUNE_SKU.upper()}], "removeLicenses": []}
    for _ in range(2):
        assert (await beta.post(f"{path}/assignLicense", json=body)).status_code == 200
        held = (await beta.get(path, params=select)).json()["assignedLicenses"]
        assert held == [{"disabledPlans": [], "skuId": INTUNE_SKU}]
    gone = {"addLicenses": [], "removeLicenses": [INTUNE_SKU]}
    assert (await beta.post(f"{path}/microsoft.graph.assignLicense", json=gone)).status_code == 200
    assert (await beta.get(path, params=select)).json()["assignedLicenses"] == []
    refused = await beta.post(f"{path}/assignLicense", json=gone)
    assert (refused.status_code, error_message(refused)) == (
        400,
        f"User does not have a corresponding license: {INTUNE_SKU}.",
    )
    part = await beta.post(f"{path}/assignLicense", json={"addLicenses": []})
    assert (part.status_code, error_message(part)) == (
        400,
        (
            "One or more parameters of the operation 'assignLicense' are missing from the request payload. "
            "The missing parameters are: removeLicenses."
        ),
    )


@pytest.mark.parametrize(
    ("add", "remove"),
    [
        ([{"skuId": ABSENT}], []),
        ([{"skuId": "x"}], []),
        ([{"disabledPlans": []}], []),
        ([{"skuId": INTUNE_SKU, "disabledPlans": [ABSENT]}], []),
        ([INTUNE_SKU], []),
        ({}, []),
        ([], "x"),
        ([], [7]),
        ([], ["x"]),
        ([{"skuId": INTUNE_SKU}], [ABSENT]),
    ],
)
async def test_a_licence_that_the_tenant_does_not_have_is_refused(
    beta: httpx.AsyncClient, add: object, remove: object
) -> None:
    body = {"addLicenses": add, "removeLicenses": remove}
    answer = await beta.post("/users/alice@contoso.example/assignLicense", json=body)
    assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")
    if add == [{"skuId": ABSENT}]:
        assert error_message(answer) == f"License {ABSENT} does not correspond to a valid company License."
    details = (await beta.get("/users/alice@contoso.example/licenseDetails")).json()["value"]
    assert [detail["skuPartNumber"] for detail in details] == ["INTUNE_A"]


async def test_a_licence_says_which_of_its_plans_are_off(v1: httpx.AsyncClient) -> None:
    path, plan = "/users/alice@contoso.example", "c1ec4a95-1f05-45b3-a911-aa3fa01094f5"
    body = {"addLicenses": [{"skuId": INTUNE_SKU, "disabledPlans": [plan]}], "removeLicenses": []}
    assert (await v1.post(f"{path}/assignLicense", json=body)).status_code == 200
    ((detail),) = (await v1.get(f"{path}/licenseDetails?$filter=skuPartNumber eq 'INTUNE_A'")).json()["value"]
    assert {
        service_plan["servicePlanName"]: service_plan["provisioningStatus"] for service_plan in detail["servicePlans"]
    } == {
        "INTUNE_A": "Disabled",
        "EXCHANGE_S_FOUNDATION": "Success",
    }


async def test_a_manager_is_assigned_and_removed(beta: httpx.AsyncClient) -> None:
    alice, bob = await id_of_user(beta, "alice"), await id_of_user(beta, "bob")
    manager = f"/users/{bob}/manager"
    nobody = await beta.get(manager)
    assert (nobody.status_code, error_code(nobody)) == (404, "Request_ResourceNotFound")
    url = {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{alice}"}
    assert (await beta.put(f"{manager}/$ref", json=url)).status_code == 204
    document = (await beta.get(manager)).json()
    assert (document["@odata.type"], document["id"]) == ("#microsoft.graph.user", alice)
    assert (await beta.get(f"/users/{bob}?$expand=manager")).json()["manager"]["id"] == alice
    listed = (await beta.get("/users?$expand=manager($select=displayName),directReports")).json()["value"]
    assert [each["manager"] and each["manager"]["displayName"] for each in listed] == [None, "Alice Adams", None]
    assert [len(each["directReports"]) for each in listed] == [1, 0, 0]
    assert (await beta.delete(f"{manager}/$ref")).status_code == 204
    assert (await beta.delete(f"{manager}/$ref")).status_code == 404
    for body in ({}, {"@odata.id": 7}, {"@odata.id": "x"}):
        assert (await beta.put(f"{manager}/$ref", json=body)).status_code == 400


async def test_ended_sessions_are_noted(beta: httpx.AsyncClient) -> None:
    answer = await beta.post("/users/alice@contoso.example/revokeSignInSessions")
    assert (answer.status_code, answer.json()["value"]) == (200, True)
    selected = await beta.get("/users/alice@contoso.example?$select=signInSessionsValidFromDateTime")
    assert selected.json()["signInSessionsValidFromDateTime"] == "2026-11-24T10:00:00Z"


@pytest.mark.parametrize(
    "change",
    [
        {"userPrincipalName": f"{'x' * 100}@contoso.example"},
        {"userPrincipalName": "a/b@contoso.example"},
        {"userPrincipalName": " a@contoso.example"},
        {"displayName": "x" * 257},
        {"displayName": "x" * 1_000_000},
        {"displayName": ["x"]},
        {"mailNickname": "x" * 65},
        {"accountEnabled": "true"},
        {"accountEnabled": 1},
        {"businessPhones": "x"},
        {"passwordProfile": "x"},
        {"passwordProfile": {}},
        {"passwordProfile": {"password": ""}},
        {"passwordProfile": {"password": 7}},
        {"assignedLicenses": [{"skuId": 7}]},
        {"onPremisesExtensionAttributes": []},
        {"@odata.type": "#microsoft.graph.group"},
    ],
)
async def test_a_user_that_makes_no_sense_is_not_made(beta: httpx.AsyncClient, change: dict[str, Any]) -> None:
    answer = await beta.post("/users", json={**DAVE, **change})
    assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")
    changed = await beta.patch("/users/bob@contoso.example", json=change)
    assert changed.status_code == (400 if change != {"passwordProfile": {}} else changed.status_code)
    assert len((await beta.get("/users")).json()["value"]) == 3


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PATCH", {"jobTitle": "x"}), ("DELETE", None)])
async def test_nobody_is_not_found(beta: httpx.AsyncClient, method: str, body: dict[str, str] | None) -> None:
    for key in (ABSENT, "nobody@contoso.example"):
        answer = await beta.request(method, f"/users/{key}", json=body)
        assert (answer.status_code, error_code(answer)) == (404, "Request_ResourceNotFound")


async def test_a_deleted_user_is_in_no_group(beta: httpx.AsyncClient) -> None:
    alice = await id_of_user(beta, "alice")
    await beta.delete(f"/users/{alice}")
    for group in (await beta.get("/groups")).json()["value"]:
        members = (await beta.get(f"/groups/{group['id']}/members")).json()["value"]
        assert alice not in [member["id"] for member in members]
