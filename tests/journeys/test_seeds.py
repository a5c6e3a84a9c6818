"""A seed with all parts makes a tenant over the wire, with its devices; and what fails late leaves nothing behind."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune.operations.tenants.seed_reading import load_seed
from tests.support.commands import Commands
from tests.support.journey_server import serving_journey
from tests.support.running_server import Served, fauxtune

#: The host of simulated devices.
pytestmark = pytest.mark.usefixtures("preloaded_modules")
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "lakeside.json"
CONTROL = "/_fauxtune/v1/tenants"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that was started with the example."""
    folder = tmp_path_factory.mktemp("seeded") / "data"
    with serving_journey(folder, seed=str(EXAMPLE)) as served:
        yield served


@pytest.fixture(scope="module")
def client(server: Served) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def rows(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    document = client.get(f"{CONTROL}/lakeside{path}").raise_for_status().json()
    members: list[dict[str, Any]] = document.get("value", document.get("events"))
    return members


def test_the_example_is_there_in_every_part_when_the_server_is_ready(client: httpx.Client) -> None:
    tenant = client.get(f"{CONTROL}/lakeside").json()
    assert tenant["settings"]["identityValidity"]["value"] == "P365D"
    assert tenant["clock"]["mode"] == "offset"
    assert tenant["clock"]["now"].startswith("2027-09-01T08:0")
    # In the edition of 2020 there is another one.
    connectors = {row["name"]: row["state"] for row in rows(client, "/connectors")}
    assert connectors.items() >= {"Certificate Connector 1": "online", "Spare": "offline"}.items()
    devices = {row["deviceName"]: row["settled"] for row in rows(client, "/devices")}
    assert devices == dict.fromkeys(("Vera's iPhone", "Tablet 1", "Laptop 7", "Cem's iPhone"), True)
    installed = {
        (row["user"].partition("@")[0], row["certificate"]["source"]) for row in rows(client, "/journal?type=installed")
    }
    assert ("vera.voss", "imported") in installed, "the certificate from the file"
    assert ("vera.voss", "email") in installed
    assert {("amir", "root"), ("bea", "pkcs"), ("cem", "root")} <= installed
    assert [row["effect"] for row in rows(client, "/faults")] == [{"status": 429, "retryAfter": 1}]


def test_the_command_sends_the_files_along_and_a_copy_is_another_tenant(server: Served, client: httpx.Client) -> None:
    run = Commands(Path(server.endpoints["caFile"]).parents[1])
    created = run.json("tenant", "create", "copy", "--seed", EXAMPLE)
    assert created["domain"] == "copy.example"
    devices = client.get(f"{CONTROL}/copy/devices").json()["value"]
    assert {row["user"].rpartition("@")[2] for row in devices} == {"copy.example"}
    assert len(devices) == 4
    client.delete(f"{CONTROL}/copy").raise_for_status()
    assert client.get(f"{CONTROL}/copy").status_code == 404


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"imports": [{"user": "amir", "pfx": "AAAA", "password": "x"}]}, "PKCS#12"),
        ({"devices": [{"user": "guest", "platform": "ios"}]}, "licen"),
        ({"devices": [{"user": "amir", "platform": "ios", "facts": {"isEncripted": True}}]}, "isEncripted"),
        ({"profiles": [{"graph": {"@odata.type": "#microsoft.graph.nothing"}}]}, "nothing"),
    ],
)
def test_what_fails_late_leaves_nothing_behind(client: httpx.Client, part: dict[str, Any], words: str) -> None:
    seed = {
        "keys": "shared",
        "users": [{"userPrincipalName": "amir"}, {"userPrincipalName": "guest", "licensed": False}],
        **part,
    }
    before = [row["id"] for row in client.get(CONTROL).json()["value"]]
    answer = client.post(CONTROL, json={"name": "late", "seed": seed})
    assert answer.status_code in {400, 422}, answer.text
    assert words in json.dumps(answer.json())
    assert [row["id"] for row in client.get(CONTROL).json()["value"]] == before


def test_paths_are_refused_over_http(client: httpx.Client) -> None:
    seed = {"users": [{"userPrincipalName": "a"}], "imports": [{"user": "a", "file": "/etc/passwd", "password": "x"}]}
    answer = client.post(CONTROL, json={"seed": seed})
    assert answer.status_code == 400
    assert "send the file itself as pfx" in answer.json()["error"]["message"]


def test_a_server_does_not_start_with_a_seed_that_cannot_be_filled(commands: Path, tmp_path: Path) -> None:
    seed = load_seed(EXAMPLE)
    seed["imports"][0]["password"] = "seaside"
    file = tmp_path / "seed.json"
    file.write_text(json.dumps(seed))
    ended = fauxtune("serve", "--port", "0", "--http-port", "0", "--ephemeral", "--seed", file, commands=commands)
    assert ended.returncode != 0
    assert "password" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_command_names_every_mistake_with_its_line(server: Served, tmp_path: Path, commands: Path) -> None:
    run = Commands(Path(server.endpoints["caFile"]).parents[1])
    assert run.text("seed", "check", EXAMPLE) == f"{EXAMPLE} can be used.\n"
    assert json.loads(run.text("seed", "show"))["name"] == "contoso"
    pfx = base64.b64encode(b"no PFX").decode()
    file = tmp_path / "seed.json"
    file.write_text(f'{{"users": [],\n"imports": [\n{{"user": "eve", "password": "x", "pfx": "{pfx}"}}]}}')
    ended = fauxtune("seed", "check", file, commands=commands)
    assert ended.returncode == 1
    first, second = ended.stdout.splitlines()
    assert first.startswith(f"{file}:3: /imports/0/pfx: ")
    assert second == f"{file}:3: /imports/0/user: there is no user 'eve' in the seed"
