"""`/oauth2/token`: the endpoint of ADAL and of old scripts."""

from __future__ import annotations

import httpx
import pytest

from tests.support.clock import FixedClock
from tests.support.sign_in import CLIENT, SECRET, read_error, verified_claims

GRAPH = "https://graph.microsoft.com"
APPLICATION = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET, "resource": GRAPH}
USER = {
    "grant_type": "password",
    "client_id": CLIENT,
    "username": "alice@contoso.example",
    "password": "Fauxtune1!",
    "resource": GRAPH,
}


async def ask(http: httpx.AsyncClient, form: dict[str, str], *, key: str = "contoso") -> httpx.Response:
    return await http.post(f"/{key}/oauth2/token", data=form)


@pytest.mark.parametrize("resource", [GRAPH, f"{GRAPH}/", "00000003-0000-0000-c000-000000000000"])
async def test_an_application_names_a_resource_and_reads_text(
    http: httpx.AsyncClient, clock: FixedClock, *, resource: str
) -> None:
    answer = await ask(http, {**APPLICATION, "resource": resource})
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    token = body.pop("access_token")
    now = int(clock.now().timestamp())
    assert body == {
        "token_type": "Bearer",
        "expires_in": "3599",
        "ext_expires_in": "3599",
        "expires_on": str(now + 3599),
        "not_before": str(now - 300),
        "resource": resource,
    }
    assert (await verified_claims(http, token))["aud"] == resource
    assert (await http.get("/v1.0/users", headers={"authorization": f"Bearer {token}"})).status_code == 200


@pytest.mark.parametrize("key", ["contoso", "common"])
async def test_a_user_gets_a_refresh_token_always_and_an_id_token_on_demand(http: httpx.AsyncClient, key: str) -> None:
    body = (await ask(http, USER, key=key)).json()
    assert "id_token" not in body
    assert (body["resource"], body["expires_in"]) == (GRAPH, "3599")
    assert "User.ReadWrite.All" in body["scope"].split()
    again = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": body["refresh_token"]}
    assert (await ask(http, again, key=key)).json()["resource"] == GRAPH
    other = (await ask(http, {**again, "resource": "https://outlook.office.com"}, key=key)).json()
    assert other["resource"] == "https://outlook.office.com"
    assert (await verified_claims(http, other["access_token"]))["aud"] == "https://outlook.office.com"
    identity = await verified_claims(http, (await ask(http, {**USER, "scope": "openid"}, key=key)).json()["id_token"])
    assert (identity["ver"], identity["unique_name"]) == ("1.0", identity["upn"])
    assert identity["iss"] == f"https://localhost:8443/{identity['tid']}/"


@pytest.mark.parametrize(
    ("form", "key", "expected"),
    [
        ({**APPLICATION, "resource": ""}, "contoso", (400, "invalid_request", 900144)),
        ({**USER, "resource": ""}, "contoso", (400, "invalid_request", 900144)),
        ({**APPLICATION, "client_secret": "wrong"}, "contoso", (401, "invalid_client", 7000215)),
        ({**APPLICATION, "resource": "a b"}, "contoso", (400, "invalid_scope", 1002012)),
        ({**USER, "password": "wrong"}, "contoso", (400, "invalid_grant", 50126)),
        ({**APPLICATION, "grant_type": "rubbish"}, "contoso", (400, "unsupported_grant_type", 70003)),
        ({}, "contoso", (400, "invalid_request", 900144)),
        (APPLICATION, "nowhere", (400, "invalid_request", 90002)),
        (APPLICATION, "common", (400, "invalid_request", 50059)),
    ],
)
async def test_it_refuses_as_the_newer_one_does(
    http: httpx.AsyncClient, form: dict[str, str], *, key: str, expected: tuple[int, str, int]
) -> None:
    assert read_error(await ask(http, form, key=key)) == expected


async def test_an_authority_in_the_form_of_ad_fs_names_no_tenant(http: httpx.AsyncClient) -> None:
    """MSAL for Java adds OpenID's scopes to the one that the application wants."""
    form = {name: value for name, value in APPLICATION.items() if name != "resource"}
    form["scope"] = "openid profile offline_access https://api.manage.microsoft.com//.default"
    answer = await http.post("/adfs/oauth2/token", data=form)
    assert answer.status_code == 200, answer.text
    assert (await verified_claims(http, answer.json()["access_token"]))["aud"] == "https://api.manage.microsoft.com/"
    older = (await http.post("/adfs/oauth2/token", data=APPLICATION)).json()
    assert (older["resource"], older["expires_in"]) == (GRAPH, "3599")
    answer = await http.post("/_fauxtune/v1/tenants", json={"name": "fabrikam"})
    assert answer.status_code == 201
    for client in ("00000000-1111-2222-3333-444444444444", ""):
        refused = await http.post("/adfs/oauth2/token", data={**form, "client_id": client})
        assert read_error(refused)[0] == 400


async def test_an_application_of_two_tenants_is_told_to_name_one(http: httpx.AsyncClient) -> None:
    assert (await http.post("/_fauxtune/v1/tenants", json={"name": "fabrikam"})).status_code == 201
    twin = {"clientId": CLIENT, "secret": SECRET}
    assert (await http.post("/_fauxtune/v1/tenants/fabrikam/applications", json=twin)).status_code == 201
    refused = await http.post("/adfs/oauth2/token", data=APPLICATION)
    assert "2 tenants" in refused.json()["error_description"]
