"""Graph over HTTP on SQLite: a page of 1,000 of 10,000 managed devices, and single devices.

Answers are cached until something is written; one row shows the cost of a page that is not in the cache.

The floor of the list is the same bytes from memory; that of single devices a bare FastAPI endpoint behind the same
token check.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import RSAKey

from bench import load, world
from bench.rows import Row, side_by_side
from fauxtune.core.model.ids import TenantId
from fauxtune.operations.runtime.access_tokens import TokenIssuer
from fauxtune.server.system import SystemClock, SystemIds

_DEVICES, _PAGE = 10_000, 1_000
_NEW = 50
_SECONDS = 1.0
_PATH = "/v1.0/deviceManagement/managedDevices"
_SELECT = "id,deviceName,userPrincipalName,operatingSystem,complianceState,lastSyncDateTime"


def rows() -> Iterator[Row]:
    """Four rows: the first page, the last page, pages that are not in the cache, single devices."""
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as name:
        folder = Path(name)
        with world.server(folder=folder) as server:
            _one_device(server)
        _multiply(folder)
        with world.server(folder=folder) as server:
            client = server.client()
            query = {"$filter": "operatingSystem eq 'AndroidForWork'", "$select": _SELECT, "$top": str(_PAGE)}
            first = _list_url(client, query, skip=0)
            yield cached_page(
                server, client, url=first, folder=folder, name="1,000 of 10,000 devices / bytes from memory"
            )
            late = _list_url(client, query, skip=_DEVICES - _PAGE)
            yield cached_page(
                server, client, url=late, folder=folder, name="the last 1,000 of them / bytes from memory"
            )
            yield new_pages(server, client, url=first)
            yield _single(server, client, folder=folder)


def _one_device(server: world.Server) -> None:
    client = server.client()
    world.enrol(client, rsa.generate_private_key(65537, 2048), token=world.enrollment_token(client, uses=1))


def _multiply(folder: Path) -> None:
    """Copy the device ten thousand times: enrolling so many would take most of the benchmark's time."""
    with closing(sqlite3.connect(folder / "fauxtune.sqlite")) as database:
        database.row_factory = sqlite3.Row
        enrollment = dict(database.execute("SELECT * FROM enrollments").fetchone())
        record = dict(database.execute("SELECT * FROM managed_devices").fetchone())
        for number in range(1, _DEVICES):
            key = str(uuid4())
            unique = {name: f"{enrollment[name]}-{number}" for name in ("credential_digest", "push_token")}
            insert(database, "enrollments", row={**enrollment, "id": key, "hardware_key": key, **unique})
            document = {**json.loads(record["document"]), "id": str(uuid4()), "deviceName": f"phone {number:05}"}
            ids = {"id": document["id"], "enrollment_id": key, "document": json.dumps(document)}
            insert(database, "managed_devices", row={**record, **ids})
        database.commit()


def insert(database: sqlite3.Connection, table: str, *, row: dict[str, Any]) -> None:
    marks = ", ".join("?" * len(row))
    database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


def _list_url(client: httpx.Client, query: dict[str, str], *, skip: int) -> str:
    """The link of the page that begins after `skip` devices, by the nextLinks of the pages before it."""
    url = str(client.build_request("GET", _PATH, params=query).url.raw_path, "ascii")
    for _ in range(skip // _PAGE):
        link = client.get(url).raise_for_status().json()["@odata.nextLink"]
        url = str(httpx.URL(link).raw_path, "ascii")
    return url


def cached_page(server: world.Server, client: httpx.Client, *, url: str, folder: Path, name: str) -> Row:
    """Ask for a page again and again; the floor is the same bytes from memory."""
    answer = client.get(url).raise_for_status()
    assert len(answer.json()["value"]) == _PAGE
    ours = load.get(url, headers={"authorization": client.headers["authorization"]})
    with _bare(folder, page=answer.content) as port:
        return _measured(name, 0.3, ours=(server.http_port, [ours]), floor=(port, [load.get("/page", headers={})]))


def new_pages(server: world.Server, client: httpx.Client, *, url: str) -> Row:
    """Request pages one after the other, each with an unused parameter that makes its URL new; the processor time of
    one does not depend on what else the machine does.
    """
    start, used = time.perf_counter(), server.cpu()
    for number in range(_NEW):
        client.get(f"{url}&number={number}").raise_for_status()
    each = (server.cpu() - used) / _NEW
    rate = f"{_NEW / (time.perf_counter() - start):.0f}/s, {each * 1000:.0f} ms"
    return Row("such a page that is not in the cache", rate)


def _single(server: world.Server, client: httpx.Client, *, folder: Path) -> Row:
    devices = client.get(_PATH, params={"$top": str(load.CONNECTIONS)}).raise_for_status().json()["value"]
    authorized = {"authorization": client.headers["authorization"]}
    with _bare(folder, page=b"") as port:
        token = {"authorization": f"Bearer {_token(folder)}"}
        return _measured(
            "one device / bare FastAPI behind a token",
            0.4,
            ours=(server.http_port, [load.get(f"{_PATH}/{device['id']}", headers=authorized) for device in devices]),
            floor=(port, [load.get(f"/one/{device['id']}", headers=token) for device in devices]),
        )


def _measured(name: str, goal: float, *, ours: tuple[int, list[bytes]], floor: tuple[int, list[bytes]]) -> Row:
    def rate(of: tuple[int, list[bytes]]) -> float:
        port, requests = of
        return asyncio.run(load.requests_per_second(port, requests, seconds=_SECONDS))

    rate(ours), rate(floor)  # warm both
    median, bare, ratio = side_by_side(lambda: rate(ours), lambda: rate(floor), pairs=3)
    return Row(name, f"{median:.0f}/s", f"{bare:.0f}/s", ratio, goal)


@contextmanager
def _bare(folder: Path, *, page: bytes) -> Iterator[int]:
    (folder / "token.pem").write_bytes(RSAKey.generate_key(2048).as_pem(private=True))
    (folder / "page.json").write_bytes(page)
    port = world.free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.bare_graph", str(port), str(folder)])
    try:
        world.wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _token(folder: Path) -> str:
    key = RSAKey.import_key((folder / "token.pem").read_bytes())
    key.ensure_kid()
    tokens = TokenIssuer(lambda: key, clock=SystemClock(), ids=SystemIds())
    return tokens.issue(
        issuer="https://localhost/t/",
        tenant_id=TenantId("t"),
        client_id="c",
        audience="https://graph.microsoft.com",
        object_id="o",
    )
