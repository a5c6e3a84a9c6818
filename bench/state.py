"""Snapshot, restore, reset, export and import of a tenant of 20 users and 50 devices, in milliseconds.

The floor is the bare SQL of a whole restore: the tenant's rows, deleted and inserted again in one transaction, in the
same file after the server has ended.
"""

from __future__ import annotations

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from bench import world
from bench.copies import copy_device
from bench.rows import Row
from fauxtune.core.model.tenants import INTUNE_SKU

_USERS, _DEVICES, _ROUNDS = 20, 50, 7
_GOAL = 50.0
_BASE = "/_fauxtune/v1/tenants/contoso"


def rows() -> Iterator[Row]:
    """Five rows."""
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as name:
        folder = Path(name)
        with world.server(folder=folder) as server:
            _furnish(server)
        copy_device(folder, count=_DEVICES - 1)
        with world.server(folder=folder) as server:
            measured = dict(_measured(server.client()))
        floor = _floor(folder / "fauxtune.sqlite")
    for what, milliseconds in measured.items():
        yield Row(
            f"state: {what}, {_DEVICES} devices",
            f"{milliseconds:.0f} ms",
            f"{floor:.0f} ms",
            milliseconds,
            _GOAL,
            at_most=True,
        )


def _furnish(server: world.Server) -> None:
    """Add users, and a device of Alice's with certificates, of which there will be copies."""
    client = server.client()
    world.smime_profiles(client, group=world.group_id(client, "SMIME Pilot"), template="SmimeP256")
    for number in range(_USERS - 3):
        user = {
            "accountEnabled": True,
            "displayName": f"User {number}",
            "userPrincipalName": f"user{number}@contoso.example",
            "mailNickname": f"user{number}",
            "passwordProfile": {"password": "Fauxtune1!"},
            "assignedLicenses": [{"skuId": INTUNE_SKU, "disabledPlans": []}],
        }
        client.post("/beta/users", json=user).raise_for_status()
    fleet = (sys.executable, "-m", "fauxtune_sim", "fleet", "--devices", "1", "--user", world.ALICE)
    where = ("--server", server.endpoints["http"], "--tenant", "contoso", "--mix", "android:1", "--output", "json")
    subprocess.run([*fleet, *where], check=True, capture_output=True)


def _measured(client: httpx.Client) -> Iterator[tuple[str, float]]:
    """Each after one call that loads what the first caller waits for. Between restores nearly every row changes."""
    document = client.get(f"{_BASE}/export").raise_for_status().content
    as_json = {"content-type": "application/json"}

    def snapshot() -> None:
        client.post(f"{_BASE}/snapshots", json={"name": "full"}).raise_for_status()

    def no_snapshot() -> None:
        client.delete(f"{_BASE}/snapshots/full")

    def reset() -> None:
        client.post(f"{_BASE}/reset", json={}).raise_for_status()

    def restore() -> None:
        client.post(f"{_BASE}/snapshots/full/restore", json={}).raise_for_status()

    def export() -> None:
        client.get(f"{_BASE}/export").raise_for_status()

    def import_() -> None:
        client.put(f"{_BASE}/import", content=document, headers=as_json).raise_for_status()

    yield "snapshot", _median(snapshot, before=no_snapshot)
    yield "restore after a reset", _median(restore, before=reset)
    yield "reset", _median(reset, before=restore)
    yield "export", _median(export, before=restore)
    yield "import of the same", _median(import_, before=restore)


def _median(work: Callable[[], None], *, before: Callable[[], None]) -> float:
    taken = []
    for _ in range(_ROUNDS):
        before()
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken[1:])


def _floor(file: Path) -> float:
    """The milliseconds of deleting and inserting all rows of the tenant by the driver of SQLite alone."""
    connection = sqlite3.connect(file)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    tables = {}
    for name in names:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
        if "tenant_id" in columns and name != "snapshots":
            tables[name] = (len(columns), connection.execute(f"SELECT * FROM {name}").fetchall())
    taken = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        for name, (width, kept) in tables.items():
            connection.execute(f"DELETE FROM {name}")
            connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * width)})", kept)
        connection.commit()
        taken.append((time.perf_counter() - started) * 1000)
    connection.close()
    return statistics.median(taken)
