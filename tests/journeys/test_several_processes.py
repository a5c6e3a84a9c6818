"""Several processes on one PostgreSQL: what one does, the others know; who ends is replaced, and nothing is lost."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.model.ids import EnrollmentId
from fauxtune.storage.database import Database
from fauxtune.storage.process_lock import NamedLocks
from fauxtune.storage.process_signals import Announcements
from fauxtune.surfaces.devices.windows.session import session_turn
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.transport import Answer, Transport
from tests.support.administrator import AgentEnroller, administrator_of
from tests.support.neighbours import children, eventually, leader
from tests.support.postgresql import PostgresServer, running_server
from tests.support.running_server import Running, fauxtune, serving
from tests.support.under_load import (
    ALICE,
    Answered,
    assign_profiles,
    enrol,
    everything_is_there,
    imported_file,
    keep_checking_in,
    keep_importing,
)

#: How many workers are killed: `make soak` kills 300 among four.
KILLS, WORKERS = int(os.environ.get("SOAK_KILLS", "2")), int(os.environ.get("SOAK_WORKERS", "2"))
#: Simulated devices of each protocol.
KINDS = ("ios", "windows", "android")
TENANT = "/_fauxtune/v1/tenants/contoso"

Pair = tuple[httpx.Client, httpx.Client]
Machines = tuple[Running, Running]


@contextmanager
def two_servers(folder: Path, url: str, commands: Path) -> Iterator[Machines]:
    """Two servers of one database, each with a folder and addresses of its own, and with one folder in common."""
    with ExitStack() as held:
        first, second = (
            held.enter_context(
                serving(
                    *("--data-dir", folder / name, "--shared", folder / "shared"),
                    *("--database-url", url),
                    commands=commands,
                )
            )
            for name in ("first", "second")
        )
        yield first, second


@pytest.fixture(scope="module")
def shared_url(postgresql_server: PostgresServer) -> Iterator[str]:
    """The database of the two servers that live as long as this module's tests."""
    name = postgresql_server.create()
    yield postgresql_server.url(name)
    postgresql_server.drop(name)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, shared_url: str, commands: Path) -> Iterator[Machines]:
    """Two servers, which no test ends."""
    with two_servers(tmp_path_factory.mktemp("machines"), shared_url, commands) as both:
        yield both


@pytest.fixture
def machines(running: Machines) -> Iterator[Machines]:
    """The two servers, whose tenant is as at its beginning: what a test did there is gone after it."""
    yield running
    with running[0].client() as client:
        client.delete(f"{TENANT}/faults").raise_for_status()
        client.post(f"{TENANT}/reset").raise_for_status()


@pytest.fixture
def mortal_machines(tmp_path: Path, postgresql_url: str, commands: Path) -> Iterator[Machines]:
    """Two servers for one test, which ends them."""
    with two_servers(tmp_path, postgresql_url, commands) as both:
        yield both


@pytest.fixture
def both(machines: Machines) -> Iterator[Pair]:
    """An administrator at each of the two: the token is good at both."""
    with machines[0].signed_in() as here, machines[1].client() as there:
        there.headers["authorization"] = here.headers["authorization"]
        yield here, there


