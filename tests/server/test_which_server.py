"""Which server answers: its id in every answer, and who notices that another server has its port."""

from __future__ import annotations

import json
import re
import shutil
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest

from fauxtune.core.model.addresses import SERVER, Surface, surface_of
from fauxtune.server import StartRefused
from fauxtune.server.names import server_id
from fauxtune.server.system import SystemIds
from fauxtune.testing import Server
from fauxtune.testing.server import ServerNotStarted
from fauxtune_client.endpoints import Refused
from tests.support.running_server import Running, fauxtune, free_ports, serving

ANOTHER = "7d0c1e4e-0000-4000-8000-000000000001"
#: A path of each surface, and what belongs to no surface.
PATHS = {
    Surface.ANDROID: "/mdm/contoso/android/v1/enterprises/x/devices/y/policy",
    Surface.APPLE: "/mdm/contoso/apple/enroll?token=x",
    Surface.WINDOWS: "/EnrollmentServer/Discovery.svc",
    Surface.AGENT: "/mdm/contoso/agent/v1/x",
    Surface.GRAPH: "/v1.0/users",
    Surface.NDES: "/pki/contoso/certsrv/mscep_admin/",
    Surface.PKI: "/pki/contoso/root/ca.cer",
    Surface.PUSH: "/push/contoso/token",
    Surface.CONNECTOR: "/connector/contoso/v1/sessions/x",
    Surface.PARTNER: "/partner/contoso/StatelessScepRequestValidationService/ScepActions/x",
    Surface.BLOBS: "/blobs/contoso/x",
    Surface.CONTROL: "/_fauxtune/v1/tenants",
    Surface.IDENTITY: "/common/discovery/instance",
}
_IDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OTHERS = ("/", "/console", "/docs", "/trust", "/ca.pem", "/nothing/is/here")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, commands: Path) -> Iterator[Running]:
    with serving("--data-dir", tmp_path_factory.mktemp("which") / "data", commands=commands) as running:
        yield running


def test_every_answer_names_the_server(server: Running) -> None:
    known = server.endpoints["serverId"]
    assert str(UUID(known)) == known
    plain = server.endpoints["http"]
    with server.client() as client:
        assert client.get("/readyz").json() == {"notReady": [], "serverId": known}
        for path in ("/readyz", "/livez", *PATHS.values(), *OTHERS):
            for url in (path, f"{plain}{path}"):
                assert client.get(url).headers.get_list(SERVER) == [known], url
    parts = urlsplit(plain)
    with socket.create_connection((str(parts.hostname), parts.port or 0)) as raw:
        raw.sendall(b"this is not HTTP\r\n\r\n")
        answer = raw.recv(4096)
    assert (answer.partition(b"\r\n")[0], known.encode() in answer) == (b"HTTP/1.1 400 Bad Request", True)


def test_a_request_for_another_server_is_refused_by_every_surface_but_not_by_probes(server: Running) -> None:
    known = server.endpoints["serverId"]
    assert set(PATHS) == set(Surface)
    assert {surface_of(path.partition("?")[0]) for path in PATHS.values()} == set(Surface)
    with server.client() as client:
        for path in (*PATHS.values(), *OTHERS):
            refused = client.get(path, headers={SERVER: ANOTHER})
            assert refused.status_code == 421, path
            assert {known, ANOTHER} <= set(_IDS.findall(refused.text)), path
            for same in (known, known.upper()):
                assert client.get(path, headers={SERVER: same}).status_code != 421, path
            assert client.get(path, headers=[(SERVER, known), (SERVER, ANOTHER)]).status_code == 421, path
        markup = client.get("/", headers={SERVER: "<script>"})
        assert (markup.status_code, "<script>" in markup.text) == (421, False)
        assert client.get("/", headers={SERVER: ""}).status_code == 421
        for probe in ("/readyz", "/livez"):
            assert client.get(probe, headers={SERVER: ANOTHER}).status_code == 200


