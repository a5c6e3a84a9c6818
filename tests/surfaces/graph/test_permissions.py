"""Permissions: each operation asks for its own, the refusal names them, and the report says what was really used."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from fauxtune.core.model.permissions import Permissions
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.surfaces.graph.routes import ROUTES
from tests.support.graph import DEVICES, PROFILES, error_code, error_message

CONTROL = "https://localhost:8443/_fauxtune/v1/tenants/contoso"
GRAPH = "https://graph.microsoft.com/.default"
#: Operations that whoever has a token may call.
OPEN = {
    "POST $batch",
    "GET $metadata",
    "GET ",
    *(f"POST {root}/managedDevices" for root in ("deviceManagement", "users/{user}", "me")),
}


@pytest.fixture
async def reader(http: httpx.AsyncClient) -> dict[str, str]:
    """The headers of an application that may read users, and nothing else."""
    sent = {"displayName": "Reader", "roles": ["User.Read.All"], "secret": "reader-secret"}
    document = (await http.post(f"{CONTROL}/applications", json=sent)).json()
    form = {"grant_type": "client_credentials", "client_id": document["clientId"], "client_secret": "reader-secret"}
    answer = await http.post("https://localhost:8443/contoso/oauth2/v2.0/token", data={**form, "scope": GRAPH})
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


async def _report(http: httpx.AsyncClient, name: str) -> dict[str, Any]:
    report = (await http.get(f"{CONTROL}/reports/permissions")).json()
    entry: dict[str, Any] = next(entry for entry in report["value"] if entry["displayName"] == name)
    return entry


def test_every_operation_that_is_served_says_what_it_needs() -> None:
    bare = {f"{route.method} {route.template}" for route in ROUTES if not route.permissions and route.status != 501}
    assert bare == OPEN


@pytest.mark.parametrize(
    ("method", "path", "word", "needs"),
    [
        ("GET", PROFILES, "Forbidden", "DeviceManagementConfiguration.Read.All"),
        ("POST", f"{DEVICES}/x/wipe", "Forbidden", "DeviceManagementManagedDevices.PrivilegedOperations.All"),
        ("POST", "/groups", "Authorization_RequestDenied", "Group.ReadWrite.All"),
        ("DELETE", "/users/alice@contoso.example", "Authorization_RequestDenied", "User.ReadWrite.All"),
    ],
)
async def test_what_an_application_may_not_do_is_refused_by_name(
    beta: httpx.AsyncClient, reader: dict[str, str], *, method: str, path: str, word: str, needs: str
) -> None:
    assert (await beta.get("/users", headers=reader)).status_code == 200
    answer = await beta.request(method, path, headers=reader)
    assert (answer.status_code, error_code(answer)) == (403, word)
    assert "Insufficient privileges to complete the operation." in error_message(answer)
    assert needs in error_message(answer)
    assert "It has: User.Read.All." in error_message(answer)


@pytest.mark.parametrize(
    ("method", "path", "enough", "too_little"),
    [
        (
            "POST",
            "deviceManagement/managedDevices/{device}/sendCustomNotificationToCompanyPortal",
            "DeviceManagementManagedDevices.ReadWrite.All",
            "DeviceManagementManagedDevices.PrivilegedOperations.All",
        ),
        (
            "POST",
            "deviceManagement/managedDevices/{device}/wipe",
            "DeviceManagementManagedDevices.ReadWrite.All",
            "DeviceManagementManagedDevices.Read.All",
        ),
        (
            "POST",
            "deviceManagement/managedDevices/{device}/syncDevice",
            "DeviceManagementManagedDevices.PrivilegedOperations.All",
            "DeviceManagementManagedDevices.ReadWrite.All",
        ),
        (
            "DELETE",
            "deviceManagement/ndesConnectors/{connector}",
            "DeviceManagementConfiguration.ReadWrite.All",
            "DeviceManagementServiceConfig.ReadWrite.All",
        ),
        (
            "POST",
            "deviceManagement/roleScopeTags",
            "DeviceManagementRBAC.ReadWrite.All",
            "DeviceManagementRBAC.Read.All",
        ),
        (
            "POST",
            "deviceManagement/roleScopeTags",
            "DeviceManagementConfiguration.ReadWrite.All",
            "DeviceManagementServiceConfig.ReadWrite.All",
        ),
    ],
)
def test_an_operation_takes_the_permissions_that_the_documents_list_for_it_and_no_other(
    *, method: str, path: str, enough: str, too_little: str
) -> None:
    needed = next(route.permissions for route in ROUTES if (route.method, route.template) == (method, path))
    assert enough in needed
    assert too_little not in needed


async def test_a_batch_is_judged_item_by_item(beta: httpx.AsyncClient, reader: dict[str, str]) -> None:
    requests = [{"id": "1", "method": "GET", "url": "/users"}, {"id": "2", "method": "GET", "url": "/groups"}]
    answer = await beta.post("/$batch", json={"requests": requests}, headers=reader)
    assert [response["status"] for response in answer.json()["responses"]] == [200, 403]


@pytest.mark.parametrize(("mode", "said"), [(Permissions.WARN, True), (Permissions.OFF, False)])
async def test_the_check_can_warn_or_be_off(
    beta: httpx.AsyncClient,
    reader: dict[str, str],
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    *,
    mode: Permissions,
    said: bool,
) -> None:
    emulator.permissions.mode = mode
    with caplog.at_level(logging.WARNING, logger="fauxtune.operations.runtime.access_tokens"):
        assert (await beta.get(PROFILES, headers=reader)).status_code == 200
    assert ("DeviceManagementConfiguration.Read.All" in caplog.text) is said


async def test_the_report_says_what_was_used_and_what_would_have_been_enough(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, reader: dict[str, str]
) -> None:
    for path in ("/users", "/users", "/users/alice@contoso.example", PROFILES):
        await beta.get(path, headers=reader)
    report = await _report(http, "Reader")
    assert (report["granted"], report["used"], report["unused"]) == (["User.Read.All"], ["User.Read.All"], [])
    assert report["missing"] == ["DeviceManagementConfiguration.Read.All"]
    assert report["leastPrivileged"] == ["DeviceManagementConfiguration.Read.All", "User.ReadBasic.All"]
    counted = {
        (operation["method"], operation["path"]): (operation["calls"], operation["refused"])
        for operation in report["operations"]
    }
    assert counted == {
        ("GET", f"{PROFILES}"): (1, 1),
        ("GET", "/users"): (2, 0),
        ("GET", "/users/{user}"): (1, 0),
    }


async def test_a_users_token_is_judged_by_its_scopes_alone_and_the_report_names_the_one_it_lacked(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, emulator: Emulator
) -> None:
    form = {"grant_type": "password", "username": "alice@contoso.example", "password": "Fauxtune1!"}
    form |= {"client_id": "c0ffee00-0000-4000-8000-00000000a991", "scope": "https://graph.microsoft.com/User.Read"}
    issued = (await http.post("https://localhost:8443/contoso/oauth2/v2.0/token", data=form)).json()
    headers = {"authorization": f"Bearer {issued['access_token']}"}
    assert (await beta.get("/me", headers=headers)).status_code == 200
    answer = await beta.get(PROFILES, headers=headers)
    assert (answer.status_code, error_code(answer)) == (403, "Forbidden")
    assert "It has: User.Read." in error_message(answer)
    report = await _report(http, "Fauxtune test client")
    assert report["missing"] == ["DeviceManagementConfiguration.Read.All"]
    assert "DeviceManagementConfiguration.ReadWrite.All" in report["granted"]
    emulator.permissions.mode = Permissions.OFF
    assert (await beta.get(PROFILES, headers=headers)).status_code == 200


async def test_another_tenants_report_is_its_own(http: httpx.AsyncClient, beta: httpx.AsyncClient) -> None:
    await beta.get("/users")
    document = (await http.post("https://localhost:8443/_fauxtune/v1/tenants", json={"name": "other"})).json()
    report = (
        await http.get(f"https://localhost:8443/_fauxtune/v1/tenants/{document['id']}/reports/permissions")
    ).json()
    assert [entry["operations"] for entry in report["value"]] == [[]]
    assert report["mode"] == "enforce"
