"""What a test tenant costs: made, a token got, deleted, against the bare signatures and rows of it; and its memory.

The floor signs three certificates and a token with RSA-2048 keys, and inserts and deletes the rows that a tenant has,
with Python's sqlite3 in two transactions.
"""

from __future__ import annotations

import http.client
import json
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from bench import world
from bench.rows import Row

_PAIRS, _CLIENTS, _MANY = 60, 4, 1000
_SECONDS = 3.0
#: Tenants with keys of their own: each waits until the pool is full again.
_OWN, _PAUSE = 7, 0.8
_CONTROL = "/_fauxtune/v1/tenants"
_NOW = datetime(2026, 11, 24, tzinfo=UTC)


def rows() -> Iterator[Row]:
    """Four rows: the median, the rate, keys of its own, memory."""
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as name, world.server(folder=Path(name)) as server:
        client = _Client(server.http_port)
        for _ in range(20):
            client.cycle()
        floor = _Floor.of(client, Path(name))
        measured = [(client.cycle(), floor.cycle()) for _ in range(_PAIRS)]
        ours, bare = (statistics.median(each) for each in zip(*measured, strict=True))
        ratio = statistics.median(first / second for first, second in measured)
        yield Row(
            "tenant made, token, deleted / bare (<= 30 ms)", f"{ours * 1e3:.1f} ms", f"{bare * 1e3:.1f} ms", ratio
        )
        yield Row(
            f"the same with {_CLIENTS} clients (>= 100/s)", f"{_rate(server.http_port):.0f}/s", f"{1 / bare:.0f}/s"
        )
        own = []
        for _ in range(_OWN):
            time.sleep(_PAUSE)
            own.append(client.cycle(keys="own"))
        yield Row("the same with keys of its own, pool warm", f"{statistics.median(own) * 1e3:.1f} ms")
    with world.server() as server:
        present, left = _memory(server)
    yield Row(f"memory of {_MANY} tenants (<= 20 MiB)", f"{present:+.1f} MiB", f"{left:+.1f} MiB left")


class _Client:
    """A client with one connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def send(self, method: str, path: str, *, body: bytes = b"", media: str = "application/json") -> Any:
        """Send a request; return the parsed answer."""
        self._connection.request(method, path, body or None, {"content-type": media} if body else {})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return json.loads(content) if content else None

    def make(self, keys: str = "shared") -> dict[str, Any]:
        """Create a tenant."""
        tenant: dict[str, Any] = self.send("POST", _CONTROL, body=json.dumps({"keys": keys}).encode())
        return tenant

    def token(self, tenant: dict[str, Any]) -> str:
        """Get a token of the tenant's application."""
        form = {
            "grant_type": "client_credentials",
            "client_id": tenant["clientId"],
            "client_secret": tenant["clientSecret"],
            "scope": "https://graph.microsoft.com/.default",
        }
        path, media = f"/{tenant['id']}/oauth2/v2.0/token", "application/x-www-form-urlencoded"
        return str(self.send("POST", path, body=urlencode(form).encode(), media=media)["access_token"])

    def users(self, token: str) -> None:
        """Use the tenant: read its users."""
        self._connection.request("GET", "/v1.0/users", headers={"authorization": f"Bearer {token}"})
        self._connection.getresponse().read()

    def delete(self, tenant: dict[str, Any]) -> None:
        """Delete a tenant."""
        self.send("DELETE", f"{_CONTROL}/{tenant['id']}")

    def cycle(self, keys: str = "shared") -> float:
        """Make a tenant, get a token, delete it; the seconds that this took."""
        start = time.perf_counter()
        tenant = self.make(keys)
        self.token(tenant)
        self.delete(tenant)
        return time.perf_counter() - start


@dataclass(frozen=True, slots=True)
class _Floor:
    """The bare signatures and rows of one tenant."""

    database: sqlite3.Connection
    rows: dict[str, list[tuple[Any, ...]]]
    tenant: str
    key: rsa.RSAPrivateKey

    @classmethod
    def of(cls, client: _Client, folder: Path) -> _Floor:
        """Read the rows of a tenant that is there for the moment, and copy the tables to a new database."""
        tenant = client.make()
        database = sqlite3.connect(folder / "floor.sqlite", isolation_level=None)
        database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
        rows = {}
        with sqlite3.connect(folder / "fauxtune.sqlite") as source:
            for name, sql in source.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall():
                if not name.startswith("sqlite_"):
                    database.execute(sql)
            tables = [row[0] for row in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                columns = [row[1] for row in source.execute(f"PRAGMA table_info({table})")]
                key = "tenant_id" if "tenant_id" in columns else "id"
                if key in columns:
                    own = source.execute(f"SELECT * FROM {table} WHERE {key} = ?", (tenant["id"],)).fetchall()
                    rows.update({table: own} if own else {})
        client.delete(tenant)
        return cls(database, rows, tenant["id"], rsa.generate_private_key(65537, 2048))

    def cycle(self) -> float:
        """The seconds that the bare work takes."""
        start = time.perf_counter()
        for number in range(3):
            self._certificate(number)
        self.key.sign(b"x" * 1000, PKCS1v15(), hashes.SHA256())
        self.database.execute("BEGIN")
        for table, rows in self.rows.items():
            marks = ", ".join("?" * len(rows[0]))
            self.database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        self.database.execute("COMMIT")
        self.database.execute("BEGIN")
        for table in self.rows:
            key = "id" if table == "tenants" else "tenant_id"
            self.database.execute(f"DELETE FROM {table} WHERE {key} = ?", (self.tenant,))
        self.database.execute("COMMIT")
        return time.perf_counter() - start

    def _certificate(self, number: int) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"CA {number}")])
        builder = x509.CertificateBuilder(name, name, self.key.public_key(), number + 1, _NOW, _NOW + timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _rate(port: int) -> float:
    """Tenants a second that several clients make, use and delete at once."""
    counts = [0] * _CLIENTS
    until = time.perf_counter() + _SECONDS

    def work(place: int) -> None:
        client = _Client(port)
        while time.perf_counter() < until:
            client.cycle()
            counts[place] += 1

    start = time.perf_counter()
    threads = [threading.Thread(target=work, args=(place,)) for place in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - start)


def _memory(server: world.Server) -> tuple[float, float]:
    """The growth of the server's memory in MiB: while many tenants are there, and after they are deleted."""
    client = _Client(server.http_port)

    def use() -> dict[str, Any]:
        tenant = client.make()
        client.users(client.token(tenant))
        return tenant

    for _ in range(20):  # what is imported once is no tenant's
        client.delete(use())
    before = server.memory()
    tenants = [use() for _ in range(_MANY)]
    present = server.memory() - before
    for tenant in tenants:
        client.delete(tenant)
    return present, server.memory() - before
