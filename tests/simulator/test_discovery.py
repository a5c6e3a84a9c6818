"""Finding a running server: command line before environment before data folder; and HTTP as devices need it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from fauxtune_client.endpoints import find
from fauxtune_sim.demo import start
from fauxtune_sim.errors import NotAllowedHere, NotFoundHere, StateBroken
from fauxtune_sim.server.discovery import DEFAULT_DATA_DIR, ELSEWHERE, ServerOptions, find_server
from fauxtune_sim.server.transport import Transport

ENDPOINTS = {
    "https": "https://localhost:8443",
    "http": "http://localhost:8080",
    "control": "https://localhost:8443/_fauxtune/v1",
    "caFile": "/data/ca.pem",
    "tenant": "contoso",
    "tenantId": "c0ffee00-0000-4000-8000-000000000001",
    "clientId": "c",
    "clientSecret": "s",
    "pid": 1,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "endpoints.json").write_text(json.dumps(ENDPOINTS))
    return tmp_path


def test_a_data_folder_says_everything(folder: Path) -> None:
    server = find_server(ServerOptions(data_dir=folder), {})
    assert (server.url, server.control) == (ENDPOINTS["https"], ENDPOINTS["control"])
    assert (server.ca_file, server.tenant) == (Path("/data/ca.pem"), "contoso")


def test_both_programs_find_the_demonstration_that_runs_in_a_folder_of_its_own(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path_factory.mktemp("here")
    monkeypatch.chdir(here)
    pointer = here / DEFAULT_DATA_DIR / ELSEWHERE
    (folder / "endpoints.json").write_text(json.dumps({**ENDPOINTS, "pid": os.getpid()}))
    with start._found_from_here(folder):
        assert find_server(ServerOptions(), {}).url == ENDPOINTS["https"]
        assert find(data_dir=Path(DEFAULT_DATA_DIR)).https == ENDPOINTS["https"]
        own = pointer.with_name("endpoints.json")
        own.write_text(json.dumps({**ENDPOINTS, "https": "https://localhost:1", "pid": os.getpid()}))
        assert find(data_dir=Path(DEFAULT_DATA_DIR)).https == "https://localhost:1", "a server of this folder wins"
        own.unlink()
    assert not pointer.parent.exists()
    with pytest.raises(NotFoundHere):
        find_server(ServerOptions(), {})


def test_a_report_that_cannot_be_written_is_refused_before_the_demonstration_begins(tmp_path: Path) -> None:
    start._check_writable(tmp_path / "new" / "report.html")
    assert [*tmp_path.rglob("*.html")] == []
    with pytest.raises(NotAllowedHere, match="The report cannot be written to"):
        start._check_writable(Path("/proc/no/such/place.html"))


def test_the_environment_names_folder_or_server(folder: Path) -> None:
    assert find_server(ServerOptions(), {"FAUXTUNE_DATA_DIR": str(folder)}).url == ENDPOINTS["https"]
    environment = {"FAUXTUNE_SERVER": "https://other:1/", "FAUXTUNE_CA": "/ca", "FAUXTUNE_TENANT": "t"}
    server = find_server(ServerOptions(), environment)
    assert (server.url, server.ca_file, server.tenant) == ("https://other:1", Path("/ca"), "t")
    assert server.control == "https://other:1/_fauxtune/v1"


def test_the_address_that_fauxtune_env_prints_names_a_server_whose_control_surface_can_be_asked() -> None:
    environment = {"FAUXTUNE_URL": "https://trainer:8443/", "FAUXTUNE_TENANT": "class-03"}
    server = find_server(ServerOptions(), environment)
    assert (server.url, server.tenant, server.is_described) == ("https://trainer:8443", "class-03", True)
    enrolled_there = ServerOptions(server="https://trainer:8443", tenant="class-03")
    assert find_server(enrolled_there, environment).is_described
    assert not find_server(ServerOptions(server="https://elsewhere:1"), environment).is_described


def test_what_is_named_wins(folder: Path) -> None:
    named = ServerOptions(server="https://localhost:8443", tenant="other", ca=Path("/mine"), data_dir=folder)
    server = find_server(named, {"FAUXTUNE_TENANT": "t", "FAUXTUNE_CA": "/theirs"})
    assert (server.ca_file, server.tenant) == (Path("/mine"), "other")


def test_a_folder_of_another_server_lends_neither_ca_nor_tenant(folder: Path) -> None:
    server = find_server(ServerOptions(server="https://elsewhere:1", data_dir=folder), {})
    assert (server.ca_file, server.tenant) == (None, "contoso")


def test_without_a_server_one_line_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFoundHere, match="fauxtune serve"):
        find_server(ServerOptions(data_dir=tmp_path), {})


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_damaged_description_is_said_to_be_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / "endpoints.json").write_text(text)
    with pytest.raises(StateBroken):
        find_server(ServerOptions(data_dir=tmp_path), {})


async def test_a_request_carries_what_it_is_given_and_the_answer_its_headers(transport: Transport) -> None:
    results: list[tuple[str, str, str, bytes]] = []

    async def answer(request: web.Request) -> web.Response:
        headers = request.headers
        results.append((request.method, headers["Content-Type"], headers["Mdm-Signature"], await request.read()))
        return web.Response(body=b"", headers={"X-Told": "yes"})

    application = web.Application()
    application.router.add_put("/here", answer)
    async with TestServer(application) as server:
        result = await transport.send(
            "PUT",
            str(server.make_url("/here")),
            body=b"<plist/>",
            content_type="application/x-apple-aspen-mdm",
            headers={"Mdm-Signature": "c2lnbmVk"},
        )
    assert results == [("PUT", "application/x-apple-aspen-mdm", "c2lnbmVk", b"<plist/>")]
    assert (result.status, result.body, result.headers["x-told"]) == (200, b"", "yes")
