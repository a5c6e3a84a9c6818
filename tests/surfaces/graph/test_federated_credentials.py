"""Graph: the federated identity credentials of an application."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.graph import error_message

pytestmark = pytest.mark.both_in_soak

Json = dict[str, Any]
BODY: Json = {
    "name": "main-branch",
    "issuer": "https://token.actions.example",
    "subject": "repo:contoso/mdm:ref:refs/heads/main",
    "audiences": ["api://AzureADTokenExchange"],
    "description": "The main branch",
}


@pytest.fixture
async def place(v1: httpx.AsyncClient) -> str:
    """The path of the credentials of a new application."""
    made = await v1.post("/applications", json={"displayName": "Backup"})
    return f"/applications/{made.json()['id']}/federatedIdentityCredentials"


async def _added(v1: httpx.AsyncClient, place: str, **changes: Any) -> Json:
    answer = await v1.post(place, json={**BODY, **changes})
    assert answer.status_code == 201, answer.text
    document: Json = answer.json()
    return document


async def test_a_credential_is_added_read_by_id_and_by_name_changed_and_deleted(
    v1: httpx.AsyncClient, place: str
) -> None:
    made = await _added(v1, place)
    shown = {name: value for name, value in made.items() if not name.startswith("@")}
    assert shown == {**BODY, "id": made["id"]}
    for key in (made["id"], made["id"].upper(), "main-branch"):
        assert (await v1.get(f"{place}/{key}")).json() == made
    changed = await v1.patch(f"{place}/main-branch", json={"subject": "repo:contoso/mdm:pull_request"})
    assert (changed.status_code, changed.content) == (204, b"")
    (listed,) = (await v1.get(place)).json()["value"]
    assert listed == {**shown, "subject": "repo:contoso/mdm:pull_request"}
    assert (await v1.get(f"{place}/$count")).text == "1"
    assert (await v1.delete(f"{place}/{made['id']}")).status_code == 204
    assert (await v1.get(place)).json()["value"] == []
    for verb in ("GET", "DELETE"):
        assert (await v1.request(verb, f"{place}/main-branch")).status_code == 404
    assert (await v1.patch(f"{place}/main-branch", json={"subject": "x"})).status_code == 404


async def test_credentials_are_filtered_and_selected(v1: httpx.AsyncClient, place: str) -> None:
    await _added(v1, place)
    await _added(v1, place, name="weekly", subject="weekly")
    for wanted in ("name eq 'weekly'", "subject eq 'weekly'"):
        answer = await v1.get(place, params={"$filter": wanted, "$select": "name"})
        assert [row["name"] for row in answer.json()["value"]] == ["weekly"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "main-branch"}, "already exists"),
        ({"name": "other"}, "same issuer and subject"),
        ({"name": "ab", "subject": "x"}, "3 to 120"),
        ({"name": "with a space", "subject": "x"}, "3 to 120"),
        ({"name": "x" * 121, "subject": "x"}, "3 to 120"),
        ({"name": "none", "subject": "x", "audiences": []}, "one audience"),
        ({"name": "two", "subject": "x", "audiences": ["a", "b"]}, "one audience"),
        ({"name": "long", "subject": "x" * 601}, "1 to 600"),
        ({"name": "empty", "subject": ""}, "subject"),
        ({"name": "noissuer", "subject": "x", "issuer": None}, "issuer"),
        ({"name": "told", "subject": "x", "description": "x" * 601}, "600"),
        ({"name": "number", "subject": 7}, "subject"),
        ({"name": "unknown", "subject": "x", "colour": "red"}, "colour"),
    ],
)
async def test_a_wrong_credential_is_refused_and_nothing_changes(
    changes: Json, says: str, v1: httpx.AsyncClient, place: str
) -> None:
    made = await _added(v1, place)
    refused = await v1.post(place, json={**BODY, **changes})
    assert refused.status_code == 400
    assert says in error_message(refused)
    assert [row["id"] for row in (await v1.get(place)).json()["value"]] == [made["id"]]


@pytest.mark.parametrize("changes", [{"name": "renamed"}, {"audiences": []}, {"issuer": ""}, {"subject": "weekly"}])
async def test_a_wrong_change_is_refused(changes: Json, v1: httpx.AsyncClient, place: str) -> None:
    await _added(v1, place)
    await _added(v1, place, name="weekly", subject="weekly")
    before = (await v1.get(place)).json()
    assert (await v1.patch(f"{place}/main-branch", json=changes)).status_code == 400
    assert (await v1.get(place)).json() == before


async def test_an_application_has_twenty_at_most(v1: httpx.AsyncClient, place: str) -> None:
    for number in range(20):
        await _added(v1, place, name=f"number-{number}", subject=str(number))
    refused = await v1.post(place, json=BODY)
    assert (refused.status_code, "20" in error_message(refused)) == (400, True)


async def test_the_credentials_of_no_application_do_not_exist(v1: httpx.AsyncClient) -> None:
    place = "/applications/5e1fc0de-0000-4000-8000-000000000001/federatedIdentityCredentials"
    assert (await v1.get(place)).status_code == 404
    assert (await v1.post(place, json=BODY)).status_code == 404


async def test_they_stay_when_the_service_principal_is_deleted(v1: httpx.AsyncClient, place: str) -> None:
    application = (await v1.get(place.rpartition("/")[0])).json()
    await v1.post("/servicePrincipals", json={"appId": application["appId"]})
    await _added(v1, place)
    gone = await v1.delete(f"/servicePrincipals(appId='{application['appId']}')")
    assert gone.status_code == 204
    assert len((await v1.get(place)).json()["value"]) == 1


async def test_permissions_are_those_of_applications(
    http: httpx.AsyncClient, v1: httpx.AsyncClient, place: str
) -> None:
    body = {"clientId": "5e1fc0de-0000-4000-8000-000000000005", "roles": ["Application.Read.All"], "secret": "s3cret"}
    await http.post("/_fauxtune/v1/tenants/contoso/applications", json=body)
    form = {
        "grant_type": "client_credentials",
        "client_id": body["clientId"],
        "client_secret": "s3cret",
        "scope": "https://graph.microsoft.com/.default",
    }
    token = (await http.post("/contoso/oauth2/v2.0/token", data=form)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await v1.get(place, headers=headers)).status_code == 200
    assert (await v1.post(place, json=BODY, headers=headers)).status_code == 403
