"""The retirement of some of ten thousand devices by an administrator's script, and its effect on other devices.

Graph: managedDevice: executeAction, a hundred devices a request. The floor is the same changes by plain statements in
transactions of the same size, in the same file, after the server has ended.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import Connection, select

from bench import inside, load, world
from bench.checkin import quiet_requests
from bench.copies import copy_device
from bench.rows import Row
from fauxtune.connector.keypool import KeyRing
from fauxtune.operations.tenants.seeds import BUILT_IN
from fauxtune.server.bootstrap import Environment, assemble
from fauxtune.server.factory import Application
from fauxtune.server.system import SystemClock, SystemIds
from fauxtune.storage import writes as storage
from fauxtune.storage.database import Database, sqlite_url
from fauxtune.storage.tables import audit_events, certificates, device_actions, enrollments, journal, managed_devices
from fauxtune.storage.tenancy import across_tenants

_DEVICES = 10_000
#: Some are retired while one other device checks in now and then, some while as many as possible check in, the rest
#: inside this process, where the event loop can be watched. (A tenant retires at most 1,000 in a day.)
_RETIRED, _WATCHED, _CROWDED = 1_000, 400, 400
_AT_ONCE, _PER_TRANSACTION = 100, 3
_SECONDS = 1.0
_PACE = 0.004
_ORIGIN, _EXECUTE = "https://localhost:8443", "/beta/deviceManagement/managedDevices/executeAction"


def rows() -> Iterator[Row]:
    """Five rows."""
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as name:
        folder = Path(name)
        with world.server(folder=folder) as server:
            _settle_one(server)
        ids = copy_device(folder, count=_DEVICES)
        with world.server(folder=folder) as server:
            client = server.client()
            # No profile reaches Carol.
            requests = quiet_requests(server, user="carol@contoso.example")
            before = _crl(client)
            alone = asyncio.run(_waits(server.http_port, requests[0], until=_after(_SECONDS)))
            with _Script(server, ids[:_WATCHED]) as script:
                beside = asyncio.run(_waits(server.http_port, requests[0], until=script.has_ended))
            rate = script.rate
            usual = _rate(server, requests)
            with _Script(server, ids[_WATCHED : _WATCHED + _CROWDED]) as script:
                during = []
                while not script.has_ended():
                    during.append(_rate(server, requests))
            after = _crl(client)
        floor = _plain_changes(folder, ids[: _RETIRED // 5])
        yield Row(
            f"{_RETIRED:,} of 10,000 devices retired / updates", f"{rate:.0f}/s", f"{floor:.0f}/s", rate / floor, 0.1
        )
        lag = asyncio.run(_blocked(folder, ids[_WATCHED + _CROWDED : _RETIRED])) * 1000
        yield Row("loop lag p99 while they are, processor time", f"{lag:.1f} ms", "10 ms", lag / 10, 1.0, at_most=True)
        waits = [_percentile_99(durations) * 1000 for durations in (beside, alone)]
        yield Row("wait for a quiet check-in p99: then; alone", f"{waits[0]:.1f} ms", f"{waits[1]:.1f} ms")
        quiet = statistics.mean(during[:-1] or during)
        yield Row("quiet check-ins while they are / before", f"{quiet:.0f}/s", f"{usual:.0f}/s", quiet / usual, 0.4)
        crls = after[0] - before[0]
        yield Row("CRLs made for them; revoked", f"{crls}", f"{after[1] - before[1]:,}", float(crls), 1.0, at_most=True)


def _settle_one(server: world.Server) -> None:
    """Enrol a device of Alice's that gets a PKCS certificate."""
    client = server.client()
    world.smime_profiles(client, group=world.group_id(client, "SMIME Pilot"), template="SmimeP256")
    fleet = (sys.executable, "-m", "fauxtune_sim", "fleet", "--devices", "1", "--user", world.ALICE)
    where = ("--server", server.endpoints["http"], "--tenant", "contoso", "--mix", "android:1", "--output", "json")
    subprocess.run([*fleet, *where], check=True, capture_output=True)


class _Script:
    """Retires these devices, a hundred a request, in its own thread."""

    def __init__(self, server: world.Server, ids: list[str]) -> None:
        self._client = server.client()
        self._ids = ids
        self._thread = threading.Thread(target=self._run)
        self._seconds = 0.0
        self._retired = 0

    def __enter__(self) -> _Script:
        self._thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._thread.join()
        if self._retired != len(self._ids):
            raise RuntimeError(f"{self._retired} of {len(self._ids)} devices were retired")

    @property
    def rate(self) -> float:
        """The retired devices per second."""
        return len(self._ids) / self._seconds

    def has_ended(self) -> bool:
        """Whether all requests were sent and answered."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        start = time.perf_counter()
        for first in range(0, len(self._ids), _AT_ONCE):
            body = {"actionName": "retire", "deviceIds": self._ids[first : first + _AT_ONCE]}
            answer = self._client.post(_EXECUTE, json=body)
            self._retired += len(answer.raise_for_status().json()["successfulDeviceIds"])
        self._seconds = time.perf_counter() - start


def _rate(server: world.Server, requests: list[bytes]) -> float:
    return asyncio.run(load.requests_per_second(server.http_port, requests, seconds=_SECONDS))


def _after(seconds: float) -> Callable[[], bool]:
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() >= end


async def _waits(port: int, request: bytes, *, until: Callable[[], bool]) -> list[float]:
    """Check in now and then until `until` holds. Returns the waits for the answers in seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    waits = []
    while not until():
        start = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        await reader.readexactly(int(length))
        waits.append(time.perf_counter() - start)
        await asyncio.sleep(_PACE)
    writer.close()
    return waits


