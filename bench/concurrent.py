"""Administrators and devices that change the same rows at the same time, on PostgreSQL in relation to SQLite.

75 devices of three users; six clients import certificates and delete them, three assign a profile to a group of all
users, three change users, ten devices check in. Measured are the answered requests per second and the 99th percentile
of the waits. PostgreSQL counts deadlocks itself (pg_stat_database).
"""

from __future__ import annotations

import http.client
import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric import rsa

from bench import world
from bench.checkin import REPORT
from bench.postgres import postgresql
from bench.rows import Row

_USERS = tuple(f"{name}@contoso.example" for name in ("alice", "bob", "carol"))
_DEVICES, _IMPORTERS, _ASSIGNERS, _PATCHERS, _CALLING = 75, 6, 3, 3, 10
_SECONDS = 4.0
_PAIRS = 3
_PFX = "/beta/deviceManagement/userPfxCertificates"

#: Sends a request and returns the parsed answer.
Send = Callable[..., Any]
#: The requests that one client repeats.
Job = Callable[[Send], None]


@dataclass(slots=True)
class _Measured:
    rates: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    @property
    def slowest(self) -> float:
        """The 99th percentile of all waits, in seconds."""
        return statistics.quantiles(self.waits, n=100)[98]


def rows() -> Iterator[Row]:
    """Three rows: rate, 99th percentile, deadlocks."""
    with postgresql() as url, world.server() as files, world.server("--database-url", url) as rows_locked:
        jobs = {server.http_port: _jobs(server) for server in (files, rows_locked)}
        sqlite, postgres = _Measured(), _Measured()
        before = _deadlocks(url)
        for number in range(_PAIRS + 1):
            for server, measured in ((files, sqlite), (rows_locked, postgres)):
                rate, waits = _run(server.http_port, jobs[server.http_port])
                if number > 0:  # the first round warms both
                    measured.rates.append(rate)
                    measured.waits += waits
        deadlocks = _deadlocks(url) - before
    ratio = postgres.rate / sqlite.rate
    yield Row("concurrent changes, PostgreSQL / SQLite", f"{postgres.rate:.0f}/s", f"{sqlite.rate:.0f}/s", ratio, 0.6)
    ours, floor = postgres.slowest, sqlite.slowest
    yield Row(
        "their 99th percentile, PostgreSQL / SQLite",
        f"{ours * 1000:.0f} ms",
        f"{floor * 1000:.0f} ms",
        ours / floor,
        4,
        at_most=True,
    )
    yield Row("their deadlocks on PostgreSQL", f"{deadlocks}", "", deadlocks, 0, at_most=True)


def _deadlocks(url: str) -> int:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        cursor = connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        (number,) = cursor.fetchone() or (0,)
    return int(number)


def _jobs(server: world.Server) -> list[Job]:
    client = server.client()
    token = client.headers["authorization"]
    group = world.group_id(client, "All Staff")
    profiles = [
        world.profile(client, "androidForWorkImportedPFXCertificateProfile", group=group, intendedPurpose=purpose)
        for purpose in ("smimeEncryption", "smimeSigning", "vpn")
    ]
    key = rsa.generate_private_key(65537, 2048)
    devices = []
    for user in _USERS:
        invitation = world.enrollment_token(client, uses=_DEVICES, user=user)
        devices += [world.enrol(client, key, token=invitation) for _ in range(_DEVICES // len(_USERS))]
    return [
        *(_importer(world.pfx_document(client, user=_USERS[n % len(_USERS)]), token) for n in range(_IMPORTERS)),
        *(_assigner(profiles[n], token, group=group) for n in range(_ASSIGNERS)),
        *(_patcher(_USERS[n], token) for n in range(_PATCHERS)),
        *(_device(*devices[n * len(devices) // _CALLING]) for n in range(_CALLING)),
    ]


def _importer(document: dict[str, Any], token: str) -> Job:
    def job(send: Send) -> None:
        created = send("POST", _PFX, document, authorization=token)
        send("DELETE", f"{_PFX}/{created['id']}", None, authorization=token)

    return job


def _assigner(profile: str, token: str, *, group: str) -> Job:
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}
    path, body = f"/beta/deviceManagement/deviceConfigurations/{profile}/assign", {"assignments": [{"target": target}]}
    return lambda send: send("POST", path, body, authorization=token) and None


def _patcher(user: str, token: str) -> Job:
    numbers = count()
    return lambda send: send("PATCH", f"/beta/users/{user}", {"department": f"{next(numbers)}"}, authorization=token)


def _device(path: str, headers: dict[str, str]) -> Job:
    return lambda send: send("POST", f"{path}:reportStatus", REPORT, **headers) and None


def _run(port: int, jobs: list[Job]) -> tuple[float, list[float]]:
    """The requests per second, and the wait of each in seconds."""
    waits: list[float] = []
    failures: list[BaseException] = []
    started = time.perf_counter()

    def work(job: Job) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

        def send(method: str, path: str, document: Any, **headers: str) -> Any:
            body = None if document is None else json.dumps(document).encode()
            begun = time.perf_counter()
            connection.request(method, path, body, {"content-type": "application/json", "host": "localhost", **headers})
            answer = connection.getresponse()
            content = answer.read()
            waits.append(time.perf_counter() - begun)
            if answer.status >= 300:
                raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
            return json.loads(content) if content else None

        try:
            while time.perf_counter() - started < _SECONDS and not failures:
                job(send)
        except BaseException as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return len(waits) / (time.perf_counter() - started), waits
