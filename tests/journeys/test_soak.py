"""What `make soak` does for long and every run for moments: ends of the parent and of PostgreSQL, and memory."""

from __future__ import annotations

import os
import signal
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.neighbours import children, eventually, leader
from tests.support.postgresql import running_server
from tests.support.running_server import Running, serving
from tests.support.under_load import (
    Answered,
    assign_profiles,
    enrol,
    everything_is_there,
    imported_file,
    keep_checking_in,
    keep_importing,
)

#: How often the parent, and how often PostgreSQL, is killed: `make soak` kills each 20 times.
KILLS = int(os.environ.get("SOAK_ENDS", "1"))
#: For how long the memory is watched: `make soak` watches it for 20 minutes, in which all that has a bound is full.
MINUTES = float(os.environ.get("SOAK_MINUTES", "0.1"))
#: By how many MiB the memory may grow in the second half of that time.
GROWTH = float(os.environ.get("SOAK_GROWTH", "32"))
#: Seconds between two rounds of the mixed work.
PAUSE = float(os.environ.get("SOAK_PAUSE", "0.2"))
TENANT = "/_fauxtune/v1/tenants/contoso"

#: What a server runs at its start, so that SIGUSR1 writes what malloc has given out (mallinfo2, glibc 2.33), in bytes.
#: A signal and no thread: a process with threads starts in another way than one without.
SAMPLER = """
import ctypes, signal, sys

class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]

def write(*_):
    ask = ctypes.CDLL(None).mallinfo2
    ask.restype = Info
    info = ask()
    with open({file!r}, "a") as out:
        out.write(f"{{info.uordblks + info.hblkhd}} {{info.fordblks}} {{sys.getallocatedblocks()}}\\n")

signal.signal(signal.SIGUSR1, write)
"""


@contextmanager
def working(server: Running, pfx: bytes, stop: threading.Event, answered: Answered) -> Iterator[None]:
    """One who imports and two who check in, until they stop; what went wrong with them goes wrong with the block."""
    with ThreadPoolExecutor(3) as load:
        work = [load.submit(keep_importing, server, pfx, stop, answered)]
        work += [load.submit(keep_checking_in, server, stop, answered) for _ in range(2)]
        try:
            yield
        except BaseException:
            stop.set()
            raise
    for future in work:
        future.result()


def seed(server: Running, keys: list[rsa.RSAPrivateKey], answered: Answered) -> None:
    with server.signed_in() as client:
        assign_profiles(client)
        for key in keys:
            enrol(client, key, answered=answered)


def check(server: Running, answered: Answered) -> None:
    """All that was answered is there, and no certificate was issued twice."""
    with server.signed_in() as client:
        everything_is_there(client, answered)
        issued = client.get(f"{TENANT}/certificates").raise_for_status().json()["value"]
        # A killed server may have issued a certificate whose answer nobody got: each device has one all the same.
        holders = [row["device"] for row in issued if row["source"] == "pkcs"]
        assert len(holders) == len(set(holders))
        assert len(answered.certificates) <= len(holders) <= len(answered.devices)


def test_a_server_whose_parent_is_killed_starts_again_with_all_that_it_answered(
    tmp_path: Path, postgresql_url: str, raw_rsa_keys: list[rsa.RSAPrivateKey], commands: Path
) -> None:
    arguments = ("--data-dir", tmp_path / "data", "--database-url", postgresql_url, "--workers", "2")
    answered, pfx, stop = Answered(), imported_file(raw_rsa_keys[0]), threading.Event()
    for number in range(KILLS):
        with serving(*arguments, commands=commands) as server:
            if number == 0:
                seed(server, raw_rsa_keys[1:4], answered)
            workers, before = children(server), (answered.reports, len(answered.imports))
            with working(server, pfx, stop, answered):  # it ends with the first request that gets no answer
                eventually(lambda: answered.reports > before[0] + 6 and len(answered.imports) > before[1] + 3)  # noqa: B023
                os.kill(server.endpoints["pid"], signal.SIGKILL)
                eventually(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))  # noqa: B023
            errors = server.process.stderr.read() if server.process.stderr else ""
        assert "Traceback" not in errors, errors
    assert answered.refused <= {503}
    with serving(*arguments, commands=commands) as server:
        check(server, answered)
    print(f"\n{KILLS} kills of the parent: {answered.reports} check-ins, {len(answered.imports)} imports; nothing lost")


def test_postgresql_that_is_killed_under_load_loses_nothing_that_was_answered(
    tmp_path: Path, raw_rsa_keys: list[rsa.RSAPrivateKey], commands: Path
) -> None:
    answered, stop, pfx = Answered(persists=True), threading.Event(), imported_file(raw_rsa_keys[0])
    with running_server() as postgresql:
        name = postgresql.create()
        # The tests' PostgreSQL answers before it has written; this one must keep what it has answered.
        postgresql.admin.execute(f'ALTER DATABASE "{name}" SET synchronous_commit TO on'.encode())
        url = postgresql.url(name)
        arguments = ("--data-dir", tmp_path / "data", "--database-url", url, "--workers", "2")
        with serving(*arguments, commands=commands) as server:
            seed(server, raw_rsa_keys[1:4], answered)
            workers = children(server)
            with working(server, pfx, stop, answered):
                try:
                    for _ in range(KILLS):
                        before, failures = answered.reports, answered.failures
                        eventually(lambda: answered.reports > before + 6)  # noqa: B023 - called at once
                        postgresql.stop(signal.SIGQUIT)
                        eventually(lambda: answered.failures > failures + 3)  # noqa: B023
                        postgresql.start()
                    before = answered.reports
                    eventually(lambda: answered.reports > before + 6)
                finally:
                    stop.set()
            assert (answered.refused, answered.without_time) == ({503}, 0)
            assert children(server) == workers
            eventually(lambda: leader(postgresql, url))
            check(server, answered)
            print(
                f"\n{KILLS} kills of PostgreSQL: {answered.reports} check-ins, {len(answered.imports)} imports,"
                f" {answered.failures} requests to be sent again; nothing lost"
            )


