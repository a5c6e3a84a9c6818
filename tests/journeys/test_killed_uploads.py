"""A server that is killed during an upload keeps the blocks that it answered with 201, and the upload goes on."""

from __future__ import annotations

import base64
import os
import signal
from pathlib import Path
from typing import Any

import httpx

from tests.support.app_packages import package
from tests.support.running_server import Running, serving

APPS = "/beta/deviceAppManagement/mobileApps"


def block_id(number: int) -> str:
    return base64.b64encode(f"{number:03}".encode()).decode()


def created(client: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    document: dict[str, Any] = client.post(path, json=body).raise_for_status().json()
    return document


def address(server: Running, client: httpx.Client, file: str) -> str:
    """Path and query of the file's address: after a restart the server listens elsewhere."""
    uri = str(client.get(file).raise_for_status().json()["azureStorageUri"])
    return uri.removeprefix(server.https)


def put_block(client: httpx.Client, place: str, *, number: int, content: bytes) -> None:
    client.put(f"{place}&comp=block&blockid={block_id(number)}", content=content).raise_for_status()


def test_a_killed_server_keeps_the_blocks_that_it_acknowledged(tmp_path: Path, commands: Path) -> None:
    of, half = package(os.urandom(400_000)), 200_000
    with serving("--data-dir", tmp_path, commands=commands) as server, server.signed_in() as client:
        app = created(
            client, APPS, **{"@odata.type": "#microsoft.graph.win32LobApp", "displayName": "App", "publisher": "x"}
        )["id"]
        versions = f"{APPS}/{app}/microsoft.graph.win32LobApp/contentVersions"
        created(client, versions)
        file = f"{versions}/1/files/{created(client, f'{versions}/1/files', **of.announced())['id']}"
        put_block(client, address(server, client, file), number=0, content=of.encrypted[:half])
        os.kill(server.endpoints["pid"], signal.SIGKILL)
        server.process.wait()
    with serving("--data-dir", tmp_path, commands=commands) as server, server.signed_in() as client:
        place = address(server, client, file)
        put_block(client, place, number=1, content=of.encrypted[half:])
        listed = "".join(f"<Latest>{block_id(number)}</Latest>" for number in (0, 1))
        client.put(f"{place}&comp=blocklist", content=f"<BlockList>{listed}</BlockList>").raise_for_status()
        client.post(f"{file}/commit", json={"fileEncryptionInfo": of.encryption}).raise_for_status()
        assert client.get(file).json()["uploadState"] == "commitFileSuccess"
