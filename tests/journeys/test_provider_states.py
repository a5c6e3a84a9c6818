"""Every provider state is reached on a real server, twice: the second time changes nothing, and it is true."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune.core.clock import from_iso
from fauxtune.core.model.words.provider_states import SENTENCES
from tests.support.journey_server import serving_journey
from tests.support.running_server import Served, serving

#: The host of simulated devices.
pytestmark = pytest.mark.usefixtures("preloaded_modules")
ALICE = "alice"
_CONTROL = "/_fauxtune/v1/tenants"
_PROFILES = "/deviceManagement/deviceConfigurations?$expand=assignments"


class World:
    """A tenant over the wire: control surface, and Graph as its application."""

    def __init__(self, client: httpx.Client, tenant: dict[str, Any]) -> None:
        self.client = client
        self.tenant = tenant
        form = {
            "grant_type": "client_credentials",
            "client_id": tenant["clientId"],
            "client_secret": tenant["clientSecret"],
            "scope": "https://graph.microsoft.com/.default",
        }
        answer = client.post(f"/{tenant['id']}/oauth2/v2.0/token", data=form).raise_for_status()
        self.headers = {"authorization": f"Bearer {answer.json()['access_token']}"}

    def reach(self, state: str, **params: Any) -> dict[str, Any]:
        body = {"state": state, **({"params": params} if params else {})}
        answer = self.client.put(f"{_CONTROL}/{self.tenant['id']}/states", json=body)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def control(self, path: str) -> Any:
        return self.client.get(f"{_CONTROL}/{self.tenant['id']}{path}").raise_for_status().json()

    def export(self) -> str:
        return self.client.get(f"{_CONTROL}/{self.tenant['id']}/export").raise_for_status().text

    def graph(self, path: str) -> Any:
        answer = self.client.get(f"/beta{path}", headers=self.headers)
        return None if answer.status_code == 404 else answer.raise_for_status().json()

    def status(self) -> int:
        """Graph's status of a simple request."""
        return self.client.get("/beta/organization", headers=self.headers).status_code

    # ------------------------------------------------------------------------------------------- short questions

    def user(self, *select: str) -> Any:
        return self.graph(f"/users/alice@{self.tenant['domain']}?$select=id,{','.join(select or ('mail',))}")

    def members(self, group: str) -> list[str]:
        groups = self.graph(f"/groups?$filter=displayName eq '{group}'&$expand=members")["value"]
        return [member["userPrincipalName"].partition("@")[0] for member in groups[0]["members"]]

    def refused(self) -> list[str]:
        """The kinds of device that alice may not enrol."""
        kinds = self.control(f"/users/alice@{self.tenant['domain']}/enrollability")["kinds"]
        return [kind["kind"] for kind in kinds if not kind["allowed"]]

    def groups(self) -> list[str]:
        return [group["displayName"] for group in self.graph("/groups")["value"]]

    def now(self) -> datetime:
        return from_iso(self.control("/clock")["now"])

    def days_of_imports(self) -> list[int]:
        """For how many days each imported certificate of alice is valid, rounded."""
        rows = self.graph("/deviceManagement/userPfxCertificates")["value"]
        ends = [from_iso(row["expirationDateTime"]) - self.now() for row in rows]
        return sorted(round(end / timedelta(days=1)) for end in ends)

    def certificates(self, usage: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.control(
            f"/certificates?userPrincipalName=alice@{self.tenant['domain']}&usage={usage}"
        )["value"]
        return rows

    def issuing(self) -> dict[str, Any]:
        rows: list[dict[str, Any]] = self.control("/authorities")["value"]
        return next(row for row in rows if row["role"] == "issuing" and row["current"])

    def assigned(self, word: str) -> set[str]:
        """The platforms' kinds of profiles whose type has this word and which are assigned."""
        rows = self.graph(_PROFILES)["value"]
        return {row["@odata.type"] for row in rows if word in row["@odata.type"] and row["assignments"]}

    def devices(self) -> list[str]:
        rows = self.graph("/deviceManagement/managedDevices")["value"]
        return sorted(row["deviceName"] for row in rows)

    def events(self, *types: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.control(f"/journal?type={','.join(types)}")["events"]
        return rows

    def connectors(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.control("/connectors")["value"]
        return rows

    def connector_keys(self) -> list[dict[str, Any]]:
        return [key for row in self.connectors() for key in self.control(f"/connectors/{row['id']}/keys")["value"]]

    def connected(self) -> list[bool]:
        return [row["connected"] for row in self.control("/devices")["value"]]

    def setting(self, name: str) -> Any:
        return self.control("")["settings"][name]["value"]

    def templates(self) -> list[str]:
        return [row["name"] for row in self.control("/authorities/issuing/templates")["value"]]


#: What is true after each state that has an example of its own.
TRUE: Mapping[str, Callable[[World], Any]] = {
    "there is a user alice": lambda it: it.user("accountEnabled")["accountEnabled"] is True,
    "there are twelve users": lambda it: len(it.graph("/users")["value"]) == 12,
    "there is no user alice": lambda it: it.user() is None,
    "alice has a licence": lambda it: len(it.user("assignedLicenses")["assignedLicenses"]) == 1,
    "alice has no licence": lambda it: it.user("assignedLicenses")["assignedLicenses"] == [],
    "alice may not sign in": lambda it: it.user("accountEnabled")["accountEnabled"] is False,
    "alice has no mail address": lambda it: it.user("mail")["mail"] is None,
    "alice is called Alice Adams": lambda it: it.user("displayName")["displayName"] == "Alice Adams",
    "there is a group Sales": lambda it: "Sales" in it.groups(),
    "there is no group Sales": lambda it: "Sales" not in it.groups(),
    "alice is a member of Sales": lambda it: it.members("Sales") == [ALICE],
    "alice is not a member of Sales": lambda it: it.members("Sales") == [],
    "Sales is empty": lambda it: it.members("Sales") == [],
    "alice has an encryption certificate": lambda it: it.days_of_imports() == [365],
    # Without a gap in time, of which a diagnosis would warn.
    "alice has three encryption certificates, two expired": lambda it: (
        it.days_of_imports() == [-366, -1, 365]
        and it.control(f"/users/alice@{it.tenant['domain']}/certificates")["findings"] == []
    ),
    "alice's encryption certificate expires in 5 days": lambda it: it.days_of_imports() == [5],
    "alice's encryption certificate has expired": lambda it: it.days_of_imports() == [-1],
    "alice's encryption certificate was revoked": lambda it: [
        row["reason"] for row in it.certificates("encryption")
    ] == ["keyCompromise"],
    "alice's encryption certificate is on hold": lambda it: [
        row["reason"] for row in it.certificates("encryption")
    ] == ["certificateHold"],
    "alice has a signing certificate": lambda it: [row["status"] for row in it.certificates("signing")] == ["good"],
    "alice's signing certificate was revoked": lambda it: [
        row["status"] for row in it.certificates("signing")
    ] == ["revoked"],
    "alice's signing certificate expires in 5 days": lambda it: timedelta(days=4)
    < from_iso(it.certificates("signing")[0]["notAfter"]) - it.now()
    < timedelta(days=5),
    "the issuing CA was rolled over": lambda it: it.issuing()["name"] == "issuing-2",
    "the issuing CA is out of service": lambda it: it.issuing()["state"] == "unavailable",
    "the issuing CA is in service": lambda it: it.issuing()["state"] == "available",
    "the template SmimeSigning is gone": lambda it: "SmimeSigning" not in it.templates(),
    "a trusted root is assigned to All Staff": lambda it: len(it.assigned("TrustedRoot")) == 8,
    "a signing certificate is assigned to All Staff": lambda it: (
        len(it.assigned("Pkcs")), len(it.assigned("TrustedRoot"))
    ) == (7, 8),
    "a SCEP certificate is assigned to All Staff": lambda it: (
        len(it.assigned("cep")) + len(it.assigned("SCEP")), len(it.assigned("TrustedRoot"))
    ) == (8, 8),
    "imported certificates are assigned to All Staff": lambda it: len(it.assigned("ImportedPFX")) == 7,
    "a mail account is assigned to All Staff": lambda it: len(it.assigned("E")) == 5,
    "nothing is assigned to All Staff": lambda it: it.assigned("") == set(),
    "there are no profiles": lambda it: it.graph(_PROFILES)["value"] == [],
    "trusted roots are not required": lambda it: it.setting("requireTrustedRoot") is False,
    "alice may not enrol an iPhone": lambda it: it.refused() == ["ios", "ipados"],
    "alice has an enrolled iPhone": lambda it: it.devices() == ["alice's iPhone"],
    "alice has two iPhones": lambda it: it.devices() == ["alice's iPhone", "alice's iPhone 2"],
    "alice has two phones, one retired": lambda it: (it.devices(), len(it.events("retired"))) == (
        ["alice's phone 2"], 1
    ),
    # That it gets nothing is shown below, in the sequence of a lost iPhone.
    "alice's iPhone is off line": lambda it: it.devices() == ["alice's iPhone"],
    "alice's iPhone is on line": lambda it: it.connected() == [True],
    "alice's iPhone was retired": lambda it: (it.devices(), len(it.events("retired"))) == ([], 1),
    "alice's iPhone was wiped": lambda it: (it.devices(), len(it.events("wiped"))) == ([], 1),
    "alice's iPhone refuses imported certificates": lambda it: it.devices() == ["alice's iPhone"],
    "alice's iPhone accepts everything": lambda it: it.devices() == ["alice's iPhone"],
    "alice's iPhone reports isEncrypted true": lambda it: it.graph("/deviceManagement/managedDevices")["value"][0][
        "isEncrypted"
    ],
    "alice's PC waits for the connector": lambda it: (it.devices(), it.events("installed")[0]["device"] is not None)
    == (["alice's PC"], True),
    "alice's iPhone has a SCEP certificate": lambda it: [
        event["certificate"]["source"] for event in it.events("installed") if event["certificate"]["source"] == "scep"
    ] == ["scep"],
    "alice's PC waits for the approval of a SCEP certificate": lambda it: [
        row["state"] for row in it.control("/scep/requests")["value"]
    ] == ["pending"],
    "the SCEP challenge of alice's iPhone has expired": lambda it: [
        row["expirationDateTime"] <= it.control("/clock")["now"] for row in it.control("/scep/challenges")["value"]
    ] == [True],
    "SCEP requests wait for an approval": lambda it: it.setting("ndes.approval") is True,
    "SCEP requests are granted at once": lambda it: it.setting("ndes.approval") is False,
    "the connector is off line": lambda it: {row["state"] for row in it.connectors()} == {"offline"},
    "the connector is on line": lambda it: {row["state"] for row in it.connectors()} == {"online"},
    "the connector lacks the key": lambda it: it.connector_keys() == [],
    "the connector has a key": lambda it: len(it.connector_keys()) == 1,
    "there is no connector": lambda it: it.connectors() == [],
    "there are two connectors": lambda it: len(it.connectors()) == 2,
    "the connector polls": lambda it: {row["mode"] for row in it.connectors()} == {"polling"},
    "Graph throttles every second request": lambda it: [it.status() for _ in range(4)] == [200, 429, 200, 429],
    "Graph is unavailable": lambda it: it.status() == 503,
    "Graph answers slowly": lambda it: [row["effect"] for row in it.control("/faults")["value"]] == [{"latency": 2}],
    "nobody can sign in": lambda it: "temporarily" in it.client.post(f"/{it.tenant['id']}/oauth2/v2.0/token").text,
    "a firewall keeps the connector from Intune": lambda it: it.control("/connectors")["value"][0]["unreachedHost"],
    "a firewall keeps devices from Intune": lambda it: it.control("/faults")["value"][0]["match"]
    == {"surface": "devices"},
    "nothing fails": lambda it: it.control("/faults")["value"] == [],
    "a year has passed": lambda it: it.now() - from_iso(it.tenant["createdDateTime"]) >= timedelta(days=365),
    "it is 2029-03-01": lambda it: it.now().date().isoformat() == "2029-03-01",
    "the clock stands still": lambda it: it.control("/clock")["mode"] == "frozen",
    "the clock runs": lambda it: it.control("/clock")["mode"] != "frozen",
    "the CRL has expired": lambda it: it.issuing()["state"] == "unavailable"
    and it.now() - from_iso(it.tenant["createdDateTime"]) > timedelta(days=7),
    "the edition is 2020-04": lambda it: it.setting("edition") == "2020-04",
}  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("states") / "data"
    with serving_journey(folder, ephemeral=True) as served, _client(served) as client:
        yield client


@contextmanager
def _client(server: Served) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture
def world(client: httpx.Client) -> Iterator[World]:
    answer = client.post(_CONTROL, json={"keys": "shared"}).raise_for_status()
    yield World(client, answer.json())
    client.delete(f"{_CONTROL}/{answer.json()['id']}").raise_for_status()


@pytest.mark.parametrize("state", [sentence.example for sentence in SENTENCES])
def test_a_state_is_reached_and_then_true_and_reached_already(world: World, state: str) -> None:
    world.reach(state)
    assert TRUE[state](world)
    before = world.export()
    assert world.reach(state)["changed"] is False
    assert world.export() == before


def test_a_device_whose_request_waits_for_an_approval_is_not_waited_for(world: World) -> None:
    world.reach("alice's PC waits for the approval of a SCEP certificate")
    (device,) = world.control("/devices")["value"]
    url = f"{_CONTROL}/{world.tenant['id']}/settle"
    began = time.monotonic()
    (waiting,) = world.client.post(url, json={"timeout": 50}).raise_for_status().json()["waiting"]
    assert time.monotonic() - began < 40, "nobody waits for the time to be over"
    assert waiting["why"] == "'SCEP (Windows)' waits for the approval of its SCEP request"
    assert world.control("/devices")["value"][0]["generation"] == device["generation"] + 1
    (request,) = world.control("/scep/requests")["value"]
    world.client.post(f"{_CONTROL}/{world.tenant['id']}/scep/requests/{request['id']}/approve").raise_for_status()
    assert world.client.post(url, json={"timeout": 20}).raise_for_status().json()["waiting"] == []


def test_several_states_give_what_a_person_expects(world: World) -> None:
    world.reach("alice has an enrolled iPhone")
    world.reach("a trusted root is assigned to All Staff")
    world.reach("imported certificates are assigned to All Staff")
    world.reach("alice's iPhone is lost")
    world.reach("alice has an encryption certificate")
    assert "imported" not in {event["detail"].get("item", "").partition("/")[0] for event in world.events("installed")}
    world.reach("alice's iPhone was found")
    items = [event["certificate"]["source"] for event in world.events("installed")]
    assert sorted(items) == ["imported", "root"]


def test_a_device_that_refuses_reports_its_error(world: World) -> None:
    world.reach("alice's iPhone refuses imported certificates")
    world.reach("imported certificates are assigned to all users")
    world.reach("alice has an encryption certificate")
    (failure,) = world.events("failed")
    assert failure["detail"]["reason"]


def test_a_year_later_a_certificate_has_expired(world: World) -> None:
    world.reach("{user} has a signing certificate", user="alice")
    world.reach("a year has passed")
    assert [row["status"] for row in world.certificates("signing")] == ["expired"]


def test_a_restored_snapshot_brings_hosted_devices_back_that_agree_with_the_server(world: World) -> None:
    tenant = f"{_CONTROL}/{world.tenant['id']}"
    world.reach("alice has an enrolled iPhone")
    world.client.post(f"{tenant}/snapshots", json={"name": "enrolled"}).raise_for_status()
    world.reach("alice's iPhone was retired")
    assert world.devices() == []
    world.client.post(f"{tenant}/snapshots/enrolled/restore").raise_for_status()
    assert world.reach("alice has an enrolled iPhone")["changed"] is False
    world.reach("a trusted root is assigned to all users")
    assert [event["certificate"]["source"] for event in world.events("installed")] == ["root"]


def test_faults_strike_clients_and_not_the_states_that_come_after(world: World) -> None:
    world.reach("Graph is unavailable")
    assert world.reach("alice is a member of Sales")["changed"] is True
    assert world.status() == 503
    world.reach("nothing fails")
    assert world.members("Sales") == [ALICE]


def test_who_left_comes_back_as_somebody_else(world: World) -> None:
    first = world.reach("there is a user alice")["values"]["userId"]
    world.reach("alice has left")
    second = world.reach("there is a user alice")["values"]["userId"]
    assert first != second


def test_an_unknown_state_changes_nothing_and_the_nearest_are_named(world: World) -> None:
    before = world.export()
    answer = world.client.put(
        f"{_CONTROL}/{world.tenant['id']}/states", json={"state": "alice has two iPads, ten retired"}
    )
    assert answer.status_code == 400
    assert "No more devices can be retired" in answer.json()["error"]["message"]
    answer = world.client.put(f"{_CONTROL}/{world.tenant['id']}/states", json={"state": "alice has no licens"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Invalid")
    assert "'alice has no licence'" in answer.json()["error"]["message"]
    assert world.export() == before


def test_all_sentences_are_listed_with_their_places(world: World) -> None:
    rows = world.control("/states")["value"]
    assert [row["state"] for row in rows] == [sentence.text for sentence in SENTENCES]
    assert len(rows) >= 40
    (row,) = [row for row in rows if row["state"] == "{user} has an enrolled {device}"]
    assert [place["name"] for place in row["params"]] == ["user", "device"]


def test_hosted_devices_survive_a_restart_of_the_server_and_end_with_it(commands: Path, tmp_path: Path) -> None:
    order = {"state": "alice has an enrolled iPhone"}
    with serving("--data-dir", tmp_path / "data", commands=commands) as running, _client(running) as client:
        port = running.https.rpartition(":")[2]
        client.put(f"{_CONTROL}/contoso/states", json=order).raise_for_status()
        (host,) = _hosts(running.https)
        client.close()
        running.process.kill()
        running.process.wait()
    _wait_until(lambda: not host.exists())
    with serving("--data-dir", tmp_path / "data", "--port", port, commands=commands) as running:
        with _client(running) as client:
            _wait_until(lambda: _connected(client) == [True])
            answer = client.put(f"{_CONTROL}/contoso/states", json=order).raise_for_status()
            assert answer.json()["changed"] is False
        (host,) = _hosts(running.https)
        running.stop()
        assert not host.exists()


def _hosts(server: str) -> list[Path]:
    """The processes that hold the devices of this server."""
    needle = f"fauxtune_sim.hosting.host\0--server\0{server}\0".encode()
    return [path.parent for path in Path("/proc").glob("[0-9]*/cmdline") if needle in _bytes(path)]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _connected(client: httpx.Client) -> list[bool]:
    return [row["connected"] for row in client.get(f"{_CONTROL}/contoso/devices").json()["value"]]


def _wait_until(is_so: Callable[[], bool]) -> None:
    """Wait; the bound is only there so that a broken test ends."""
    ends = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.02)
