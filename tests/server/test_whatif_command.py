"""`fauxtune whatif`, as a process: a table for people, JSON for programs, and a plain line where Graph says no."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune_cli.device.whatif import effects
from tests.support.certificates import certificate_request
from tests.support.running_server import Running, fauxtune, serving


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("whatif") / "data"


@pytest.fixture(scope="module")
def server(data: Path, commands: Path) -> Iterator[Running]:
    with serving("--data-dir", data, commands=commands) as running:
        yield running


@pytest.fixture(scope="module")
def device(server: Running, raw_rsa_keys: list[RSAPrivateKey]) -> str:
    """The record of alice's fully managed phone."""
    csr = certificate_request(raw_rsa_keys[0])
    with server.client() as client:
        tokens = "/_fauxtune/v1/tenants/contoso/enrollmentTokens"
        token = client.post(tokens, json={"userPrincipalName": "alice@contoso.example"}).json()["token"]
        body = {
            "enrollmentToken": token,
            "mode": "fully-managed",
            "csr": base64.b64encode(csr).decode(),
        }
        client.post("/mdm/contoso/android/v1/enterprises/contoso/devices:enroll", json=body).raise_for_status()
        (found,) = client.get("/_fauxtune/v1/tenants/contoso/devices").json()["value"]
    return str(found["managedDeviceId"])


def test_a_table_says_what_would_happen_to_which_device(server: Running, data: Path, device: str) -> None:
    done = fauxtune(
        "whatif",
        "POST",
        f"/deviceManagement/managedDevices/{device}/wipe",
        "--data-dir",
        data,
        commands=server.commands,
    )
    assert done.returncode == 0, done.stderr
    head, line = done.stdout.splitlines()
    assert head.split() == ["device", "user", "what", "item", "why"]
    assert line.split() == ["alice_AndroidEnterprise", "alice", "ends", "the", "enrolment", "wipe"]


def test_a_cause_is_said_once_for_each_device() -> None:
    item = {"source": "pkcs", "profileName": "Signing", "thumbprint": None, "why": "the device is wiped"}
    lists = {"install": [], "remove": [item, item, {**item, "why": "another"}], "revoke": [item], "reissue": []}
    device = {"deviceName": "Phone", "device": "1", "userPrincipalName": "alice@contoso.example", "ends": None, **lists}
    causes = [row[-1] for row in effects([device, {**device, "deviceName": "Tablet"}]).rows]
    assert causes == ["the device is wiped", "as above", "another", "the device is wiped"] * 2


def test_programs_get_json_and_a_body_comes_from_the_line_or_from_a_file(
    server: Running, data: Path, device: str, tmp_path: Path
) -> None:
    url, body = f"/v1.0/deviceManagement/managedDevices/{device}/wipe", '{"keepEnrollmentData": false}'
    file = tmp_path / "body.json"
    file.write_text(body)
    for given in (body, file):
        done = fauxtune(
            "whatif", "post", url, "--body", given, "--data-dir", data, "--output", "json", commands=server.commands
        )
        (found,) = json.loads(done.stdout)["devices"]
        assert (found["managedDevice"], found["ends"]) == (device, "wipe")


def test_nothing_is_said_to_be_nothing(server: Running, data: Path) -> None:
    done = fauxtune("whatif", "DELETE", "/users/bob@contoso.example", "--data-dir", data, commands=server.commands)
    assert (done.returncode, done.stdout) == (0, "The request would change nothing on any device.\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["DELETE", "/users/nobody"], "Graph would refuse DELETE /users/nobody with 404"),
        (["GET", "/users"], "A GET changes nothing"),
        (["POST", "/users", "--body", "{"], "The body is not JSON"),
        (["POST", "/users", "--body", "missing.json"], "missing.json cannot be read"),
    ],
)
def test_a_refusal_is_one_line(server: Running, data: Path, arguments: list[str], words: str) -> None:
    done = fauxtune("whatif", *arguments, "--data-dir", data, commands=server.commands)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
