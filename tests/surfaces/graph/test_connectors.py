"""Graph: ndesConnector and certificateConnectorDetails."""

from __future__ import annotations

import httpx
import pytest

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries.connectors import connector_key_rows
from tests.support.graph import ABSENT, TENANT, advance_clock, document, documents, error_code, error_message

NDES, DETAILS = "/deviceManagement/ndesConnectors", "/deviceManagement/certificateConnectorDetails"


async def _state(http: httpx.AsyncClient, connector: str, state: str) -> None:
    answer = await http.patch(f"{TENANT}/connectors/{connector}", json={"state": state})
    assert answer.status_code == 200, answer.text


async def test_a_connector_in_both_forms(beta: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    await advance_clock(http, "PT2H")
    (older,) = await documents(beta, NDES)
    (present,) = await documents(beta, DETAILS)
    assert older == {
        "id": present["id"],
        "lastConnectionDateTime": "2026-11-24T12:00:00Z",
        "state": "active",
        "displayName": present["connectorName"],
        "roleScopeTagIds": ["0"],
        "enrolledDateTime": "2026-11-24T10:00:00Z",
        "machineName": present["machineName"],
        "connectorVersion": present["connectorVersion"],
        "healthChecks": [
            {"metricName": "caConnectivity", "status": "noActionRequired"},
            {"metricName": "caIssuancePermissions", "status": "noActionRequired"},
            {"metricName": "caRevocationPermissions", "status": "noActionRequired"},
            {"metricName": "certificateTemplate", "status": "noActionRequired"},
        ],
        "healthStatus": "noActionRequired",
    }
    assert present["machineName"].endswith(".contoso.example")
    assert present["lastCheckinDateTime"] == older["lastConnectionDateTime"]
    assert present["enrollmentDateTime"] == older["enrolledDateTime"]
    result = await document(beta, f"{NDES}('{older['id']}')")
    assert result.pop("@odata.context").endswith("$metadata#deviceManagement/ndesConnectors/$entity")
    assert result == older
    assert (await document(beta, f"{DETAILS}/{older['id']}?$select=machineName"))["machineName"]


async def test_one_that_is_off_line_was_last_heard_of_when_it_went(
    beta: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    (connector,) = await documents(beta, NDES)
    await advance_clock(http, "PT1H")
    await _state(http, connector["id"], "offline")
    await advance_clock(http, "PT1H")
    await _state(http, connector["id"], "offline")
    (gone,) = await documents(beta, NDES)
    assert (gone["state"], gone["healthStatus"]) == ("inactive", "disconnected")
    assert gone["lastConnectionDateTime"] == "2026-11-24T11:00:00Z"
    assert {health_check["status"] for health_check in gone["healthChecks"]} == {"unknown"}
    await _state(http, connector["id"], "online")
    (back,) = await documents(beta, NDES)
    assert (back["state"], back["lastConnectionDateTime"]) == ("active", "2026-11-24T12:00:00Z")


async def test_connectors_are_filtered_and_sorted(beta: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    for name in ("Second site", "Annex"):
        answer = await http.post(f"{TENANT}/connectors", json={"name": name, "roles": ["imported-pfx"]})
        assert answer.status_code == 201, answer.text
    await _state(http, "Annex", "offline")
    names = [document["displayName"] for document in await documents(beta, NDES, **{"$orderby": "displayName"})]
    assert names == sorted(names)
    assert len(names) == 3
    (gone,) = await documents(beta, NDES, **{"$filter": "state eq 'inactive'", "$select": "displayName"})
    assert (set(gone), gone["displayName"]) == ({"id", "displayName"}, "Annex")
    (second,) = await documents(beta, DETAILS, **{"$filter": "connectorName eq 'Second site'"})
    assert second["machineName"] == "second-site.contoso.example"
    (same,) = await documents(beta, NDES, **{"$filter": "displayName eq 'Second site'"})
    assert (same["healthChecks"], same["healthStatus"]) == ([], "noActionRequired")
    assert (await beta.get(NDES, params={"$filter": "toaster eq 1"})).status_code == 400


async def test_an_inactive_connector_is_removed_with_its_keys(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, emulator: Emulator, tenant: Tenant
) -> None:
    (connector,) = await documents(beta, NDES)
    path = f"{NDES}/{connector['id']}"
    refused = await beta.delete(path)
    assert (refused.status_code, error_code(refused)) == (400, "BadRequest")
    assert "active" in error_message(refused)
    assert await documents(beta, NDES) == [connector]
    await _state(http, connector["id"], "offline")
    (key,) = await emulator.runner.read(connector_key_rows, tenant.id)
    assert emulator.connector_keys.has(key.file)
    assert (await beta.delete(path)).status_code == 204
    assert not emulator.connector_keys.has(key.file)
    assert await emulator.runner.read(connector_key_rows, tenant.id) == []
    assert await documents(beta, NDES) == await documents(beta, DETAILS) == []
    assert (await http.get(f"{TENANT}/connectors")).json()["value"] == []
    assert (await beta.delete(path)).status_code == 404


@pytest.mark.parametrize("path", [f"{NDES}/{ABSENT}", f"{DETAILS}/{ABSENT}", f"{DETAILS}/connector"])
async def test_an_unknown_connector_is_not_found(beta: httpx.AsyncClient, path: str) -> None:
    answer = await beta.get(path)
    assert (answer.status_code, error_code(answer)) == (404, "ResourceNotFound")


async def test_v1_has_no_connectors(v1: httpx.AsyncClient) -> None:
    for path in (NDES, DETAILS):
        assert (await v1.get(path)).status_code == 400


@pytest.mark.parametrize("action", ["getHealthMetrics", "getHealthMetricTimeSeries"])
async def test_metrics_are_refused_with_the_reason(beta: httpx.AsyncClient, action: str) -> None:
    answer = await beta.post(f"{DETAILS}/{ABSENT}/{action}", json={"metricNames": ["x"]})
    assert (answer.status_code, error_code(answer)) == (501, "NotImplemented")
    assert "not documented" in error_message(answer)


@pytest.mark.parametrize(
    ("version", "health"),
    [
        ("6.2510.3.2002", "noActionRequired"),
        ("6.2406.0.2002", "actionRequired"),
        ("6.2201.7.0", "actionRequired"),
        ("6.2012.1.0", "actionRequired"),
    ],
)
async def test_an_old_version_is_shown_with_a_warning_then_with_an_error(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, version: str, health: str
) -> None:
    (connector,) = await documents(beta, NDES)
    answer = await http.patch(f"{TENANT}/connectors/{connector['id']}", json={"version": version})
    assert answer.status_code == 200, answer.text
    (shown,) = await documents(beta, NDES)
    assert (shown["connectorVersion"], shown["healthStatus"], shown["state"]) == (version, health, "active")
    (same,) = await documents(beta, DETAILS)
    assert same["connectorVersion"] == version


async def test_a_process_that_does_not_run_is_inactive_and_can_be_removed(
    beta: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    body = {"name": "Apart", "roles": ["pkcs"], "location": "process"}
    added = (await http.post(f"{TENANT}/connectors", json=body)).json()
    path = f"{NDES}/{added['id']}"
    assert ((await document(beta, path))["state"], (await document(beta, path))["healthStatus"]) == (
        "inactive",
        "disconnected",
    )
    headers = {"authorization": f"Bearer {added['credential']}"}
    greeting = {"version": "6.2312.0.1", "machineName": "server7"}
    answer = await http.post("/connector/contoso/v1/sessions", json=greeting, headers=headers)
    assert answer.status_code == 201, answer.text
    result = await document(beta, path)
    assert (result["state"], result["machineName"], result["connectorVersion"]) == ("active", "server7", "6.2312.0.1")
    assert (await beta.delete(path)).status_code == 400
    await advance_clock(http, "PT6M")
    assert (await document(beta, path))["state"] == "inactive", "not heard of for five minutes"
    assert (await beta.delete(path)).status_code == 204
