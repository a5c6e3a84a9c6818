"""Simulated devices that the server holds: added over HTTP for every platform, and changed by their owners."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fauxtune.core.administration import devices as tasks
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.administration.snippets import Addresses
from fauxtune.core.model.words.provider_states import DELIVERIES, REFUSALS
from fauxtune_sim.device.state_folder import Delivery
from tests.support.journey_server import serving_journey
from tests.support.running_server import Served

#: The host of simulated devices.
pytestmark = pytest.mark.usefixtures("preloaded_modules")
PHONE = "alice's iPhone"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_journey(tmp_path_factory.mktemp("hosting") / "data", ephemeral=True) as served:
        yield served


def answer(server: Served, request: AdminRequest, *, status: int = 200) -> Any:
    addresses = Addresses(server.https, "contoso")
    with server.client() as client:
        result = client.request(request.method, addresses.url(request), json=request.body)
    assert result.status_code == status, result.text
    return result.json()


def listed(server: Served) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = answer(server, tasks.list_hosted_devices())["value"]
    return rows


def records(graph: httpx.Client, name: str) -> list[dict[str, Any]]:
    rows = graph.get("/beta/deviceManagement/managedDevices").raise_for_status().json()["value"]
    return [row for row in rows if row["deviceName"] == name]


def test_a_device_is_added_and_does_what_its_owner_does(server: Served) -> None:
    added = answer(server, tasks.add_hosted_device("alice", platform="ios", facts={"isEncrypted": False}), status=201)
    assert (added["name"], added["userPrincipalName"], added["online"]) == (PHONE, "alice@contoso.example", True)
    second = answer(server, tasks.add_hosted_device("alice", platform="ios"), status=201)
    assert second["name"] == f"{PHONE} 2"
    assert answer(server, tasks.connect_hosted_device(PHONE, online=False))["online"] is False
    every = sorted(Delivery)
    refusing = answer(server, tasks.let_hosted_device_refuse(PHONE, items=every))
    assert (refusing["refuses"], refusing["online"]) == (every, False)
    assert answer(server, tasks.let_hosted_device_refuse(PHONE, items=["pkcs"]))["refuses"] == ["pkcs"]
    with server.signed_in() as graph:
        assert records(graph, PHONE)[0]["isEncrypted"] is False
        answer(server, tasks.let_hosted_device_report(PHONE, facts={"isEncrypted": True}))
        assert records(graph, PHONE)[0]["isEncrypted"] is False, "it is off line"
        assert answer(server, tasks.connect_hosted_device(PHONE, online=True))["online"] is True
        assert records(graph, PHONE)[0]["isEncrypted"] is True
        before = records(graph, PHONE)[0]["lastSyncDateTime"]
        answer(server, tasks.check_in_hosted_device(PHONE))
        assert records(graph, PHONE)[0]["lastSyncDateTime"] > before
    hers = [(each["name"], each["refuses"]) for each in listed(server) if each["name"].startswith(PHONE)]
    assert hers == [(PHONE, ["pkcs"]), (f"{PHONE} 2", [])]


def test_everything_that_a_device_can_refuse_has_words_in_the_console_and_in_states() -> None:
    assert set(REFUSALS) == set(DELIVERIES.values()) == set(Delivery)
    assert {REFUSALS[item].lower(): item for item in Delivery} == dict(DELIVERIES)


@pytest.mark.parametrize(
    ("request_", "status", "words"),
    [
        (tasks.add_hosted_device("nobody", platform="ios"), 404, "no user 'nobody@contoso.example'"),
        (tasks.add_hosted_device("bob", platform="ios", mode="knox"), 400, "ios has no modes"),
        (tasks.add_hosted_device("bob", platform="beos"), 400, "platform"),
        (tasks.add_hosted_device("bob", platform="ios", facts={"isEncryptd": True}), 400, "nearest are isEncrypted"),
        (tasks.check_in_hosted_device("nobody's iPhone"), 404, "no simulated device"),
        (tasks.connect_hosted_device("../tenants/contoso", online=False), 404, "no simulated device"),
        (tasks.let_hosted_device_refuse(PHONE, items=["everything"]), 400, "refuses"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_added(
    server: Served, request_: AdminRequest, status: int, words: str
) -> None:
    before = listed(server)
    assert words in answer(server, request_, status=status)["error"]["message"]
    assert listed(server) == before


def test_a_name_that_is_taken_is_refused(server: Served) -> None:
    request = tasks.add_hosted_device("bob", platform="macos", name="Bob / 1: the <b>Mac</b>")
    name = answer(server, request, status=201)["name"]
    assert "already" in answer(server, request, status=409)["error"]["message"]
    assert answer(server, tasks.check_in_hosted_device(name))["name"] == name


def test_the_devices_of_one_tenant_are_not_those_of_another(server: Served) -> None:
    name = answer(server, tasks.add_hosted_device("carol", platform="ios"), status=201)["name"]
    with server.client() as client:
        other = client.post("/_fauxtune/v1/tenants", json={"seed": "contoso"}).raise_for_status().json()
        place = f"/_fauxtune/v1/tenants/{other['id']}/hosted-devices"
        assert client.get(place).json()["value"] == []
        assert client.patch(f"{place}/{name}", json={"online": False}).status_code == 404
        assert client.post(f"{place}/{name}/check-in").status_code == 404
    assert next(each for each in listed(server) if each["name"] == name)["online"] is True


def test_a_script_ends_on_a_hosted_device_as_its_owner_says(server: Served) -> None:
    pc = answer(server, tasks.add_hosted_device("alice", platform="windows", name="DESKTOP-7"), status=201)
    path = f"/_fauxtune/v1/tenants/contoso/hosted-devices/{pc['name']}"
    with server.client() as client:
        body = {"scripts": {"Map drives": {"exitCode": 4, "output": "half"}}}
        assert client.patch(path, json=body).status_code == 200
        for wrong in ({"exitCode": "4"}, {"code": 4}, {"exitCode": 2**31}, {"output": "x" * 3000}):
            assert client.patch(path, json={"scripts": {"Map drives": wrong}}).status_code == 400
    with server.signed_in() as graph:
        scripts = "/beta/deviceManagement/deviceManagementScripts"
        script = {"displayName": "Map drives", "fileName": "map.ps1", "scriptContent": "ZXhpdCAw"}
        key = graph.post(scripts, json=script).raise_for_status().json()["id"]
        everybody = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
        graph.post(
            f"{scripts}/{key}/assign", json={"deviceManagementScriptAssignments": [everybody]}
        ).raise_for_status()
        answer(server, tasks.check_in_hosted_device(pc["name"]))
        (state,) = graph.get(f"{scripts}/{key}/deviceRunStates").raise_for_status().json()["value"]
    assert (state["runState"], state["errorCode"], state["resultMessage"]) == ("fail", 4, "half")