def test_what_is_written_at_one_is_read_at_the_other(both: Pair) -> None:
    for number in range(10):
        writer, reader = both if number % 2 else both[::-1]
        body = {"displayName": f"g{number}", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
        writer.post("/v1.0/groups", json=body).raise_for_status()
        groups = reader.get("/v1.0/groups").raise_for_status().json()["value"]
        assert f"g{number}" in [group["displayName"] for group in groups]
        clock = writer.post(f"{TENANT}/clock/advance", json={"by": "P1D"}).raise_for_status().json()
        assert reader.get(f"{TENANT}/clock").raise_for_status().json()["now"][:10] == clock["now"][:10]


def test_devices_and_readers_that_wait_at_one_are_woken_from_the_other(
    both: Pair, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    here, there = both
    answered = Answered()
    push = enrol(there, raw_rsa_keys[0], answered=answered)
    (path,) = answered.devices
    there.post(f"{path}:reportStatus", json={}, headers=answered.devices[path]).raise_for_status()
    seq = there.get(f"/push/contoso/{push}").raise_for_status().json()["seq"]
    newest = there.get(f"{TENANT}/journal").raise_for_status().json()["next"]

    def is_connected() -> bool:
        return any(row["connected"] for row in here.get(f"{TENANT}/devices").raise_for_status().json()["value"])

    with ThreadPoolExecutor(2) as threads:
        pushed = threads.submit(there.get, f"/push/contoso/{push}?after={seq}&wait=50")
        reader = threads.submit(there.get, f"{TENANT}/journal?after={newest}&wait=50")
        eventually(is_connected)
        began = time.monotonic()
        assign_profiles(here)
        assert pushed.result().raise_for_status().json()["push"] is not None
        enrol(here, raw_rsa_keys[1], answered=Answered())
        assert [event["type"] for event in reader.result().raise_for_status().json()["events"]] == ["enrolled"]
        # Whoever waits for a push is woken by the tenant's clock, too.
        seq = there.get(f"/push/contoso/{push}").raise_for_status().json()["seq"]
        waits = threads.submit(there.get, f"/push/contoso/{push}?after={seq}&wait=50")
        eventually(is_connected)
        here.post(f"{TENANT}/clock/advance", json={"by": "P1D"}).raise_for_status()
        assert waits.result().raise_for_status().json()["push"] is None
        assert time.monotonic() - began < 40
    # It has ended its wait, and both know that.
    eventually(lambda: not is_connected())


def test_a_device_that_hangs_up_is_not_connected_and_both_know(
    machines: Machines, both: Pair, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    push = enrol(both[1], raw_rsa_keys[0], answered=Answered())
    seq = both[1].get(f"/push/contoso/{push}").raise_for_status().json()["seq"]
    address = urlsplit(machines[1].endpoints["http"])

    def are_connected() -> list[bool]:
        rows = [one.get(f"{TENANT}/devices").raise_for_status().json()["value"] for one in both]
        return [row["connected"] for (row,) in rows]

    began = time.monotonic()
    with socket.create_connection((address.hostname, address.port)) as device:
        device.sendall(f"GET /push/contoso/{push}?after={seq}&wait=50 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        eventually(lambda: are_connected() == [True, True])
    eventually(lambda: are_connected() == [False, False])
    assert time.monotonic() - began < 40


class Alternating(Transport):
    """A device's client whose requests go to one machine after the other, whatever address the device was given."""

    def __init__(self, machines: Machines) -> None:
        super().__init__(ca=Path(machines[0].endpoints["caFile"]).read_bytes())
        self._machines = [machine.https for machine in machines]
        self.sent = 0

    async def send(self, method: str, url: str, **more: Any) -> Answer:
        """Send a request to the machine whose turn it is."""
        self.sent += 1
        known = next(address for address in self._machines if url.startswith(address))
        return await super().send(method, self._machines[self.sent % 2] + url.removeprefix(known), **more)


@pytest.mark.parametrize("platform", [Platform.WINDOWS, Platform.WINDOWS_10_MOBILE, Platform.IOS, Platform.ANDROID])
async def test_a_device_whose_every_request_goes_to_another_process_gets_all_that_is_meant_for_it(
    machines: Machines, platform: Platform
) -> None:
    kinds = {
        Platform.IOS: ("iosTrustedRootCertificate", "iosPkcsCertificateProfile"),
        Platform.ANDROID: (
            "androidWorkProfileTrustedRootCertificate",
            "androidWorkProfilePkcsCertificateProfile",
        ),
    }.get(platform, ("windows81TrustedRootCertificate", "windows10PkcsCertificateProfile"))
    async with administrator_of(machines[0]) as administrator, Alternating(machines) as transport:
        profiles = [await administrator.root(kinds[0]), await administrator.pkcs(kinds[1])]
        await administrator.assign(*profiles)
        agent = await AgentEnroller(machines[0], administrator, transport)(platform)
        for _ in range(3):
            done = await agent.check_in()
        assert (done.settled, done.refused) == (True, ())
        assert len(agent.device.keystore.entries) == 1
        assert [await administrator.statuses(one) for one in profiles] == [["compliant"]] * 2
        assert transport.sent > 6
        await administrator.perform("retire")
        assert (await agent.check_in()).ended is not None
        assert await administrator.devices() == []


async def test_a_message_of_a_session_waits_for_the_one_that_another_process_answers(
    machines: Machines, shared_url: str
) -> None:
    database = Database(shared_url, shared=True)
    locks = NamedLocks(database)
    async with administrator_of(machines[0]) as administrator, Alternating(machines) as transport:
        agent = await AgentEnroller(machines[0], administrator, transport)(Platform.WINDOWS)
        await agent.check_in()
        (row,) = (await administrator.graph.get(f"{TENANT}/devices")).raise_for_status().json()["value"]
        turn = session_turn(EnrollmentId(row["id"]))
        assert locks.take(turn)
        waiting = asyncio.create_task(agent.check_in())
        await asyncio.sleep(1)
        assert not waiting.done()
        locks.release(turn)
        assert (await waiting).settled
    database.close()


def test_a_new_tenants_devices_and_faults_are_known_at_the_other(both: Pair) -> None:
    here, there = both
    here.post("/_fauxtune/v1/tenants", json={"name": "fabrikam", "domain": "fabrikam.example"}).raise_for_status()
    there.get("/_fauxtune/v1/tenants/fabrikam").raise_for_status()
    here.post(
        f"{TENANT}/faults", json={"effect": {"status": 503}, "match": {"path": "/v1.0/groups"}}
    ).raise_for_status()
    assert there.get("/v1.0/groups").status_code == 503
    there.delete(f"{TENANT}/faults").raise_for_status()
    assert here.get("/v1.0/groups").status_code == 200
    here.delete("/_fauxtune/v1/tenants/fabrikam").raise_for_status()
    assert there.get("/_fauxtune/v1/tenants/fabrikam").status_code == 404


def test_a_fault_that_counts_counts_over_all_processes(both: Pair) -> None:
    rule = {"effect": {"status": 503}, "match": {"path": "/v1.0/groups"}, "when": {"next": 3}}
    both[0].post(f"{TENANT}/faults", json=rule).raise_for_status()
    assert [each.get("/v1.0/groups").status_code for each in both * 3] == [503, 503, 503, 200, 200, 200]
    (shown,) = both[1].get(f"{TENANT}/faults").raise_for_status().json()["value"]
    assert (shown["matched"], shown["hits"]) == (6, 3)


def test_the_wire_is_read_over_all_processes_in_the_order_of_time(both: Pair) -> None:
    path, asked = f"{TENANT}/wire", [f"/v1.0/users?$top={number}" for number in range(1, 13)]

    def listed(client: httpx.Client, **wanted: Any) -> dict[str, Any]:
        return dict(client.get(path, params=wanted).raise_for_status().json())

    both[0].delete(path).raise_for_status()
    for number, url in enumerate(asked):
        both[number % 2].get(url).raise_for_status()
    pages = [listed(each) for each in both]
    for page in pages:
        assert [exchange["url"] for exchange in page["exchanges"]] == asked
    numbers = [exchange["number"] for exchange in pages[0]["exchanges"]]
    assert numbers == sorted(set(numbers))
    read, after = list[int](), numbers[0]
    for number in range(4):
        page = listed(both[number % 2], after=after, limit=4)
        read, after = read + [exchange["number"] for exchange in page["exchanges"]], page["next"]
    assert read == numbers[1:]
    assert [exchange["number"] for exchange in listed(both[0], before=numbers[5], limit=2)["exchanges"]] == numbers[3:5]
    for client in both:
        assert client.get(f"{path}/{numbers[6]}").raise_for_status().json()["url"] == asked[6]
        assert len(listed(client, text="$top=1", status="200")["exchanges"]) == 4
        assert client.get(f"{path}/{numbers[6] + 1}").status_code == 404
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(lambda: listed(both[1], after=after, wait=50))
        time.sleep(0.5)
        both[0].get("/v1.0/groups").raise_for_status()
        assert [exchange["url"] for exchange in waiting.result()["exchanges"]] == ["/v1.0/groups"]
    both[1].delete(path).raise_for_status()
    assert [listed(each)["exchanges"] for each in both] == [[], []]


def test_one_leads_and_another_takes_over_when_it_dies(
    mortal_machines: Machines, postgresql_server: PostgresServer, postgresql_url: str
) -> None:
    first = eventually(lambda: leader(postgresql_server, postgresql_url))
    pids = {machine.endpoints["pid"] for machine in mortal_machines}
    assert first in pids
    os.kill(first, signal.SIGKILL)
    (other,) = pids - {first}
    assert eventually(lambda: leader(postgresql_server, postgresql_url) not in (None, first))
    assert leader(postgresql_server, postgresql_url) == other


def test_a_single_process_and_several_exclude_one_another(
    machines: Machines, tmp_path: Path, shared_url: str, commands: Path
) -> None:
    alone = ("serve", "--port", "0", "--http-port", "0", "--database-url", shared_url, "--data-dir", tmp_path / "x")
    refused = fauxtune(*alone, commands=commands)
    assert refused.returncode == 1
    assert (
        f"in use by process {machines[0].endpoints['pid']}" in refused.stderr or "in use by process" in refused.stderr
    )


def test_sqlite_says_how_to_grow(tmp_path: Path, commands: Path) -> None:
    for more in (("--workers", "2"), ("--shared", tmp_path / "shared")):
        refused = fauxtune("serve", "--data-dir", tmp_path / "data", *more, commands=commands)
        assert refused.returncode == 1
        assert f"{more[0]} needs PostgreSQL: a SQLite file belongs to one process." in refused.stderr


def test_killed_workers_lose_nothing_and_are_replaced(
    tmp_path: Path, postgresql_url: str, raw_rsa_keys: list[rsa.RSAPrivateKey], commands: Path
) -> None:
    arguments = ("--data-dir", tmp_path / "data", "--database-url", postgresql_url, "--workers", str(WORKERS))
    answered, dice, stop = Answered(persists=True), random.Random(0), threading.Event()
    pfx = imported_file(raw_rsa_keys[0])
    with serving(*arguments, commands=commands) as server:
        with server.signed_in() as client:
            assign_profiles(client)
            for key in raw_rsa_keys[1:5]:
                enrol(client, key, answered=answered)
        began = time.monotonic()
        load = ThreadPoolExecutor(3)
        working = [
            load.submit(keep_importing, server, pfx, stop, answered),
            load.submit(keep_checking_in, server, stop, answered),
            load.submit(keep_checking_in, server, stop, answered),
        ]
        try:
            for _ in range(KILLS):
                time.sleep(dice.uniform(0.2, 1.0))
                victim = dice.choice(eventually(lambda: children(server)))
                os.kill(victim, signal.SIGKILL)
                eventually(lambda: victim not in children(server))  # noqa: B023 - called before the next round
            eventually(lambda: len(children(server)) == WORKERS)
        finally:
            stop.set()
            load.shutdown()
        for future in working:
            future.result()
        seconds = time.monotonic() - began
        with server.signed_in() as client:
            everything_is_there(client, answered)
            issued = client.get(f"{TENANT}/certificates").raise_for_status().json()["value"]
            mine = [row for row in issued if row["source"] == "pkcs"]
            assert len(mine) == len(answered.devices), "a certificate was issued twice"
        print(
            f"\n{KILLS} kills among {WORKERS} workers in {seconds:.0f} s: {answered.reports} check-ins, "
            f"{len(answered.imports)} imports, {answered.failures} requests to be sent again; nothing lost"
        )
        code, errors = server.stop(signal.SIGTERM)
    assert code == 0, errors
    assert errors.count("another takes its place") == KILLS


def test_a_rolling_restart_fails_no_request(tmp_path: Path, postgresql_url: str, commands: Path) -> None:
    arguments = ("--data-dir", tmp_path / "data", "--database-url", postgresql_url, "--workers", "2")
    with serving(*arguments, commands=commands) as server, server.signed_in() as client:
        before = set(children(server))
        os.kill(server.endpoints["pid"], signal.SIGHUP)
        codes = set()
        while before & set(children(server)) or len(children(server)) != 2:
            with server.client() as fresh:
                fresh.headers["authorization"] = client.headers["authorization"]
                codes.add(fresh.get("/v1.0/groups").status_code)
        assert codes == {200}


def test_hosted_devices_are_those_of_all_processes_and_go_on_when_the_one_that_leads_dies(
    tmp_path: Path, postgresql_server: PostgresServer, postgresql_url: str, commands: Path
) -> None:
    arguments = ("--data-dir", tmp_path / "data", "--database-url", postgresql_url, "--workers", "2")
    with serving(*arguments, commands=commands) as server:

        def ask(method: str, path: str, **more: Any) -> Any:
            """Ask on a connection of its own, which either of the two takes; None where there is no answer now."""
            with suppress(httpx.TransportError), server.client() as client:
                answer = client.request(method, f"{TENANT}{path}", **more)
                assert answer.is_success or answer.status_code == 503, answer.text
                return answer.json() if answer.is_success and answer.content else answer.is_success

        def online() -> dict[str, bool]:
            return {item["name"]: item["online"] for item in (ask("GET", "/hosted-devices") or {"value": []})["value"]}

        names = [ask("POST", "/hosted-devices", json={"user": "alice", "platform": kind})["name"] for kind in KINDS]
        assert [online() for _ in range(6)] == [dict.fromkeys(names, True)] * 6
        assert ask("POST", "/snapshots", json={"name": "before"})
        assert ask("PATCH", f"/hosted-devices/{names[0]}", json={"online": False})["online"] is False
        for _ in range(2):  # the second time the process that was started in the place of the first may lead
            first = eventually(lambda: leader(postgresql_server, postgresql_url))
            os.kill(first, signal.SIGKILL)
            eventually(lambda: len(children(server)) == 2 and first not in children(server))  # noqa: B023
            eventually(lambda: online() == {**dict.fromkeys(names, True), names[0]: False})
            eventually(lambda: ask("POST", f"/hosted-devices/{names[1]}/check-in"))
        assert ask("POST", "/snapshots/before/restore")
        eventually(lambda: online() == dict.fromkeys(names, True))
        assert ask("PUT", "/states", json={"state": "alice's iPhone is lost"})
        eventually(lambda: not online()[names[0]])
        code, errors = server.stop(signal.SIGTERM)
    assert code == 0, errors


def test_postgresql_that_restarts_is_answered_503_and_then_all_is_well(tmp_path: Path, commands: Path) -> None:
    with running_server() as postgresql:
        url = postgresql.url(postgresql.create())
        arguments = ("--data-dir", tmp_path / "data", "--database-url", url, "--workers", "2")
        with serving(*arguments, commands=commands) as server, server.signed_in() as client:
            workers = children(server)
            postgresql.stop()
            answer = client.get("/v1.0/groups")
            assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
            postgresql.start()
            eventually(lambda: client.get("/v1.0/groups").status_code == 200)
            eventually(lambda: leader(postgresql, url))
            assert children(server) == workers
            client.post(f"{TENANT}/clock/advance", json={"by": "P1D"}).raise_for_status()
            assert {ALICE} <= {row["userPrincipalName"] for row in client.get("/v1.0/users").json()["value"]}


def test_postgresql_that_restarts_under_load_costs_answers_503_and_nothing_else(
    tmp_path: Path, raw_rsa_keys: list[rsa.RSAPrivateKey], commands: Path
) -> None:
    answered, stop, pfx = Answered(persists=True), threading.Event(), imported_file(raw_rsa_keys[0])
    with running_server() as postgresql:
        url = postgresql.url(postgresql.create())
        arguments = ("--data-dir", tmp_path / "data", "--database-url", url, "--workers", "2")
        with serving(*arguments, commands=commands) as server:
            with server.signed_in() as client:
                assign_profiles(client)
                for key in raw_rsa_keys[1:4]:
                    enrol(client, key, answered=answered)
            workers, load = children(server), ThreadPoolExecutor(2)
            working = [
                load.submit(keep_importing, server, pfx, stop, answered),
                load.submit(keep_checking_in, server, stop, answered),
            ]
            try:
                for _ in range(3):
                    before, failures = answered.reports, answered.failures
                    eventually(lambda: answered.reports > before + 3)  # noqa: B023 - called at once
                    postgresql.stop()
                    eventually(lambda: answered.failures > failures + 3)  # noqa: B023
                    postgresql.start()
                before = answered.reports
                eventually(lambda: answered.reports > before + 3)
            finally:
                stop.set()
                load.shutdown()
            for future in working:
                future.result()
            assert (answered.refused, answered.without_time) == ({503}, 0)
            assert children(server) == workers
            eventually(lambda: leader(postgresql, url))
            with server.signed_in() as client:
                everything_is_there(client, answered)


def test_a_newer_version_of_the_program_makes_the_older_one_stop(
    mortal_machines: Machines, postgresql_url: str
) -> None:
    database = Database(postgresql_url)
    announcements = Announcements(database, sender="a newer one")
    for machine in mortal_machines:
        while machine.process.poll() is None:  # one that does not listen yet does not hear the first
            announcements.send([("migration", "9999", 0.0)])
            time.sleep(0.5)
        _, errors = machine.process.communicate(timeout=30)
        assert machine.process.returncode == 1
        assert "A newer Fauxtune brings the database to revision 9999; this one knows" in errors
    announcements.close()
    database.close()
