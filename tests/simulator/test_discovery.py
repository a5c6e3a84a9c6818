"""Finding a running server: command line before environment before data folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fauxtune_sim.discovery import ServerOptions, find_server
from fauxtune_sim.errors import NotFoundHere, StateBroken

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


def test_the_environment_names_folder_or_server(folder: Path) -> None:
    assert find_server(ServerOptions(), {"FAUXTUNE_DATA_DIR": str(folder)}).url == ENDPOINTS["https"]
    environment = {"FAUXTUNE_SERVER": "https://other:1/", "FAUXTUNE_CA": "/ca", "FAUXTUNE_TENANT": "t"}
    server = find_server(ServerOptions(), environment)
    assert (server.url, server.ca_file, server.tenant) == ("https://other:1", Path("/ca"), "t")
    assert server.control == "https://other:1/_fauxtune/v1"


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
