"""Who may ask Graph: tokens, tenants, permissions.

A token is good at Graph only if it was made for Graph, by one of the names that Graph has here.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.seeds import parse_seed
from fauxtune.server.bootstrap import seed_tenant
from fauxtune.server.factory import Application
from tests.support.clock import FixedClock
from tests.support.graph import DEVICES, PFX, PROFILES, error_code, error_message, id_of_user

CLIENT = "c0ffee00-0000-4000-8000-00000000a991"
PATHS = ("/v1.0/users", "/beta/groups", f"/beta{DEVICES}", f"/v1.0{PROFILES}", f"/beta{PFX}", "/beta/nothing/there")


def _issue(emulator: Emulator, tenant: Tenant, *roles: str, issuer: str | None = None) -> str:
    return emulator.tokens.issue(
        issuer=issuer or f"https://localhost:8443/{tenant.id}/",
        tenant_id=tenant.id,
        client_id=CLIENT,
        audience="https://graph.microsoft.com",
        object_id="0b1ec700-0000-4000-8000-000000000001",
        roles=roles,
    )


def _with_claims(token: str, **claims: object) -> str:
    """The same token with other claims, under its old signature."""
    head, body, signature = token.split(".")
    kept = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    changed = base64.urlsafe_b64encode(json.dumps({**kept, **claims}).encode()).rstrip(b"=").decode()
    return f"{head}.{changed}.{signature}"


def _unsigned(token: str) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


async def _refused(http: httpx.AsyncClient, authorization: str | None, *, path: str = "/beta/users") -> str:
    """The message of the 401 that everybody without a good token gets."""
    headers = {} if authorization is None else {b"authorization": authorization.encode("latin-1")}
    answer = await http.get(path, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (401, "InvalidAuthenticationToken"), answer.text
    assert set(error) == {"code", "message", "innerError"}
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
    assert answer.headers["request-id"] == error["innerError"]["request-id"]
    assert answer.headers["www-authenticate"] == (
        'Bearer realm="", authorization_uri="https://localhost:8443/common/oauth2/authorize", '
        'client_id="00000003-0000-0000-c000-000000000000"'
    )
    message: str = error["message"]
    return message


FORM = {"client_id": CLIENT, "client_secret": "fauxtune-not-a-secret", "grant_type": "client_credentials"}
OF_A_USER = {"grant_type": "password", "username": "alice@contoso.example", "password": "Fauxtune1!"}


async def _get(http: httpx.AsyncClient, resource: str, path: str = "/v1.0/users", **more: str) -> httpx.Response:
    form = {**FORM, **more, "scope": f"{resource}/.default"}
    token = (await http.post("/contoso/oauth2/v2.0/token", data=form)).json()["access_token"]
    return await http.get(path, headers={"authorization": f"Bearer {token}"})


@pytest.mark.parametrize("path", PATHS)
async def test_nobody_gets_in_without_a_token_not_even_to_what_is_not_there(http: httpx.AsyncClient, path: str) -> None:
    for none in (None, "", "Bearer", "Bearer  ", "Basic YTpi"):
        assert await _refused(http, none, path=path) == "Access token is empty."


@pytest.mark.parametrize(
    "token", ["x", "a.b", "a.b.c", "a.b.c.d.e", "=.=.=", "{}", "\N{LATIN SMALL LETTER O WITH DIAERESIS}"]
)
async def test_what_is_no_token_is_refused(http: httpx.AsyncClient, token: str) -> None:
    message = await _refused(http, f"Bearer {token}")
    assert message.startswith("CompactToken parsing failed with error code: 80049217")


async def test_a_token_that_was_touched_or_forged_is_refused(
    http: httpx.AsyncClient, app_token: str, emulator: Emulator, tenant: Tenant
) -> None:
    claims = jwt.decode(app_token, RSAKey.import_key(emulator.tokens.key_set()["keys"][0])).claims
    forged = jwt.encode({"alg": "RS256"}, claims, RSAKey.generate_key(2048, private=True))
    public = emulator.tokens.key_set()["keys"][0]
    for token in (
        app_token[:-6] + "AAAAAA",
        _with_claims(app_token, exp=4102444800),
        _with_claims(app_token, tid="c0ffee00-0000-4000-8000-000000000002"),
        _unsigned(app_token),
        forged,
        jwt.encode({"alg": "RS256", "kid": public["kid"]}, claims, RSAKey.generate_key(2048, private=True)),
        _issue(emulator, tenant, issuer="https://sts.windows.net/other/"),
        _issue(emulator, tenant, issuer=f"https://localhost:8443/{tenant.id}/v2.0"),
    ):
        await _refused(http, f"Bearer {token}")


async def test_a_refresh_token_opens_nothing(http: httpx.AsyncClient) -> None:
    form = {
        "grant_type": "password",
        "client_id": CLIENT,
        "client_secret": "fauxtune-not-a-secret",
        "scope": "https://graph.microsoft.com/.default offline_access",
        "username": "alice@contoso.example",
        "password": "Fauxtune1!",
    }
    answer = (await http.post("/contoso/oauth2/v2.0/token", data=form)).json()
    await _refused(http, f"Bearer {answer['refresh_token']}")


async def test_a_token_ends_by_the_systems_clock_and_not_by_the_tenants(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, clock: FixedClock
) -> None:
    moved = await http.post("/_fauxtune/v1/tenants/contoso/clock/advance", json={"by": "P365D", "settle": False})
    assert moved.status_code == 200, moved.text
    assert (await beta.get("/users")).status_code == 200
    clock.forward(seconds=3598)
    assert (await beta.get("/users")).status_code == 200
    clock.forward(seconds=1)
    answer = await beta.get("/users")
    assert (answer.status_code, error_message(answer)) == (401, "Access token has expired or is not yet valid.")


async def test_a_token_is_good_under_every_name_of_this_host(app: Application, app_token: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://graph.microsoft.com") as other:
        answer = await other.get("/v1.0/users", headers={"authorization": f"bearer {app_token}"})
    assert answer.status_code == 200
    assert answer.json()["@odata.context"] == "https://graph.microsoft.com/v1.0/$metadata#users"


async def test_a_tenant_sees_only_what_is_its_own(
    http: httpx.AsyncClient, beta: httpx.AsyncClient, emulator: Emulator
) -> None:
    seed = parse_seed(
        {
            "id": "fab01c00-0000-4000-8000-000000000001",
            "name": "fabrikam",
            "domain": "fabrikam.example",
            "applications": [{"clientId": CLIENT}],
            "users": [{"userPrincipalName": "zoe"}],
        }
    )
    other = await seed_tenant(emulator, seed)
    roles = ("Directory.ReadWrite.All", "DeviceManagementConfiguration.ReadWrite.All")
    headers = {"authorization": f"Bearer {_issue(emulator, other, *roles)}"}
    entries = (await http.get("/beta/users", headers=headers)).json()["value"]
    assert [entry["userPrincipalName"] for entry in entries] == ["zoe@fabrikam.example"]
    alice, kind = await id_of_user(beta, "alice"), "#microsoft.graph.androidForWorkImportedPFXCertificateProfile"
    ours = (await beta.post(PROFILES, json={"@odata.type": kind, "displayName": "Ours"})).json()["id"]
    group = (await beta.get("/groups")).json()["value"][0]["id"]
    for method, path in (
        ("GET", f"/users/{alice}"),
        ("DELETE", f"/users/{alice}"),
        ("GET", f"/groups/{group}/members"),
        ("DELETE", f"/groups/{group}/members/{alice}/$ref"),
        ("GET", f"{PROFILES}/{ours}"),
        ("DELETE", f"{PROFILES}/{ours}"),
        ("POST", f"{PROFILES}/{ours}/assign"),
    ):
        body: dict[str, Any] | None = {"assignments": []} if method == "POST" else None
        answer = await http.request(method, f"/beta{path}", headers=headers, json=body)
        assert answer.status_code == 404, (path, answer.text)
    assert (await http.get(f"/beta{PROFILES}", headers=headers)).json()["value"] == []
    assert (await beta.get(f"/users/{alice}")).status_code == 200
    assert (await beta.get(f"{PROFILES}/{ours}")).status_code == 200


async def test_a_token_of_a_tenant_that_is_gone_opens_nothing(http: httpx.AsyncClient, app_token: str) -> None:
    assert (await http.delete("/_fauxtune/v1/tenants/contoso")).status_code in (200, 204)
    assert "does not exist" in await _refused(http, f"Bearer {app_token}")


@pytest.mark.parametrize(
    ("method", "path", "role", "allowed"),
    [
        ("GET", "/users", "User.Read.All", True),
        ("GET", "/users", "Group.Read.All", False),
        ("POST", "/users", "User.Read.All", False),
        ("GET", "/groups", "Group.Read.All", True),
        ("DELETE", "/groups/x", "Group.Read.All", False),
        ("POST", "/groups/x/members/$ref", "GroupMember.ReadWrite.All", True),
        ("GET", DEVICES, "DeviceManagementManagedDevices.Read.All", True),
        ("POST", f"{DEVICES}/x/retire", "DeviceManagementManagedDevices.ReadWrite.All", False),
        ("POST", f"{DEVICES}/x/retire", "DeviceManagementManagedDevices.PrivilegedOperations.All", True),
        ("DELETE", f"{DEVICES}/x", "DeviceManagementManagedDevices.Read.All", False),
        ("GET", PROFILES, "DeviceManagementConfiguration.Read.All", True),
        ("GET", PROFILES, "DeviceManagementManagedDevices.ReadWrite.All", False),
        ("POST", PROFILES, "DeviceManagementConfiguration.Read.All", False),
        ("GET", PFX, "DeviceManagementConfiguration.Read.All", True),
        ("DELETE", f"{PFX}/x", "DeviceManagementConfiguration.Read.All", False),
    ],
)
async def test_an_application_may_do_what_its_roles_say(
    http: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, method: str, path: str, role: str, allowed: bool
) -> None:
    headers = {"authorization": f"Bearer {_issue(emulator, tenant, role)}"}
    answer = await http.request(method, f"/beta{path}", headers=headers)
    assert (answer.status_code != 403) == allowed, answer.text
    if not allowed:
        intune = path.startswith("/deviceManagement")
        assert error_code(answer) == ("Forbidden" if intune else "Authorization_RequestDenied")
        assert error_message(answer).startswith("Insufficient privileges to complete the operation.")
        assert "www-authenticate" not in answer.headers


async def test_without_any_role_an_application_may_do_nothing(
    http: httpx.AsyncClient, emulator: Emulator, tenant: Tenant
) -> None:
    headers = {"authorization": f"Bearer {_issue(emulator, tenant)}"}
    for path in PATHS[:-1]:
        assert (await http.get(path, headers=headers)).status_code == 403


@pytest.mark.parametrize(
    "resource",
    [
        "https://vault.azure.net",
        "https://management.azure.com",
        "https://graph.windows.net",
        "https://graph.microsoft.com.evil.example",
        "https://other.graph.microsoft.us",
        "https://evil.example/https://graph.microsoft.com",
        "https://user@graph.microsoft.com",
        "api://other",
        "api://graph.microsoft.com",
        CLIENT,
        "00000002-0000-0000-c000-000000000000",
    ],
)
@pytest.mark.parametrize("more", [{}, OF_A_USER], ids=["application", "user"])
async def test_a_token_for_another_audience_is_refused(
    http: httpx.AsyncClient, resource: str, more: dict[str, str]
) -> None:
    for path in ("/v1.0/users", "/beta/deviceManagement/managedDevices"):
        answer = await _get(http, resource, path, **more)
        assert (answer.status_code, error_code(answer)) == (401, "InvalidAuthenticationToken")
        assert error_message(answer) == "Access token validation failure. Invalid audience."
        assert answer.headers["www-authenticate"].startswith("Bearer ")


@pytest.mark.parametrize(
    "resource",
    [
        "https://graph.microsoft.com",
        "https://graph.microsoft.com/",
        "HTTPS://Graph.Microsoft.com",
        "https://graph.microsoft.us",
        "https://dod-graph.microsoft.us/",
        "https://microsoftgraph.chinacloudapi.cn",
        "00000003-0000-0000-c000-000000000000",
        "https://localhost",
        "https://localhost:8443",
        "http://127.0.0.1:8080",
        "https://[::1]:8443/",
    ],
)
async def test_graph_has_an_id_and_addresses(http: httpx.AsyncClient, resource: str) -> None:
    assert (await _get(http, resource)).status_code == 200


async def test_the_name_by_which_a_client_calls_is_graphs_too(app: Application, http: httpx.AsyncClient) -> None:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://mdm.test.example:9443") as elsewhere:
        assert (await _get(elsewhere, "https://mdm.test.example")).status_code == 200
    assert (await _get(http, "https://mdm.test.example")).status_code == 401


async def test_an_application_has_no_roles_of_another_resource(http: httpx.AsyncClient) -> None:
    form = {**FORM, "scope": "https://vault.azure.net/.default"}
    token = (await http.post("/contoso/oauth2/v2.0/token", data=form)).json()["access_token"]
    assert b"User.ReadWrite.All" not in _payload(token)


def _payload(token: str) -> bytes:
    body = token.split(".")[1]
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