def test_a_folder_keeps_its_id_and_processes_that_start_together_have_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(lambda _: server_id(tmp_path, SystemIds()), range(32)))
    assert len(ids) == 1
    assert server_id(tmp_path / "other", SystemIds()) not in ids
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["server-id"]
    (tmp_path / "server-id").write_text("mine\n")
    with pytest.raises(StartRefused, match="must hold a GUID"):
        server_id(tmp_path, SystemIds())


def test_a_console_and_the_variables_for_programs_name_the_server(server: Running, commands: Path) -> None:
    known, ca = server.endpoints["serverId"], server.endpoints["caFile"]
    with server.client() as client:
        assert known in client.get("/console/", follow_redirects=True).text
    by_folder = fauxtune("env", "--data-dir", server.endpoints["dataDir"], "--output", "json", commands=commands)
    by_address = fauxtune("env", "--url", server.https, "--ca", ca, "--output", "json", commands=commands)
    assert {json.loads(each.stdout)["FAUXTUNE_SERVER_ID"] for each in (by_folder, by_address)} == {known}


def test_commands_devices_and_tests_do_not_speak_to_another_server_on_the_port(
    tmp_path: Path, commands: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second server has the first one's port, authority, tenant and secret: only its id is another."""
    ports = free_ports()
    first, second, phone = tmp_path / "first", tmp_path / "second", tmp_path / "phone"
    start = ("--port", ports["FAUXTUNE_PORT"], "--http-port", ports["FAUXTUNE_HTTP_PORT"])
    simulate = ("--state", str(phone))
    with serving("--data-dir", first, *start, commands=commands) as running:
        url, ca, known = running.https, running.endpoints["caFile"], running.endpoints["serverId"]
        enrol = ("enroll", "--server", url, "--ca", ca, "--user", "alice", "--platform", "ios", *simulate)
        enrolled = fauxtune(*enrol, program="fauxtune-sim", commands=commands)
        assert enrolled.returncode == 0, enrolled.stderr
        library = Server.at(url, ca_file=ca)
        with library.tenant() as tenant:
            assert tenant.graph.get("/v1.0/users").request.headers[SERVER] == known
    assert json.loads((phone / "device.json").read_text())["enrollment"]["server_id"] == known
    second.mkdir(mode=0o700)
    shutil.copytree(first / "tls", second / "tls")
    variables = {"FAUXTUNE_URL": url, "FAUXTUNE_CA": str(second / "tls" / "ca.pem"), "FAUXTUNE_SERVER_ID": known}
    with serving("--data-dir", second, *start, commands=commands) as running:
        other = running.endpoints["serverId"]
        assert (running.https, other != known) == (url, True)
        for command in (("user", "list"), ("tenant", "show", "contoso"), ("healthcheck",)):
            said = fauxtune(*command, commands=commands, **variables)
            assert (said.returncode, known in said.stderr, other in said.stderr) == (1, True, True), said.stderr
        checked = fauxtune("checkin", *simulate, program="fauxtune-sim", commands=commands)
        assert checked.returncode == 1
        assert f"is the server {other}, not {known}" in checked.stderr
        assert json.loads((phone / "device.json").read_text())["enrollment"] is not None
        token = fauxtune(*enrol, program="fauxtune-sim", commands=commands, **variables)
        assert token.returncode == 1
        with library, pytest.raises(Refused, match=other):
            library.tenant()
        monkeypatch.setenv("FAUXTUNE_SERVER_ID", known)
        with pytest.raises(ServerNotStarted, match=other):
            Server.at(url, ca_file=second / "tls" / "ca.pem")
        monkeypatch.delenv("FAUXTUNE_SERVER_ID")
        with httpx.Client(verify=running.trusting()) as client:
            assert client.get(f"{url}/readyz", headers={SERVER: known}).json()["serverId"] == other
        unaware = fauxtune("user", "list", "--data-dir", second, commands=commands, FAUXTUNE_SERVER_ID=known)
        assert unaware.returncode == 0, unaware.stderr