@dataclass(slots=True)
class Mixed:
    """One round after the other of what administrators, devices and readers do; nothing of a round is left but rows."""

    client: httpx.Client
    keys: list[rsa.RSAPrivateKey]
    rounds: int = 0
    answered: Answered = field(default_factory=Answered)

    def round(self) -> None:
        self.rounds += 1
        body: dict[str, Any] = {"displayName": "g", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
        group = self.client.post("/v1.0/groups", json=body).raise_for_status().json()["id"]
        self.client.delete(f"/v1.0/groups/{group}").raise_for_status()
        for path in (f"{TENANT}/journal", f"{TENANT}/wire", "/v1.0/users", f"{TENANT}/devices", "/contoso/console"):
            self.client.get(path, follow_redirects=True)
        self._check_in()
        if self.rounds % 3 == 0:
            self.client.post(f"{TENANT}/snapshots", json={"name": "before"}).raise_for_status()
            self.client.delete(f"{TENANT}/snapshots/before").raise_for_status()
            made = {"name": "brief", "domain": "brief.example", "keys": "shared"}
            self.client.post("/_fauxtune/v1/tenants", json=made).raise_for_status()
            self.client.delete("/_fauxtune/v1/tenants/brief").raise_for_status()
        if self.rounds % 200 == 0:  # what a round leaves must not be what grows
            self.client.post(f"{TENANT}/reset").raise_for_status()
            assign_profiles(self.client)

    def _check_in(self) -> None:
        """A new phone that gets its certificate, and is removed."""
        self.answered.devices.clear()
        enrol(self.client, self.keys[self.rounds % len(self.keys)], answered=self.answered)
        ((path, headers),) = self.answered.devices.items()
        report: dict[str, Any] = {"appliedPolicyVersion": "0", "keyStore": {}}
        self.client.post(f"{path}:reportStatus", json=report, headers=headers).raise_for_status()
        policy = self.client.get(f"{path}/policy", headers=headers).raise_for_status().json()
        roots = [ca_cert["sha256"] for ca_cert in policy["caCerts"]]
        report = {"appliedPolicyVersion": policy["version"], "keyStore": {"caCerts": roots}}
        self.client.post(f"{path}:reportStatus", json=report, headers=headers).raise_for_status()
        assert self.client.get(f"{path}/policy", headers=headers).raise_for_status().json()["keyPairs"]


def resident(pid: int) -> float:
    """The resident memory of a process, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def growth(samples: list[float]) -> float:
    """By how much the last quarter is above the third, in MiB: medians, so that one large answer is no growth."""
    quarter = max(1, len(samples) // 4)
    return statistics.median(samples[-quarter:]) - statistics.median(samples[-2 * quarter : -quarter])


def test_memory_does_not_go_on_growing_over_mixed_work(tmp_path: Path, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    if os.confstr("CS_GNU_LIBC_VERSION") is None:
        pytest.skip("what is in use is known by glibc's mallinfo2")
    file, resident_memory, in_use = tmp_path / "samples", list[float](), list[float]()
    (tmp_path / "sitecustomize.py").write_text(SAMPLER.format(file=str(file)), encoding="utf-8")
    with serving("--data-dir", tmp_path / "data", PYTHONPATH=str(tmp_path)) as server, server.signed_in() as client:
        pid, lines = server.endpoints["pid"], 0
        assign_profiles(client)
        mixed = Mixed(client, raw_rsa_keys)
        began = sampled = time.monotonic()
        every = MINUTES * 60 / 40
        while time.monotonic() < began + MINUTES * 60 or len(in_use) < 8:
            mixed.round()
            if time.monotonic() >= sampled + every:
                sampled = time.monotonic()
                os.kill(pid, signal.SIGUSR1)
                lines += 1
                eventually(lambda: file.exists() and file.read_text().count("\n") == lines)  # noqa: B023
                used, free, blocks = map(int, file.read_text().splitlines()[-1].split())
                resident_memory.append(resident(pid))
                in_use.append(used / 2**20)
                print(
                    f"{sampled - began:6.0f} s, {mixed.rounds} rounds: {resident_memory[-1]:.0f} MiB resident,"
                    f" {in_use[-1]:.1f} in use and {free / 2**20:.1f} free in the heaps, {blocks} Python blocks",
                    flush=True,
                )
            time.sleep(PAUSE if MINUTES > 1 else 0)
        assert growth(in_use) < GROWTH, in_use
        assert growth(resident_memory) < GROWTH, resident_memory
