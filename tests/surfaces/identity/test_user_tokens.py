"""The password and refresh_token grants: what a user gets, as MSAL reads it.

`/oauth2/token`: the endpoint of ADAL and of old scripts.
"""

from __future__ import annotations

import base64
import json

import httpx
import pytest

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.directory.users_and_groups import delete_user, update_user
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.clock import FixedClock
from tests.support.sign_in import CLIENT, SECRET, read_error, verified_claims

ALICE = "alice@contoso.example"
FORM = {
    "grant_type": "password",
    "client_id": CLIENT,
    "username": ALICE,
    "password": "Fauxtune1!",
    "scope": "openid profile offline_access https://localhost/.default",
    "client_info": "1",
}


async def sign_in(http: httpx.AsyncClient, **changes: str) -> httpx.Response:
    return await http.post("/organizations/oauth2/v2.0/token", data={**FORM, **changes})


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


async def test_a_user_gets_everything_that_msal_reads(http: httpx.AsyncClient, tenant: Tenant) -> None:
    body = (await sign_in(http)).json()

    access = await verified_claims(http, body["access_token"])
    assert (access["aud"], access["tid"], access["upn"]) == ("https://localhost", tenant.id, ALICE)
    assert (access["unique_name"], access["app_displayname"]) == (ALICE, "Fauxtune test client")
    assert "DeviceManagementConfiguration.ReadWrite.All" in access["scp"].split()
    assert "roles" not in access
    identity = await verified_claims(http, body["id_token"])
    assert identity["aud"] == CLIENT
    assert (access["iss"], access["ver"]) == (f"https://localhost:8443/{tenant.id}/", "1.0")
    assert (identity["iss"], identity["ver"]) == (f"https://localhost:8443/{tenant.id}/v2.0", "2.0")
    assert identity["preferred_username"] == ALICE
    padding = "=" * (-len(body["client_info"]) % 4)
    info = json.loads(base64.urlsafe_b64decode(body["client_info"] + padding))
    assert info == {"uid": access["oid"], "utid": tenant.id}
    assert "https://localhost/User.ReadWrite.All" in body["scope"].split()


@pytest.mark.parametrize("key", ["common", "organizations", "ORGANIZATIONS", "contoso.example"])
async def test_the_tenant_is_that_of_the_user(http: httpx.AsyncClient, tenant: Tenant, *, key: str) -> None:
    body = (await http.post(f"/{key}/oauth2/v2.0/token", data=FORM)).json()
    assert (await verified_claims(http, body["access_token"]))["tid"] == tenant.id


@pytest.mark.parametrize("path", ["/common/oAuth2/v2.0/token", "/Common/OAUTH2/V2.0/Token"])
async def test_the_case_of_the_path_does_not_matter(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.post(path, data=FORM)).status_code == 200


async def test_only_what_the_scope_asks_for_comes_back(http: httpx.AsyncClient) -> None:
    body = (await sign_in(http, scope="https://graph.microsoft.com/User.Read", client_info="0")).json()
    assert body.keys().isdisjoint({"id_token", "refresh_token", "client_info"})
    assert (await verified_claims(http, body["access_token"]))["aud"] == "https://graph.microsoft.com"


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        ({"password": "wrong"}, "invalid_grant", 50126),
        ({"username": "nobody@contoso.example"}, "invalid_grant", 50034),
        ({"username": "alice@fabrikam.example"}, "invalid_request", 90002),
        ({"username": ""}, "invalid_request", 900144),
        ({"client_id": "14d82eec-204b-4c2f-b7e8-296a70dab67e"}, "unauthorized_client", 700016),
        ({"client_secret": "wrong"}, "invalid_client", 7000215),
        ({"scope": "https://a/.default https://b/.default"}, "invalid_request", 28000),
        ({"scope": ""}, "invalid_request", 900144),
    ],
)
async def test_a_user_is_refused_with_the_reason(
    http: httpx.AsyncClient, change: dict[str, str], *, error: str, code: int
) -> None:
    answer = await sign_in(http, **change)
    assert answer.status_code in {400, 401}
    assert (answer.json()["error"], answer.json()["error_codes"]) == (error, [code])


async def test_a_disabled_account_cannot_sign_in(
    http: httpx.AsyncClient, emulator: Emulator, *, tenant: Tenant
) -> None:
    await emulator.runner.run(tenant, update_user, ALICE, changes={"accountEnabled": False})
    assert (await sign_in(http)).json()["error_codes"] == [50057]


async def refresh(http: httpx.AsyncClient, token: str, **changes: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": token, **changes}
    return await http.post("/organizations/oauth2/v2.0/token", data=form)


async def test_a_refresh_token_gives_a_new_access_token(http: httpx.AsyncClient, clock: FixedClock) -> None:
    first = (await sign_in(http)).json()
    clock.forward(days=30)
    second = (await refresh(http, first["refresh_token"])).json()
    headers = {"authorization": f"Bearer {second['access_token']}"}
    assert (await http.get("/v1.0/users", headers=headers)).status_code == 200
    assert (await verified_claims(http, second["access_token"]))["aud"] == "https://localhost"


async def test_a_refresh_token_is_renewed_though_the_scope_does_not_ask_for_it(http: httpx.AsyncClient) -> None:
    token = (await sign_in(http)).json()["refresh_token"]
    second = (await refresh(http, token, scope="https://graph.microsoft.com/.default")).json()
    third = (await refresh(http, second["refresh_token"])).json()
    assert (await verified_claims(http, third["access_token"]))["aud"] == "https://graph.microsoft.com"


async def test_a_refresh_token_ends_with_time_with_the_password_and_with_the_user(
    http: httpx.AsyncClient, emulator: Emulator, *, tenant: Tenant, clock: FixedClock
) -> None:
    token = (await sign_in(http)).json()["refresh_token"]
    bobs = (await sign_in(http, username="bob@contoso.example")).json()["refresh_token"]

    await emulator.runner.run(tenant, update_user, ALICE, changes={}, password="Another1!")
    assert (await refresh(http, token)).json()["error_codes"] == [50173]
    assert (await refresh(http, bobs)).status_code == 200
    clock.forward(days=91)
    assert (await refresh(http, bobs)).json()["error_codes"] == [700082]
    await emulator.runner.run(tenant, delete_user, "carol@contoso.example")
    assert (await sign_in(http, username="carol@contoso.example")).json()["error_codes"] == [50034]


async def test_tokens_are_not_taken_for_one_another(http: httpx.AsyncClient) -> None:
    body = (await sign_in(http)).json()
    assert (await refresh(http, body["access_token"])).json()["error"] == "invalid_grant"
    assert (await refresh(http, "rubbish")).json()["error"] == "invalid_grant"
    for kind in ("refresh_token", "id_token"):
        headers = {"authorization": f"Bearer {body[kind]}"}
        assert (await http.get("/beta/users", headers=headers)).status_code == 401


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