def _percentile_99(waits: list[float]) -> float:
    """The 99th percentile of durations."""
    return sorted(waits)[int(len(waits) * 0.99)]


async def _blocked(folder: Path, ids: list[str]) -> float:
    """The 99th percentile of the times for which the event loop is blocked while these devices are retired, in seconds
    of processor time, which does not depend on the load of the machine.
    """
    database = Database(sqlite_url(folder / "fauxtune.sqlite"))
    around = Environment(clock=SystemClock(), ids=SystemIds(), addresses=inside.ADDRESSES)
    emulator = assemble(database, folder, around=around, key_source=KeyRing([rsa.generate_private_key(65537, 2048)]))
    form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    (application,) = BUILT_IN["applications"]
    form |= {"client_id": application["clientId"], "client_secret": application["secret"]}
    blocked: list[float] = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(Application(emulator)), base_url=_ORIGIN) as client:
        token = (await client.post("/contoso/oauth2/v2.0/token", data=form)).raise_for_status().json()
        client.headers["authorization"] = f"Bearer {token['access_token']}"
        watcher = asyncio.create_task(_watch(blocked))
        for first in range(0, len(ids), _AT_ONCE):
            body = {"actionName": "retire", "deviceIds": ids[first : first + _AT_ONCE]}
            (await client.post(_EXECUTE, json=body)).raise_for_status()
        watcher.cancel()
    database.close()
    return _percentile_99(blocked)


async def _watch(blocked: list[float]) -> None:
    while True:
        start = time.process_time()
        await asyncio.sleep(0)
        blocked.append(time.process_time() - start)


def _crl(client: httpx.Client) -> tuple[int, int]:
    """The CRL number of the newest CRL, and the number of its entries."""
    crl = x509.load_der_x509_crl(client.get("/pki/contoso/issuing/crl").raise_for_status().content)
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number, len(crl)


def _plain_changes(folder: Path, ids: list[str]) -> float:
    """The devices per second for the bare changes of a retirement: the rows that it changes and adds."""
    database = Database(sqlite_url(folder / "fauxtune.sqlite"))
    records = database.run_now(_records, ids)
    start = time.perf_counter()
    for first in range(0, len(records), _PER_TRANSACTION):
        database.run_now(_change, records[first : first + _PER_TRANSACTION], first=first)
    seconds = time.perf_counter() - start
    database.close()
    return len(records) / seconds


def _records(connection: Connection, ids: list[str]) -> list[dict[str, Any]]:
    """Record, enrolment and certificate of these devices."""
    statement = (
        select(managed_devices, certificates.c.serial, certificates.c.authority)
        .join(certificates, certificates.c.enrollment_id == managed_devices.c.enrollment_id)
        .where(certificates.c.authority == "issuing")
    )
    id_set = set(ids)
    statement = across_tenants(statement, "a bench has one tenant")
    return [dict(row) for row in connection.execute(statement).mappings() if row["id"] in id_set]


def _change(connection: Connection, records: list[dict[str, Any]], *, first: int) -> None:
    now = datetime.now(UTC)
    for row in records:
        storage.change(connection, enrollments, where={"id": row["enrollment_id"]}, values={"state": "ending"})
        number = {name: row[name] for name in ("tenant_id", "authority", "serial")}
        storage.change(connection, certificates, where=number, values={"revoked_at": now, "reason": "superseded"})
        record = {name: row[name] for name in ("tenant_id", "id")}
        storage.change(connection, managed_devices, where=record, values={"document": row["document"]})
        order = {"id": str(uuid.uuid4()), "tenant_id": row["tenant_id"], "enrollment_id": row["enrollment_id"]}
        action = {**order, "action": "retire", "state": "pending", "created_at": now}
        storage.add_all(connection, device_actions, rows=[action])
    events = [
        {
            "tenant_id": row["tenant_id"],
            "seq": 10**8 + 2 * (first + index) + part,
            "time": now,
            "type": "x",
            "detail": {},
        }
        for index, row in enumerate(records)
        for part in range(2)
    ]
    storage.add_all(connection, journal, rows=events)
    audit = [
        {
            "tenant_id": row["tenant_id"],
            "id": str(uuid.uuid4()),
            "number": 10**8 + first + index,
            "activity_at": now,
            "component": "x",
            "document": {},
        }
        for index, row in enumerate(records)
    ]
    storage.add_all(connection, audit_events, rows=audit)
