"""A token is good at Graph only if it was made for Graph, by one of the names that Graph has here."""

from __future__ import annotations

import base64

import httpx
import pytest

from fauxtune.server.factory import Application
from tests.support.graph import error_code, error_message

CLIENT = "c0ffee00-0000-4000-8000-00000000a991"
FORM = {"client_id": CLIENT, "client_secret": "fauxtune-not-a-secret", "grant_type": "client_credentials"}
OF_A_USER = {"grant_type": "password", "username": "alice@contoso.example", "password": "Fauxtune1!"}


async def _get(http: httpx.AsyncClient, resource: str, path: str = "/v1.0/users", **more: str) -> httpx.Response:
    form = {**FORM, **more, "scope": f"{resource}/.default"}
    token = (await http.post("/contoso/oauth2/v2.0/token", data=form)).json()["access_token"]
    return await http.get(path, headers={"authorization": f"Bearer {token}"})


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
